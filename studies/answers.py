# studies/answers.py
"""The answers of a study in a sentence each, with intervals; "undecided" where the data cannot tell.

Everything is taken from the headline protocol and from the headline run of each system. A family is represented by the
contender with the best validation accuracy, so that the test clips do not choose who speaks for it; the other systems
stand in the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studies.circuit_controls import WITHOUT_SURROGATE, has_surrogate, same_picture
from studies.energy_answers import cheapest, least_energy, least_energy_at_best_accuracy, ratio_sentence
from studies.intervals import t_interval
from studies.results import Row, StudyResults, whole_run
from studies.statistics import Comparison
from studies.wording import interval_text, p_text, percent, points_text, run_name

CIRCUIT_TOPIC = "does the circuit add anything?"
FAMILY_NAMES = {"classical": "Classical", "neuro": "Spiking", "quantum": "Quantum hybrid"}


@dataclass(frozen=True)
class Answer:
    """One question and its answer; the verdicts are (of what, which), such as ("accuracy", "worse")."""

    topic: str
    text: str
    verdicts: tuple[tuple[str, str], ...] = ()


def answers(results: StudyResults) -> list[Answer]:
    """The answers, in the order of the first screen."""
    if not results.headline_rows:
        return [Answer("Nothing yet", "No cell of the headline protocol is committed.", (("", "undecided"),))]
    spoken_for = representatives(results)
    return [
        _most_accurate(results),
        *_families(results, spoken_for),
        *_arithmetic(results, spoken_for),
        *_twins(results),
        *_controls(results),
        *_energies(results),
        *_protocols(results),
    ]


def representatives(results: StudyResults) -> dict[str, Row]:
    """The contender of each family that was best on validation clips, by its headline run."""
    chosen: dict[str, tuple[float, Row]] = {}
    for row in results.headline_rows:
        if row.system.role != "contender" or row.system.name in results.imports:  # whose validation clips are not here
            continue
        score = _validation_accuracy(results, row)
        family = row.system.family
        if family not in chosen or score > chosen[family][0]:
            chosen[family] = (score, row)
    return {family: row for family, (_, row) in chosen.items()}


def sentence(a: str, b: str, comparison: Comparison) -> str:
    """A comparison in words, from A's side."""
    difference = points_text(comparison)
    if comparison.verdict == "equivalent":
        return f"{a} and {b} are equivalent within {100 * comparison.margin:g} points: {difference}."
    p = p_text(comparison.p_value)
    tested = "no test" if comparison.p_value is None else f"p {'' if p.startswith('<') else '= '}{p}"
    if comparison.verdict != "undecided":
        size = f"{abs(100 * comparison.difference):.1f} points"
        return f"{a} is {size} {comparison.verdict} than {b}: {difference}, {tested}."
    needs = f" It would take {comparison.would_decide}." if comparison.would_decide else ""
    return f"Undecided between {a} and {b}: {difference}, {tested}.{needs}"


def _most_accurate(results: StudyResults) -> Answer:
    first, *rest = results.ranked_rows
    n_seeds = first.interval.n_seeds
    sample = f"{first.interval.method}, {n_seeds} seed{'s' if n_seeds > 1 else ''}"
    text = f"{run_name(first)}: {interval_text(first.interval)} % ({sample})."
    n_ranked = len(results.ranked_rows)
    if n_ranked < len(results.study.systems) or first.n_cells < first.n_wanted:
        text = f"Among the {n_ranked} systems that stand on {first.n_cells} of {first.n_wanted} cells, {text}"
    if not rest:
        return Answer("Most accurate", text)
    comparison = results.compare(first, rest[0])
    text += " " + sentence(run_name(first), f"the next, {run_name(rest[0])}", comparison)
    return Answer("Most accurate", text, (("accuracy", comparison.verdict),))


def _families(results: StudyResults, spoken_for: dict[str, Row]) -> list[Answer]:
    """Each family's contender against the baseline, in accuracy and in energy."""
    baseline = results.row(results.study.baseline)
    if baseline is None:
        return []
    made = []
    for family, row in spoken_for.items():
        topic = f"{FAMILY_NAMES[family]} against the baseline"
        if row is baseline:
            made.append(Answer(topic, f"{run_name(row)} is the baseline: {interval_text(row.interval)} %."))
        else:
            made.append(_against(results, topic, row, baseline, f"{interval_text(row.interval)} %. "))
    return made


def _arithmetic(results: StudyResults, spoken_for: dict[str, Row]) -> list[Answer]:
    """Coarser arithmetic against floats: the other runs of the same network, and its twin in `bits`."""
    spokesmen = {row.system.name for row in spoken_for.values()} | {results.study.baseline}
    made = []
    for row in results.headline_rows:
        for other in results.rows if row.system.name in spokesmen else ():
            if other.system is row.system and other.protocol == row.protocol and not other.headline:
                a, b = row.run.backend.name, other.run.backend.name
                comparison = results.compare(row, other)
                text = sentence(f"{row.title} on {a}", f"on {b}", comparison)
                made.append(Answer(f"{row.title}: {a} against {b}", text, (("accuracy", comparison.verdict),)))
        for other in results.headline_rows:
            if _without_bits(row) == _without_bits(other) and _bits(row) and not _bits(other):
                made.append(_against(results, f"{row.title} against {other.title}", row, other, ""))
    return made


def _bits(row: Row) -> Any:
    return row.system.classifier.options.get("bits")


def _without_bits(row: Row) -> Any:
    """What two systems share that differ in the width of their numbers alone."""
    options = {name: value for name, value in row.system.classifier.options.items() if name != "bits"}
    return row.system.classifier.name, options, row.system.encoder, row.system.front_end


