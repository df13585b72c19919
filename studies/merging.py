# studies/merging.py
"""The notes and checks of many cells as those of one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class CheckSummary:
    """One kind of check of one run, over all cells: whole numbers are summed, others keep the largest value."""

    system: str
    backend: str
    name: str
    n_passed: int
    n_cells: int
    details: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Whether it passed in every cell."""
        return self.n_passed == self.n_cells


def averaged(notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers by their mean; anything else as the first cell has it."""
    merged = {}
    for name, value in notes[0].items():
        values = [each.get(name, value) for each in notes]
        numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        merged[name] = float(np.mean(values)) if numeric else value
    return merged


def merged(details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Whole numbers and lists of them are summed, other numbers keep the largest, flags hold where all do."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for each in details for name in each):
        values = [each[name] for each in details if name in each]
        if all(isinstance(v, bool) for v in values):
            merged[name] = all(values)
        elif all(isinstance(v, int) for v in values):
            merged[name] = sum(values)
        elif all(isinstance(v, int | float) for v in values):
            merged[name] = max(values)
        elif all(isinstance(v, list) and all(isinstance(x, int) for x in v) for v in values):
            longest = max(len(v) for v in values)
            merged[name] = [sum(v[i] for v in values if i < len(v)) for i in range(longest)]
        else:
            merged[name] = values[0]
    return merged
