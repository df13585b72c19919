# studies/report.py
"""The report of a study: one page that opens offline, and the files beside it.

    FOLDER/report.html                        figures inside, no script, nothing loaded from elsewhere
    FOLDER/results.csv, results.md            the tables
    FOLDER/accuracy_vs_energy.svg, .png       a panel per boundary
    FOLDER/accuracy_vs_energy_system.svg, .png   the system boundary alone

The first screen is the answers; then come the picture, the tables and everything that they rest on. Names are escaped.
Each file is written aside and renamed into place. Heavy libraries are imported when a report is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from studies.answers import answers, representatives
from studies.budgets import EnergyRow, deployments
from studies.cell import PictureRecord
from studies.coefficient_table import coefficient_rows
from studies.energy_answers import cheapest
from studies.pareto import front_probabilities
from studies.results import Row, StudyResults
from studies.tables import comparisons, provenance_lines, results_csv, results_markdown
from studies.wording import energy_text, interval_text, joules_text, percent, points_text

TEMPLATE = Path(__file__).parent / "report_template.html.j2"
MOST_PICTURES = 8
BOUNDARY_ORDER = ("operation", "core", "chip", "system")


def write_report(results: StudyResults, folder: Path) -> Path:
    """Write the report and its files into `folder`; return the path of the page."""
    from studies.figure_style import png_bytes, svg_text
    from studies.plots import accuracy_energy_figure

    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "results.csv", results_csv(results).encode())
    _write(folder / "results.md", results_markdown(results).encode())
    for name, boundaries in (("accuracy_vs_energy", BOUNDARY_ORDER), ("accuracy_vs_energy_system", ("system",))):
        figure = accuracy_energy_figure(results, boundaries)
        _write(folder / f"{name}.svg", svg_text(figure).encode())
        _write(folder / f"{name}.png", png_bytes(figure))
    page = folder / "report.html"
    _write(page, report_html(results).encode())
    return page


def report_html(results: StudyResults) -> str:
    """The text of the page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        study=results.study,
        definition=results.study.model_dump_json(indent=2, by_alias=True),
        confirmed=results.confirmed,
        n_cells=len(results.fits) + len(results.tests),
        answers=answers(results),
        figures=_figures(results),
        protocols=_protocol_tables(results),
        comparisons=_comparison_rows(results),
        margin=f"{100 * results.study.equivalence_margin:g}",
        energies=_energy_tables(results),
        gaps=_gaps(results),
        boundaries=BOUNDARY_ORDER,
        checks=_checks(results),
        audit=results.leak_audit,
        looks=sorted(results.looks.items()),
        missing=results.gaps,
        n_missing=len(results.missing),
        n_wanted=len(results.wanted),
        coefficients=coefficient_rows(results),
        provenance=[line.removeprefix("- ").replace("`", "") for line in provenance_lines(results)],
        labels=_labels(results),
    )


def _figures(results: StudyResults) -> dict[str, Any]:
    """Inline SVG by name; "" where there is nothing to draw."""
    from markupsafe import Markup

    from studies import detail_plots
    from studies.figure_style import inline_svg
    from studies.plots import accuracy_energy_figure

    contenders = [row for row in results.headline_rows if row.system.role == "contender"]
    summary = "; ".join(f"{row.title} {interval_text(row.interval)} %" for row in results.headline_rows)
    drawn = {
        "accuracy_energy": (
            accuracy_energy_figure(results),
            "Accuracy against energy per decision on a log axis, a panel per boundary, with intervals. Accuracies: "
            f"{summary}. The energies stand in the energy table.",
        ),
        "stages": (detail_plots.energy_by_stage_figure(results), "Joules of each stage, by system and deployment."),
        "groups": (detail_plots.group_figure(results), "Accuracy of each group, by system, with mean and interval."),
        "confusion": (detail_plots.confusion_figure(contenders), "Confusion matrices of the contenders."),
        "curves": (detail_plots.curves_figure(results), "Validation accuracy by epoch, by system."),
        "pictures": (detail_plots.pictures_figure(_pictures(results)), "Pictures of one clip inside the systems."),
    }
    return {
        name: Markup(inline_svg(figure, name, text)) if figure is not None else ""
        for name, (figure, text) in drawn.items()
    }


def _pictures(results: StudyResults) -> list[tuple[str, PictureRecord]]:
    """Each picture once: what all are given, then what happens inside the contenders."""
    protocol = results.study.headline_protocol.name
    cells = results.tests if results.confirmed else results.fits
    chosen = {row.system.name for row in representatives(results).values()}
    found: dict[tuple[str, str], tuple[str, PictureRecord]] = {}
    for cell, result in sorted(cells.items(), key=lambda item: (item[0].system not in chosen, item[0])):
        for run in result.runs if cell.protocol == protocol else ():
            for picture in run.pictures:
                shared = picture.title.startswith("Intensity of")
                name = "" if shared else results.study.system(cell.system).title or cell.system
                found.setdefault((name, picture.title), (name, picture))
    return sorted(found.values(), key=lambda pair: pair[0] != "")[:MOST_PICTURES]


