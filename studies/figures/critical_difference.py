# studies/figures/critical_difference.py
"""Critical-difference diagram: systems on the axis of mean ranks, and bars over those that no test tells apart."""

from math import ceil, floor

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.across import Ranking
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import BLUE, INK, SOFT, STYLE

LINE_INCHES = 0.24  # between the names of two systems, and between two bars
NAME_INCHES = 2.6


def critical_difference(ranking: Ranking) -> Drawing:
    """The best rank is on the left; names stand below the axis, the better half to the left."""
    n, ranks = len(ranking.systems), ranking.mean_ranks
    rows, n_bars = ceil(n / 2), len(ranking.cliques)
    height = 0.75 + LINE_INCHES * (n_bars + rows + 1) + 0.35
    low, high = floor(min(ranks)), max(floor(min(ranks)) + 1, ceil(max(ranks)))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.4, height))
        ax = figure.add_axes((NAME_INCHES / 8.4, 0.0, 1 - 2 * NAME_INCHES / 8.4, 1.0))
        ax.set_axis_off()
        ax.set_xlim(low, high)
        ax.set_ylim(-(height - 0.62), 0.62)  # inches below the axis
        _axis(ax, low, high)
        _bars(ax, ranking)
        for place, (name, rank) in enumerate(zip(ranking.systems, ranks, strict=True)):
            on_left = place < rows
            row = place if on_left else n - 1 - place
            _name(ax, f"{shortened(name)}  {rank:.2f}", rank, -LINE_INCHES * (n_bars + row + 1.4), on_left, (low, high))
        note = ranking.refused or _tests(ranking)
        ax.text((low + high) / 2, -(height - 0.75), note, ha="center", color=SOFT, fontsize=8)
    return Drawing(
        figure,
        f"Mean rank of accuracy over {len(ranking.data_sets)} data sets, 1 is best. "
        + (
            f"No test: {ranking.refused}."
            if ranking.refused
            else "A bar joins systems (dots) of which no two are told apart: Wilcoxon signed-rank by pairs, Holm."
        ),
        f"{n} systems on an axis of mean ranks from {ranking.systems[0]} to {ranking.systems[-1]}; "
        f"{n_bars} bars join systems that are not told apart.",
        [
            {"system": name, "mean_rank": rank, "cliques": " ".join(str(c) for c in _cliques_of(ranking, name))}
            for name, rank in zip(ranking.systems, ranks, strict=True)
        ],
    )


def _axis(ax: Axes, low: int, high: int) -> None:
    ax.plot([low, high], [0, 0], color=INK, linewidth=1.0, clip_on=False)
    for tick in range(low, high + 1):
        ax.plot([tick, tick], [0, 0.07], color=INK, linewidth=1.0, clip_on=False)
        ax.text(tick, 0.12, str(tick), ha="center", va="bottom", color=INK)
    ax.text((low + high) / 2, 0.36, "mean rank of accuracy (1 is best)", ha="center", va="bottom", color=INK)


def _bars(ax: Axes, ranking: Ranking) -> None:
    rank_of = dict(zip(ranking.systems, ranking.mean_ranks, strict=True))
    for number, clique in enumerate(ranking.cliques):
        ranks = [rank_of[name] for name in clique]
        y = -LINE_INCHES * (number + 0.8)
        ax.plot([min(ranks), max(ranks)], [y, y], color=BLUE, linewidth=2.6, solid_capstyle="round", clip_on=False)
        # not every system below a bar belongs to it: those that do have a dot
        ax.plot(ranks, [y] * len(ranks), "o", color=BLUE, markersize=5, clip_on=False)


def _name(ax: Axes, text: str, rank: float, y: float, on_left: bool, limits: tuple[int, int]) -> None:
    edge = limits[0] if on_left else limits[1]
    ax.plot([rank, rank, edge], [0, y, y], color=SOFT, linewidth=0.7, clip_on=False, zorder=1)
    away = -0.02 if on_left else 0.02
    x = edge + away * (limits[1] - limits[0])
    ax.text(x, y, text, ha="right" if on_left else "left", va="center", color=INK, clip_on=False)


def _tests(ranking: Ranking) -> str:
    friedman = "" if ranking.friedman_p is None else f"Friedman p = {ranking.friedman_p:.3g}; "
    return f"{friedman}bars: Wilcoxon signed-rank by pairs, Holm, over {len(ranking.data_sets)} data sets"


def _cliques_of(ranking: Ranking, name: str) -> list[int]:
    return [number for number, clique in enumerate(ranking.cliques, start=1) if name in clique]
