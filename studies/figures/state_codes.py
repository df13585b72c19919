# studies/figures/state_codes.py
"""Accuracy and fidelity against the two-qubit gates that preparing a state takes. A point is a code."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from studies.figures.axes import label_of
from studies.figures.drawing import Drawing, Mark
from studies.figures.spike_codes import MARKS
from studies.figures.style import FAMILY_COLOURS, RULE, STYLE, margin_labels
from studies.results import StudyResults
from studies.state_codes import StateCodeRow, state_code_rows
from studies.wording import interval_text

TICKS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
STEP, STEP_AT_ZERO = 1.09, 0.08  # between codes of equally many gates: a factor, and on the linear part near 0


def accuracy_vs_preparation(results: StudyResults) -> Drawing | None:
    """Accuracy above, fidelity below, over the gates of the preparation; zero gates stand at the axis' left end."""
    codes = state_code_rows(results)
    if not codes:
        return None
    lowest = min((code.fidelity for code in codes if code.fidelity is not None), default=None)
    n_panels = 1 if lowest is None else 2
    height = max(4.2, 0.2 * len(codes) + 2.0) + 1.9 * (n_panels - 1)
    places = _side_by_side([code.n_gates_any_two for code in codes])
    marks: dict[str, Mark] = {}
    labels = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, height))
        figure.subplots_adjust(left=0.075, right=0.70, top=0.97, bottom=0.55 / height, hspace=0.12)
        panels: list[Axes] = list(
            figure.subplots(n_panels, 1, sharex=True, squeeze=False, height_ratios=(2, 1)[:n_panels])[:, 0]
        )
        for number, code in enumerate(codes):
            row, sign = code.row, list(MARKS)[number % len(MARKS)]
            colour, gid = FAMILY_COLOURS[row.system.family], f"state-code-{number}"
            x, y = places[number], 100 * row.interval.estimate
            if row.interval.low is not None and row.interval.high is not None:
                bounds = (100 * row.interval.low, 100 * row.interval.high)
                panels[0].vlines([x], *bounds, color=colour, alpha=0.45, linewidth=1.1, gid=f"{gid}.interval")
            panels[0].plot([x], [y], sign, markersize=6, color=colour, zorder=3, gid=gid)
            if n_panels == 2:
                fidelity = 1.0 if code.fidelity is None else code.fidelity
                panels[1].plot([x], [fidelity], sign, markersize=6, color=colour, zorder=3)
            marks[gid] = Mark(_said(code), row.system.family)
            labels.append((y, f"{list(MARKS.values())[number % len(MARKS)]} {label_of(row)}", colour))
        for ax in panels:
            ax.set_xscale("symlog", linthresh=1, linscale=0.4)
            ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
            ax.set_axisbelow(True)
        most = max(code.n_gates_any_two for code in codes)
        panels[-1].set_xlim(min(-0.2, *places), 1.5 * max(most, 1))
        panels[-1].xaxis.set_major_locator(FixedLocator([tick for tick in TICKS if tick <= 1.5 * max(most, 1)]))
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        panels[-1].xaxis.set_minor_locator(NullLocator())
        panels[-1].set_xlabel("two-qubit gates of the preparation, between any two qubits (log axis from 1 on)")
        panels[0].set_ylabel("accuracy, %")
        if n_panels == 2:
            panels[1].set_ylabel("fidelity")
        margin_labels(panels[0], labels, list(marks))
    below = (
        "" if n_panels == 1 else " Below: the mean fidelity of the prepared to the wanted state, 1 where it is exact."
    )
    caption = (
        "Each state code before the same kind of circuit: accuracy of the headline run with its 95 % interval, against "
        f"the two-qubit gates of one preparation; codes of equally many stand side by side.{below}"
    )
    description = "Accuracy by two-qubit gates. " + "; ".join(mark.text for mark in marks.values()) + "."
    return Drawing(figure, caption, description, [_record(code) for code in codes], marks)


def _side_by_side(gates: Sequence[float]) -> list[float]:
    """Where each code stands on the axis: those of equally many gates beside each other, about that number.

    >>> _side_by_side([0, 5, 0]), _side_by_side([8, 8, 8])
    ([-0.08, 5.0, 0.08], [7.339449541284403, 8.0, 8.72])
    """
    places = []
    for number, n in enumerate(gates):
        shift = gates[:number].count(n) - (gates.count(n) - 1) / 2
        places.append(n * STEP**shift if n else 2 * STEP_AT_ZERO * shift)
    return places


def _said(code: StateCodeRow) -> str:
    fidelity = "exact" if code.fidelity is None else f"fidelity {code.fidelity:.3f}"
    return (
        f"{code.row.title}: {interval_text(code.row.interval)} %, {code.n_gates_any_two:,} two-qubit gates, {fidelity}"
    )


def _record(code: StateCodeRow) -> dict[str, float | int | str | None]:
    interval = code.row.interval
    return {
        "system": code.row.system.name,
        "encoder": code.row.system.encoder.name,
        "accuracy": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "interval": interval.method,
        "qubits": code.n_qubits,
        "gates_2q_any_two": code.n_gates_any_two,
        "gates_2q_coupled": code.n_gates_coupled,
        "coupling": code.coupling,
        "depth_coupled": code.depth,
        "fidelity": code.fidelity,
        "lowest_fidelity": code.lowest_fidelity,
    }
