# classical_baselines/harness/streamed_rows.py
"""Rows of numbers, one per clip, that are read when they are asked for: what stands in for a tensor too large to hold.

    rows   [row, ...]     `rows[indices]` is a tensor of those rows alone, `rows.split(n)` one of n rows after another

A tensor answers to the same two, so most code takes either; the functions below are for what a tensor does otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

IN_MEMORY_BYTES = 2**28  # rows of up to 256 MiB are held as a tensor, which is the faster way; larger ones stream


@dataclass(frozen=True, eq=False)
class StreamedRows:
    """Rows behind a function that reads some of them, on the CPU."""

    dtype: ClassVar[torch.dtype] = torch.float32
    device: ClassVar[torch.device] = torch.device("cpu")

    read: Callable[[Tensor], Tensor]  # indices [n] -> rows [n, ...], a tensor of its own
    shape: tuple[int, ...]  # of all rows: (row, ...)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: int | slice | Sequence[int] | Tensor) -> Tensor:
        """The rows at `indices`, in that order; the one row, where it is a number."""
        wanted = torch.arange(len(self))[indices]
        return self.read(wanted) if wanted.dim() else self.read(wanted[None])[0]

    def split(self, n_rows: int) -> Iterator[Tensor]:
        """All rows in turn, `n_rows` at a time."""
        return (self[first : first + n_rows] for first in range(0, len(self), n_rows))


Rows = Tensor | StreamedRows


def chosen_rows(rows: Rows, indices: Sequence[int] | Tensor) -> Rows:
    """The rows at `indices`, in that order: a tensor where they are one, or where they are few enough to be held."""
    chosen = torch.as_tensor(indices, dtype=torch.long)
    shape = (len(chosen), *rows.shape[1:])
    if isinstance(rows, Tensor) or fits_in_memory(shape):
        return rows[chosen]
    return StreamedRows(lambda wanted: rows.read(chosen[wanted]), shape)


def changed_rows(rows: Rows, change: Callable[[Tensor], Tensor]) -> Rows:
    """The rows after a `change` that treats every number by itself; of rows that stream, whenever they are read."""
    if isinstance(rows, Tensor):
        return change(rows)
    return StreamedRows(lambda wanted: change(rows.read(wanted)), rows.shape)


def held_rows(rows: Rows) -> Tensor:
    """All rows in memory, for what can take them in no other way."""
    return rows if isinstance(rows, Tensor) else rows[:]


def fits_in_memory(shape: Sequence[int]) -> bool:
    """Whether 32-bit rows of this shape are held as a tensor."""
    return 4 * torch.Size(shape).numel() <= IN_MEMORY_BYTES
