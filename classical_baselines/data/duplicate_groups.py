# classical_baselines/data/duplicate_groups.py
"""Groups of clips that were cut from one recording, where nothing but their sound tells it.

Clips that `near_duplicates` pairs belong together, and so does whatever hangs together by a chain of pairs; so do clips
that a given group holds already. A group that no pair reaches keeps its name; a chain is called by the first of its
clips, and a clip that is like no other is a group of its own. No fold by groups then has one recording on two sides.

Only cuts that share sound are found, half of the shorter one or more: cuts of one recording that follow each other
share none, and neither do two visits of one patient. Groups of speakers or patients are better where they are known.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import torch

from classical_baselines.data.manifest import Manifest
from classical_baselines.data.near_duplicates import DuplicatePair, near_duplicates
from classical_baselines.data.recordings import decoded_recordings
from classical_baselines.harness.contracts import Clips


def with_duplicate_groups(manifest: Manifest, clip_seconds: float) -> tuple[Manifest, int]:
    """The manifest with groups by sound, of the first `clip_seconds` of each clip; and how many pairs were found."""
    found = decoded_recordings(manifest)
    rate_hz = int(np.bincount(found.rates_hz).argmax())
    n_window = round(clip_seconds * rate_hz)
    clips = Clips(
        inputs={"waveform": torch.from_numpy(found.windows(np.arange(len(manifest.rows)), rate_hz, n_window))},
        n_samples=torch.from_numpy(found.lengths(rate_hz, n_window)),
        targets=torch.zeros(len(manifest.rows), dtype=torch.long),
        groups=tuple(row.speaker_or_group for row in manifest.rows),
        folds=("",) * len(manifest.rows),
        names=tuple(row.name for row in manifest.rows),
        label_names=("sound",),
        sample_rate_hz=rate_hz,
        content_hash="",
    )
    pairs = near_duplicates(clips)
    groups = groups_of(clips.names, clips.groups, pairs)
    rows = tuple(replace(row, speaker_or_group=group) for row, group in zip(manifest.rows, groups, strict=True))
    return replace(manifest, rows=rows, warnings=()), len(pairs)


def groups_of(names: Sequence[str], groups: Sequence[str], pairs: Sequence[DuplicatePair]) -> list[str]:
    """[clip], from the names and the given groups ("" is none) of the clips and the pairs that belong together.

    >>> pairs = [DuplicatePair(0, 2, 0.99, 0.1), DuplicatePair(2, 3, -0.97, 0.0)]
    >>> groups_of(["a.wav", "b.wav", "c.wav", "d.wav"], ["", "", "", ""], pairs)
    ['like-a', 'b', 'like-a', 'like-a']
    """
    first_of = list(range(len(names)))  # of each clip, an earlier clip that it belongs to, or itself

    def first(clip: int) -> int:
        while first_of[clip] != clip:
            clip = first_of[clip]
        return clip

    named: dict[str, int] = {}
    together = [(named.setdefault(group, clip), clip) for clip, group in enumerate(groups) if group]
    for one, other in [*together, *((pair.first, pair.second) for pair in pairs)]:
        low, high = sorted((first(one), first(other)))
        first_of[high] = low
    chained = {first(pair.first) for pair in pairs}
    stems = [PurePosixPath(name).with_suffix("").as_posix() for name in names]
    return [
        f"like-{stems[chain]}" if (chain := first(clip)) in chained else group or stems[clip]
        for clip, group in enumerate(groups)
    ]
