# studies/figures/accuracy_by_group.py
"""Accuracy of every group, with the mean and its interval, a line per system."""

import matplotlib as mpl

from studies.figures.axes import label_of, mark_legend, rows_figure
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import BLUE, FAMILY_COLOURS, GREEN, INK, OCHRE, ORANGE, PINK, SKY, SOFT, STYLE
from studies.results import StudyResults
from studies.wording import interval_text, percent

GROUP_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")
GROUP_COLOURS = (BLUE, ORANGE, GREEN, PINK, OCHRE, SKY, INK, SOFT)


def accuracy_by_group(results: StudyResults) -> Drawing | None:
    """The headline runs, the best first; None where clips are the sample."""
    rows = sorted(results.headline_rows, key=lambda row: -row.interval.estimate)
    groups = sorted({group for row in rows for group in row.interval.group_scores})
    if not groups:
        return None
    named = len(groups) <= len(GROUP_MARKS)
    marks = {}
    with mpl.rc_context(STYLE):
        figure, ax = rows_figure([label_of(row) for row in rows])
        for place, row in enumerate(rows):
            interval, family = row.interval, row.system.family
            if interval.low is not None and interval.high is not None:
                bar = ax.plot([100 * interval.low, 100 * interval.high], [place, place], color=SOFT, linewidth=5)[0]
                bar.set(alpha=0.25, gid=f"mean-{place}.interval")
            for number, group in enumerate(groups):
                if group in interval.group_scores:
                    mark = GROUP_MARKS[number] if named else "o"
                    dot = ax.plot([100 * interval.group_scores[group]], [place], mark, markersize=5, alpha=0.9)[0]
                    dot.set(color=GROUP_COLOURS[number] if named else SOFT, gid=f"group-{place}-{number}")
                    says = f"{row.title}, {group}: {percent(interval.group_scores[group])} %"
                    marks[f"group-{place}-{number}"] = Mark(says, family)
            mean = ax.plot([100 * interval.estimate], [place], "|", markersize=15, color=INK, gid=f"mean-{place}")[0]
            mean.set_markeredgewidth(1.6)
            marks[f"mean-{place}"] = Mark(f"{row.title}, mean: {interval_text(interval)} %", family)
            ax.get_yticklabels()[place].set(color=FAMILY_COLOURS[family], gid=f"mean-{place}.name")
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
        marks,
    )
