# studies/tables.py
"""Tables of a study: `results.csv` for machines, Markdown for `docs/results/STUDY.md`.

`results.csv` has one row per system, protocol, backend, deployment, scenario and boundary. What is not known is an
empty field, never 0: `energy_kind` says why (`unavailable`, with the reason under `unpriced`), or that the number is
a `lower-bound`, with the terms that have no price. `memory` is what the run needs of each device's RAM and flash,
beside the limit. A run that is priced for no deployment has one row without energy. `readouts_saturated_per_clip` is of
integer runs of spiking networks: above 0, answers are lost (`readout_saturation.py`).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.harness.devices import coefficients_digest
from studies import break_even_rate, circuit_runs, early_decision, energy_curves, integer_cost, noise_conditions
from studies.budgets import EnergyRow
from studies.fit import memory_text, seconds_text
from studies.left_out import left_out_text
from studies.measurement import latest
from studies.readout_saturation import saturated_per_clip, warnings
from studies.results import Row, StudyResults
from studies.screening import is_screen
from studies.spike_codes import HEADER, code_rows, table_note
from studies.state_codes import HEADER as STATE_CODES_HEADER
from studies.state_codes import state_code_rows, state_codes_note
from studies.statistics import Comparison
from studies.wording import energy_text, interval_text, joules_text, p_text, percent, points_text

MOST_GROUP_COLUMNS = 12  # beyond it groups are summed up by quartiles
COLUMNS = (
    *("system", "title", "family", "role", "beside", "protocol", "headline", "backend", "deployment", "scenario"),
    *("boundary", "accuracy", "low", "high", "interval", "macro_f1", "ece", "energy_kind", "joules_per_decision"),
    *("joules_per_decision_low", "joules_per_decision_high", "joules_per_second", "joules_per_second_low"),
    *("joules_per_second_high", "unpriced", "labels", "keeps_up", "alternative_to", "clip_seconds", "period_seconds"),
    *("seeds", "groups", "clips", "cells", "cells_wanted", "evidence", "memory", "latency_seconds"),
    "readouts_saturated_per_clip",
)
Field = str | float | int | bool | None  # of a row; what is not known is None


def results_csv(results: StudyResults) -> str:
    """The text of `results.csv`."""
    return csv_text([{name: record[name] for name in COLUMNS} for record in csv_records(results)], COLUMNS)


def csv_records(results: StudyResults) -> list[dict[str, Field]]:
    """The rows of `results.csv` as dictionaries."""
    return [
        {**_accuracy_fields(results, row), **_energy_fields(energy)}
        for row in results.rows
        for energy in row.energies or (None,)
    ]


def csv_text(records: Sequence[Mapping[str, Field]], columns: Sequence[str] = ()) -> str:
    """Any rows as CSV, written like `results.csv`; the columns are those of the first row where none are named."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns or list(records[0] if records else ()), lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: _field(value) for name, value in record.items()})
    return text.getvalue()


