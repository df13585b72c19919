# studies/figures/accuracy_energy.py
"""Accuracy against energy, a panel per boundary; the picture that a study is about.

A point is a system on a deployment. Its height is the accuracy of the headline run with its 95 % interval; its place
on the log axis is the nominal energy per decision with its 5 to 95 % range. Colour is the family, the mark is the kind
of energy: filled where measured, hollow where modelled, an arrow to the right for a lower bound. A small letter names
the deployment. All deployments of a run have one accuracy, so each system is named once, in the margin at its height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from classical_baselines.harness.energy import BOUNDARIES
from studies.budgets import EnergyRow
from studies.figures.axes import energy_ticks, label_of
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, PAPER, RULE, SOFT, STYLE, margin_labels
from studies.results import Row, StudyResults
from studies.wording import interval_text

KIND_MARKS = {"measured": "o", "modelled": "o", "lower-bound": ">"}
KIND_TITLES = {
    "measured": "measured",
    "modelled": "modelled",
    "lower-bound": "lower bound: the truth lies to the right",
}
BOUNDARY_TITLES = {
    "operation": "operation: the network's arithmetic alone",
    "core": "core: with memory and routing",
    "chip": "chip: with leakage, idling and synchronisation",
    "system": "system: with front end, host and link",
}


@dataclass(frozen=True)
class Point:
    """A system on a deployment, where the energy is known or bounded."""

    row: Row
    energy: EnergyRow
    letter: str  # of the deployment


def accuracy_vs_energy(results: StudyResults) -> Drawing:
    """A panel per boundary."""
    return _drawing(results, BOUNDARIES)


def accuracy_vs_energy_system(results: StudyResults) -> Drawing:
    """The system boundary alone."""
    return _drawing(results, ("system",))


def _drawing(results: StudyResults, boundaries: Sequence[str]) -> Drawing:
    letters = _letters(results)
    summary = "; ".join(f"{row.title} {interval_text(row.interval)} %" for row in results.headline_rows)
    return Drawing(
        accuracy_energy_figure(results, boundaries),
        "A panel per boundary: energies of different boundaries do not compare. Vertical: accuracy with its 95 % "
        "interval. Horizontal: energy per decision with its 5 to 95 % range; hollow marks are modelled from counted "
        "operations, filled ones measured; an arrow marks a lower bound. The letter is the deployment. Always on: one "
        "decision per clip length, idling in between.",
        "Accuracy against energy per decision on a log axis, a panel per boundary, with intervals. Accuracies: "
        f"{summary}. The energies stand in the energy table.",
        [
            {
                "boundary": boundary,
                "system": point.row.system.name,
                "family": point.row.system.family,
                "deployment": point.energy.deployment,
                "energy_kind": point.energy.kind,
                "joules_per_decision": point.energy.nominal_joules,
                "joules_per_decision_low": point.energy.low,
                "joules_per_decision_high": point.energy.high,
                "accuracy": point.row.interval.estimate,
                "accuracy_low": point.row.interval.low,
                "accuracy_high": point.row.interval.high,
            }
            for boundary in boundaries
            for point in _points(results, boundary, letters)
        ],
    )


def accuracy_energy_figure(results: StudyResults, boundaries: Sequence[str] = BOUNDARIES) -> Figure:
    """One panel per boundary, side by side; a single boundary gives a single large panel."""
    letters = _letters(results)
    panels = {boundary: _points(results, boundary, letters) for boundary in boundaries}
    n_columns = min(2, len(boundaries))
    n_rows = -(-len(boundaries) // n_columns)
    most = max((len({point.row.key for point in points}) for points in panels.values()), default=0)
    panel_height = max(3.4, 0.21 * most + 1.5)
    longest = max((len(label_of(row)) for row in results.headline_rows), default=0)
    margin = 0.45 + 0.072 * longest  # inches for the names beside a panel
    width = 6.3 + margin if n_columns == 1 else 9.6 + 2 * margin
    key_height = 0.75 + 0.19 * -(-len(letters) // 2)
    height = n_rows * panel_height + key_height
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(n_rows, n_columns, squeeze=False).flatten()
        figure.subplots_adjust(
            left=0.7 / width,
            right=1 - margin / width,
            top=1 - 0.35 / height,
            bottom=(key_height + 0.45) / height,
            wspace=(margin + 0.75) / 4.0,
            hspace=0.34,
        )
        limits = _accuracy_limits([point for points in panels.values() for point in points])
        for ax, (boundary, points) in zip(axes, panels.items(), strict=False):
            _panel(ax, points, limits)
            ax.set_title(BOUNDARY_TITLES.get(boundary, boundary))
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        titles = {one.deployment: one.deployed.title for row in results.headline_rows for one in row.energies}
        shown = [point for points in panels.values() for point in points]
        _key(figure, letters, titles, shown, key_height / height)
    return figure


def _panel(ax: Axes, points: Sequence[Point], limits: tuple[float, float]) -> None:
    ax.set_ylim(*limits)
    ax.set_ylabel("accuracy, %")
    ax.set_xlabel("energy per decision, always on (log axis)")
    if not points:
        ax.text(0.5, 0.5, "no system has a price within this boundary", transform=ax.transAxes, ha="center", color=INK)
        ax.set_xticks([])
        return
    lows = [point.energy.low or point.energy.nominal_joules or 1.0 for point in points]
    highs = [point.energy.high or point.energy.nominal_joules or 1.0 for point in points]
    ax.set_xscale("log")
    ax.set_xlim(min(lows) / 2, max(highs) * 2.5)
    energy_ticks(ax, min(lows) / 2, max(highs) * 2.5)
    ax.grid(axis="both", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
    for point in _merged(points):
        _draw(ax, point)
    rows = {point.row.key: point.row for point in points}
    for row in rows.values():
        start = max(p.energy.nominal_joules or 0 for p in points if p.row is row)
        y = 100 * row.interval.estimate
        ax.plot([start, max(highs) * 2.5], [y, y], color=SOFT, linewidth=0.5, alpha=0.6, zorder=1)
    margin_labels(
        ax,
        [(100 * row.interval.estimate, label_of(row), FAMILY_COLOURS[row.system.family]) for row in rows.values()],
    )


def _draw(ax: Axes, point: Point) -> None:
    energy, interval = point.energy, point.row.interval
    colour = FAMILY_COLOURS[point.row.system.family]
    x, y = energy.nominal_joules or 0.0, 100 * interval.estimate
    if interval.low is not None and interval.high is not None:
        ax.plot([x, x], [100 * interval.low, 100 * interval.high], color=colour, alpha=0.28, linewidth=1.0, zorder=2)
    if energy.kind == "lower-bound":
        arrow = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 4, "shrinkB": 0}
        low, high = ax.get_xlim()
        ax.annotate("", xytext=(x, y), xy=(x * (high / low) ** 0.06, y), arrowprops=arrow, zorder=3)
    elif energy.low is not None and energy.high is not None:
        ax.plot([energy.low, energy.high], [y, y], color=colour, linewidth=1.6, alpha=0.75, zorder=3)
    filled = energy.kind == "measured"
    mark = ax.plot([x], [y], KIND_MARKS[energy.kind], zorder=4)[0]
    mark.set(markersize=9.5, markeredgecolor=colour, markeredgewidth=1.2, markerfacecolor=colour if filled else PAPER)
    shift = (-0.8 if energy.kind == "lower-bound" else 0.0, -0.2)
    letters = ax.annotate(point.letter, (x, y), shift, textcoords="offset points", ha="center", va="center", zorder=5)
    letters.set(fontsize=6.5 if len(point.letter) == 1 else 4.5, color=PAPER if filled else INK)


def _key(
    figure: Figure, letters: dict[str, str], titles: dict[str, str], points: Sequence[Point], share: float
) -> None:
    """What colours, marks and letters mean, below the panels."""
    families = [f for f in FAMILY_COLOURS if any(point.row.system.family == f for point in points)]
    kinds = [kind for kind in KIND_MARKS if any(point.energy.kind == kind for point in points)]
    handles = [Line2D([], [], color=FAMILY_COLOURS[family], linewidth=3, label=family) for family in families]
    for kind in kinds:
        mark = Line2D([], [], marker=KIND_MARKS[kind], linestyle="none", label=KIND_TITLES[kind])
        mark.set(markeredgecolor=INK, markerfacecolor=INK if kind == "measured" else PAPER)
        handles.append(mark)
    left = figure.subplotpars.left
    if handles:
        figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(left - 0.01, share * 0.98),
            ncols=5,
            fontsize=8,
            borderpad=0,
        )
    inches = figure.get_figheight()
    for place, (name, letter) in enumerate(letters.items()):
        column, line = place % 2, place // 2
        title = titles[name]
        y = share * 0.98 - (0.38 + 0.19 * line) / inches
        figure.text(left + 0.005 + 0.46 * column, y, f"{letter}  {title}", fontsize=8, color=INK, va="center")


def _letters(results: StudyResults) -> dict[str, str]:
    names = dict.fromkeys(
        energy.deployment for row in results.headline_rows for energy in row.energies if not energy.alternative_to
    )
    return {name: ascii_lowercase[place % 26] for place, name in enumerate(names)}


def _points(results: StudyResults, boundary: str, letters: dict[str, str]) -> list[Point]:
    return [
        Point(row, energy, letters[energy.deployment])
        for row in results.headline_rows
        for energy in row.energies
        if (energy.boundary, energy.scenario, energy.alternative_to) == (boundary, "always-on", "")
        and energy.nominal_joules is not None
    ]


def _merged(points: Sequence[Point]) -> list[Point]:
    """Deployments of a row that lie on each other become one point with both letters."""
    kept: list[Point] = []
    for point in points:
        for place, other in enumerate(kept):
            joules = (point.energy.nominal_joules or 0.0, other.energy.nominal_joules or 0.0)
            if point.row is other.row and max(joules) < 1.02 * min(joules) and point.energy.kind == other.energy.kind:
                kept[place] = Point(other.row, other.energy, other.letter + point.letter)
                break
        else:
            kept.append(point)
    return kept


def _accuracy_limits(points: Sequence[Point]) -> tuple[float, float]:
    intervals = [point.row.interval for point in points]
    lows = [100 * (interval.low if interval.low is not None else interval.estimate) for interval in intervals]
    highs = [100 * (interval.high if interval.high is not None else interval.estimate) for interval in intervals]
    return max(0.0, min(lows, default=0.0) - 3), min(101.0, max(highs, default=100.0) + 3)
