# studies/exports/markdown.py
"""The page of results, the data statement, and a card per system: what it is, how well it does, what it costs, what is
not known."""

from classical_baselines.harness.energy import BOUNDARIES
from studies.data_statement import statement_markdown
from studies.exports import Files
from studies.report.page import Drawings
from studies.results import Row, StudyResults
from studies.specification import System
from studies.tables import markdown_table, plain_markdown, results_markdown
from studies.wording import energy_text, interval_text, note_text, percent, said_notes


def markdown(results: StudyResults, drawings: Drawings) -> Files:
    """`results.md`, `data_statement.md` and `cards/SYSTEM.md`."""
    del drawings
    cards = {f"cards/{system.name}.md": system_card(results, system).encode() for system in results.study.systems}
    return {
        "results.md": results_markdown(results).encode(),
        "data_statement.md": statement_markdown(results).encode(),
        **cards,
    }


def system_card(results: StudyResults, system: System) -> str:
    """One system in a page."""
    study = results.study
    rows = [row for row in results.rows if row.system.name == system.name]
    headline = results.row(system.name)
    made_of = {
        "family": system.family,
        "role": system.role + (f", beside {system.beside}" if system.beside else ""),
        "front end": _choice(study.front_end_of(system).name, study.front_end_of(system).options),
        "encoder": _choice(system.encoder.name, system.encoder.options),
        "classifier": _choice(system.classifier.name, system.classifier.options),
        "training": _choice("", system.training.model_dump()),
    }
    notes = said_notes(headline.notes) if headline is not None else {}
    lines = [f"# {plain_markdown(system.title or system.name)}", ""]
    if not results.confirmed:
        lines += ["**Validation only: no test fold was opened, and nothing here is a test result.**", ""]
    lines += [
        f"A system of the study {plain_markdown(study.title)} (`{study.name}`), on the data set `{study.data.name}` "
        "([data statement](../data_statement.md)).",
        "",
    ]
    lines += ["## What it is", "", *markdown_table(("part", "choice"), made_of.items()), ""]
    if notes:
        lines += ["Noted by its headline run:", ""]
        lines += [*markdown_table(("what", "value"), ((name, note_text(value)) for name, value in notes.items())), ""]
    lines += ["## How well it does", "", *_accuracies(rows), ""]
    if headline is not None and headline.interval.group_scores:
        scores = headline.interval.group_scores
        lines += [f"By group, in per cent, on {headline.run.backend.name}:", ""]
        lines += [
            *markdown_table(tuple(map(plain_markdown, scores)), [[percent(score) for score in scores.values()]]),
            "",
        ]
    lines += ["## What it costs", "", *_energies(headline), ""]
    checks = [check for check in results.checks if check.system == system.name]
    if checks:
        lines += ["## What was checked", ""]
        lines += [
            f"- {check.name} on {check.backend}: {check.n_passed} of {check.n_cells} cells passed" for check in checks
        ]
        lines += [""]
    lines += ["## What is not known", "", *_unknown(results, system, headline), ""]
    return "\n".join(lines)


def _choice(name: str, options: object) -> str:
    given = options.items() if isinstance(options, dict) else ()
    said = ", ".join(f"{key} {note_text(value)}" for key, value in given if value is not None)
    return f"{name}: {said}" if name and said else name or said


def _accuracies(rows: list[Row]) -> list[str]:
    if not rows:
        return ["No cell of it is committed."]
    header = ("protocol", "clips", "run on", "accuracy, %", "interval", "macro-F1", "ECE", "cells")
    return markdown_table(
        header,
        (
            (
                *(row.protocol, row.evidence, row.run.backend.name, interval_text(row.interval), row.interval.method),
                *(
                    percent(row.macro_f1),
                    "–" if row.ece is None else f"{row.ece:.3f}",
                    f"{row.n_cells} of {row.n_wanted}",
                ),
            )
            for row in rows
        ),
    )


def _energies(row: Row | None) -> list[str]:
    always = [energy for energy in row.energies if energy.scenario == "always-on"] if row is not None else []
    if not always:
        return ["Its headline run names no deployment, so nothing is priced."]
    names = dict.fromkeys(energy.deployment for energy in always)
    found = {(energy.deployment, energy.boundary): energy_text(energy) for energy in always}
    return [
        "Energy per decision, always on, by boundary; boundaries do not compare with each other.",
        "",
        *markdown_table(
            ("deployment", *BOUNDARIES),
            ((name, *(found.get((name, boundary), "") for boundary in BOUNDARIES)) for name in names),
        ),
    ]


def _unknown(results: StudyResults, system: System, row: Row | None) -> list[str]:
    terms: dict[str, None] = {}
    for energy in row.energies if row is not None else ():
        for term in energy.unpriced or ((energy.reason,) if energy.reason else ()):
            terms.setdefault(f"{energy.deployment}: {term}")
    lines = [f"- {plain_markdown(term)}" for term in terms]
    lines += [
        f"- {gap.kind} cell of {gap.cell.protocol}, {plain_markdown(gap.cell.fold)}, seed {gap.cell.seed} is missing"
        + (f": {plain_markdown(gap.reason)}" if gap.reason else "")
        for gap in results.missing
        if gap.cell.system == system.name
    ]
    return lines or ["Every cell is committed, and every term has a price."]