def results_markdown(results: StudyResults) -> str:
    """The page `docs/results/STUDY.md`: accuracies with intervals, by group, energy, looks, command and revision."""
    study = results.study
    lines = [f"# {plain_markdown(study.title)}", "", plain_markdown(study.question), ""]
    if is_screen(study):
        lines += ["**SCREEN, no result: one seed, a quarter of the epochs, as many folds as ten minutes held.**", ""]
    if not results.confirmed:
        lines += ["**Validation only: no test fold was opened, and nothing here is a test result.**", ""]
    lines += [
        f"Study `{study.name}`, data set `{study.data.name}`, seeds {', '.join(map(str, study.seeds))}. Accuracy in "
        "per cent with its 95 % interval. `results.csv` has every backend, deployment, scenario and boundary."
        f"{left_out_text(study)}",
        "",
    ]
    for protocol in study.protocols:
        rows = [row for row in results.rows if row.protocol == protocol.name]
        if not rows:
            continue
        evidence = "test" if rows[0].evidence == "test" else "validation"
        lines += [f"## {protocol.name} ({evidence} clips)", "", *_accuracy_table(rows), ""]
        for warning in warnings(rows):
            lines += [f"**{plain_markdown(warning)}**", ""]
        groups = sorted({name for row in rows for name in row.interval.group_scores})
        if groups:
            lines += ["Accuracy by group, in per cent:", "", *_group_table(rows, groups), ""]
    lines += ["## Differences", "", *_comparison_table(results), ""]
    lines += ["## Energy per decision at the system boundary, always on", "", *_energy_table(results), ""]
    lines += _codes(results)
    early = early_decision.early_rows(results)
    if early:
        lines += ["## Early decision", "", *markdown_table(early_decision.HEADER, [row.texts for row in early]), ""]
        lines += [early_decision.table_note(early), ""]
    curves = energy_curves.pairs(results)
    if curves:
        lines += ["## Families as curves", ""]
        lines += [*markdown_table(energy_curves.HEADER, [one.texts for one in curves]), ""]
        lines += [energy_curves.table_note(curves), ""]
    met = break_even_rate.meetings(results)
    if met:
        texts = [one.texts for one in met]
        lines += ["## Break-even spike rate", "", *markdown_table(break_even_rate.HEADER, texts), ""]
        lines += [break_even_rate.table_note(met), ""]
    precisions = integer_cost.precision_rows(results)
    if precisions:
        lines += ["## What integers cost", ""]
        lines += [*markdown_table(integer_cost.HEADER, [one.texts for one in precisions]), ""]
        lines += [" ".join([integer_cost.table_note(precisions), *integer_cost.lava_sentences(results)]), ""]
    lines += _circuit_tables(results)
    lines += ["## Looks and completeness", "", *_completeness(results), ""]
    lines += ["## Where it comes from", "", *provenance_lines(results), ""]
    return "\n".join(lines)


def _circuit_tables(results: StudyResults) -> list[str]:
    """Backends of circuits side by side, and what was found under the noise of machines; none where none ran."""
    lines: list[str] = []
    runs = circuit_runs.circuit_runs(results)
    if runs:
        lines += ["## Backends of circuits", "", *markdown_table(circuit_runs.HEADER, [one.texts for one in runs]), ""]
        lines += [circuit_runs.NOTE, ""]
    noisy = noise_conditions.noisy_rows(results)
    if noisy:
        texts = [one.texts for one in noisy]
        lines += ["## Under noise", "", *markdown_table(noise_conditions.RUNS_HEADER, texts), ""]
    conditions = noise_conditions.condition_rows(results)
    if conditions:
        header = noise_conditions.conditions_header(conditions)
        lines += [*markdown_table(header, noise_conditions.condition_texts(conditions)), ""]
        lines += [noise_conditions.conditions_note(conditions), ""]
    return lines


def _codes(results: StudyResults) -> list[str]:
    """Spike codes and state codes, where a study compares such."""
    lines: list[str] = []
    if spikes := code_rows(results):
        lines += ["## Spike codes", "", *markdown_table(HEADER, [code.texts for code in spikes]), ""]
        lines += [table_note(spikes), ""]
    if states := state_code_rows(results):
        lines += ["## State codes", "", *markdown_table(STATE_CODES_HEADER, [code.texts for code in states]), ""]
        lines += [state_codes_note(states), ""]
    return lines


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of GitHub's Markdown; what would end a cell or start markup is escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return lines + ["| " + " | ".join(plain_markdown(cell) for cell in row) + " |" for row in rows]


def comparisons(results: StudyResults) -> list[tuple[Row, Row, Comparison]]:
    """Every headline row against the baseline, and every twin and control against what it stands beside."""
    rows = {row.system.name: row for row in results.headline_rows}
    baseline = rows.get(results.study.baseline)
    pairs = [(row, baseline) for row in rows.values() if baseline is not None and row is not baseline]
    pairs += [(rows[row.system.beside], row) for row in rows.values() if row.system.beside in rows]
    return [(a, b, results.compare(a, b)) for a, b in pairs]


