# studies/figures/stars.py
"""What others measured, as stars of a picture of accuracy against energy: numbered in the list below it, on no front.

The bar of a star is the range of accuracies that its source leaves open.
"""

from matplotlib.axes import Axes

from studies.figures.style import FAMILY_COLOURS, INK
from studies.published_measurements import PublishedMeasurement
from studies.wording import joules_text, percent

STAR = "*"  # of nothing else


def draw_star(ax: Axes, one: PublishedMeasurement, number: int, gid: str) -> None:
    """A star with its number; the bar is what its source leaves open."""
    x, (low, high) = joules_of(one), (100 * accuracy for accuracy in one.accuracy)
    colour = FAMILY_COLOURS[one.family]
    if high > low:
        ax.plot([x, x], [low, high], color=colour, linewidth=1.0, alpha=0.6, zorder=3, gid=f"{gid}.accuracy")
    star = ax.plot([x], [(low + high) / 2], STAR, zorder=4, gid=gid)[0]
    star.set(markersize=11, markeredgecolor=colour, markerfacecolor=colour, markeredgewidth=0.8)
    told = ax.annotate(str(number), (x, high), (0, 5), textcoords="offset points", ha="center", va="bottom")
    told.set(fontsize=6.5, color=INK, zorder=5)
    told.set_gid(f"{gid}.number")


def joules_of(one: PublishedMeasurement) -> float:
    """As published; what is drawn has some."""
    joules = one.anchor.nominal
    assert joules is not None
    return joules


def accuracy_text(one: PublishedMeasurement) -> str:
    """`91.1 %`, or what its source leaves open: `90.1 to 92.6 %`."""
    low, high = one.accuracy
    return f"{percent(low)} %" if low == high else f"{percent(low)} to {percent(high)} %"


def told_of(one: PublishedMeasurement) -> str:
    """What stands under the pointer."""
    anchor = one.anchor
    return (
        f"{anchor.system}: {accuracy_text(one)}, {joules_text(joules_of(one))} {anchor.quantity}, measured by "
        f"others ({anchor.source}); {one.of}; leaves out {anchor.leaves_out}"
    )


def star_record(boundary: str, one: PublishedMeasurement) -> dict[str, str | float | bool | None]:
    """The numbers behind a star, in the columns of the other marks."""
    low, high = one.accuracy
    return {
        "boundary": boundary,
        "system": f"{one.anchor.system} ({one.of})",
        "family": one.family,
        "backend": None,
        "deployment": one.anchor_id,
        "energy_kind": "literature",
        "joules_per_decision": joules_of(one),
        "joules_per_decision_low": one.anchor.low,
        "joules_per_decision_high": one.anchor.high,
        "accuracy": low if low == high else None,
        "accuracy_low": low,
        "accuracy_high": high,
        "probability_on_front": None,
        "on_nominal_front": None,
        "does_not_fit": None,
    }
