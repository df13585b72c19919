# studies/detail_plots.py
"""The other figures of a report: energy by stage, accuracy by group, confusions, validation curves, pictures of a clip.

Each returns None where there is nothing to draw.
"""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from studies.cell import PictureRecord
from studies.figure_style import FAMILY_COLOURS, INK, RULE, SOFT, STYLE, margin_labels
from studies.plots import energy_ticks, label_of, shortened
from studies.results import Row, StudyResults

# Stages in the order of the signal path, then what pricing adds; colours of Okabe & Ito, with a mark each.
STAGE_MARKS = {
    "front_end": ("#56b4e9", "o"),
    "encoder": ("#009e73", "s"),
    "network": ("#d55e00", "D"),
    "readout": ("#cc79a7", "^"),
    "link": ("#e69f00", "P"),
    "idle": (SOFT, "X"),
}
GROUP_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK, SOFT)
MOST_SPIKES = 20_000  # drawn one by one; a denser raster becomes an image


def energy_by_stage_figure(results: StudyResults, boundary: str = "system") -> Figure | None:
    """Nominal joules of every stage on a log axis, a line per system and deployment: stages are not stacked there."""
    lines = [
        (row, energy)
        for row in results.headline_rows
        for energy in row.energies
        if (energy.boundary, energy.scenario, energy.alternative_to) == (boundary, "always-on", "")
        and energy.nominal_joules is not None
    ]
    values = [joules for _, energy in lines for joules in energy.by_stage.values() if joules > 0]
    if not values:
        return None
    stages = [stage for stage in STAGE_MARKS if any(energy.by_stage.get(stage, 0) > 0 for _, energy in lines)]
    with mpl.rc_context(STYLE):
        figure, ax = _rows_figure([f"{label_of(row)}  ·  {energy.deployment}" for row, energy in lines])
        ax.set_xscale("log")
        low, high = min(values) / 2, max(values) * 2
        ax.set_xlim(low, high)
        energy_ticks(ax, low, high)
        for place, (row, energy) in enumerate(lines):
            found = {stage: energy.by_stage[stage] for stage in stages if energy.by_stage.get(stage, 0) > 0}
            if found:
                ax.plot(
                    [min(found.values()), max(found.values())],
                    [place, place],
                    color=SOFT,
                    linewidth=0.6,
                    alpha=0.7,
                    zorder=1,
                )
            for stage, joules in found.items():
                colour, mark = STAGE_MARKS[stage]
                ax.plot([joules], [place], mark, color=colour, markersize=6, alpha=0.9)
            ax.get_yticklabels()[place].set_color(FAMILY_COLOURS[row.system.family])
        ax.set_xlabel(f"nominal joules per decision at the {boundary} boundary, always on (log axis)")
        _legend(figure, [(stage.replace("_", " "), *STAGE_MARKS[stage]) for stage in stages])
    return figure


def group_figure(results: StudyResults) -> Figure | None:
    """Accuracy of every group, with the mean and its interval, a line per system."""
    rows = sorted(results.headline_rows, key=lambda row: -row.interval.estimate)
    groups = sorted({group for row in rows for group in row.interval.group_scores})
    if not groups:
        return None
    named = len(groups) <= len(GROUP_MARKS)
    with mpl.rc_context(STYLE):
        figure, ax = _rows_figure([label_of(row) for row in rows])
        for place, row in enumerate(rows):
            interval = row.interval
            if interval.low is not None and interval.high is not None:
                ax.plot([100 * interval.low, 100 * interval.high], [place, place], color=SOFT, linewidth=5, alpha=0.25)
            for number, group in enumerate(groups):
                if group in interval.group_scores:
                    mark = GROUP_MARKS[number] if named else "o"
                    dot = ax.plot([100 * interval.group_scores[group]], [place], mark, markersize=5, alpha=0.9)[0]
                    dot.set_color(GROUP_COLOURS[number] if named else SOFT)
            ax.plot([100 * interval.estimate], [place], "|", markersize=15, color=INK, markeredgewidth=1.6)
            ax.get_yticklabels()[place].set_color(FAMILY_COLOURS[row.system.family])
        ax.set_xlabel("accuracy by group, %; bar: mean with its 95 % interval")
        marks = [(group, GROUP_COLOURS[n], GROUP_MARKS[n]) for n, group in enumerate(groups)] if named else []
        _legend(figure, marks)
    return figure