def provenance_lines(results: StudyResults) -> list[str]:
    """Commands, revisions, versions and machines of the cells, as a list."""
    if not results.provenances:
        return ["- nothing is committed"]
    commands = _distinct(" ".join(p.get("command", ())) for p in results.provenances)
    revisions = _distinct(_revision(p.get("git") or {}) for p in results.provenances)
    machines = _distinct(
        f"{m.get('cpu')}, {m.get('n_cores')} cores, {m.get('system')} {m.get('architecture')}"
        for m in (p.get("machine") or {} for p in results.provenances)
    )
    versions = results.provenances[-1].get("versions") or {}
    lines = [f"- command: `{command}`" for command in commands if command]
    lines += [f"- revision: {revision}" for revision in revisions]
    lines += [f"- machine: {machine}" for machine in machines]
    lines += [
        f"- Python {results.provenances[-1].get('python')}; " + ", ".join(f"{n} {v}" for n, v in versions.items() if v)
    ]
    hashes = _distinct(str(p.get("data_content_hash", "")) for p in results.provenances)
    lines += [f"- data: SHA-256 of the decoded content {digest}" for digest in hashes if digest]
    prices = _distinct(str(p.get("coefficients_hash", "")) for p in results.provenances)
    lines += [f"- price tables when the cells ran: {digest}" for digest in prices if digest]
    lines += price_lines(results)
    lines += [f"- cells of older code accepted: {code}" for code in results.accepted_codes]
    lines += [f"- cells of older code rechecked: {plain_markdown(one.said)}" for one in results.rechecks]
    lines += [f"- from elsewhere: {plain_markdown(one.said)}" for one in results.imports.values()]
    lines += [f"- {plain_markdown(one.system)}, {plain_markdown(one.said)}" for one, _ in latest(results.measurements)]
    return lines


def price_lines(results: StudyResults) -> list[str]:
    """Which coefficients the energies were priced with, now: cells store counts, and no price."""
    used = {coefficient for row in results.rows for energy in row.energies for coefficient in energy.coefficients}
    lines = [f"- the study's own device file: {Path(name).name}" for name in results.study.device_files]
    if used:
        lines.append(
            f"- priced when this was written, from the counts that the cells store: {len({row.id for row in used})} "
            f"coefficients, SHA-256 {coefficients_digest(used)}"
        )
    return lines


def _accuracy_fields(results: StudyResults, row: Row) -> dict[str, Field]:
    return {
        "system": row.system.name,
        "title": row.title,
        "family": row.system.family,
        "role": row.system.role,
        "beside": row.system.beside,
        "protocol": row.protocol,
        "headline": row.headline and row.protocol == results.study.headline_protocol.name,
        "backend": row.run.backend.name,
        "accuracy": row.interval.estimate,
        "low": row.interval.low,
        "high": row.interval.high,
        "interval": row.interval.method,
        "macro_f1": row.macro_f1,
        "ece": row.ece,
        "clip_seconds": row.clip_seconds,
        "seeds": row.interval.n_seeds,
        "groups": row.interval.n_groups,
        "clips": row.interval.n_clips,
        "cells": row.n_cells,
        "cells_wanted": row.n_wanted,
        "evidence": row.evidence,
        "readouts_saturated_per_clip": saturated_per_clip(row),
    }


def _energy_fields(energy: EnergyRow | None) -> dict[str, Field]:
    names = (
        *COLUMNS[COLUMNS.index("energy_kind") : COLUMNS.index("clip_seconds")],
        "period_seconds",
        "memory",
        "latency_seconds",
    )
    if energy is None:
        empty: dict[str, Field] = dict.fromkeys(("deployment", "scenario", "boundary", *names))
        return {**empty, "energy_kind": "unavailable", "unpriced": "the study names no deployment for this backend"}
    per_second = [None if j is None else j / energy.period_seconds for j in (energy.low, energy.high)]
    return {
        "deployment": energy.deployment,
        "scenario": energy.scenario,
        "boundary": energy.boundary,
        "energy_kind": energy.kind,
        "joules_per_decision": energy.nominal_joules,
        "joules_per_decision_low": energy.low,
        "joules_per_decision_high": energy.high,
        "joules_per_second": energy.per_second_joules,
        "joules_per_second_low": per_second[0],
        "joules_per_second_high": per_second[1],
        "unpriced": "; ".join(energy.unpriced) or energy.reason,
        "labels": "; ".join(energy.labels),
        "keeps_up": energy.keeps_up,
        "alternative_to": energy.alternative_to,
        "period_seconds": energy.period_seconds,
        "memory": memory_text(energy.fit) or None,
        "latency_seconds": energy.latency_seconds,
    }


