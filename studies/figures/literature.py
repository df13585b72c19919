# studies/figures/literature.py
"""How many times less A was said to use than B, beside how many times less it uses at Trichord's prices."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, RULE, SOFT, STYLE
from studies.literature_repricing import Repriced, times_text

COLOURS = {
    "spiking": FAMILY_COLOURS["neuro"],
    "integer": FAMILY_COLOURS["classical"],
    "quantum": FAMILY_COLOURS["quantum"],
}
ROW_INCHES = 0.36


def literature(found: Sequence[Repriced]) -> Drawing:
    """A row per claim that could be repriced; circuits on an axis of their own, as they lie far off."""
    rows = [one for one in found if one.views and one.verdict != "cannot be repriced"]
    panels = [
        panel
        for panel in (
            [one for one in rows if one.claim.paradigm != "quantum"],
            [one for one in rows if one.claim.paradigm == "quantum"],
        )
        if panel
    ]
    with mpl.rc_context(STYLE):
        heights = [len(panel) * ROW_INCHES + 0.2 for panel in panels]
        total = sum(heights) + 0.75 * len(panels) + 0.5
        figure = Figure(figsize=(9.4, total))
        top = total - 0.5
        for panel, height in zip(panels, heights, strict=True):
            ax = figure.add_axes((0.235, (top - height) / total, 0.615, height / total))
            _panel(ax, panel)
            top -= height + 0.75
        figure.legend(handles=_handles(), loc="upper center", ncols=4, fontsize=8, bbox_to_anchor=(0.5, 1.0))
    said = "; ".join(
        f"{one.name}: claimed {'none' if one.claimed_ratio is None else times_text(one.claimed_ratio)}, repriced "
        f"{' to '.join(map(times_text, one.deciding[0].ratio))}, {one.verdict}"
        for one in rows
    )
    caption = (
        "B's energy over A's, log axis: right of the line A uses less. Rings: within the view nearest to the claim; "
        "discs and thick bars: within the widest, nominal over what is not known; thin bars: 5 to 95 % of the draws."
    )
    return Drawing(figure, caption, f"Claimed and repriced ratios of energies. {said}.", records(rows))


def records(found: Sequence[Repriced]) -> list[dict[str, str | float | None]]:
    """A row per claim and view."""
    return [
        {
            "claim": one.name,
            "claimed_ratio": one.claimed_ratio,
            "boundary": view.view.boundary,
            "scenario": view.view.scenario,
            "a_on": view.view.a,
            "b_on": view.view.b,
            "ratio_lowest": view.ratio[0],
            "ratio_highest": view.ratio[1],
            "ratio_low": view.ratio_ends[0],
            "ratio_high": view.ratio_ends[1],
            "share_least": view.share[0],
            "share_most": view.share[1],
            "view_verdict": view.verdict,
            "verdict": one.verdict,
        }
        for one in found
        for view in one.views
        if view.verdict != "cannot be repriced"
    ]


def _panel(ax: Axes, panel: Sequence[Repriced]) -> None:
    ax.axvline(1.0, color=INK, linewidth=0.9)
    for place, one in enumerate(panel):
        colour = COLOURS[one.claim.paradigm]
        lows, highs = zip(*(view.ratio for view in one.deciding), strict=True)
        ends = [end for view in one.deciding for end in view.ratio_ends]
        ax.plot([min(ends), max(ends)], [place, place], color=colour, linewidth=1.0)
        ax.plot([min(lows), max(highs)], [place, place], color=colour, linewidth=4.0, solid_capstyle="butt")
        ax.plot([min(lows), max(highs)], [place, place], "o", color=colour, markersize=5)
        near = one.views[0]
        if near not in one.deciding:
            (ring,) = ax.plot(near.ratio, [place + 0.28] * 2, "o-", color=colour, linewidth=0.7, markersize=5)
            ring.set_markerfacecolor("white")
        if one.claimed_ratio is not None:
            ax.plot(one.claimed_ratio, place, "*", color=INK, markersize=9, zorder=5)
        ax.text(1.015, place, one.verdict, transform=ax.get_yaxis_transform(), va="center", fontsize=8, color=INK)
    ax.set_xscale("log")
    ax.set_yticks(range(len(panel)), [one.name for one in panel])
    ax.set_ylim(len(panel) - 0.4, -0.6)
    ax.xaxis.set_major_locator(LogLocator(numticks=9))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: times_text(value).removesuffix(".0")))
    ax.set_xlabel("energy of B over energy of A")
    ax.grid(axis="x", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)


def _handles() -> list[Line2D]:
    return [
        Line2D([], [], marker="*", color=INK, linestyle="", markersize=9, label="claimed"),
        Line2D([], [], marker="o", mfc="none", color=SOFT, linestyle="", markersize=5, label="nearest view"),
        Line2D([], [], marker="o", color=SOFT, linewidth=4.0, markersize=5, label="widest view, nominal"),
        Line2D([], [], color=SOFT, linewidth=1.0, label="5 to 95 % of the draws"),
    ]
