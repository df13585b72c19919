# studies/figures/accuracy_by_group.py
"""Accuracy of every group, with the mean and its interval, a line per system.

A few groups have marks of their own; of many, those of one accuracy share a dot whose area is their number.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes

from studies.figures.axes import label_of, mark_legend, rows_figure
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import BLUE, FAMILY_COLOURS, GREEN, INK, OCHRE, ORANGE, PINK, SKY, SOFT, STYLE
from studies.results import Row, StudyResults
from studies.wording import interval_text, percent

GROUP_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<")
GROUP_COLOURS = (BLUE, ORANGE, GREEN, PINK, OCHRE, SKY, INK, SOFT)
LARGEST_DOT = 14.0  # points of a dot of all groups, beside the smallest


def accuracy_by_group(results: StudyResults) -> Drawing | None:
    """The headline runs, the best first; None where clips are the sample."""
    rows = sorted(results.headline_rows, key=lambda row: -row.interval.estimate)
    groups = sorted({group for row in rows for group in row.interval.group_scores})
    if not groups:
        return None
    named = len(groups) <= len(GROUP_MARKS)
    marks: dict[str, Mark] = {}
    with mpl.rc_context(STYLE):
        figure, ax = rows_figure([label_of(row) for row in rows])
        for place, row in enumerate(rows):
            interval, family = row.interval, row.system.family
            if interval.low is not None and interval.high is not None:
                bar = ax.plot([100 * interval.low, 100 * interval.high], [place, place], color=SOFT, linewidth=5)[0]
                bar.set(alpha=0.25, gid=f"mean-{place}.interval")
            draw = _named_groups if named else _counted_groups
            marks |= draw(ax, place, row, groups)
            mean = ax.plot([100 * interval.estimate], [place], "|", markersize=15, color=INK, gid=f"mean-{place}")[0]
            mean.set_markeredgewidth(1.6)
            marks[f"mean-{place}"] = Mark(f"{row.title}, mean: {interval_text(interval)} %", family)
            ax.get_yticklabels()[place].set(color=FAMILY_COLOURS[family], gid=f"mean-{place}.name")
        ax.set_xlabel("accuracy by group, %; bar: mean with its 95 % interval")
        mark_legend(
            figure, [(group, GROUP_COLOURS[n], GROUP_MARKS[n]) for n, group in enumerate(groups)] if named else []
        )
    each = "A mark per group" if named else "A dot's area is the number of groups of that accuracy"
    return Drawing(
        figure,
        f"{each} (speaker, source): the groups are the sample that intervals and tests rest on.",
        f"Accuracy of {len(groups)} groups, by system, with mean and interval.",
        [
            {"system": row.system.name, "group": group, "accuracy": score}
            for row in rows
            for group, score in row.interval.group_scores.items()
        ],
        marks,
    )


def _named_groups(ax: Axes, place: int, row: Row, groups: Sequence[str]) -> Mapping[str, Mark]:
    marks: dict[str, Mark] = {}
    for number, group in enumerate(groups):
        if group in row.interval.group_scores:
            score = row.interval.group_scores[group]
            dot = ax.plot([100 * score], [place], GROUP_MARKS[number], markersize=5, alpha=0.9)[0]
            dot.set(color=GROUP_COLOURS[number], gid=f"group-{place}-{number}")
            marks[f"group-{place}-{number}"] = Mark(f"{row.title}, {group}: {percent(score)} %", row.system.family)
    return marks


def _counted_groups(ax: Axes, place: int, row: Row, groups: Sequence[str]) -> Mapping[str, Mark]:
    marks: dict[str, Mark] = {}
    counted = Counter(row.interval.group_scores.values())
    for number, (score, n_groups) in enumerate(sorted(counted.items())):
        size = 2.5 + LARGEST_DOT * math.sqrt(n_groups / len(groups))  # of the diameter, in points
        dot = ax.plot([100 * score], [place], "o", markersize=size, color=SOFT, alpha=0.55)[0]
        dot.set(markeredgewidth=0, gid=f"group-{place}-{number}")
        says = f"{row.title}: {n_groups} of {len(groups)} groups at {percent(score)} %"
        marks[f"group-{place}-{number}"] = Mark(says, row.system.family)
    return marks