def _accuracy_table(rows: Sequence[Row]) -> list[str]:
    header = ("system", "family", "role", "backend", "accuracy", "macro-F1", "ECE", "sd seeds", "sd folds", "cells")
    return markdown_table(
        header,
        (
            (
                *(row.title, row.system.family, row.system.role, row.run.backend.name, interval_text(row.interval)),
                *(percent(row.macro_f1), "–" if row.ece is None else f"{row.ece:.3f}", percent(row.interval.sd_seeds)),
                *(percent(row.interval.sd_folds), f"{row.n_cells} of {row.n_wanted}"),
            )
            for row in sorted(rows, key=lambda row: -row.interval.estimate)
        ),
    )


def _group_table(rows: Sequence[Row], groups: Sequence[str]) -> list[str]:
    if len(groups) > MOST_GROUP_COLUMNS:
        return _group_summary(rows)
    return markdown_table(
        ("system", "backend", *groups),
        (
            (row.title, row.run.backend.name, *(percent(row.interval.group_scores.get(group)) for group in groups))
            for row in sorted(rows, key=lambda row: -row.interval.estimate)
        ),
    )


def _group_summary(rows: Sequence[Row]) -> list[str]:
    """Quartiles over the groups, where a column for each would be too many; the figure's CSV has them all."""
    texts = []
    for row in sorted(rows, key=lambda row: -row.interval.estimate):
        scores = np.array(list(row.interval.group_scores.values()))
        quartiles = (percent(float(value)) for value in np.quantile(scores, (0, 0.25, 0.5, 0.75, 1)))
        ends = (str(int((scores == end).sum())) for end in (0, 1))
        texts.append((row.title, row.run.backend.name, str(len(scores)), *quartiles, *ends))
    header = ("groups", "lowest", "a quarter below", "median", "a quarter above", "highest", "all wrong", "all right")
    return markdown_table(("system", "backend", *header), texts)


def _comparison_table(results: StudyResults) -> list[str]:
    header = ("A", "B", "A - B, points", "p", "verdict for A", "what would decide it")
    made = comparisons(results)
    table = markdown_table(
        header,
        (
            (
                a.title,
                b.title,
                points_text(c),
                p_text(c.p_value),
                c.verdict,
                c.would_decide,
            )
            for a, b, c in made
        ),
    )
    tests = ", ".join(_distinct(c.test for _, _, c in made))
    note = f"Test: {tests}. p is not corrected for the {len(made)} comparisons; the margin of equivalence is "
    return (
        [*table, "", f"{note}{100 * results.study.equivalence_margin:g} points."] if made else ["No pair to compare."]
    )


def _energy_table(results: StudyResults) -> list[str]:
    found = [
        (row, energy)
        for row in results.rows
        for energy in row.energies
        if row.protocol == results.study.headline_protocol.name and energy.stands_at("system", "always-on")
    ]
    header = (
        "system",
        "backend",
        "deployment",
        "kind",
        "joules per decision",
        "joules per second",
        "not in it",
        "memory",
        "latency",
    )
    return markdown_table(
        header,
        (
            (
                *(row.title, row.run.backend.name, energy.deployment, energy.kind, energy_text(energy)),
                *(joules_text(energy.per_second_joules), "; ".join(energy.unpriced) or energy.reason),
                memory_text(energy.fit) or "–",
                "–" if (latency := energy.latency_seconds) is None else seconds_text(latency),
            )
            for row, energy in found
        ),
    )


def _completeness(results: StudyResults) -> list[str]:
    lines = [f"- {protocol}, {fold}: {n} looks" for (protocol, fold), n in sorted(results.looks.items())]
    lines = lines or ["- no test fold was looked at"]
    lines += [f"- {len(results.wanted)} cells asked for, {len(results.missing)} missing"]
    return lines + [f"- missing: {plain_markdown(gap)}" for gap in results.gaps]


def _revision(git: dict[str, Any]) -> str:
    revision = git.get("revision")
    return f"`{revision}`" + (" with local changes" if git.get("dirty") else "") if revision else "not a checkout"


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _field(value: Field) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def plain_markdown(cell: str) -> str:
    """One line, and nothing in it that ends the cell, opens a tag or starts code."""
    escapes = {"\\": "\\\\", "|": "\\|", "`": "\\`", "*": "\\*", "<": "&lt;", ">": "&gt;"}
    return " ".join("".join(escapes.get(character, character) for character in cell).split())
