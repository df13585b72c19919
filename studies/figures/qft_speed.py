# studies/figures/qft_speed.py
"""Seconds to a spectrum against its length, by FFT and by QFT under each way of loading; and shots against error."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from studies.figures.drawing import Drawing
from studies.figures.style import BLUE, GREEN, INK, ORANGE, PINK, RULE, STYLE
from studies.qft_speed import LOADINGS, QUBITS, TASKS, fft_seconds, qft_seconds, records, shots_for, values_told_apart

LOOKS: Mapping[str, tuple[str, Any, str]] = {  # colour, line, words
    "free": (GREEN, "-", "QFT, loading free"),
    "qram": (PINK, "--", "QFT, by an assumed QRAM"),
    "counted": (ORANGE, "-.", "QFT, loading counted"),
}
TIMES = {
    1e-9: "1 ns",
    1e-6: "1 µs",
    1e-3: "1 ms",
    1.0: "1 s",
    3600.0: "1 h",
    86_400 * 365.25: "1 year",
    86_400 * 365_250.0: "1,000 years",
}
ERRORS = np.geomspace(0.005, 0.5, 40)


def qft_speed(error: float) -> Drawing:
    """Two panels of seconds, one of shots."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 7.0))
        grid = figure.add_gridspec(2, 2, left=0.105, right=0.985, top=0.95, bottom=0.075, hspace=0.36, wspace=0.2)
        for place, task in enumerate(TASKS):
            ax = figure.add_subplot(grid[0, place])
            ax.set_title(f"{task.title}, error {error:g}")
            _seconds(ax, task.name, error)
        _shots(figure.add_subplot(grid[1, 0]))
        _legend(figure.add_subplot(grid[1, 1]))
    caption = (
        "Above: seconds to the power spectrum of N samples, log axes; bands go from every time at its low end to every "
        "one at its high end, for the FFT from the fastest to the slowest core. Below: shots for an expected total "
        "variation distance between the measured and the true spectrum."
    )
    said = "; ".join(
        f"{task.title}, N = 2^30: FFT {fft_seconds(30).mid:.3g} s, "
        + ", ".join(f"{LOOKS[name][2]} {qft_seconds(task.name, 30, name, error).mid:.3g} s" for name in LOADINGS)
        for task in TASKS
    )
    return Drawing(figure, caption, f"Seconds of FFT and QFT. {said}.", records(error))


def _seconds(ax: Axes, task: str, error: float) -> None:
    fft = [fft_seconds(n) for n in QUBITS]
    ax.fill_between(QUBITS, [one.low for one in fft], [one.high for one in fft], color=BLUE, alpha=0.13, linewidth=0)
    ax.plot(QUBITS, [one.mid for one in fft], color=BLUE, linewidth=1.8)
    for name in LOADINGS:
        colour, line, _ = LOOKS[name]
        found = [qft_seconds(task, n, name, error) for n in QUBITS]
        if name != "qram":  # its band lies on that of free loading
            low, high = [one.low for one in found], [one.high for one in found]
            ax.fill_between(QUBITS, low, high, color=colour, alpha=0.1, linewidth=0)
        ax.plot(QUBITS, [one.mid for one in found], color=colour, linestyle=line, linewidth=1.4)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(FixedLocator(list(TIMES)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: TIMES.get(value, f"{value:g} s")))
    ax.set_ylim(1e-9, 1e15 if task == "spectrum" else 1e9)
    ax.xaxis.set_major_locator(FixedLocator([4, 8, 12, 16, 20, 24, 30]))
    ax.set_xlabel("qubits, log2 N")
    _plain(ax)


def _shots(ax: Axes) -> None:
    for n_qubits, colour in ((20, ORANGE), (12, GREEN), (8, BLUE)):
        shots = [shots_for(values_told_apart("spectrum", n_qubits), float(error)) for error in ERRORS]
        ax.plot(ERRORS, shots, color=colour, linewidth=1.4, label=f"N = 2^{n_qubits}, flat")
    bands = [shots_for(values_told_apart("bands", 20), float(error)) for error in ERRORS]
    ax.plot(ERRORS, bands, color=INK, linestyle=":", linewidth=1.6, label="20 bands")
    ax.legend(loc="upper right", fontsize=8)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(float(ERRORS[0]), float(ERRORS[-1]))
    ax.yaxis.set_major_locator(LogLocator(numticks=8))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value < 1e6 else f"{value:.0e}"))
    ax.xaxis.set_major_locator(FixedLocator([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.set_title("shots for an error of the spectrum")
    ax.set_xlabel("expected total variation distance")
    _plain(ax)


def _legend(ax: Axes) -> None:
    ax.set_axis_off()
    handles = [Line2D([], [], color=BLUE, linewidth=1.8, label="FFT, one core")]
    handles += [
        Line2D([], [], color=c, linestyle=line, linewidth=1.4, label=words) for c, line, words in LOOKS.values()
    ]
    ax.legend(handles=handles, loc="upper left", fontsize=9, handlelength=3.2, labelspacing=0.9)


def _plain(ax: Axes) -> None:
    ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
    ax.set_axisbelow(True)
