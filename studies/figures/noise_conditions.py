# studies/figures/noise_conditions.py
"""Accuracy and distance against the degree of approximation of the Fourier transform: a line per machine's noise.

A row of panels per series of systems: total variation first, then accuracy, a panel for each number of shots.
"""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.figures.axes import mark_legend
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import BLUE, GREEN, INK, OCHRE, ORANGE, PINK, RULE, SKY, STYLE
from studies.noise_conditions import (
    WITHOUT_NOISE,
    ConditionRow,
    calibrations_of,
    condition_rows,
    noise_text,
    shots_of,
    shots_text,
)
from studies.results import StudyResults
from studies.wording import interval_text

LOOKS = (("o", INK), ("s", BLUE), ("D", GREEN), ("^", ORANGE), ("v", PINK), ("P", OCHRE), ("X", SKY))
SPREAD = 0.36  # of the distance between two degrees, over all calibrations
MOST_PANELS = 4  # of accuracy in a row: the fewest and the most shots, and between them


def accuracy_vs_degree(results: StudyResults) -> Drawing | None:
    """Left: total variation; then accuracy, from few shots to no sampling."""
    rows = condition_rows(results)
    if not rows:
        return None
    series = list(dict.fromkeys(row.series for row in rows))
    shots = shots_of(rows)
    shots = shots if len(shots) <= MOST_PANELS else [*shots[: MOST_PANELS - 1], shots[-1]]
    order = calibrations_of(rows)
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        height = 2.5 * len(series) + 0.75
        figure = Figure(figsize=(2.35 * (1 + len(shots)), height))
        figure.subplots_adjust(
            left=0.055, right=0.99, top=1 - 0.3 / height, bottom=0.85 / height, wspace=0.32, hspace=0.36
        )
        panels = figure.subplots(len(series), 1 + len(shots), squeeze=False)
        for line, name in enumerate(series):
            of_series = [row for row in rows if row.series == name]
            distance = [row for row in of_series if row.n_shots == shots[-1]]
            _draw(panels[line][0], distance, order, marks, f"distance-{line}", of_accuracy=False)
            panels[line][0].set_ylabel(f"{name}: total variation")
            panels[line][1].set_ylabel("accuracy, %")
            reach = _reach(of_series)
            for column, n_shots in enumerate(shots, start=1):
                here = [row for row in of_series if row.n_shots == n_shots]
                _draw(panels[line][column], here, order, marks, f"accuracy-{line}-{column}", of_accuracy=True)
                panels[line][column].set_ylim(*reach)
                panels[line][column].set_title(shots_text(n_shots))
        for ax in panels[-1]:
            ax.set_xlabel("degree of approximation")
        legend = [(noise_text(name), *LOOKS[number % len(LOOKS)][::-1]) for number, name in enumerate(order)]
        mark_legend(figure, legend)
    caption = (
        "Degree 0 is the exact transform; each degree leaves out the controlled phases of one more angle. Total "
        "variation is the distance from the same weights without noise and with the exact transform; accuracies have "
        "their 95 % intervals."
    )
    description = "Accuracy by degree, noise and shots. " + "; ".join(mark.text for mark in marks.values()) + "."
    return Drawing(figure, caption, description, [_record(row) for row in rows], marks)


def _reach(rows: Sequence[ConditionRow]) -> tuple[float, float]:
    """From below the lowest accuracy or interval to above the highest, in per cent: one scale for a row of panels."""
    intervals = [row.interval for row in rows]
    ends = [100 * end for one in intervals for end in (one.low, one.estimate, one.high) if end is not None]
    return min(ends) - 3, max(ends) + 3


def _draw(
    ax: Axes,
    rows: Sequence[ConditionRow],
    order: Sequence[str],
    marks: dict[str, Mark],
    name: str,
    *,
    of_accuracy: bool,
) -> None:
    for number, calibration in enumerate(order):
        sign, colour = LOOKS[number % len(LOOKS)]
        offset = SPREAD * ((number + 0.5) / len(order) - 0.5)
        here = [row for row in rows if row.calibration == calibration]
        x = [row.degree + offset for row in here]
        heights = [100 * row.interval.estimate if of_accuracy else row.total_variation for row in here]
        dashed = "--" if calibration == WITHOUT_NOISE else "-"
        ax.plot(x, heights, dashed, color=colour, linewidth=0.9, alpha=0.6, zorder=2)
        for row, at, height in zip(here, x, heights, strict=True):
            gid = f"{name}-{number}-{row.degree}"
            if of_accuracy and row.interval.low is not None and row.interval.high is not None:
                bounds = (100 * row.interval.low, 100 * row.interval.high)
                ax.vlines([at], *bounds, color=colour, alpha=0.45, linewidth=1.0, gid=f"{gid}.interval")
            ax.plot([at], [height], sign, markersize=4.5, color=colour, zorder=3, gid=gid)
            marks[gid] = Mark(_said(row, of_accuracy=of_accuracy), row.system.family)
    ax.set_xticks(sorted({row.degree for row in rows}))
    ax.grid(axis="y", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
    if not of_accuracy:
        ax.set_ylim(bottom=0)


def _said(row: ConditionRow, *, of_accuracy: bool) -> str:
    where = f"{row.series}, degree {row.degree}, {noise_text(row.calibration)}"
    if not of_accuracy:
        return f"{where}: total variation {row.total_variation:.3f}"
    return f"{where}, {shots_text(row.n_shots)}: {interval_text(row.interval)} %"


def _record(row: ConditionRow) -> dict[str, float | int | str | None]:
    compared = row.against_exact
    return {
        "series": row.series,
        "system": row.system.name,
        "degree": row.degree,
        "calibration": row.calibration,
        "n_shots": row.n_shots,
        "total_variation": row.total_variation,
        "accuracy": row.interval.estimate,
        "low": row.interval.low,
        "high": row.interval.high,
        "points_against_exact": None if compared is None else 100 * compared.difference,
        "points_low": None if compared is None or compared.low is None else 100 * compared.low,
        "points_high": None if compared is None or compared.high is None else 100 * compared.high,
        "it_is": "" if compared is None else compared.verdict,
    }
