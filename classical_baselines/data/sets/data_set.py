# classical_baselines/data/sets/data_set.py
"""What is known of a data set before any file is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from classical_baselines.data.manifest import Manifest


@dataclass(frozen=True)
class DataSet:
    """A set that Trichord knows by name; counts in the warnings were taken on the recordings themselves."""

    title: str
    folders: tuple[str, ...]  # under the data root; the first that exists is read
    sample_rate_hz: int
    clip_seconds: float  # one decision covers this much audio
    protocols: tuple[str, ...]  # that make sense; the first is the honest headline
    label_names: tuple[str, ...]  # every one must have clips
    licence: str
    citation: str
    source: str
    warnings: tuple[str, ...] = ()
    layout: Callable[[Path], Manifest] | None = None  # reads the publisher's layout, where a folder has no meta.csv
    layout_label_names: tuple[str, ...] | None = None  # of the publisher's layout, where they are others

    @property
    def labels_of_layout(self) -> tuple[str, ...]:
        """Those that must have clips where the publisher's layout is read."""
        return self.label_names if self.layout_label_names is None else self.layout_label_names