def _protocol_tables(results: StudyResults) -> list[dict[str, Any]]:
    tables = []
    for protocol in sorted(results.study.protocols, key=lambda p: p != results.study.headline_protocol):
        rows = sorted((r for r in results.rows if r.protocol == protocol.name), key=lambda r: -r.interval.estimate)
        if not rows:
            continue
        priced = {row.key: energy for row, energy in cheapest(rows)}
        chances = _front_chances(rows, priced)
        tables.append(
            {
                "name": protocol.name,
                "evidence": rows[0].evidence,
                "rows": [_system_row(row, priced.get(row.key), chances.get(_point(row))) for row in rows],
                "method": ", ".join(dict.fromkeys(row.interval.method for row in rows)),
            }
        )
    return tables


def _front_chances(rows: Sequence[Row], priced: Mapping[tuple[str, str], EnergyRow]) -> dict[str, float]:
    """P(on the front of accuracy and energy) of every row that has groups and a full price."""
    scores, draws = {}, {}
    for row in rows:
        energy = priced.get(row.key)
        if energy is not None and energy.draws is not None and row.interval.group_scores:
            scores[_point(row)], draws[_point(row)] = row.interval.group_scores, energy.draws
    return front_probabilities(scores, draws)


def _system_row(row: Row, energy: EnergyRow | None, chance: float | None) -> dict[str, Any]:
    n_parameters = row.notes.get("n_parameters")
    return {
        "title": row.title,
        "family": row.system.family,
        "role": row.system.role,
        "backend": row.run.backend.name,
        "headline": row.headline,
        "accuracy": interval_text(row.interval),
        "macro_f1": percent(row.macro_f1),
        "ece": f"{row.ece:.3f}",
        "sd_seeds": percent(row.interval.sd_seeds),
        "sd_folds": percent(row.interval.sd_folds),
        "n_parameters": f"{n_parameters:,.0f}" if isinstance(n_parameters, int | float) else "–",
        "energy": ("–", "") if energy is None else _energy_cell(energy),
        "deployment": "" if energy is None else energy.deployment,
        "front": "–" if chance is None else f"{chance:.2f}",
        "cells": f"{row.n_cells} of {row.n_wanted}",
        "complete": row.n_cells == row.n_wanted,
        "notes": "; ".join(f"{name} {_note(value)}" for name, value in row.notes.items() if name != "n_parameters"),
    }


def _comparison_rows(results: StudyResults) -> list[dict[str, str]]:
    return [
        {
            "a": a.title,
            "b": b.title,
            "difference": points_text(comparison),
            "p": "–" if comparison.p_value is None else f"{comparison.p_value:.3f}",
            "test": comparison.test,
            "verdict": comparison.verdict,
            "would_decide": comparison.would_decide,
        }
        for a, b, comparison in comparisons(results)
    ]


def _energy_tables(results: StudyResults) -> list[dict[str, Any]]:
    """A table per scenario: one line per headline row and deployment, rival price sets too; a column per boundary."""
    tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in results.headline_rows:
        for energy in row.energies:
            line = tables.setdefault(energy.scenario, {}).setdefault(
                (row.system.name, energy.deployment),
                {
                    "title": row.title,
                    "family": row.system.family,
                    "deployment": energy.deployment,
                    "rival": energy.alternative_to,
                    "cells": {},
                    "keeps_up": energy.keeps_up,
                },
            )
            line["cells"][energy.boundary] = _energy_cell(energy)
            if energy.boundary == "system":
                line["per_second"] = joules_text(energy.per_second_joules)
    return [{"scenario": scenario, "lines": list(lines.values())} for scenario, lines in tables.items()]


def _energy_cell(energy: EnergyRow) -> tuple[str, str]:
    """The number, and the range below it."""
    number, _, interval = energy_text(energy).partition(" [")
    return ("–", "") if energy.nominal_joules is None else (number, f"[{interval}" if interval else "")


def _gaps(results: StudyResults) -> list[tuple[str, list[str]]]:
    """What the energies leave out, and why there is none: (deployment, terms and reasons)."""
    gaps: dict[str, dict[str, set[str]]] = {}
    for row in results.headline_rows:
        for energy in row.energies:
            for term in energy.unpriced or ((energy.reason,) if energy.reason else ()):
                gaps.setdefault(energy.deployment, {}).setdefault(term, set()).add(energy.boundary)
    return [
        (deployment, [f"{term} ({', '.join(b for b in BOUNDARY_ORDER if b in at)})" for term, at in terms.items()])
        for deployment, terms in gaps.items()
    ]


def _checks(results: StudyResults) -> list[dict[str, Any]]:
    return [
        {
            "system": results.study.system(check.system).title or check.system,
            "backend": check.backend,
            "name": check.name,
            "passed": check.passed,
            "cells": f"{check.n_passed} of {check.n_cells}",
            "details": "; ".join(f"{name.replace('_', ' ')} {_note(value)}" for name, value in check.details.items()),
        }
        for check in results.checks
    ]


def _labels(results: StudyResults) -> list[tuple[str, str, str]]:
    """Deployments of the study: name, title, what must stand beside their numbers."""
    names = dict.fromkeys(energy.deployment for row in results.rows for energy in row.energies)
    known = deployments()
    return [(name, known[name].title, "; ".join(known[name].labels)) for name in names if name in known]


def _point(row: Row) -> str:
    return f"{row.system.name}\n{row.run.backend.name}"


def _note(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) and abs(value) >= 1 else f"{value:.3g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        return ", ".join(_note(item) for item in value)
    return str(value)


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    aside.replace(path)
