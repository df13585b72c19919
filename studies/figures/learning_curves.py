# studies/figures/learning_curves.py
"""Validation accuracy by epoch, the mean over the cells of each system that was trained by gradients."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, RULE, STYLE, margin_labels
from studies.results import StudyResults

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
        for system, epochs, accuracies in lines:
            colour = FAMILY_COLOURS[system.family]
            ax.plot(epochs, 100 * accuracies, ROLE_LINES[system.role], marker=".", color=colour, linewidth=1.3)
        ax.set_xlabel("epoch")
        ax.set_ylabel("validation accuracy, %")
        ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
        longest = max(epochs[-1] for _, epochs, _ in lines)
        ax.set_xlim(0, longest * 1.02)
        margin_labels(
            ax, [(100 * float(a[-1]), shortened(s.title or s.name), FAMILY_COLOURS[s.family]) for s, _, a in lines]
        )
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
    )
