# studies/figures/tornado.py
"""Which coefficient decides between the best spiking or quantum contender and the baseline: a bar per coefficient."""

import matplotlib as mpl
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from classical_baselines.harness.coefficient import CoefficientDraws
from studies.answers import representatives
from studies.energy_answers import cheapest
from studies.figures.axes import label_of, rows_figure
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, SOFT, STYLE
from studies.results import Row, StudyResults
from studies.tornado import tornado as swings_of
from studies.what_if import Side, side_of
from studies.wording import factor_text

MOST_BARS = 12


def tornado(results: StudyResults) -> Drawing | None:
    """The ratio of a contender to the baseline, each where it costs least; None where there is no such pair."""
    pair = _pair(results)
    if pair is None:
        return None
    a, b = pair
    swings = swings_of(a, b, CoefficientDraws())[:MOST_BARS]
    if not swings:
        return None
    nominal = a.present_joules / b.present_joules
    colour = FAMILY_COLOURS[a.row.system.family]
    ends = [value for swing in swings for value in (swing.at_low, swing.at_high)]
    with mpl.rc_context(STYLE):
        figure, ax = rows_figure([swing.coefficient for swing in swings])
        ax.set_xscale("log")
        ax.set_xlim(min(*ends, nominal) / 1.25, max(*ends, nominal) * 1.25)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: factor_text(value)))
        for place, swing in enumerate(swings):
            (bar,) = ax.plot([swing.at_low, swing.at_high], [place, place], color=colour, linewidth=6, alpha=0.45)
            bar.set_solid_capstyle("butt")  # a bar ends at its values
            ax.plot([swing.at_low], [place], "|", color=INK, markersize=9)  # the end at which the price is low
        ax.axvline(nominal, color=SOFT, linewidth=0.9)
        if min(ends) < 1 < max(ends):
            ax.axvline(1.0, color=INK, linewidth=0.9, linestyle=":")  # both use the same
        ax.set_xlabel(
            f"energy of {label_of(a.row)} over that of {label_of(b.row)} (log axis)\n"
            "always on, system boundary; a tick is the low end of the price"
        )
    return Drawing(
        figure,
        f"{a.title} over {b.title}, always on, system boundary, with one coefficient at its low end (tick) and its "
        f"high end, all others nominal; the line is the nominal ratio, {factor_text(nominal)}.",
        f"Bars of {len(swings)} coefficients; the widest is {swings[0].coefficient}, from "
        f"{factor_text(swings[0].at_low)} to {factor_text(swings[0].at_high)}.",
        [
            {
                "a": a.name,
                "b": b.name,
                "coefficient": swing.coefficient,
                "ratio_at_low": swing.at_low,
                "ratio_at_high": swing.at_high,
                "rank_correlation": swing.correlation,
                "flips": swing.flips,
            }
            for swing in swings
        ],
    )


def _pair(results: StudyResults) -> tuple[Side, Side] | None:
    """The contender that speaks for the spiking family, else for the quantum one, and the baseline."""
    spoken_for = representatives(results)
    rows: list[Row | None] = [
        spoken_for.get("neuro") or spoken_for.get("quantum"),
        results.row(results.study.baseline),
    ]
    sides = []
    for row in rows:
        priced = cheapest([row], kinds=("modelled",)) if row is not None else []
        if not priced:
            return None
        sides.append(side_of(priced[0][0], "system", "always-on", priced[0][1].deployment))
    return sides[0], sides[1]
