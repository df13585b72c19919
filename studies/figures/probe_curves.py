# studies/figures/probe_curves.py
"""Accuracy of trained systems where one thing is changed: noise, shots, firing threshold.

A line per system, with the 95 % interval of every point as a band; "clean" is the test cell, to which nothing was done.
"""

from collections.abc import Callable, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from studies.figures.axes import shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, RULE, SOFT, STYLE, margin_labels
from studies.probe import ProbeName
from studies.probe_curves import Curve, CurvePoint, curves
from studies.results import StudyResults
from studies.wording import interval_text

LINES = ("-", "--", ":", "-.")
MARKS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖", "<": "◀"}  # and how text shows them
BANDS = 4  # with more lines their bands hide each other, and bars take their place


def accuracy_vs_noise(results: StudyResults) -> Drawing | None:
    """Accuracy against the signal-to-noise ratio of the test clips."""
    return _curves_figure(
        results,
        "snr_db",
        "signal-to-noise ratio of white noise added to the test clips, dB",
        "Trained on the clips as they are, tested in white noise, the same for every system. Clean: none is added.",
        clean="clean",
    )


def accuracy_vs_shots(results: StudyResults) -> Drawing | None:
    """Accuracy against the shots per clip."""
    return _curves_figure(
        results,
        "n_shots",
        "shots per clip (log axis)",
        "The same trained circuit sampled more or less often; energy and time on a processor grow with the shots.",
        log=True,
    )


def accuracy_vs_spike_rate(results: StudyResults) -> Drawing | None:
    """Accuracy against the spikes that the neurons fire, as their thresholds are raised or lowered."""
    return _curves_figure(
        results,
        "firing_threshold",
        "spikes per hidden neuron and step, % (as counted on the chip's integers)",
        "The same trained network with every firing threshold multiplied; the factor stands at the mark.",
        place=lambda point: 100 * (point.spike_rate or 0.0),
        named=True,
    )


def _curves_figure(
    results: StudyResults,
    probe: ProbeName,
    xlabel: str,
    caption: str,
    *,
    place: Callable[[CurvePoint], float] = lambda point: point.value,
    clean: str = "",
    log: bool = False,
    named: bool = False,
) -> Drawing | None:
    drawn = curves(results, probe)
    if not drawn:
        return None
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 4.4))
        figure.subplots_adjust(left=0.075, right=0.72, top=0.97, bottom=0.13)
        ax = figure.subplots()
        values = sorted({place(point) for curve in drawn for point in curve.points})
        step = (values[-1] - values[0]) / max(1, len(values) - 1) or 1.0
        beyond = values[-1] + step
        if log:
            ax.set_xscale("log")
        for number, curve in enumerate(drawn):
            xs = [place(point) for point in curve.points]
            intervals = [point.interval for point in curve.points]
            row = results.row(curve.system.name)
            if clean and row is not None:
                xs.append(beyond)
                intervals.append(row.interval)
            style = (LINES[number % len(LINES)], list(MARKS)[number % len(MARKS)])
            _line(ax, curve, xs, [100 * i.estimate for i in intervals], style, number, marks, bool(clean))
            lows = [100 * (i.low if i.low is not None else i.estimate) for i in intervals]
            highs = [100 * (i.high if i.high is not None else i.estimate) for i in intervals]
            colour = FAMILY_COLOURS[curve.system.family]
            if len(drawn) <= BANDS:
                ax.fill_between(
                    xs, lows, highs, color=colour, alpha=0.12, linewidth=0, gid=f"system-{number}.intervals"
                )
            else:
                ax.vlines(xs, lows, highs, color=colour, alpha=0.22, linewidth=0.9, gid=f"system-{number}.intervals")
            if named:
                for x, point in zip(xs, curve.points, strict=True):
                    said = ax.annotate(f"× {point.value:g}", (x, 100 * point.interval.estimate), (0, 6), ha="center")
                    said.set(anncoords="offset points", fontsize=7, color=SOFT)
        ticks = sorted({*values, *([beyond] if clean else [])})
        if not named:
            ax.xaxis.set_major_locator(FixedLocator(ticks))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: clean if clean and x == beyond else f"{x:,.0f}"))
        ax.set_xlabel(xlabel)
        ax.set_ylabel("accuracy, %")
        ax.grid(axis="y", color=RULE, alpha=0.22, linewidth=0.6)
        ax.set_axisbelow(True)
        _names(ax, drawn, results, clean=bool(clean), place=place)
    return Drawing(figure, caption, _description(drawn), _records(drawn, probe), marks)


def _line(
    ax: Axes,
    curve: Curve,
    xs: Sequence[float],
    ys: Sequence[float],
    style: tuple[str, str],
    number: int,
    marks: dict[str, Mark],
    ends_clean: bool,
) -> None:
    colour = FAMILY_COLOURS[curve.system.family]
    ax.plot(xs, ys, style[0], color=colour, linewidth=1.4, alpha=0.9, gid=f"system-{number}.curve")
    marks[f"system-{number}"] = Mark(curve.system.title or curve.system.name, curve.system.family)
    for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
        gid = f"curve-{number}-{place}"
        is_clean = ends_clean and place == len(curve.points)
        mark = ax.plot([x], [y], style[1], markersize=5, color=colour, gid=gid)[0]
        mark.set_zorder(3)
        said = (
            "clean" if is_clean else f"{curve.points[place].value:g}: {interval_text(curve.points[place].interval)} %"
        )
        marks[gid] = Mark(f"{curve.system.title or curve.system.name}, {said}", curve.system.family)


def _names(
    ax: Axes, drawn: Sequence[Curve], results: StudyResults, *, clean: bool, place: Callable[[CurvePoint], float]
) -> None:
    """Each system's name at the height where its line ends on the right."""
    labels = []
    for number, curve in enumerate(drawn):
        row = results.row(curve.system.name)
        last = max(curve.points, key=place).interval.estimate
        height = row.interval.estimate if clean and row is not None else last
        sign = list(MARKS.values())[number % len(MARKS)]
        name = f"{sign} {shortened(curve.system.title or curve.system.name)}"
        labels.append((100 * height, name, FAMILY_COLOURS[curve.system.family]))
    margin_labels(ax, labels, [f"system-{number}" for number in range(len(drawn))])


def _description(drawn: Sequence[Curve]) -> str:
    said = [
        f"{curve.system.title or curve.system.name}: "
        + ", ".join(f"{100 * point.interval.estimate:.1f} % at {point.value:g}" for point in curve.points)
        for curve in drawn
    ]
    return "Accuracy by value. " + "; ".join(said) + "."


def _records(drawn: Sequence[Curve], probe: ProbeName) -> list[dict[str, float | int | str | None]]:
    return [
        {
            "system": curve.system.name,
            "probe": probe,
            "value": point.value,
            "accuracy": point.interval.estimate,
            "low": point.interval.low,
            "high": point.interval.high,
            "interval": point.interval.method,
            "spikes_per_neuron_step": point.spike_rate,
            "cells": point.n_cells,
        }
        for curve in drawn
        for point in curve.points
    ]
