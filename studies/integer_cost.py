# studies/integer_cost.py
"""What each precision between floats and the chip's integers costs a spiking network, on the same weights and clips.

A system that names the backend `snn-float` has a row for each precision that it was run at:

    floats, weights, constants, integers     backends `snn-float`, `snn-integer-weights`, `snn-integer-constants`,
                                             `loihi-emulator`

    points lost          accuracy as floats less accuracy at the precision, paired by clip, with the suite's interval
    decisions changed    share of the clips whose decision differs from that of the row before
    spike rate           of hidden neurons per step, and its change against the floats
    saturated            by layer, the readout last: what was clipped or lost (notes of the backend; of the
                         integers those of `loihi-saturation`)

Whether Lava agrees with the integers is the check of `loihi-lava`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from classical_baselines.harness.evaluation import predictions
from studies.results import Row, StudyResults
from studies.statistics import Comparison
from studies.wording import interval_text, points_text

FLOATS = "snn-float"
PRECISIONS: Mapping[str, str] = {  # by backend, in their order
    FLOATS: "floats",
    "snn-integer-weights": "weights",
    "snn-integer-constants": "and thresholds, decays, biases",
    "loihi-emulator": "all integers",
}
MEASURED_BY = {"loihi-emulator": "loihi-saturation"}  # whose notes say what saturated, where not its own
SATURATIONS: Mapping[str, str] = {  # notes that end in _by_layer
    "weights_clipped": "weights beyond the grid",
    "weights_to_zero": "weights rounded to zero",
    "biases_clipped": "biases beyond the mantissa",
    "currents_wrapped": "currents wrapped",
    "membranes_clipped": "potentials at their limit",
}
READOUT_FIRES = "readout_saturation_rate"
HEADER = (
    *("system", "precision", "accuracy", "points lost", "floats are", "decisions changed", "spike rate, %"),
    *("change of spike rate, %", "saturated, by layer, %"),
)


@dataclass(frozen=True)
class PrecisionRow:
    """One system at one precision."""

    row: Row
    precision: str
    lost: Comparison | None  # floats less this precision; None of the floats themselves
    decisions_changed: float | None  # against the row before
    spike_rate: float
    rate_change: float | None  # relative to the floats; None where those were silent
    saturated: Mapping[str, Sequence[float]]  # by note: share per layer, the readout last
    readout_fires: float | None  # share of the readout's neurons and steps; None where it was not run as integers

    @property
    def saturated_text(self) -> str:
        """`weights beyond the grid: 0, 0; weights rounded to zero: 1.2, 0.81`; a dash where nothing was measured."""
        parts = [f"{SATURATIONS[name]}: {', '.join(map(_share, shares))}" for name, shares in self.saturated.items()]
        if self.readout_fires is not None:
            parts.append(f"readout fires: {_share(self.readout_fires)}")
        return "; ".join(parts) or "–"

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        return (
            self.row.title,
            self.precision,
            interval_text(self.row.interval),
            "–" if self.lost is None else points_text(self.lost),
            "–" if self.lost is None else self.lost.verdict,
            "–" if self.decisions_changed is None else f"{100 * self.decisions_changed:.2f} %",
            f"{100 * self.spike_rate:.2f}",
            "–" if self.lost is None or self.rate_change is None else _signed(100 * self.rate_change),
            self.saturated_text,
        )


def precision_rows(results: StudyResults) -> list[PrecisionRow]:
    """System by system, in the study's order, each precision that was run; of systems with floats and one more."""
    found = []
    for system in results.study.systems:
        rows = [row for backend in PRECISIONS if (row := results.row(system.name, backend)) is not None]
        if len(rows) > 1 and rows[0].run.backend.name == FLOATS:
            found.append(_precision_row(results, rows[0], None, rows[0]))
            found += [_precision_row(results, rows[0], before, row) for before, row in pairwise(rows)]
    return found


def _precision_row(results: StudyResults, floats: Row, before: Row | None, row: Row) -> PrecisionRow:
    backend = row.run.backend.name
    measured = results.row(row.system.name, MEASURED_BY.get(backend, backend))
    rate, of_floats = float(row.notes["spike_rate"]), float(floats.notes["spike_rate"])
    return PrecisionRow(
        row=row,
        precision=PRECISIONS[backend],
        lost=None if before is None else results.compare(floats, row),
        decisions_changed=None if before is None else decisions_changed(results, before, row),
        spike_rate=rate,
        rate_change=rate / of_floats - 1 if of_floats else None,
        saturated={} if measured is None else _saturated(results, measured),
        readout_fires=row.notes.get(READOUT_FIRES),
    )


def decisions_changed(results: StudyResults, before: Row, after: Row) -> float:
    """Share of the clips, over all cells that both rows have, that are decided otherwise."""
    runs = [
        {cell: run for cell, _, run in results.members(row.system.name, row.run.backend.name, row.protocol)}
        for row in (before, after)
    ]
    pairs = [
        (predictions(run.logits), predictions(runs[1][cell].logits)) for cell, run in runs[0].items() if cell in runs[1]
    ]
    return float(np.mean(np.concatenate([a != b for a, b in pairs])))


def _saturated(results: StudyResults, row: Row) -> dict[str, list[float]]:
    """Means over the row's cells: a row's own notes keep lists of its first cell alone."""
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    found = {}
    for name in SATURATIONS:
        noted = [run.notes[f"{name}_by_layer"] for _, _, run in members if f"{name}_by_layer" in run.notes]
        if noted:
            found[name] = np.mean(noted, axis=0).tolist()
    return found


def lava_sentences(results: StudyResults) -> list[str]:
    """Per system with such rows, what the comparison with Lava found; none where it was not made."""
    titles = {one.row.system.name: one.row.title for one in precision_rows(results)}
    found = []
    for check in results.checks:
        if check.system in titles and check.name == "lava-equality":
            differing = sum(check.details["mismatches_per_layer"]) + check.details.get("readout_mismatches", 0)
            found.append(
                f"{titles[check.system]}: Lava agrees in {check.n_passed} of {check.n_cells} cells; "
                f"{differing:,} of {check.details['entries_compared']:,} spikes and silences differ."
            )
    return found


def table_note(rows: Sequence[PrecisionRow]) -> str:
    """What the columns mean."""
    test = next(one.lost.test for one in rows if one.lost is not None)
    return (
        "Each precision adds to the one before: weights on the chip's grid; thresholds, decays and biases too; the "
        "chip's arithmetic. All are on the same trained weights and the same clips. Decays are multiples of 1/4096 "
        "from the first epoch on, and each layer's scale makes its threshold a whole number, so of the constants it is "
        "the biases that move. Points lost: accuracy as floats less accuracy at the precision, with its 95 % interval, "
        f"paired ({test}); below 0 it does better than floats. Decisions changed: against the row before. Spike rate: "
        "of hidden neurons, per step. Saturated: share per layer, the readout last; of weights, biases, or neurons and "
        "steps."
    )


def _share(share: float) -> str:
    """A share in per cent: two digits, and 0 for none at all."""
    return f"{100 * share:.2g}" if share < 0.0995 else f"{100 * share:.0f}"


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text
