# studies/figures/search_effort.py
"""What a search got for its effort: of each space, the best accuracy within the budget after so many trials."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, RULE, STYLE, margin_labels

if TYPE_CHECKING:
    from studies.search import Trial

LINES = ("-", "--", ":", "-.")


def search_effort(trials: Sequence["Trial"]) -> Drawing:
    """A step line per space: the best so far; a mark per trial, hollow where it breaks the budget."""
    spaces = list(dict.fromkeys(trial.space for trial in trials))
    labels = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 3.6))
        figure.subplots_adjust(left=0.075, right=0.76, top=0.97, bottom=0.15)
        ax = figure.subplots()
        for place, space in enumerate(spaces):
            of_space = [trial for trial in trials if trial.space == space and trial.accuracy is not None]
            if not of_space:
                continue
            colour = FAMILY_COLOURS[of_space[0].system.family]
            for trial in of_space:
                mark = ax.plot([trial.number + 1], [100 * (trial.accuracy or 0.0)], "o", markersize=4.5)[0]
                mark.set(color=colour, markerfacecolor="none" if trial.reason else colour, alpha=0.85)
            best = _best_so_far(of_space)
            numbers = [trial.number + 1 for trial in of_space]
            known = [(number, 100 * value) for number, value in zip(numbers, best, strict=True) if value is not None]
            if known:
                xs, ys = zip(*known, strict=True)
                ax.step(xs, ys, LINES[place % len(LINES)], where="post", color=colour, linewidth=1.4)
                labels.append((float(ys[-1]), space, colour))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("trials of the space")
        ax.set_ylabel("accuracy on validation clips, %")
        ax.grid(axis="y", color=RULE, alpha=0.22, linewidth=0.6)
        margin_labels(ax, labels)
    return Drawing(
        figure,
        "Line: the best accuracy so far among the trials that keep the budget. Marks: trials; hollow: it is broken.",
        f"Accuracy of {len(trials)} trials of {len(spaces)} spaces, in the order in which they were drawn.",
        [record_of(trial) for trial in trials],
    )


def record_of(trial: "Trial") -> dict[str, str | float | int | None]:
    """A trial as a line of a table."""
    return {
        "space": trial.space,
        "trial": trial.number + 1,
        "system": trial.name,
        "deployment": trial.deployment,
        "accuracy": trial.accuracy,
        "joules_per_decision": trial.joules,
        "seconds_per_decision": trial.seconds,
        "breaks": trial.reason,
        "drawn": "; ".join(f"{name} = {value:g}" for name, value in trial.drawn.items()),
    }


def _best_so_far(trials: Sequence["Trial"]) -> list[float | None]:
    best: float | None = None
    line = []
    for trial in trials:
        if not trial.reason:
            best = max(best or 0.0, trial.accuracy or 0.0)
        line.append(best)
    return line
