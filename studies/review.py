# studies/review.py
"""What a reviewer of this field asks of a comparison, answered from the store.

An answer is `holds` where the store shows it, and `open` where it does not or where the study leaves itself open to the
question. Nothing is answered by what somebody meant to do.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studies.intervals import FEW_UNITS
from studies.paired_tests import ALPHA, FEWEST_FOR_A_TEST, holm
from studies.results import StudyResults
from studies.tables import comparisons
from studies.trained_elsewhere import titles_trained_elsewhere

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
    """Every question, in the order in which a reader meets the subject; all are open while there is no cell."""
    if not results.headline_rows:
        return [Item("Is there anything to review?", "open", "No cell of the headline protocol is committed.")]
    return [ask(results) for ask in _QUESTIONS]


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
        if energy.stands_at(HEADLINE_BOUNDARY, HEADLINE_SCENARIO)
    }
    full = {title for (title, _), kind in kinds.items() if kind in ("modelled", "measured")}
    without = sorted({title for title, _ in kinds} - full)
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
    if not any(energy.scenario == HEADLINE_SCENARIO for row in results.headline_rows for energy in row.energies):
        return Item("Is idling counted?", "open", "No system is priced.")
    terms = [term for term in _terms_without_price(results) if "idle" in term]
    return Item(
        "Is idling counted?",
        "open" if terms else "holds",
        f"Always on, with idle power; without a price: {'; '.join(terms)}." if terms else "Always on, with idle power.",
    )


def _unpriced(results: StudyResults) -> Item:
    if not any(row.energies for row in results.headline_rows):
        return Item("Which terms have no price?", "open", "All: no system names a deployment.")
    terms = _terms_without_price(results)
    return Item(
        "Which terms have no price?",
        "open" if terms else "holds",
        f"{'; '.join(terms)}: those totals are lower bounds." if terms else "None.",
    )


def _terms_without_price(results: StudyResults) -> list[str]:
    return sorted({term for row in results.headline_rows for energy in row.energies for term in energy.unpriced})


def _looks(results: StudyResults) -> Item:
    question = "Were test clips looked at by this study alone?"
    looks = results.looks
    if not looks:
        return Item(question, "holds", "They were not looked at: validation clips only.")
    own = Counter((cell.protocol, cell.fold) for cell in results.tests)
    said = ", ".join(f"{protocol} {fold} {n} ({own[protocol, fold]})" for (protocol, fold), n in sorted(looks.items()))
    others = any(n > own[place] for place, n in looks.items())
    return Item(question, "open" if others else "holds", f"Test cells by fold, all configurations (this one): {said}.")


def _tuning(results: StudyResults) -> Item:
    del results
    return Item(
        "Was every family tuned with the same effort?",
        "open",
        "The store holds no tuning trials: settings come from the study file, and it must say how they were chosen.",
    )


def _seeds(results: StudyResults) -> Item:
    n = min((row.interval.n_seeds for row in results.headline_rows), default=0)
    return Item("How many seeds?", "holds" if n >= FEWEST_SEEDS else "open", f"{n} at least, of every system.")


def _groups(results: StudyResults) -> Item:
    rows = results.headline_rows
    interval = rows[0].interval if rows else None
    if interval is None or not interval.n_groups:
        return Item("How many groups, and is the interval right for them?", "open", "No groups: clips are the sample.")
    few = (
        f"fewer than {FEW_UNITS}, hence a t on group means"
        if interval.n_groups < FEW_UNITS
        else "a bootstrap of groups"
    )
    return Item(
        "How many groups, and is the interval right for them?",
        "holds" if interval.n_groups >= FEWEST_FOR_A_TEST else "open",
        f"{interval.n_groups} ({few}); at least {FEWEST_FOR_A_TEST} are needed to call a difference.",
    )


def _leaks(results: StudyResults) -> Item:
    audit = results.leak_audit
    headline = results.study.headline_protocol.name
    ours = [result for cell, result in [*results.fits.items(), *results.tests.items()] if cell.protocol == headline]
    n_apart = sum(bool((result.training.get("audit") or {}).get("groups_apart")) for result in ours)
    came = titles_trained_elsewhere(results.study)
    sound = audit["n"] == audit["n_cells"] and audit["n_equal"] == 0 and n_apart == len(ours) and not came
    return Item(
        "Are the speakers and recordings of training and test apart?",
        "holds" if sound else "open",
        f"Groups are apart in {n_apart} of {len(ours)} cells of {headline}; audited in {audit['n']} of "
        f"{audit['n_cells']} cells; {audit['n_equal']} recordings equal sample for sample across parts."
        + (f" On what {', '.join(came)} was trained elsewhere is not known here." if came else ""),
    )


def _controls(results: StudyResults) -> Item:
    ran = [row.system for row in results.headline_rows]
    beside = {(system.beside, system.role) for system in ran}
    lacking = [
        system.title or system.name
        for system in ran
        if system.role == "contender"
        and (
            (system.family == "neuro" and (system.name, "twin") not in beside)
            or (system.family == "quantum" and (system.name, "control") not in beside)
        )
    ]
    return Item(
        "Does every spiking network stand beside its dense twin, every circuit beside its controls?",
        "open" if lacking else "holds",
        f"Not {', '.join(lacking)}." if lacking else "Each that was run does.",
    )


def _rivals(results: StudyResults) -> Item:
    rivals = [row.title for row in results.headline_rows if row.system.role == "rival"]
    return Item(
        "Are there simple rivals, trained on the same clips?",
        "holds" if rivals else "open",
        f"{', '.join(rivals)}." if rivals else "None.",
    )


def _checks(results: StudyResults) -> Item:
    question = "Were spiking networks and circuits checked against Lava and Aer?"
    ran = [row.system for row in results.headline_rows]
    due = [system for system in ran if system.role == "contender" and system.family in {"neuro", "quantum"}]
    if not due:
        return Item(question, "holds", "There is none to check.")
    passed = {check.system for check in results.checks if check.n_passed == check.n_cells}
    lacking = [system.title or system.name for system in due if system.name not in passed]
    said = "; ".join(f"{c.system}: {c.name} in {c.n_passed} of {c.n_cells} cells" for c in results.checks)
    without = f" Not, or not in all: {', '.join(lacking)}." if lacking else ""
    return Item(question, "open" if lacking else "holds", (f"{said}." if said else "No check was made.") + without)


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
    if results.rechecks:
        said = "; ".join(one.said for one in results.rechecks)
        accepted += f" Cells of older code stand in after a sample of them was computed anew: {said}."
    return Item(
        "Is anything missing?",
        "open" if n or results.accepted_codes else "holds",
        (f"{n} cells; systems stand on different folds and seeds." if n else "No cell is missing.") + accepted,
    )


def _elsewhere(results: StudyResults) -> Item:
    said = [one.said for one in results.imports.values()]
    return Item(
        "Were all systems trained and run by the same code?",
        "open" if said else "holds",
        f"Not these, whose training nobody here can repeat: {'; '.join(said)}." if said else "None was imported.",
    )


def _code(results: StudyResults) -> Item:
    states = [provenance.get("git") or {} for provenance in results.provenances]
    revisions = sorted({str(state["revision"])[:10] for state in states if state.get("revision")})
    n_unknown = sum(not state.get("revision") for state in states)
    n_dirty = sum(bool(state.get("dirty")) for state in states)
    return Item(
        "Which code made it?",
        "holds" if len(revisions) == 1 and not n_dirty and not n_unknown else "open",
        f"Revision{'s' * (len(revisions) > 1)} {', '.join(revisions) or 'unknown'}; cells from changed files: "
        f"{n_dirty}, without a revision: {n_unknown}.",
    )


_QUESTIONS: tuple[Callable[[StudyResults], Item], ...] = (
    *(_groups, _leaks, _looks, _tuning, _seeds, _rivals, _controls, _checks, _many),
    *(_unit, _boundary, _front_end, _idle, _unpriced, _complete, _elsewhere, _code),
)