def confusion_figure(rows: Sequence[Row]) -> Figure | None:
    """One matrix per row: per cent of each target given each prediction, folds pooled, seeds averaged."""
    if not rows:
        return None
    n_columns = min(5, len(rows))
    n_lines = -(-len(rows) // n_columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.3 * n_columns + 0.6, 2.4 * n_lines + 0.3), layout="constrained")
        axes = figure.subplots(n_lines, n_columns, squeeze=False).flatten()
        image = None
        for ax, row in zip(axes, rows, strict=False):
            sums = row.confusion.sum(axis=1, keepdims=True)
            share = 100 * np.divide(row.confusion, sums, out=np.zeros_like(row.confusion), where=sums > 0)
            image = ax.imshow(share, vmin=0, vmax=100, cmap="viridis", interpolation="nearest")
            ax.set_title(label_of(row), fontsize=9, color=FAMILY_COLOURS[row.system.family])
            step = -(-len(row.label_names) // 12)
            shown = range(0, len(row.label_names), step)
            names = [row.label_names[k] for k in shown]
            turn = 90 if max(map(len, names)) > 2 else 0
            ax.set_xticks(list(shown), names, fontsize=7, rotation=turn)
            ax.set_yticks(list(shown), names, fontsize=7)
            ax.tick_params(length=0)
        for ax in axes[len(rows) :]:
            ax.set_axis_off()
        figure.supxlabel("prediction", fontsize=9)
        figure.supylabel("target", fontsize=9)
        if image is not None:
            figure.colorbar(image, ax=list(axes), label="% of the target's clips", aspect=30, pad=0.01)
    return figure


def curves_figure(results: StudyResults) -> Figure | None:
    """Validation accuracy by epoch, the mean over the cells of each system that was trained by gradients."""
    lines = []
    for system in results.study.systems:
        records = [result.training for cell, result in sorted(results.fits.items()) if cell.system == system.name]
        curves = [(r["validation_epochs"], r["validation_accuracies"]) for r in records if r.get("validation_epochs")]
        curves = [curve for curve in curves if list(curve[0]) == list(curves[0][0])]
        if curves:
            epochs = list(curves[0][0])  # counted from 1, as they are stored
            lines.append((system, epochs, 100 * np.mean([accuracies for _, accuracies in curves], axis=0)))
    if not lines:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, max(3.6, 0.22 * len(lines) + 1.4)))
        ax = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.66, top=0.96, bottom=0.16)
        styles = {"contender": "-", "rival": "-", "twin": "--", "control": ":"}
        for system, epochs, accuracies in lines:
            colour = FAMILY_COLOURS[system.family]
            ax.plot(epochs, accuracies, styles[system.role], marker=".", color=colour, linewidth=1.3)
        ax.set_xlabel("epoch")
        ax.set_ylabel("validation accuracy, %")
        ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
        longest = max(epochs[-1] for _, epochs, _ in lines)
        ax.set_xlim(0, longest * 1.02)
        margin_labels(ax, [(float(a[-1]), shortened(s.title or s.name), FAMILY_COLOURS[s.family]) for s, _, a in lines])
    return figure


def pictures_figure(pictures: Sequence[tuple[str, PictureRecord]]) -> Figure | None:
    """Pictures of one clip: what each system was given, and what happened inside; (system, picture) pairs."""
    pictures = [(system, picture) for system, picture in pictures if picture.array.ndim == 2 and picture.array.size]
    if not pictures:
        return None
    n_columns = min(2, len(pictures))
    n_lines = -(-len(pictures) // n_columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * n_columns, 3.0 * n_lines), layout="constrained")
        axes = figure.subplots(n_lines, n_columns, squeeze=False).flatten()
        for ax, (system, picture) in zip(axes, pictures, strict=False):
            _picture(figure, ax, picture)
            ax.set_title(f"{system}: {picture.title}" if system else picture.title, fontsize=9)
            ax.set_ylabel(picture.axis_names[0])
            ax.set_xlabel(picture.axis_names[1])
        for ax in axes[len(pictures) :]:
            ax.set_axis_off()
    return figure


def _picture(figure: Figure, ax: Axes, picture: PictureRecord) -> None:
    array = np.asarray(picture.array)
    events = np.argwhere(array) if array.dtype == bool or set(np.unique(array)) <= {0, 1} else None
    if events is not None and len(events) <= MOST_SPIKES:
        ax.scatter(
            events[:, 1], events[:, 0], s=3, marker="|" if len(events) > 2000 else ".", color=INK, linewidths=0.7
        )
        ax.set_xlim(-0.5, array.shape[1] - 0.5)
        ax.set_ylim(-0.5, array.shape[0] - 0.5)
        return
    image = ax.imshow(array.astype(float), origin="lower", aspect="auto", cmap="viridis", interpolation="nearest")
    figure.colorbar(image, ax=ax, label=picture.unit, pad=0.02)


def _rows_figure(names: Sequence[str]) -> tuple[Figure, Axes]:
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


def _legend(figure: Figure, marks: Sequence[tuple[str, str, str]]) -> None:
    handles = []
    for name, colour, mark in marks:
        handle = Line2D([], [], marker=mark, linestyle="none", label=name)
        handle.set(color=colour)
        handles.append(handle)
    if handles:
        figure.legend(handles=handles, loc="lower left", ncols=8, fontsize=8, bbox_to_anchor=(0.01, 0.0))
