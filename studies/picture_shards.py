# studies/picture_shards.py
"""Pictures of many clips in shards: a shard holds those of one call of the front end.

    pictures   [clip, mel, frame]   float32: in memory where they are few, else read from mapped shards by clip

A front end is always given the same clips together, whatever is held and whatever was damaged, so a picture is the same
to the last bit.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from classical_baselines.data.shards import Shards, complete_shards
from classical_baselines.harness.streamed_rows import Rows, StreamedRows, fits_in_memory

CLIPS_PER_SHARD = 512  # clips per call of the front end: bounds the memory of its frames


def sharded_pictures(folder: Path, n_clips: int, pictures_of: Callable[[slice], Tensor]) -> Rows:
    """The pictures of `n_clips` clips; `pictures_of(clips)` makes [clip, mel, frame] of those that the folder lacks."""

    def made(number: int) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], dict[str, object]]:
        first = number * CLIPS_PER_SHARD
        return pictures_of(slice(first, min(first + CLIPS_PER_SHARD, n_clips))).numpy(), {}

    shards = complete_shards(folder, -(-n_clips // CLIPS_PER_SHARD), made)
    shape = (n_clips, *shards.facts[0]["shape"][1:])
    streamed = StreamedRows(lambda clips: _read(shards, clips, shape), shape)
    return streamed[:] if fits_in_memory(shape) else streamed


def _read(shards: Shards, clips: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Copies of the pictures of some clips; each shard that has any is mapped once."""
    pictures = torch.empty(len(clips), *shape[1:])
    values, wanted = pictures.numpy(), clips.numpy()
    of_shard, place = wanted // CLIPS_PER_SHARD, wanted % CLIPS_PER_SHARD
    for number in np.unique(of_shard):
        rows = of_shard == number
        values[rows] = shards.mapped(int(number))[place[rows]]
    return pictures
