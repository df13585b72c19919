# studies/figures/learning_curves.py
"""Validation accuracy by epoch, the mean over the cells of each system that was trained by gradients."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from studies.figures.axes import shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, RULE, SOFT, STYLE, margin_labels
from studies.results import StudyResults
from studies.wording import percent

ROLE_LINES = {"contender": "-", "rival": "-", "twin": "--", "control": ":"}


def learning_curves(results: StudyResults) -> Drawing | None:
    """A line per system; None where nothing was trained by epochs."""
    lines = []
    for system in results.study.systems:
        records = [result.training for cell, result in sorted(results.fits.items()) if cell.system == system.name]
        curves = [(r["validation_epochs"], r["validation_accuracies"]) for r in records if r.get("validation_epochs")]
        curves = [curve for curve in curves if list(curve[0]) == list(curves[0][0])]
        if curves:
            epochs = list(curves[0][0])  # counted from 1, as they are stored
            lines.append((system, epochs, np.mean([accuracies for _, accuracies in curves], axis=0)))
    if not lines:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, max(3.6, 0.22 * len(lines) + 1.4)))
        ax = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.66, top=0.96, bottom=0.16)
        for number, (system, epochs, accuracies) in enumerate(lines):
            line = ax.plot(epochs, 100 * accuracies, ROLE_LINES[system.role], marker=".", gid=f"curve-{number}")[0]
            line.set(color=FAMILY_COLOURS[system.family], linewidth=1.3)
        ax.set_xlabel("epoch")
        ax.set_ylabel("validation accuracy, %")
        ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
        longest = max(epochs[-1] for _, epochs, _ in lines)
        ax.set_xlim(0, longest * 1.02)
        for number, (_, epochs, accuracies) in enumerate(lines):  # from the end of a curve to its name
            ends, height = [epochs[-1], longest * 1.02], [100 * accuracies[-1]] * 2
            ax.plot(ends, height, color=SOFT, linewidth=0.5, alpha=0.6, zorder=1, gid=f"curve-{number}.guide")
        names = [
            (100 * float(accuracies[-1]), shortened(system.title or system.name), FAMILY_COLOURS[system.family])
            for system, _, accuracies in lines
        ]
        margin_labels(ax, names, [f"curve-{number}" for number in range(len(names))])
    return Drawing(
        figure,
        "Validation accuracy by epoch, averaged over folds and seeds. Dashed: dense twins; dotted: controls. The last "
        "epoch's weights are used.",
        "Validation accuracy by epoch, by system.",
        [
            {"system": system.name, "epoch": int(epoch), "validation_accuracy": float(accuracy)}
            for system, epochs, accuracies in lines
            for epoch, accuracy in zip(epochs, accuracies, strict=True)
        ],
        {
            f"curve-{number}": Mark(
                f"{system.title or system.name}: {percent(accuracies[-1])} % after epoch {epochs[-1]}", system.family
            )
            for number, (system, epochs, accuracies) in enumerate(lines)
        },
    )
