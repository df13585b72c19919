# studies/figures/spike_codes.py
"""Accuracy against what a code sends: spikes per clip, or bits per second. A point is a code with its 95 % interval."""

from collections.abc import Callable
from math import ceil, floor, log10

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from studies.figures.axes import label_of
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, RULE, STYLE, margin_labels
from studies.results import StudyResults
from studies.spike_codes import CodeRow, code_rows
from studies.wording import interval_text

MARKS = {  # one for each code of the suite, and how text shows them
    "o": "●",
    "s": "■",
    "D": "◆",
    "^": "▲",
    "v": "▼",
    "P": "✚",
    "X": "✖",
    "<": "◀",
    ">": "▶",
    "*": "★",
    "h": "⬢",
    "p": "⬟",
    "d": "♦",
}
TICKS = (1, 2, 5)  # of each decade


def accuracy_vs_spikes(results: StudyResults) -> Drawing | None:
    """Accuracy against spikes per clip."""
    return _figure(results, "spikes per clip", lambda code: code.spikes_per_clip)


def accuracy_vs_bits(results: StudyResults) -> Drawing | None:
    """Accuracy against the bits per second of address events."""
    return _figure(results, "bits per second, as address events", lambda code: code.bits_per_second)


def _figure(results: StudyResults, what: str, sent_by: Callable[[CodeRow], float]) -> Drawing | None:
    codes = [code for code in code_rows(results) if sent_by(code) > 0]
    if not codes:
        return None
    height = max(4.0, 0.2 * len(codes) + 1.4)
    marks: dict[str, Mark] = {}
    labels = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, height))
        figure.subplots_adjust(left=0.075, right=0.70, top=0.97, bottom=0.55 / height)
        ax = figure.subplots()
        ax.set_xscale("log")
        for number, code in enumerate(codes):
            row, sign = code.row, list(MARKS)[number % len(MARKS)]
            colour, gid = FAMILY_COLOURS[row.system.family], f"code-{number}"
            x, y = sent_by(code), 100 * row.interval.estimate
            if row.interval.low is not None and row.interval.high is not None:
                bounds = (100 * row.interval.low, 100 * row.interval.high)
                ax.vlines([x], *bounds, color=colour, alpha=0.45, linewidth=1.1, gid=f"{gid}.interval")
            ax.plot([x], [y], sign, markersize=6, color=colour, zorder=3, gid=gid)
            said = f"{row.title}: {interval_text(row.interval)} %, {x:,.0f} {what}"
            marks[gid] = Mark(said, row.system.family)
            labels.append((y, f"{list(MARKS.values())[number % len(MARKS)]} {label_of(row)}", colour))
        least, most = min(map(sent_by, codes)) / 1.3, max(map(sent_by, codes)) * 1.3
        ax.set_xlim(least, most)
        decades = range(floor(log10(least)), ceil(log10(most)) + 1)
        ticks = [part * 10.0**decade for decade in decades for part in TICKS]
        ax.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if least <= tick <= most]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.set_xlabel(f"{what} (log axis)")
        ax.set_ylabel("accuracy, %")
        margin_labels(ax, labels, list(marks))
    caption = (
        f"Each code before the same kind of network: accuracy of the headline run with its 95 % interval, against the "
        f"{what} that the encoder sends."
    )
    description = f"Accuracy by {what}. " + "; ".join(mark.text for mark in marks.values()) + "."
    return Drawing(figure, caption, description, [_record(code) for code in codes], marks)


def _record(code: CodeRow) -> dict[str, float | int | str | None]:
    interval = code.row.interval
    return {
        "system": code.row.system.name,
        "encoder": code.row.system.encoder.name,
        "accuracy": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "interval": interval.method,
        "channels": code.n_channels,
        "spikes_per_clip": code.spikes_per_clip,
        "spikes_per_second": code.spikes_per_second,
        "bits_per_second": code.bits_per_second,
        "entropy_bits_per_second": code.entropy_bits_per_second,
        "relative_rms_error": code.relative_rms_error,
        "signal_to_noise_decibels": code.signal_to_noise_decibels,
    }
