# studies/figures/accuracy_by_group.py
"""Accuracy of every group, with the mean and its interval, a line per system."""

import matplotlib as mpl

from studies.figures.axes import label_of, mark_legend, rows_figure
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, SOFT, STYLE
from studies.results import StudyResults

GROUP_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")
GROUP_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK, SOFT)


def accuracy_by_group(results: StudyResults) -> Drawing | None:
    """The headline runs, the best first; None where clips are the sample."""
    rows = sorted(results.headline_rows, key=lambda row: -row.interval.estimate)
    groups = sorted({group for row in rows for group in row.interval.group_scores})
    if not groups:
        return None
    named = len(groups) <= len(GROUP_MARKS)
    with mpl.rc_context(STYLE):
        figure, ax = rows_figure([label_of(row) for row in rows])
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
        mark_legend(
            figure, [(group, GROUP_COLOURS[n], GROUP_MARKS[n]) for n, group in enumerate(groups)] if named else []
        )
    return Drawing(
        figure,
        "A mark per group (speaker, source): the groups are the sample that intervals and tests rest on.",
        f"Accuracy of {len(groups)} groups, by system, with mean and interval.",
        [
            {"system": row.system.name, "group": group, "accuracy": score}
            for row in rows
            for group, score in row.interval.group_scores.items()
        ],
    )
