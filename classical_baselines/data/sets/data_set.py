# classical_baselines/data/sets/data_set.py
"""What is known of a data set before any file is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.manifest import Manifest

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

    # The clips of a set, from the data root, the seconds of a clip and the rate in Hz; None: those of the set.
    Makes = Callable[[Path | str | None, float | None, int | None], Clips]


@dataclass(frozen=True)
class DataSet:
    """A set that Trichord knows by name; counts in the warnings were taken on the recordings themselves."""

    title: str
    folders: tuple[str, ...]  # under the data root; the first that exists is read; none where the clips are made
    sample_rate_hz: int
    clip_seconds: float  # one decision covers this much audio
    protocols: tuple[str, ...]  # that make sense; the first is the honest headline
    label_names: tuple[str, ...]  # every one must have clips
    licence: str
    citation: str
    source: str
    warnings: tuple[str, ...] = ()
    layout: Callable[[Path], Manifest] | None = None  # reads the publisher's layout, where a folder has no meta.csv
    makes: "Makes | None" = None  # the clips, where they are no files of a folder
    made_from: tuple[str, ...] = ()  # the sets whose recordings that takes
    layout_label_names: tuple[str, ...] | None = None  # of the publisher's layout, where they are others

    @property
    def labels_of_layout(self) -> tuple[str, ...]:
        """Those that must have clips where the publisher's layout is read."""
        return self.label_names if self.layout_label_names is None else self.layout_label_names
