# studies/figures/energy_by_rate.py
"""Joules per decision against decisions per hour, a line per system where it costs least, always on."""

from math import ceil, floor

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from classical_baselines.harness.coefficient import CoefficientDraws
from studies.decisions_per_hour import RateLine, rate_lines
from studies.energy_answers import cheapest
from studies.figures.axes import label_of
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, RULE, STYLE, margin_labels
from studies.results import StudyResults
from studies.what_if import side_of
from studies.wording import joules_text


def energy_by_rate(results: StudyResults) -> Drawing | None:
    """Every headline run with a full price at the system boundary; None where there is none."""
    priced = cheapest(results.headline_rows, kinds=("modelled",))
    if not priced:
        return None
    lines = rate_lines([side_of(row, "system", "always-on", e.deployment) for row, e in priced], CoefficientDraws())
    values = np.concatenate([line.joules[np.isfinite(line.joules)] for line in lines])
    real_time = 3600 / lines[0].side.energy.period_seconds
    height = max(3.6, 0.2 * len(lines) + 1.4)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, height))
        ax = figure.subplots()
        figure.subplots_adjust(left=0.09, right=0.68, top=0.96, bottom=0.55 / height)
        ax.set_xscale("log")
        ax.set_xlim(lines[0].per_hour[0], lines[0].per_hour[-1])
        ax.set_ylim(np.log10(values.min()) - 0.3, np.log10(values.max()) + 0.3)  # in decades: names are spread evenly
        for line in lines:
            colour = FAMILY_COLOURS[line.side.row.system.family]
            ax.plot(line.per_hour, np.log10(line.joules), color=colour, linewidth=1.2)
            band = (np.log10(line.low), np.log10(line.high))
            ax.fill_between(line.per_hour, *band, color=colour, alpha=0.06, linewidth=0)
        ax.axvline(real_time, color=INK, linewidth=0.8, linestyle=":")
        decades = range(floor(np.log10(values.min())), ceil(np.log10(values.max())) + 1)
        ax.yaxis.set_major_locator(FixedLocator([d for d in decades if d % -(-len(decades) // 8) == 0]))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: joules_text(10.0**value)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
        ax.set_xlabel("decisions per hour (log axis); dotted: real time, one clip after the other")
        ax.set_ylabel("joules per decision, system boundary (log axis)")
        margin_labels(ax, [_name(line) for line in lines])
    return Drawing(
        figure,
        "Nominal joules per decision, always on, at the system boundary, each run where it costs least in real time; "
        "bands are 5 to 95 % of the draws. A line ends where its slowest device is always busy.",
        f"{len(lines)} lines of joules per decision falling with the decisions per hour.",
        [
            {
                "system": line.side.row.system.name,
                "deployment": line.side.deployment.name,
                "decisions_per_hour": float(rate),
                "joules_per_decision": float(joules),
                "low": float(low),
                "high": float(high),
            }
            for line in lines
            for rate, joules, low, high in zip(line.per_hour, line.joules, line.low, line.high, strict=True)
            if np.isfinite(joules)
        ],
    )


def _name(line: RateLine) -> tuple[float, str, str]:
    """Height of the end of a line in decades, the name beside it and its colour."""
    end = float(np.log10(line.joules[np.isfinite(line.joules)][-1]))
    return end, label_of(line.side.row), FAMILY_COLOURS[line.side.row.system.family]
