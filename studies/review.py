# studies/review.py
"""What a reviewer of this field asks of a comparison, answered from the store; and the methods paragraph.

An answer is `holds` where the store shows it, and `open` where it does not or where the study leaves itself open to the
question. Nothing is answered by what somebody meant to do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from classical_baselines.harness.coefficient import N_DRAWS
from studies.paired_tests import ALPHA, holm
from studies.results import StudyResults
from studies.statistics import FEW_GROUPS, FEWEST_FOR_A_TEST
from studies.tables import comparisons

State = Literal["holds", "open"]
FEWEST_SEEDS = 3
HEADLINE_BOUNDARY = "system"
HEADLINE_SCENARIO = "always-on"


@dataclass(frozen=True)
class Item:
    """One question, its answer, and whether it stands up to a reviewer."""

    question: str
    state: State
    answer: str


def checklist(results: StudyResults) -> list[Item]:
    """Every question, in the order in which a reader meets the subject."""
    return [ask(results) for ask in _QUESTIONS]


def methods(results: StudyResults) -> str:
    """A paragraph to paste, of what was done; numbers are those of the store."""
    if not results.headline_rows:
        return "No cell of the headline protocol is committed."
    parts = (_design(results), _statistics(results), _energy(results), _tools(results))
    return " ".join(part for part in parts if part)


def _design(results: StudyResults) -> str:
    study, row = results.study, results.headline_rows[0]
    others = [protocol.name for protocol in study.protocols if protocol != study.headline_protocol]
    units = f"{row.interval.n_groups} groups" if row.interval.n_groups else f"{row.interval.n_clips:,} clips"
    on = "test clips" if results.confirmed else "validation clips only"
    beside = f", with {', '.join(others)} beside it" if others else ""
    return (
        f"{len(results.headline_rows)} systems were compared on {study.data.name} ({len(row.label_names)} classes) "
        f"under {study.headline_protocol.name} ({row.interval.n_folds} folds, {units}, {on}){beside}. Every system was "
        f"trained on the same clips, folds and {len(study.seeds)} seeds, those with gradients by one loop (AdamW, "
        "cosine schedule with warm-up, last epoch kept); their settings stand in the study file."
    )


def _statistics(results: StudyResults) -> str:
    interval = results.headline_rows[0].interval
    mean = "groups" if interval.n_groups else "clips"
    return (
        f"Accuracy is the mean over {mean} with a 95 % interval ({interval.method}). Differences are paired; they are "
        f"called better or worse where interval and test (p ≤ {ALPHA:g}, uncorrected) agree, equivalent within "
        f"±{100 * results.study.equivalence_margin:g} points, undecided otherwise."
    )


def _energy(results: StudyResults) -> str:
    seconds = results.headline_rows[0].clip_seconds
    return (
        "Energy is modelled: operations counted per clip, front end and encoder included, times sourced prices, with "
        f"{N_DRAWS:,} draws of the prices that all systems share; per decision of {seconds:g} s, always on, compared "
        "within one boundary."
    )


def _tools(results: StudyResults) -> str:
    checks = [f"{c.name} of {c.system} in {c.n_passed} of {c.n_cells} cells" for c in results.checks]
    versions: Mapping[str, str | None] = next((p["versions"] for p in results.provenances if "versions" in p), {})
    named = ("torch", "snntorch", "lava-nc", "qiskit", "qiskit-aer")
    tools = [f"{name} {versions[name]}" for name in named if versions.get(name)]
    said = [f"Passed: {'; '.join(checks)}."] if checks else []
    return " ".join([*said, *([f"Software: {', '.join(tools)}."] if tools else [])])


def _unit(results: StudyResults) -> Item:
    seconds = sorted({row.clip_seconds for row in results.headline_rows})
    covers = ", ".join(f"{value:g} s" for value in seconds)
    return Item(
        "What is one unit of energy?",
        "holds" if len(seconds) == 1 else "open",
        f"One decision over {covers} of audio; joules per second of audio stand beside it.",
    )


def _boundary(results: StudyResults) -> Item:
    kinds = {
        (row.title, energy.deployment): energy.kind
        for row in results.headline_rows
        for energy in row.energies
        if energy.boundary == HEADLINE_BOUNDARY and energy.scenario == HEADLINE_SCENARIO
    }
    without = sorted(
        {title for title, _ in kinds} - {title for (title, _), kind in kinds.items() if kind == "modelled"}
    )
    none = [row.title for row in results.headline_rows if not row.energies]
    lacking = [*without, *none]
    return Item(
        "Is every system priced to one boundary, host and front end included?",
        "open" if lacking else "holds",
        f"No full price there: {', '.join(lacking)}."
        if lacking
        else "Each has a full price on one deployment or more.",
    )


def _front_end(results: StudyResults) -> Item:
    lacking = [row.title for row in results.headline_rows if "front_end" not in row.counts.stages()]
    return Item(
        "Is the front end's cost counted?",
        "open" if lacking else "holds",
        f"Not for {', '.join(lacking)}." if lacking else "In the counts of every system.",
    )


def _idle(results: StudyResults) -> Item:
    terms = sorted(
        {term for row in results.headline_rows for e in row.energies for term in e.unpriced if "idle" in term}
    )
    return Item(
        "Is idling counted?",
        "open" if terms else "holds",
        f"Always on, with idle power; without a price: {'; '.join(terms)}." if terms else "Always on, with idle power.",
    )


def _unpriced(results: StudyResults) -> Item:
    terms = _terms_without_price(results)
    return Item(
        "Which terms have no price?",
        "open" if terms else "holds",
        f"{'; '.join(terms)}: those totals are lower bounds." if terms else "None.",
    )


def _terms_without_price(results: StudyResults) -> list[str]:
    return sorted({term for row in results.headline_rows for energy in row.energies for term in energy.unpriced})


def _looks(results: StudyResults) -> Item:
    looks = results.looks
    if not looks:
        return Item("How often were test clips looked at?", "holds", "Never: validation clips only.")
    cells = len(results.study.systems) * len(results.study.seeds)
    most = max(looks.values())
    said = ", ".join(f"{fold} {n}" for (_, fold), n in sorted(looks.items()))
    return Item(
        "How often were test clips looked at?",
        "holds" if most <= cells else "open",
        f"Test cells by fold, all configurations: {said}; this study alone makes {cells}.",
    )


def _tuning(results: StudyResults) -> Item:
    del results
    return Item(
        "Was every family tuned with the same effort?",
        "open",
        "The store holds no tuning trials: settings come from the study file, and it must say how they were chosen.",
    )


def _seeds(results: StudyResults) -> Item:
    n = min((row.interval.n_seeds for row in results.headline_rows), default=0)
    return Item("How many seeds?", "holds" if n >= FEWEST_SEEDS else "open", f"{n} for every system or more.")


def _groups(results: StudyResults) -> Item:
    rows = results.headline_rows
    interval = rows[0].interval if rows else None
    if interval is None or not interval.n_groups:
        return Item("How many groups, and is the interval right for them?", "open", "No groups: clips are the sample.")
    few = (
        f"fewer than {FEW_GROUPS}, hence a t on group means"
        if interval.n_groups < FEW_GROUPS
        else "a bootstrap of groups"
    )
    return Item(
        "How many groups, and is the interval right for them?",
        "holds" if interval.n_groups >= FEWEST_FOR_A_TEST else "open",
        f"{interval.n_groups} ({few}); at least {FEWEST_FOR_A_TEST} are needed to call a difference.",
    )


def _leaks(results: StudyResults) -> Item:
    audit = results.leak_audit
    sound = audit["n"] == audit["n_cells"] and audit["n_equal"] == 0
    return Item(
        "Do training and test share speakers or recordings?",
        "holds" if sound else "open",
        f"Audited in {audit['n']} of {audit['n_cells']} cells; groups apart in {audit['n_apart']}; "
        f"{audit['n_equal']} recordings equal sample for sample across parts.",
    )


def _controls(results: StudyResults) -> Item:
    study = results.study
    beside = {(system.beside, system.role) for system in study.systems}
    lacking = [
        system.title or system.name
        for system in study.systems
        if system.role == "contender"
        and (
            (system.family == "neuro" and (system.name, "twin") not in beside)
            or (system.family == "quantum" and (system.name, "control") not in beside)
        )
    ]
    return Item(
        "Does every spiking network stand beside its dense twin, every circuit beside its controls?",
        "open" if lacking else "holds",
        f"Not {', '.join(lacking)}." if lacking else "Each does.",
    )


def _rivals(results: StudyResults) -> Item:
    rivals = [system.title or system.name for system in results.study.systems if system.role == "rival"]
    return Item(
        "Are there simple rivals, trained on the same clips?",
        "holds" if rivals else "open",
        f"{', '.join(rivals)}." if rivals else "None.",
    )


def _checks(results: StudyResults) -> Item:
    failed = [check for check in results.checks if check.n_passed < check.n_cells]
    said = "; ".join(f"{c.system}: {c.name} in {c.n_passed} of {c.n_cells} cells" for c in results.checks)
    return Item(
        "Were chip and circuit checked against Lava and Aer?",
        "holds" if results.checks and not failed else "open",
        f"{said}." if said else "No check was made.",
    )


def _many(results: StudyResults) -> Item:
    made = [comparison for _, _, comparison in comparisons(results)]
    p_values = [comparison.p_value for comparison in made if comparison.p_value is not None]
    n_before = sum(p <= ALPHA for p in p_values)
    n_after = sum(p <= ALPHA for p in holm(p_values))
    return Item(
        "Are the tests corrected for their number?",
        "holds" if n_before == n_after else "open",
        f"{len(p_values)} tests; {n_before} with p ≤ {ALPHA:g} as they stand, {n_after} after Holm's correction.",
    )


def _complete(results: StudyResults) -> Item:
    n = len(results.missing)
    accepted = f" Cells of older code stand in: {', '.join(results.accepted_codes)}." if results.accepted_codes else ""
    return Item(
        "Is anything missing?",
        "open" if n or results.accepted_codes else "holds",
        (f"{n} cells; systems stand on different folds and seeds." if n else "No cell is missing.") + accepted,
    )


def _code(results: StudyResults) -> Item:
    revisions = sorted({str(p["git"]["revision"])[:10] for p in results.provenances if p.get("git")})
    dirty = sum(bool(p["git"]["dirty"]) for p in results.provenances if p.get("git"))
    return Item(
        "Which code made it?",
        "holds" if len(revisions) == 1 and not dirty else "open",
        f"Revision{'s' * (len(revisions) > 1)} {', '.join(revisions) or 'unknown'}; {dirty} cells from changed files.",
    )


_QUESTIONS: tuple[Callable[[StudyResults], Item], ...] = (
    *(_groups, _leaks, _looks, _tuning, _seeds, _rivals, _controls, _checks, _many),
    *(_unit, _boundary, _front_end, _idle, _unpriced, _complete, _code),
)
