# studies/figures/break_even_rate.py
"""Energy against spike rate, a panel per boundary: rivals are levels, a ring is where they meet. Below, accuracy.

All panels have one axis of rates. A curve is a family of spiking networks on one deployment, a point one of its
networks; bars and bands are 5 to 95 % of the draws, those of accuracies 95 % intervals.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from studies.break_even_rate import PRICED_BITS, Meeting, meetings, rate_percent, records
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import BLUE, GREEN, INK, OCHRE, ORANGE, PINK, RULE, SKY, STYLE
from studies.results import Row, StudyResults
from studies.wording import interval_text, joules_text

RIVAL_LOOKS = ((BLUE, "--"), (GREEN, ":"), (OCHRE, "-."), (PINK, (0, (6, 1.5))), (SKY, (0, (1, 1))))
CURVE_MARKS = ("s", "^", "D", "v")
TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50)  # per cent
COLUMNS = 2
Looks = Mapping[str, tuple[str, Any]]  # of each rival by name: colour and line


def break_even_rate(results: StudyResults) -> Drawing | None:
    """None where the study has no spiking network at several rates."""
    found = meetings(results)
    if not found:
        return None
    boundaries = list(dict.fromkeys(one.boundary for one in found))
    deployments = list(dict.fromkeys(one.deployment for one in found))
    looks = {
        name: RIVAL_LOOKS[place % len(RIVAL_LOOKS)]
        for place, name in enumerate(dict.fromkeys(one.rival.system.name for one in found))
    }
    n_rows = -(-len(boundaries) // COLUMNS)
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        height = 2.55 * n_rows + 2.6
        figure = Figure(figsize=(9.4, height))
        grid = figure.add_gridspec(
            n_rows + 1, COLUMNS, left=0.09, right=0.985, top=1 - 0.3 / height, bottom=0.5 / height, hspace=0.32
        )
        for place, boundary in enumerate(boundaries):
            ax = figure.add_subplot(grid[place // COLUMNS, place % COLUMNS])
            ax.set_title(f"boundary {boundary}")
            _energies(ax, [one for one in found if one.boundary == boundary], deployments, looks, marks)
        ax = figure.add_subplot(grid[n_rows, 0])
        _accuracies(ax, found, looks)
        _legend(figure.add_subplot(grid[n_rows, 1]), found, deployments, looks)
    caption = (
        "Energy per decision, always on, of one spiking network trained to several rates, against the rate that each "
        "was measured at (hidden neurons, per step), within each boundary; log axes. Levels are the rivals, each where "
        "it costs least within the boundary, thin where a rival of fewer bits is priced at them (extrapolated, a lower "
        "bound); a ring is where nominal energies are equal, with 5 to 95 % of the draws. "
        "Below: accuracy with its 95 % interval."
    )
    said = "; ".join(f"{one.boundary}, {one.rival_text}: {one.rate_text}" for one in found)
    return Drawing(figure, caption, f"Spike rates at which energies meet. {said}.", records(found), marks)


def _energies(
    ax: Axes, found: Sequence[Meeting], deployments: Sequence[str], looks: Looks,
    marks: dict[str, Mark],
) -> None:  # fmt: skip
    rates = np.array(found[0].rates)
    _rate_axis(ax, rates)
    ax.set_yscale("log")
    shown = [value for one in found for value in (*one.joules_low, *one.joules_high, *one.rival_joules)]
    ax.set_ylim(min(shown) / 1.4, max(shown) * 1.4)
    for one in {(one.rival.system.name, one.rival_bits): one for one in found}.values():
        colour, line = looks[one.rival.system.name]
        nominal, low, high = one.rival_joules
        is_bound = one.rival_bits < PRICED_BITS
        ax.axhspan(low, high, color=colour, alpha=0.07, linewidth=0)
        ax.axhline(nominal, color=colour, linestyle=line, linewidth=0.7 if is_bound else 1.3)
    for one in {one.deployment: one for one in found}.values():
        place = deployments.index(one.deployment)
        ax.vlines(one.rates, one.joules_low, one.joules_high, color=ORANGE, alpha=0.5, linewidth=1.1)
        ax.plot(
            one.rates, one.joules, linestyle="-" if place == 0 else "--", marker=CURVE_MARKS[place % len(CURVE_MARKS)],
            markersize=4.5, linewidth=1.2, color=ORANGE,
        )  # fmt: skip
    for one in found:
        if one.rate is None:
            continue
        level = one.rival_joules[0]
        gid = f"meeting-{len(marks)}"
        if one.low is not None and one.high is not None:
            ax.hlines([level], one.low, one.high, color=INK, linewidth=1.1, zorder=4, gid=f"{gid}.interval")
        ring = ax.plot([one.rate], [level], "o", markersize=7, zorder=5, gid=gid)
        ring[0].set(markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.2)
        marks[gid] = Mark(
            f"{one.boundary}: spiking on {one.deployment} and {one.rival_text} meet at {one.rate_text} (%)",
            "neuro",
        )
    decades = np.log10(max(shown) / min(shown))
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 2 else (1.0, 2.0, 5.0)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: joules_text(value)))


def _accuracies(ax: Axes, found: Sequence[Meeting], looks: Looks) -> None:
    one = found[0]
    _rate_axis(ax, np.array(one.rates))
    ax.set_title("accuracy, %")
    for rival in _rivals(found):
        colour, line = looks[rival.system.name]
        ax.axhline(100 * rival.interval.estimate, color=colour, linestyle=line, linewidth=1.3)
    for rate, row in zip(one.rates, one.networks, strict=True):
        interval = row.interval
        if interval.low is not None and interval.high is not None:
            ax.vlines([rate], 100 * interval.low, 100 * interval.high, color=ORANGE, alpha=0.5, linewidth=1.1)
    values = [100 * row.interval.estimate for row in one.networks]
    ax.plot(one.rates, values, "-", marker="o", markersize=4.5, linewidth=1.2, color=ORANGE)
    ax.set_xlabel("spike rate, % of hidden neurons per step (log axis)")


def _legend(ax: Axes, found: Sequence[Meeting], deployments: Sequence[str], looks: Looks) -> None:
    ax.set_axis_off()
    handles: list[Line2D] = []
    for place, deployment in enumerate(deployments):
        line = Line2D([], [], marker=CURVE_MARKS[place % len(CURVE_MARKS)], linestyle="-" if place == 0 else "--")
        line.set(color=ORANGE, label=f"spiking on {deployment}")
        handles.append(line)
    for rival in _rivals(found):
        colour, style = looks[rival.system.name]
        line = Line2D([], [], linestyle=style)
        line.set(color=colour, label=f"{shortened(rival.title)}: {interval_text(rival.interval)} %")
        handles.append(line)
    ring = Line2D([], [], marker="o", linestyle="none", markersize=7)
    ring.set(markerfacecolor="none", markeredgecolor=INK, label="energies meet, with 5 to 95 % of the draws")
    ax.legend(handles=[*handles, ring], loc="upper left", fontsize=8, handlelength=3.4, labelspacing=0.7)


def _rivals(found: Sequence[Meeting]) -> list[Row]:
    return list({one.rival.system.name: one.rival for one in found}.values())


def _rate_axis(ax: Axes, rates: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    ax.set_xscale("log")
    least, most = float(rates.min()) / 1.35, float(rates.max()) * 1.35
    ax.set_xlim(least, most)
    ax.xaxis.set_major_locator(FixedLocator([tick / 100 for tick in TICKS if least <= tick / 100 <= most]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: rate_percent(value)))
    ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
