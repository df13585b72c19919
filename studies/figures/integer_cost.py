# studies/figures/integer_cost.py
"""What each precision from floats to integers costs: points lost with their intervals, and spike rates, by system."""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.figures.axes import label_of, mark_legend
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import BLUE, GREEN, INK, OCHRE, ORANGE, PINK, RULE, SKY, STYLE
from studies.integer_cost import PRECISIONS, PrecisionRow, precision_rows
from studies.results import StudyResults
from studies.wording import points_text

LOOKS = (
    ("s", ORANGE),
    ("o", SKY),
    ("D", PINK),
    ("^", OCHRE),
    ("v", GREEN),
    ("P", BLUE),
)  # a mark and colour per system
SPREAD = 0.5  # of the distance between two precisions, over all systems
TICKS = ("floats", "weights", "thresholds,\ndecays,\nbiases", "all\nintegers")


def integer_cost(results: StudyResults) -> Drawing | None:
    """Left: points lost against the floats; right: spikes per hidden neuron and one."""
    rows = precision_rows(results)
    if not rows:
        return None
    systems = list(dict.fromkeys(one.row.system.name for one in rows))
    places = {title: number for number, title in enumerate(PRECISIONS.values())}
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 4.2))
        legend_height = 0.055 * -(-len(systems) // 2)
        figure.subplots_adjust(left=0.075, right=0.985, top=0.93, bottom=0.14 + legend_height, wspace=0.2)
        lost, rate = figure.subplots(1, 2)
        for number, name in enumerate(systems):
            sign, colour = LOOKS[number % len(LOOKS)]
            offset = SPREAD * ((number + 0.5) / len(systems) - 0.5)
            of_system = [one for one in rows if one.row.system.name == name]
            for ax, heights in (
                (lost, [0.0 if one.lost is None else 100 * one.lost.difference for one in of_system]),
                (rate, [100 * one.spike_rate for one in of_system]),
            ):
                x = [places[one.precision] + offset for one in of_system]
                ax.plot(x, heights, color=colour, linewidth=0.9, alpha=0.55, zorder=2)
                for one, at, height in zip(of_system, x, heights, strict=True):
                    gid = f"{'lost' if ax is lost else 'rate'}-{number}-{places[one.precision]}"
                    if ax is lost and one.lost is not None and one.lost.low is not None and one.lost.high is not None:
                        bounds = (100 * one.lost.low, 100 * one.lost.high)
                        ax.vlines([at], *bounds, color=colour, alpha=0.6, linewidth=1.2, gid=f"{gid}.interval")
                    ax.plot([at], [height], sign, markersize=5.5, color=colour, zorder=3, gid=gid)
                    marks[gid] = Mark(_said(one, of_rate=ax is rate), one.row.system.family)
        lost.axhline(0, color=INK, linewidth=0.7, zorder=1)
        _dress(lost, "points lost against floats")
        _dress(rate, "spikes per hidden neuron and step, %")
        rate.set_ylim(0, 1.12 * max(100 * one.spike_rate for one in rows) or 1)
        titles = {one.row.system.name: label_of(one.row) for one in rows}
        mark_legend(
            figure, [(titles[name], *LOOKS[n % len(LOOKS)][::-1]) for n, name in enumerate(systems)], n_columns=2
        )
    caption = (
        "Each precision adds to the one before, on the same trained weights and clips. Left: accuracy as floats less "
        "accuracy at the precision, paired, with its 95 % interval; right: spike rate of the hidden neurons."
    )
    description = "Points lost and spike rate by precision. " + "; ".join(mark.text for mark in marks.values()) + "."
    return Drawing(figure, caption, description, [_record(one) for one in rows], marks)


def _dress(ax: Axes, label: str) -> None:
    ax.set_xlim(-0.5, len(TICKS) - 0.5)
    ax.set_xticks(range(len(TICKS)), TICKS)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y", color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_ylabel(label)


def _said(one: PrecisionRow, *, of_rate: bool) -> str:
    where = f"{one.row.title}, {one.precision}"
    if of_rate:
        return f"{where}: spike rate {100 * one.spike_rate:.2f} %"
    return f"{where}: the reference" if one.lost is None else f"{where}: {points_text(one.lost)} points lost"


def _record(one: PrecisionRow) -> dict[str, float | int | str | None]:
    lost = one.lost
    return {
        "system": one.row.system.name,
        "precision": one.precision,
        "backend": one.row.run.backend.name,
        "accuracy": one.row.interval.estimate,
        "low": one.row.interval.low,
        "high": one.row.interval.high,
        "points_lost": None if lost is None else 100 * lost.difference,
        "points_lost_low": None if lost is None or lost.low is None else 100 * lost.low,
        "points_lost_high": None if lost is None or lost.high is None else 100 * lost.high,
        "test": "" if lost is None else lost.test,
        "floats_are": "" if lost is None else lost.verdict,
        "decisions_changed": one.decisions_changed,
        "spike_rate": one.spike_rate,
        "spike_rate_change": one.rate_change,
        "saturated": one.saturated_text,
    }
