# studies/figures/energy_curves.py
"""Accuracy against energy of whole families, a panel per boundary: each family is a curve through its sizes.

A line joins the sizes that are more accurate than every cheaper one, straight in log energy as between them it is read;
a hollow mark is a size that another of its own curve outdoes. Bars are the intervals of accuracy (95 %) and of energy
(5 to 95 % of the draws). A dotted line marks the highest accuracy that two curves both reach, where they are compared.
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from studies.energy_curves import Curve, Pair, pairs
from studies.figures.accuracy_energy import BOUNDARY_TITLES
from studies.figures.axes import energy_ticks, shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, FAMILY_MARKS, INK, OCHRE, PAPER, PINK, RULE, SKY, SOFT, STYLE
from studies.results import StudyResults
from studies.tables import Field
from studies.wording import energy_text, interval_text

COLUMNS = 2
SECOND_COLOURS = (PINK, OCHRE, INK, SKY)  # of further curves of one family
SECOND_MARKS = ("^", "v", "P", "X")
Looks = Mapping[str, tuple[str, str]]  # of each curve by name: colour and mark


def energy_curves(results: StudyResults) -> Drawing | None:
    """None where the study has no two curves."""
    found = pairs(results)
    if not found:
        return None
    panels = _panels(found)
    looks = _looks([curve for curves in panels.values() for curve in curves])
    marks: dict[str, Mark] = {}
    n_rows = -(-len(panels) // COLUMNS)
    with mpl.rc_context(STYLE):
        height = 2.75 * n_rows + 0.3 * -(-len(looks) // 3) + 0.35
        figure = Figure(figsize=(9.4, height))
        grid = figure.add_gridspec(
            n_rows, COLUMNS, left=0.065, right=0.985, top=1 - 0.3 / height,
            bottom=(0.3 * -(-len(looks) // 3) + 0.75) / height, hspace=0.42, wspace=0.16,
        )  # fmt: skip
        for place, (boundary, curves) in enumerate(panels.items()):
            ax = figure.add_subplot(grid[place // COLUMNS, place % COLUMNS])
            ax.set_title(BOUNDARY_TITLES[boundary])
            _panel(ax, curves, looks, marks)
            for one in found:
                if one.boundary == boundary:
                    ax.axhline(100 * one.accuracy.nominal, color=SOFT, linestyle=":", linewidth=0.7, zorder=1)
        _legend(figure, looks)
    caption = (
        "A panel per boundary: energies of different boundaries do not compare. A curve is a family, a mark one of its "
        "sizes where it costs least, always on, with the 95 % interval of its accuracy and the 5 to 95 % range of its "
        "energy. The line joins the sizes that are more accurate than every cheaper one; a hollow mark is outdone by "
        "its own curve. Dotted: the highest accuracy that two curves both reach, where they are compared."
    )
    said = "; ".join(
        f"{one.boundary}: {one.a.name} uses {texts[4]} times the energy of {one.b.name} at {texts[3]} %"
        for one in found
        for texts in [one.texts]
    )
    return Drawing(figure, caption, f"Curves of accuracy against energy. {said}.", _records(panels), marks)


def _panels(found: Sequence[Pair]) -> dict[str, list[Curve]]:
    """The curves of each boundary."""
    panels: dict[str, dict[str, Curve]] = {}
    for one in found:
        panels.setdefault(one.boundary, {}).update({one.a.name: one.a, one.b.name: one.b})
    return {boundary: list(curves.values()) for boundary, curves in panels.items()}


def _looks(curves: Sequence[Curve]) -> dict[str, tuple[str, str]]:
    """The first curve of a family has its colour and mark; others have some of their own."""
    looks: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    for curve in {one.name: one for one in curves}.values():
        if curve.family not in taken:
            taken.add(curve.family)
            looks[curve.name] = FAMILY_COLOURS[curve.family], FAMILY_MARKS[curve.family][0]
        else:
            place = (len(looks) - len(taken)) % len(SECOND_COLOURS)
            looks[curve.name] = SECOND_COLOURS[place], SECOND_MARKS[place]
    return looks


def _panel(ax: Axes, curves: Sequence[Curve], looks: Looks, marks: dict[str, Mark]) -> None:
    ax.set_xscale("log")
    ends = []
    for curve in curves:
        colour, shape = looks[curve.name]
        nominal, heights = curve.joules[:, 0], 100 * curve.accuracies[:, 0]
        low, high = np.quantile(curve.joules[:, 1:], (0.05, 0.95), axis=1)
        ends += [low.min(), high.max(), nominal.min(), nominal.max()]
        front = _front(heights)
        ax.plot(nominal[front], heights[front], "-", color=colour, linewidth=1.3, zorder=3)
        ax.hlines(heights, np.minimum(low, nominal), np.maximum(high, nominal), color=colour, alpha=0.4, linewidth=1.0)
        for side, joules, accuracy, on_front in zip(curve.sides, nominal, heights, front, strict=True):
            interval = side.row.interval
            if interval.low is not None and interval.high is not None:
                ax.vlines([joules], 100 * interval.low, 100 * interval.high, color=colour, alpha=0.25, linewidth=1.0)
            gid = f"size-{len(marks)}"
            mark = ax.plot([joules], [accuracy], shape, markersize=5.0, zorder=4, gid=gid)[0]
            mark.set(markerfacecolor=colour if on_front else PAPER, markeredgecolor=colour)
            marks[gid] = Mark(
                f"{curve.name}: {side.title}, {interval_text(interval)} %, {energy_text(side.energy)}", curve.family
            )
    energy_ticks(ax, min(ends), max(ends))
    ax.set_xlim(min(ends) / 1.5, max(ends) * 1.5)
    ax.set_ylabel("accuracy, %")
    ax.set_xlabel("energy per decision, always on (log axis)")
    ax.grid(color=RULE, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)


def _front(
    heights: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """[size] by energy: whether it is more accurate than every cheaper one."""
    before = np.concatenate([[-np.inf], np.maximum.accumulate(heights)[:-1]])
    return np.asarray(heights > before)


def _legend(figure: Figure, looks: Looks) -> None:
    handles = []
    for name, (colour, shape) in looks.items():
        line = Line2D([], [], marker=shape, markersize=5.0, linewidth=1.3)
        line.set(color=colour, label=shortened(name))
        handles.append(line)
    figure.legend(handles=handles, loc="lower left", ncols=3, fontsize=8, bbox_to_anchor=(0.05, 0.0))


def _records(panels: Mapping[str, Sequence[Curve]]) -> list[dict[str, Field]]:
    return [
        {
            "boundary": boundary,
            "curve": curve.name,
            "system": side.row.system.name,
            "deployment": side.deployment.name,
            "accuracy": side.row.interval.estimate,
            "accuracy_low": side.row.interval.low,
            "accuracy_high": side.row.interval.high,
            "joules_per_decision": float(joules[0]),
            "joules_low": float(np.quantile(joules[1:], 0.05)),
            "joules_high": float(np.quantile(joules[1:], 0.95)),
            "on_front": bool(on_front),
        }
        for boundary, curves in panels.items()
        for curve in curves
        for side, joules, on_front in zip(curve.sides, curve.joules, _front(curve.accuracies[:, 0]), strict=True)
    ]
