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
    longest = max(max(map(len, row.label_names)) for row in rows)
    side, turn = 1.75, 90 if longest > 2 else 0
    names = 0.16 + 0.058 * longest  # inches of the classes' names
    gap = names + 0.12
    width = 0.35 + n_columns * (side + gap) + 0.85
    height = 0.4 + n_lines * (side + (names if turn else 0.2) + 0.35)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(n_lines, n_columns, squeeze=False).flatten()
        figure.subplots_adjust(
            left=(0.35 + gap) / width,
            right=1 - 0.85 / width,
            top=1 - 0.3 / height,
            bottom=(0.4 + (names if turn else 0.2)) / height,
            wspace=gap / side,
            hspace=((names if turn else 0.2) + 0.35) / side,
        )
        image = None
        for ax, row in zip(axes, rows, strict=False):
            image = ax.imshow(100 * _shares(row), vmin=0, vmax=100, cmap="viridis", interpolation="nearest")
            ax.set_title(label_of(row), fontsize=9, color=FAMILY_COLOURS[row.system.family])
            step = -(-len(row.label_names) // 12)
            shown = range(0, len(row.label_names), step)
            classes = [row.label_names[k] for k in shown]
            ax.set_xticks(list(shown), classes, fontsize=7, rotation=turn)
            ax.set_yticks(list(shown), classes, fontsize=7)
            ax.tick_params(length=0)
        for ax in axes[len(rows) :]:
            ax.set_axis_off()
        figure.text(0.5, 0.12 / height, "prediction", ha="center", fontsize=9)
        figure.text(0.12 / width, 0.5, "target", va="center", rotation=90, fontsize=9)
        assert image is not None
        bar = figure.add_axes((1 - 0.7 / width, 0.25, 0.12 / width, 0.5))
        figure.colorbar(image, cax=bar, label="% of the target's clips")
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
