# studies/figures/axes.py
"""Axes that several figures share: one line per name, joules on a log axis, a legend of marks, labels in a margin."""

from collections.abc import Sequence
from math import ceil, floor, log10

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from studies.figures.style import RULE
from studies.results import Row
from studies.wording import joules_text

LONGEST_LABEL = 36


def label_of(row: Row) -> str:
    """The row's title, shortened where it is too long for a margin."""
    return shortened(row.title)


def shortened(title: str) -> str:
    """A title of at most 36 characters: its middle is left out, since titles of one study often differ at the end.

    >>> shortened("Residual CNN, squeeze and excitation, dilated")
    'Residual CNN, sque…citation, dilated'
    """
    if len(title) <= LONGEST_LABEL:
        return title
    n_ahead = LONGEST_LABEL // 2
    return title[:n_ahead].rstrip() + "…" + title[-(LONGEST_LABEL - n_ahead - 1) :].lstrip()


def rows_figure(names: Sequence[str]) -> tuple[Figure, Axes]:
    """A figure of one line per name, the first on top."""
    height = 0.27 * len(names) + 1.15
    width = 9.4
    figure = Figure(figsize=(width, height))
    ax = figure.subplots()
    left = min(0.5, (0.35 + 0.07 * max(map(len, names))) / width)
    figure.subplots_adjust(left=left, right=0.98, top=1 - 0.1 / height, bottom=0.95 / height)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
    return figure, ax


def energy_ticks(ax: Axes, low: float, high: float) -> None:
    """At most eight decades of joules, named with SI prefixes."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    step = -(-len(decades) // 8)
    ax.xaxis.set_major_locator(FixedLocator([10.0**d for d in decades if d % step == 0]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: joules_text(value)))


def mark_legend(figure: Figure, marks: Sequence[tuple[str, str, str]], n_columns: int = 8) -> None:
    """(name, colour, mark) below the axes, at most `n_columns` in a line."""
    handles = []
    for name, colour, mark in marks:
        handle = Line2D([], [], marker=mark, linestyle="none", label=name)
        handle.set(color=colour)
        handles.append(handle)
    if handles:
        figure.legend(handles=handles, loc="lower left", ncols=n_columns, fontsize=8, bbox_to_anchor=(0.01, 0.0))
