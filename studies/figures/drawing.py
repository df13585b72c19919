# studies/figures/drawing.py
"""A figure with all that goes with it: its caption, a description for who does not see it, and the numbers behind it.

`records` has a row per mark, for the CSV file beside the figure. `marks` gives what stands under the pointer in a page:
an artist whose gid (`artist.set_gid("point-3")`) is a key there becomes a mark that can be pointed at, focused and
filtered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from studies.tables import Field


@dataclass(frozen=True)
class Mark:
    """What a mark of a figure says under the pointer, and what it is filtered by."""

    text: str
    family: str = ""  # "": no filter hides it
    deployments: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure of a study."""

    figure: Figure
    caption: str  # what axes, marks and bars mean; plain text
    description: str  # what one sees, for who does not
    records: Sequence[Mapping[str, Field]]  # the numbers behind it, all with the same columns
    marks: Mapping[str, Mark] = field(default_factory=dict)  # by gid
