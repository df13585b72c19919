# studies/figures/confusion.py
"""Confusion matrices: per cent of each target given each prediction, folds pooled, seeds averaged."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from studies.figures.axes import label_of
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, STYLE
from studies.results import Row, StudyResults


def confusion(results: StudyResults) -> Drawing | None:
    """One matrix per contender."""
    rows = [row for row in results.headline_rows if row.system.role == "contender"]
    if not rows:
        return None
    n_columns = min(5, len(rows))
    n_lines = -(-len(rows) // n_columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.3 * n_columns + 0.6, 2.4 * n_lines + 0.3), layout="constrained")
        axes = figure.subplots(n_lines, n_columns, squeeze=False).flatten()
        image = None
        for ax, row in zip(axes, rows, strict=False):
            image = ax.imshow(100 * _shares(row), vmin=0, vmax=100, cmap="viridis", interpolation="nearest")
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
        assert image is not None
        figure.colorbar(image, ax=list(axes), label="% of the target's clips", aspect=30, pad=0.01)
    return Drawing(
        figure,
        "Contenders, folds pooled and seeds averaged.",
        f"Confusion matrices of the contenders: {', '.join(row.title for row in rows)}.",
        [
            {"system": row.system.name, "target": target, "prediction": prediction, "share": float(share)}
            for row in rows
            for target, line in zip(row.label_names, _shares(row), strict=True)
            for prediction, share in zip(row.label_names, line, strict=True)
        ],
    )


def _shares(row: Row) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """[target, prediction]: shares of the target's clips."""
    sums = row.confusion.sum(axis=1, keepdims=True)
    return np.divide(row.confusion, sums, out=np.zeros_like(row.confusion), where=sums > 0)
