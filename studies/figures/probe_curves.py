# studies/figures/probe_curves.py
"""Accuracy of trained systems where one thing is changed: noise of a kind, band, level, shots, firing threshold.

A line per system, with the 95 % interval of every point as a band; "clean" is the test cell of the same
folds and seeds, to which nothing was done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from classical_baselines.augment import NoiseKind
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, RULE, SOFT, STYLE, margin_labels
from studies.probe import ProbeName
from studies.probe_curves import Curve, curves
from studies.results import StudyResults
from studies.statistics import Interval
from studies.wording import interval_text

LINES = ("-", "--", ":", "-.")
MARKS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖", "<": "◀"}  # and how text shows them
BANDS = 4  # with more lines their bands hide each other, and bars take their place


@dataclass(frozen=True)
class _Shown:
    """A point of a line: where it stands, and what it is called."""

    x: float
    interval: Interval
    name: str


Points = Callable[[Curve, float], list[_Shown]]


def accuracy_vs_noise(results: StudyResults) -> Drawing | None:
    """Accuracy against the signal-to-noise ratio of the test clips, in white noise."""
    return _in_noise(results, "white", "white noise", "tested in white noise, the same for every system.")


def accuracy_vs_pink_noise(results: StudyResults) -> Drawing | None:
    """The same in pink noise."""
    said = "tested in pink noise (3 dB less per octave), the same for every system."
    return _in_noise(results, "pink", "pink noise", said)


def accuracy_vs_babble(results: StudyResults) -> Drawing | None:
    """The same in babble."""
    said = (
        "tested in the sum of five clips of other groups (speakers), classes in balance, the same for every system; a "
        "system may have been trained on some of those clips."
    )
    return _in_noise(results, "babble", "babble", said)


def accuracy_vs_band_limit(results: StudyResults) -> Drawing | None:
    """Accuracy against the frequency above which the test clips hold nothing."""
    return _curves_figure(
        results,
        "low_pass_hz",
        _by_cut_off,
        "cut-off of a low-pass that the test clips go through, Hz",
        "Trained on the clips as they are, tested without what lies above the cut-off, the same clips for every "
        "system. Clean: nothing is cut.",
    )


def accuracy_vs_gain(results: StudyResults) -> Drawing | None:
    """Accuracy against the level of the test clips."""
    return _curves_figure(
        results,
        "gain_db",
        _by_gain,
        "gain of the test clips, dB",
        "Trained on the clips as they are, tested at another level, in 16 bits and clipped at full scale, the same "
        "clips for every system.",
    )


def _in_noise(results: StudyResults, noise: NoiseKind, named: str, said: str) -> Drawing | None:
    return _curves_figure(
        results,
        "snr_db",
        _by_noise,
        f"signal-to-noise ratio of {named} added to the test clips, dB",
        f"Trained on the clips as they are, {said} Clean: none is added.",
        noise,
    )


def accuracy_vs_shots(results: StudyResults) -> Drawing | None:
    """Accuracy against the shots per clip."""
    return _curves_figure(
        results,
        "n_shots",
        _by_shots,
        "shots per clip (log axis)",
        "The same trained circuit sampled more or less often; energy and time on a processor grow with the shots.",
    )


def accuracy_vs_spike_rate(results: StudyResults) -> Drawing | None:
    """Accuracy against the spikes that the neurons fire, as their thresholds are raised or lowered."""
    return _curves_figure(
        results,
        "firing_threshold",
        _by_spikes,
        "spikes per hidden neuron and step, % (as counted on the chip's integers)",
        "The same trained network with every firing threshold multiplied; the factor stands at the mark.",
    )


def _by_noise(curve: Curve, furthest: float) -> list[_Shown]:
    """One place beyond the faintest noise stands for none."""
    shown = [_Shown(point.value, point.interval, f"{point.value:g} dB") for point in curve.points]
    return shown if curve.unchanged is None else [*shown, _Shown(furthest, curve.unchanged, "clean")]


def _by_cut_off(curve: Curve, furthest: float) -> list[_Shown]:
    """One place beyond the highest cut-off stands for none."""
    shown = [_Shown(point.value, point.interval, f"{point.value:,.0f} Hz") for point in curve.points]
    return shown if curve.unchanged is None else [*shown, _Shown(furthest, curve.unchanged, "clean")]


def _by_gain(curve: Curve, furthest: float) -> list[_Shown]:
    """The clips as they are stand at 0 dB."""
    del furthest
    shown = [_Shown(point.value, point.interval, f"{point.value:+g} dB") for point in curve.points]
    if curve.unchanged is not None and all(point.x != 0 for point in shown):
        shown.append(_Shown(0.0, curve.unchanged, "clean"))
    return sorted(shown, key=lambda point: point.x)


def _by_shots(curve: Curve, furthest: float) -> list[_Shown]:
    del furthest
    shown = [_Shown(point.value, point.interval, f"{point.value:,.0f} shots") for point in curve.points]
    if curve.unchanged is not None and curve.n_shots is not None:
        shown.append(_Shown(curve.n_shots, curve.unchanged, f"{curve.n_shots:,} shots, as tested"))
    return sorted(shown, key=lambda point: point.x)


def _by_spikes(curve: Curve, furthest: float) -> list[_Shown]:
    del furthest
    return [_Shown(100 * (point.spike_rate or 0.0), point.interval, f"× {point.value:g}") for point in curve.points]


def _curves_figure(
    results: StudyResults, probe: ProbeName, points_of: Points, xlabel: str, caption: str, noise: NoiseKind = "white"
) -> Drawing | None:
    drawn = curves(results, probe, noise)
    if not drawn:
        return None
    values = sorted({point.value for curve in drawn for point in curve.points})
    furthest = values[-1] + ((values[-1] - values[0]) / max(1, len(values) - 1) or 1.0)
    lines = [(curve, points_of(curve, furthest)) for curve in drawn]
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 4.4))
        figure.subplots_adjust(left=0.075, right=0.72, top=0.97, bottom=0.13)
        ax = figure.subplots()
        if probe == "n_shots":
            ax.set_xscale("log")
        for number, (curve, shown) in enumerate(lines):
            _line(ax, number, curve, shown, marks)
            _intervals(ax, number, curve, shown, as_band=len(lines) <= BANDS)
            for point in shown if probe == "firing_threshold" else ():
                said = ax.annotate(point.name, (point.x, 100 * point.interval.estimate), (0, 6), ha="center")
                said.set(anncoords="offset points", fontsize=7, color=SOFT)
        if probe != "firing_threshold":
            ax.xaxis.set_major_locator(FixedLocator(sorted({point.x for _, shown in lines for point in shown})))
            ax.xaxis.set_minor_locator(NullLocator())
            has_clean = probe in ("snr_db", "low_pass_hz")
            name = FuncFormatter(lambda x, _: "clean" if has_clean and x == furthest else f"{x:,.0f}")
            ax.xaxis.set_major_formatter(name)
        ax.set_xlabel(xlabel)
        ax.set_ylabel("accuracy, %")
        ax.grid(axis="y", color=RULE, alpha=0.22, linewidth=0.6)
        ax.set_axisbelow(True)
        _names(ax, lines)
    return Drawing(figure, caption, _description(lines), _records(drawn, probe, noise), marks)


def _title(curve: Curve) -> str:
    return curve.system.title or curve.system.name


def _line(ax: Axes, number: int, curve: Curve, shown: Sequence[_Shown], marks: dict[str, Mark]) -> None:
    colour = FAMILY_COLOURS[curve.system.family]
    xs, ys = [point.x for point in shown], [100 * point.interval.estimate for point in shown]
    style, sign = LINES[number % len(LINES)], list(MARKS)[number % len(MARKS)]
    ax.plot(xs, ys, style, color=colour, linewidth=1.4, alpha=0.9, gid=f"system-{number}.curve")
    marks[f"system-{number}"] = Mark(_title(curve), curve.system.family)
    for place, point in enumerate(shown):
        gid = f"curve-{number}-{place}"
        ax.plot([xs[place]], [ys[place]], sign, markersize=5, color=colour, gid=gid, zorder=3)
        said = f"{_title(curve)}, {point.name}: {interval_text(point.interval)} %"
        marks[gid] = Mark(said, curve.system.family)


def _intervals(ax: Axes, number: int, curve: Curve, shown: Sequence[_Shown], *, as_band: bool) -> None:
    colour, gid = FAMILY_COLOURS[curve.system.family], f"system-{number}.intervals"
    known = [(p.x, 100 * p.interval.low, 100 * p.interval.high) for p in shown if _has_bounds(p.interval)]  # type: ignore[operator]
    if not known:
        return
    xs, lows, highs = zip(*known, strict=True)
    if as_band:
        ax.fill_between(xs, lows, highs, color=colour, alpha=0.12, linewidth=0, gid=gid)
    else:
        ax.vlines(xs, lows, highs, color=colour, alpha=0.22, linewidth=0.9, gid=gid)


def _has_bounds(interval: Interval) -> bool:
    return interval.low is not None and interval.high is not None


def _names(ax: Axes, lines: Sequence[tuple[Curve, Sequence[_Shown]]]) -> None:
    """Each system's name at the height where its line ends on the right."""
    labels = []
    for number, (curve, shown) in enumerate(lines):
        last = max(shown, key=lambda point: point.x)
        name = f"{list(MARKS.values())[number % len(MARKS)]} {shortened(_title(curve))}"
        labels.append((100 * last.interval.estimate, name, FAMILY_COLOURS[curve.system.family]))
    margin_labels(ax, labels, [f"system-{number}" for number in range(len(lines))])


def _description(lines: Sequence[tuple[Curve, Sequence[_Shown]]]) -> str:
    said = [
        f"{_title(curve)}: " + ", ".join(f"{100 * point.interval.estimate:.1f} % ({point.name})" for point in shown)
        for curve, shown in lines
    ]
    return "Accuracy by value. " + "; ".join(said) + "."


def _records(drawn: Sequence[Curve], probe: ProbeName, noise: NoiseKind) -> list[dict[str, float | int | str | None]]:
    """A row per point; the test cells themselves have no value."""
    rows = []
    for curve in drawn:
        points = [(point.value, point.interval, point.spike_rate, point.n_cells) for point in curve.points]
        unchanged = [] if curve.unchanged is None else [(None, curve.unchanged, None, curve.points[0].n_cells)]
        for value, interval, spike_rate, n_cells in [*points, *unchanged]:
            rows.append(
                {
                    "system": curve.system.name,
                    "probe": probe,
                    "noise": noise if probe == "snr_db" else None,
                    "value": value,
                    "accuracy": interval.estimate,
                    "low": interval.low,
                    "high": interval.high,
                    "interval": interval.method,
                    "spikes_per_neuron_step": spike_rate,
                    "cells": n_cells,
                }
            )
    return rows
