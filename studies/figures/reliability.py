# studies/figures/reliability.py
"""Reliability: how often the contenders are right where they are so sure, in bins of equal mass."""

from textwrap import fill

import matplotlib as mpl
from matplotlib.figure import Figure

from studies.figures.axes import label_of
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, STYLE
from studies.results import StudyResults
from studies.scores import reliability as bins_of

N_COLUMNS = 4
TITLE_WIDTH = 24  # characters of a line that fits over a panel


def reliability(results: StudyResults) -> Drawing | None:
    """One panel per contender, the diagonal a system that is as right as it is sure."""
    rows = [row for row in results.headline_rows if row.system.role == "contender" and row.ece is not None]
    if not rows:
        return None
    n_columns = min(N_COLUMNS, len(rows))
    n_lines = -(-len(rows) // n_columns)
    found = {row: bins_of(row, results) for row in rows}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(0.9 + 2.1 * n_columns, 0.6 + 2.1 * n_lines), layout="constrained")
        axes = figure.subplots(n_lines, n_columns, squeeze=False, sharex=True, sharey=True).flatten()
        for ax, row in zip(axes, rows, strict=False):
            confidence, accuracy = found[row]
            ax.plot([0, 100], [0, 100], color="0.6", linewidth=0.8, linestyle="--")
            ax.plot(
                [100 * value for value in confidence],
                [100 * value for value in accuracy],
                marker="o",
                markersize=3,
                linewidth=1,
                color=FAMILY_COLOURS[row.system.family],
            )
            title = fill(label_of(row), TITLE_WIDTH)
            ax.set_title(f"{title}\nECE {row.ece:.3f}", fontsize=8.5, color=FAMILY_COLOURS[row.system.family])
            ax.set_xlim(0, 100)
            ax.set_ylim(0, 100)
            ax.set_aspect("equal")
        for ax in axes[len(rows) :]:
            ax.set_axis_off()
        figure.supxlabel("mean confidence of the bin, %", fontsize=9)
        figure.supylabel("accuracy of the bin, %", fontsize=9)
    return Drawing(
        figure,
        "Contenders on their headline runs, clips of all folds and seeds in bins of equal mass. Above the dashed line "
        "a system is right more often than it is sure.",
        f"Reliability diagrams of {', '.join(row.title for row in rows)}.",
        [
            {"system": row.system.name, "confidence": confidence, "accuracy": accuracy}
            for row, both in found.items()
            for confidence, accuracy in zip(*both, strict=True)
        ],
    )
