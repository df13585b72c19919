# studies/figures/accuracy_energy.py
"""Accuracy against energy, a panel per boundary; the picture that a study is about.

A point is a system on a deployment. Its height is the accuracy of the headline run with its 95 % interval; its place
on the log axis is the nominal energy per decision with its 5 to 95 % range. Shape and colour are the family. A mark is
filled where the energy is measured and hollow where it is modelled; an arrow to the right makes it a lower bound. The
more opaque a mark, the higher P(on the front): that no other full price of its panel is at once more accurate and
cheaper, with groups and prices drawn together; a lower bound has none, and what does not fit its devices is left out.
The steps are the front of the nominal values.
A star is of the literature: what others measured of other networks for the task, with its number in the list below; it
is on no front, and its bar is the range of accuracies that its source leaves open.
A small letter names the deployment. All deployments of a run have one accuracy, so each system is named once, in the
margin at its height.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from string import ascii_lowercase

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from classical_baselines.harness.energy import BOUNDARIES
from studies.budgets import EnergyRow
from studies.energy_answers import FULL_PRICES
from studies.figures.axes import energy_ticks, label_of
from studies.figures.drawing import Drawing, Mark
from studies.figures.stars import STAR, accuracy_text, draw_star, joules_of, star_record, told_of
from studies.figures.style import (
    FAMILY_COLOURS,
    FAMILY_MARKS,
    FAMILY_TITLES,
    INK,
    PAPER,
    RULE,
    SOFT,
    STYLE,
    margin_labels,
)
from studies.left_out import left_out_text
from studies.pareto import front_probabilities, on_front
from studies.published_measurements import PublishedMeasurement, published_for
from studies.results import Row, StudyResults
from studies.wording import energy_text, interval_text

FAINTEST = 0.35  # the opacity of a mark that is never on the front
KIND_TITLES = {
    "measured": "filled: measured",
    "modelled": "hollow: modelled",
    "lower-bound": "arrow: lower bound, the truth lies to the right",
}
BOUNDARY_TITLES = {
    "operation": "operation: the network's arithmetic alone",
    "core": "core: with memory and routing",
    "chip": "chip: with leakage, idling and synchronisation",
    "system": "system: with front end, host and link",
}


@dataclass(frozen=True)
class View:
    """Which energies a picture shows, and what its caption says of them."""

    scenario: str
    kinds: tuple[str, ...]
    axis: str
    said: str
    marks: str


ALWAYS_ON = View(
    "always-on",
    ("modelled", "measured", "lower-bound", "unavailable"),
    "energy per decision, always on (log axis)",
    "with its 5 to 95 % range, always on: one decision per clip length, idling in between",
    "Hollow marks are modelled from counted operations, filled ones measured; an arrow marks a lower bound. The more "
    "opaque a mark, the more probable that it is on the front, with groups and prices drawn together; lower bounds "
    "have no such probability, and what does not fit its devices is left out.",
)
MEASURED = View(
    "saturated",
    ("measured",),
    "energy per decision, back to back (log axis)",
    "with its 95 % interval over windows, as a meter read it with decisions back to back, idling included",
    "All marks are filled: measured.",
)
BACK_TO_BACK = View(
    "saturated",
    ("modelled", "measured", "lower-bound", "unavailable"),
    "energy per decision, back to back (log axis)",
    "with its 5 to 95 % range, decisions back to back, without idling",
    "Hollow marks are modelled from counted operations, filled ones measured; an arrow marks a lower bound. Stars are "
    "of the literature: measured by others at the same boundary, of other networks trained on other and more clips, "
    "features ready; each has its number in the list, its bar is the range of accuracies that its source leaves open, "
    "and it takes no part in the front.",
)


@dataclass(frozen=True)
class Point:
    """A system on a deployment, where the energy is known or bounded."""

    row: Row
    energy: EnergyRow
    letters: str  # of the deployment; of several, where they lie on each other
    names: tuple[str, ...]  # of the deployments
    titles: tuple[str, ...]
    chance: float | None  # P(on the front); None where it is not known
    on_front: bool  # by the nominal values

    @property
    def opacity(self) -> float:
        """Of the mark."""
        if self.energy.does_not_fit:
            return FAINTEST
        return 0.6 if self.chance is None else FAINTEST + (1 - FAINTEST) * self.chance


def accuracy_vs_energy(results: StudyResults) -> Drawing:
    """A panel per boundary."""
    return _drawing(results, BOUNDARIES, ALWAYS_ON)


def accuracy_vs_energy_system(results: StudyResults) -> Drawing:
    """The system boundary alone."""
    return _drawing(results, ("system",), ALWAYS_ON)


def accuracy_vs_measured_energy(results: StudyResults) -> Drawing | None:
    """What was measured with decisions back to back, a panel per boundary that something was measured within."""
    letters = _letters(results, MEASURED)
    boundaries = [boundary for boundary in BOUNDARIES if _points(results, boundary, letters, MEASURED)]
    return _drawing(results, boundaries, MEASURED) if boundaries else None


def accuracy_vs_published_energy(results: StudyResults) -> Drawing | None:
    """The chip boundary with decisions back to back, and what others measured there for the task of the study."""
    published = published_for(results.study)
    if not published or not _points(results, "chip", _letters(results, BACK_TO_BACK), BACK_TO_BACK):
        return None
    return _drawing(results, ("chip",), BACK_TO_BACK, published)


def _drawing(
    results: StudyResults, boundaries: Sequence[str], view: View, published: Sequence[PublishedMeasurement] = ()
) -> Drawing:
    letters = _letters(results, view)
    panels = {boundary: _points(results, boundary, letters, view) for boundary in boundaries}
    titles = {one.deployment: one.deployed.title for row in results.headline_rows for one in row.energies}
    figure, marks = _figure(
        panels,
        [(letter, titles[name]) for name, letter in letters.items()],
        max((len(label_of(row)) for row in results.headline_rows), default=0),
        view.axis,
        published,
    )
    summary = "; ".join(f"{row.title} {interval_text(row.interval)} %" for row in results.headline_rows)
    several = "A panel per boundary: energies of different boundaries do not compare. " if len(panels) > 1 else ""
    return Drawing(
        figure,
        f"{several}Vertical: accuracy with its 95 % interval. Horizontal: energy per decision {view.said}. Shape and "
        f"colour: the family. {view.marks} Steps: the front of the nominal values. The letter is the deployment."
        f"{left_out_text(results.study)}{_of_others(results, published)}",
        "Accuracy against energy per decision on a log axis, with intervals, for the boundaries "
        f"{', '.join(boundaries)}. Accuracies: {summary}. The energies stand in the energy table.",
        [
            *(_record(boundary, point) for boundary, points in panels.items() for point in points),
            *(star_record(boundary, one) for boundary in panels for one in published),
        ],
        marks,
    )


def _of_others(results: StudyResults, published: Sequence[PublishedMeasurement]) -> str:
    """That the accuracies of others count a class which ours leave out."""
    left_out = results.study.score_without
    return f" The stars' accuracies count {left_out}." if left_out and published else ""


def _figure(
    panels: Mapping[str, Sequence[Point]],
    titles: Sequence[tuple[str, str]],
    longest: int,
    axis: str,
    published: Sequence[PublishedMeasurement],
) -> tuple[Figure, dict[str, Mark]]:
    """Panels side by side, a single one large; and what their marks say."""
    n_columns = min(2, len(panels))
    n_rows = -(-len(panels) // n_columns)
    most = max((len({point.row.key for point in points}) for points in panels.values()), default=0)
    panel_height = max(3.4, 0.21 * most + 1.5)
    margin = 0.45 + 0.072 * longest  # inches for the names beside a panel
    width = 6.3 + margin if n_columns == 1 else 9.6 + 2 * margin
    key_height = 0.95 + 0.19 * (-(-len(titles) // 2) + len(published))
    height = n_rows * panel_height + key_height
    points = [point for points in panels.values() for point in points]
    marks: dict[str, Mark] = {}
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
        limits = _accuracy_limits(points, published)
        for ax, (boundary, panel) in zip(axes, panels.items(), strict=False):
            marks |= _panel(ax, boundary, panel, limits, published)
            ax.set_xlabel(axis)
            ax.set_title(BOUNDARY_TITLES.get(boundary, boundary))
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        _key(figure, titles, points, key_height / height, published)
    return figure, marks


def _panel(
    ax: Axes,
    boundary: str,
    points: Sequence[Point],
    limits: tuple[float, float],
    published: Sequence[PublishedMeasurement],
) -> dict[str, Mark]:
    ax.set_ylim(*limits)
    ax.set_ylabel("accuracy, %")
    if not points:
        ax.text(0.5, 0.5, "no system has a price within this boundary", transform=ax.transAxes, ha="center", color=INK)
        ax.set_xticks([])
        return {}
    others = [joules_of(one) for one in published]
    low = min(*(point.energy.low or point.energy.nominal_joules or 1.0 for point in points), inf, *others) / 2
    high = max(*(point.energy.high or point.energy.nominal_joules or 1.0 for point in points), 0.0, *others) * 2.5
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    energy_ticks(ax, low, high)
    ax.grid(axis="both", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
    _front(ax, points, high)
    marks = {}
    drawn = sorted(_merged(points), key=lambda point: point.opacity)  # what is on the front lies on top
    for number, point in enumerate(drawn):
        gid = f"{boundary}-{number}"
        marks[gid] = Mark(_says(point), point.row.system.family, point.names)
        _draw(ax, point, gid)
    for number, one in enumerate(published, start=1):
        gid = f"{boundary}-published-{number}"
        marks[gid] = Mark(told_of(one), one.family, ())
        draw_star(ax, one, number, gid)
    rows = {point.row.key: point.row for point in points}
    names, gids = [], []
    for number, row in enumerate(rows.values()):
        gid = f"{boundary}-row-{number}"
        family = row.system.family
        marks[gid] = Mark(row.title, family, tuple(p.energy.deployment for p in points if p.row is row))
        start = max(p.energy.nominal_joules or 0 for p in points if p.row is row)
        y = 100 * row.interval.estimate
        ax.plot([start, high], [y, y], color=SOFT, linewidth=0.5, alpha=0.6, zorder=1, gid=f"{gid}.guide")
        names.append((y, label_of(row), FAMILY_COLOURS[family]))
        gids.append(gid)
    margin_labels(ax, names, gids)
    return marks


def _draw(ax: Axes, point: Point, gid: str) -> None:
    energy, interval = point.energy, point.row.interval
    family = point.row.system.family
    colour, opacity = FAMILY_COLOURS[family], point.opacity
    x, y = energy.nominal_joules or 0.0, 100 * interval.estimate
    if interval.low is not None and interval.high is not None:
        bar = ax.plot([x, x], [100 * interval.low, 100 * interval.high], color=colour, linewidth=1.0, zorder=2)[0]
        bar.set(alpha=0.45 * opacity, gid=f"{gid}.accuracy")
    if energy.kind == "lower-bound":
        low, high = ax.get_xlim()
        arrow = {"arrowstyle": "->", "color": colour, "linewidth": 1.2, "shrinkA": 4, "shrinkB": 0, "alpha": opacity}
        drawn = ax.annotate("", xytext=(x, y), xy=(x * (high / low) ** 0.06, y), arrowprops=arrow, zorder=3)
        assert drawn.arrow_patch is not None
        drawn.arrow_patch.set_gid(f"{gid}.bound")
    elif energy.low is not None and energy.high is not None:
        bar = ax.plot([energy.low, energy.high], [y, y], color=colour, linewidth=1.6, zorder=3)[0]
        bar.set(alpha=0.8 * opacity, gid=f"{gid}.energy")
    filled = energy.kind == "measured"
    shape, size = FAMILY_MARKS[family]
    mark = ax.plot([x], [y], shape, zorder=4, gid=gid)[0]
    mark.set(markersize=9.5 * size, markeredgewidth=1.0 + 0.5 * opacity)
    mark.set(markeredgecolor=(colour, opacity), markerfacecolor=(colour, opacity) if filled else PAPER)
    letters = ax.annotate(point.letters, (x, y), (0.0, -0.2), textcoords="offset points", ha="center", va="center")
    letters.set(fontsize=6.5 if len(point.letters) == 1 else 5.0, color=PAPER if filled else INK, zorder=5)
    letters.set_gid(f"{gid}.letters")


def _front(ax: Axes, points: Sequence[Point], right: float) -> None:
    """The best accuracy that a given energy buys, by the nominal values."""
    corners = sorted({(p.energy.nominal_joules or 0.0, p.row.interval.estimate) for p in points if p.on_front})
    if corners:
        joules = [corner[0] for corner in corners] + [right]
        accuracies = [100 * corner[1] for corner in corners] + [100 * corners[-1][1]]
        ax.step(joules, accuracies, where="post", color=INK, linewidth=1.1, alpha=0.55, zorder=1.5)


def _key(
    figure: Figure,
    titles: Sequence[tuple[str, str]],
    points: Sequence[Point],
    share: float,
    published: Sequence[PublishedMeasurement],
) -> None:
    """What shapes, colours, marks and letters mean, below the panels."""
    families = [f for f in FAMILY_COLOURS if any(point.row.system.family == f for point in points)]
    kinds = [kind for kind in KIND_TITLES if any(point.energy.kind == kind for point in points)]
    handles = []
    for family in families:
        shape, size = FAMILY_MARKS[family]
        handle = Line2D([], [], marker=shape, linestyle="none", label=FAMILY_TITLES[family], markersize=8 * size)
        handle.set(markeredgecolor=FAMILY_COLOURS[family], markerfacecolor=PAPER, markeredgewidth=1.5)
        handles.append(handle)
    for kind in kinds:
        bound = kind == "lower-bound"
        mark = Line2D([], [], marker=">" if bound else "o", linestyle="-" if bound else "none", label=KIND_TITLES[kind])
        mark.set(color=INK, markersize=4 if bound else 7, linewidth=1.2)
        mark.set(markeredgecolor=INK, markerfacecolor=PAPER if kind == "modelled" else INK)
        handles.append(mark)
    for chance, title in ((0.0, "faint: P(front) = 0"), (1.0, "opaque: P(front) = 1")):
        if any(point.chance is not None for point in points):
            mark = Line2D([], [], marker="o", linestyle="none", label=title, markersize=7, markerfacecolor=PAPER)
            mark.set(markeredgecolor=(INK, FAINTEST + (1 - FAINTEST) * chance), markeredgewidth=1.2)
            handles.append(mark)
    if any(point.on_front for point in points):
        handles.append(Line2D([], [], color=INK, alpha=0.55, linewidth=1.1, label="front of the nominal values"))
    if published:
        star = Line2D([], [], marker=STAR, linestyle="none", label="star: literature, measured by others")
        star.set(color=INK, markersize=9)
        handles.append(star)
    left = figure.subplotpars.left
    inches = figure.get_figheight()
    n_columns = 4 if figure.get_figwidth() > 12 else 3
    if handles:
        figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(left - 0.01, share * 0.98),
            ncols=n_columns,
            fontsize=8,
            borderpad=0,
        )
    below = 0.22 + 0.19 * -(-len(handles) // n_columns)
    for place, (letter, title) in enumerate(titles):
        column, line = place % 2, place // 2
        y = share * 0.98 - (below + 0.19 * line) / inches
        figure.text(left + 0.005 + 0.46 * column, y, f"{letter}  {title}", fontsize=8, color=INK, va="center")
    below += 0.19 * -(-len(titles) // 2)
    for line, one in enumerate(published):
        y = share * 0.98 - (below + 0.19 * line) / inches
        text = f"{line + 1}  {one.anchor.system}: {accuracy_text(one)} of {one.of}"
        figure.text(left + 0.005, y, text, fontsize=8, color=INK, va="center")


def _letters(results: StudyResults, view: View) -> dict[str, str]:
    names = dict.fromkeys(
        energy.deployment
        for row in results.headline_rows
        for energy in row.energies
        if not energy.alternative_to and energy.scenario == view.scenario and energy.kind in view.kinds
    )
    return {name: ascii_lowercase[place % 26] for place, name in enumerate(names)}


def _points(results: StudyResults, boundary: str, letters: Mapping[str, str], view: View) -> list[Point]:
    found = [
        (row, energy)
        for row in results.headline_rows
        for energy in row.energies
        if energy.stands_at(boundary, view.scenario) and energy.kind in view.kinds and energy.nominal_joules is not None
    ]
    full = [pair for pair in found if pair[1].kind in FULL_PRICES and not pair[1].does_not_fit]
    front = on_front([row.interval.estimate for row, _ in full], [e.nominal_joules or 0.0 for _, e in full])
    firsts = {(row.key, energy.deployment) for (row, energy), on in zip(full, front, strict=True) if on}
    scored = [(row, energy) for row, energy in full if row.interval.group_scores]
    chances = front_probabilities(
        {(row.key, energy.deployment): row.interval.group_scores for row, energy in scored},
        {(row.key, energy.deployment): energy.draws for row, energy in scored if energy.draws is not None},
    )
    return [
        Point(
            row=row,
            energy=energy,
            letters=letters[energy.deployment],
            names=(energy.deployment,),
            titles=(energy.deployed.title,),
            chance=chances.get((row.key, energy.deployment)),
            on_front=(row.key, energy.deployment) in firsts,
        )
        for row, energy in found
    ]


def _merged(points: Sequence[Point]) -> list[Point]:
    """Deployments of a row that lie on each other become one point with the letters of both."""
    kept: list[Point] = []
    for point in points:
        for place, other in enumerate(kept):
            joules = (point.energy.nominal_joules or 0.0, other.energy.nominal_joules or 0.0)
            if point.row is other.row and max(joules) < 1.02 * min(joules) and point.energy.kind == other.energy.kind:
                kept[place] = replace(
                    other,
                    letters=other.letters + point.letters,
                    names=other.names + point.names,
                    titles=other.titles + point.titles,
                )
                break
        else:
            kept.append(point)
    return kept


def _says(point: Point) -> str:
    """What stands under the pointer."""
    chance = "" if point.chance is None else f"; P(front) {point.chance:.2f}"
    if point.energy.does_not_fit:
        chance = f"; does not fit: {point.energy.does_not_fit}"
    where = f"{point.row.title} ({point.row.run.backend.name}) on {' and '.join(point.titles)}"
    return (
        f"{where}: {interval_text(point.row.interval)} %; "
        f"{energy_text(point.energy)} per decision, {point.energy.kind.replace('-', ' ')}{chance}"
    )


def _record(boundary: str, point: Point) -> dict[str, str | float | bool | None]:
    row, energy = point.row, point.energy
    return {
        "boundary": boundary,
        "system": row.system.name,
        "family": row.system.family,
        "backend": row.run.backend.name,
        "deployment": energy.deployment,
        "energy_kind": energy.kind,
        "joules_per_decision": energy.nominal_joules,
        "joules_per_decision_low": energy.low,
        "joules_per_decision_high": energy.high,
        "accuracy": row.interval.estimate,
        "accuracy_low": row.interval.low,
        "accuracy_high": row.interval.high,
        "probability_on_front": point.chance,
        "on_nominal_front": point.on_front,
        "does_not_fit": energy.does_not_fit or None,
    }


def _accuracy_limits(points: Sequence[Point], published: Sequence[PublishedMeasurement]) -> tuple[float, float]:
    intervals = [point.row.interval for point in points]
    lows = [100 * (interval.low if interval.low is not None else interval.estimate) for interval in intervals]
    highs = [100 * (interval.high if interval.high is not None else interval.estimate) for interval in intervals]
    lows += [100 * one.accuracy[0] for one in published]
    highs += [100 * one.accuracy[1] for one in published]
    return max(0.0, min(lows, default=0.0) - 3), min(101.0, max(highs, default=100.0) + 3)