def _twins(results: StudyResults) -> list[Answer]:
    """Each spiking network against its dense twin, in accuracy and in energy."""
    rows = {row.system.name: row for row in results.headline_rows}
    return [
        _against(results, f"{row.title} against its dense twin", row, twin, "")
        for twin in results.headline_rows
        for row in [rows.get(twin.system.beside or "")]
        if twin.system.role == "twin" and row is not None
    ]


def _against(results: StudyResults, topic: str, row: Row, other: Row, lead: str) -> Answer:
    comparison = results.compare(row, other)
    energy, verdict = ratio_sentence(row, other)
    text = f"{lead}{sentence(run_name(row), run_name(other), comparison)} {energy}"
    return Answer(topic, text, (("accuracy", comparison.verdict), ("energy", verdict)))


def _controls(results: StudyResults) -> list[Answer]:
    """Does the circuit add anything? Only a system that beats all of its controls owes it to what they lack."""
    rows = {row.system.name: row for row in results.headline_rows}
    made = []
    for row in rows.values():
        controls = [c for c in rows.values() if c.system.role == "control" and c.system.beside == row.system.name]
        questions: dict[str, list[Row]] = {CIRCUIT_TOPIC: [], "against its controls": []}
        for control in controls:
            of_the_circuit = row.system.family == "quantum" and same_picture(results, row, control)
            questions[CIRCUIT_TOPIC if of_the_circuit else "against its controls"].append(control)
        made += [
            _held_against(results, row, asked, f"{row.title}: {topic}") for topic, asked in questions.items() if asked
        ]
    return made


def _held_against(results: StudyResults, row: Row, controls: Sequence[Row], topic: str) -> Answer:
    """Whether a system beats all of some controls."""
    compared = [(control, results.compare(row, control)) for control in controls]
    verdicts = {comparison.verdict for _, comparison in compared}
    if verdicts == {"better"}:
        verdict, lead = "better", _beats_all(row, controls, topic)
    elif verdicts & {"worse", "equivalent"}:
        verdict, lead = "adds nothing", f"No: a control without it does as well as {row.title}, or better."
    else:
        verdict, lead = "undecided", f"Undecided: {row.title} is not shown to beat each of its controls."
    parts = "; ".join(f"against {c.title} {points_text(difference)}" for c, difference in compared)
    return Answer(topic, f"{lead} {parts[:1].upper()}{parts[1:]}.", (("", verdict),))


def _beats_all(row: Row, controls: Sequence[Row], topic: str) -> str:
    """What follows for a system that is better than all of its controls."""
    which = f"each of its {len(controls)} controls" if len(controls) > 1 else "its one control"
    beaten = f"{row.title} beats {which}"
    if topic.endswith(CIRCUIT_TOPIC) and not has_surrogate(controls):
        return f"Against those asked: {beaten}; {WITHOUT_SURROGATE}."
    return f"Yes: {beaten}."


def _energies(results: StudyResults) -> list[Answer]:
    # Measured joules do not compare with modelled ones, and what does not fit its devices is no answer.
    ranked = cheapest(results.ranked_rows, kinds=("modelled",), fitting=True)
    if not ranked:
        return [
            Answer("Least energy", "No system has a full price at the system boundary.", (("energy", "undecided"),))
        ]
    least, least_verdict = least_energy(ranked)
    best, best_verdict = least_energy_at_best_accuracy(results, ranked)
    return [
        Answer("Least energy", least, (("energy", least_verdict),) if least_verdict else ()),
        Answer("Least energy at the best accuracy", best, (("energy", best_verdict),) if best_verdict else ()),
    ]


def _protocols(results: StudyResults) -> list[Answer]:
    """How much another protocol flatters: its accuracy less that of the headline protocol, by group, over systems."""
    headline = results.study.headline_protocol.name
    made = []
    for protocol in results.study.protocols:
        others = {row.key: row for row in results.rows if row.protocol == protocol.name and row.headline}
        pairs = [(others[row.key], row) for row in results.headline_rows if row.key in others]
        if protocol.name == headline or not pairs:
            continue
        shared = set.intersection(*({*a.interval.group_scores} & {*b.interval.group_scores} for a, b in pairs))
        by_group = [
            float(np.mean([a.interval.group_scores[g] - b.interval.group_scores[g] for a, b in pairs]))
            for g in sorted(shared)
        ]
        mean = float(np.mean([a.interval.estimate - b.interval.estimate for a, b in pairs]))
        interval = ""
        verdicts: tuple[tuple[str, str], ...] = ()
        if len(by_group) > 1:
            low, high = t_interval(by_group)
            mean = float(np.mean(by_group))
            interval = f" [{100 * low:+.1f}, {100 * high:+.1f}]"
            verdicts = () if low > 0 or high < 0 else (("", "undecided"),)
        word = "flatters" if mean > 0 else "differs"
        there, here = next((pair for pair in pairs if pair[1].system.name == results.study.baseline), pairs[0])
        text = (
            f"{protocol.name} {word} by {100 * mean:+.1f} points{interval} against {headline}, "
            f"over {len(pairs)} systems: {run_name(here)} gets {percent(there.interval.estimate)} % there and "
            f"{percent(here.interval.estimate)} % here."
        )
        made.append(Answer(f"What {protocol.name} would have said", text, verdicts))
    return made


def _validation_accuracy(results: StudyResults, row: Row) -> float:
    scores = [
        float(np.mean(run.logits.argmax(axis=1) == result.targets))
        for cell, result in results.fits.items()
        if (cell.system, cell.protocol) == (row.system.name, row.protocol)
        if (run := whole_run(result, row.run.backend.name)) is not None
    ]
    return float(np.mean(scores)) if scores else row.interval.estimate
