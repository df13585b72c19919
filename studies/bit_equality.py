# studies/bit_equality.py
"""Is what was recomputed what is stored, bit for bit? The first place where it is not.

    kind, labels, clip names, groups, targets, seconds of audio, number of training clips,
    training   losses, validation accuracies, audit
    runs       of every backend: logits, counts, which clips, checks, notes, pictures

Both sides are read from a store, so both went through the same rounding: logits are compared as stored, with 10
significant bits (`cell_files.py`); losses, counts and notes are stored whole. There is no tolerance: two floats are
equal where all their bits are, so -0 is not 0. Pictures are compared where the store kept them; a published one does
not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, RunRecord

# What says how long something took, or how the weights were come by, and not what came of the cell.
NOT_COMPARED: Mapping[str, str] = {
    "training.seconds": "a clock's reading: how long the training took",
    "training.fitted_again": "of a probe: whether its weights were in the store, or trained anew for it",
    "training.answers_as_committed": "of a probe whose weights were trained anew: whether they answered as before",
    "run.wall_seconds": "a clock's reading: how long the run took",
}
# What older code did not store: absent there, it is no difference (a note only where it is 0, and says nothing).
NEW_SINCE: Mapping[str, str] = {
    "notes.readouts_saturated_per_clip": "readout_saturation_rate, which older cells hold, says that nothing fired",
    "weights.readout.peak": "the largest sum that training met: where it bounds the integers, the logits differ",
}
COUNTS_OF_A_RUN = ": counts"  # in the name of a place


@dataclass(frozen=True)
class Difference:
    """The first place where two results differ, and what stands there in either."""

    place: str  # "run 0 on int8: logits[3, 2]"
    stored: str
    recomputed: str

    @property
    def of_counts(self) -> bool:
        """Whether it is what a run cost that differs, and not what it answered."""
        return COUNTS_OF_A_RUN in self.place

    def __str__(self) -> str:
        return f"{self.place}: stored {self.stored}, recomputed {self.recomputed}"


def first_difference(stored: CellResult, recomputed: CellResult, *, with_counts: bool = True) -> Difference | None:
    """Where the results of a cell differ first, with its counts or but for them; None where they are equal."""
    shown = _has_pictures(stored)
    # Where the backends are the same, so are the parts and their order: two runs of a probe bear one backend's name.
    for (place, one), (_, other) in zip(_parts(stored, shown), _parts(recomputed, shown), strict=False):
        if (with_counts or not place.endswith(COUNTS_OF_A_RUN)) and (found := difference_in(place, one, other)):
            return found
    return None


def difference_in(place: str, stored: Any, recomputed: Any) -> Difference | None:
    """Where two values differ first: arrays, tables, lists, or single values.

    >>> print(difference_in("losses", [0.5, 0.25], [0.5, 0.26]))
    losses[1]: stored 0.25, recomputed 0.26
    """
    stored, recomputed = _as_table(stored), _as_table(recomputed)
    if isinstance(stored, np.ndarray) and isinstance(recomputed, np.ndarray):
        return _difference_in_arrays(place, stored, recomputed)
    if isinstance(stored, Mapping) and isinstance(recomputed, Mapping):
        return _difference_in_tables(place, stored, recomputed)
    if isinstance(stored, list | tuple) and isinstance(recomputed, list | tuple):
        return _difference_in_lists(place, stored, recomputed)
    return None if repr(stored) == repr(recomputed) else Difference(place, repr(stored), repr(recomputed))


def _difference_in_tables(place: str, stored: Mapping[str, Any], recomputed: Mapping[str, Any]) -> Difference | None:
    for name in sorted({*stored, *recomputed}):
        entry = f"{place}.{name}"
        if entry in NOT_COMPARED or _is_new(entry, name, stored, recomputed):
            continue
        if name not in stored or name not in recomputed:
            return Difference(entry, *(repr(one[name]) if name in one else "nothing" for one in (stored, recomputed)))
        if found := difference_in(entry, stored[name], recomputed[name]):
            return found
    return None


def _is_new(entry: str, name: str, stored: Mapping[str, Any], recomputed: Mapping[str, Any]) -> bool:
    """Whether older code did not store it, and it takes nothing from what was stored."""
    short = entry.rpartition(": ")[2]
    if short not in NEW_SINCE or name in stored:
        return False
    return not short.startswith("notes.") or recomputed[name] == 0


def _difference_in_lists(place: str, stored: Sequence[Any], recomputed: Sequence[Any]) -> Difference | None:
    for number, (one, other) in enumerate(zip(stored, recomputed, strict=False)):
        if found := difference_in(f"{place}[{number}]", one, other):
            return found
    if len(stored) != len(recomputed):
        return Difference(f"{place}, number of entries", str(len(stored)), str(len(recomputed)))
    return None


def _parts(result: CellResult, with_pictures: bool) -> Iterator[tuple[str, Any]]:
    """All that is compared of a result, by name: every field, those of each run too."""
    yield "backends", [run.backend for run in result.runs]
    for field in fields(CellResult):
        if field.name != "runs":
            yield field.name, getattr(result, field.name)
    for number, run in enumerate(result.runs):
        for field in fields(RunRecord):
            if f"run.{field.name}" in NOT_COMPARED or (field.name == "pictures" and not with_pictures):
                continue
            value = getattr(run, field.name)
            yield (
                f"run {number} on {run.backend}: {field.name}",
                _by_name(value) if isinstance(value, OperationCounts) else value,
            )


def _by_name(counts: OperationCounts) -> dict[str, float]:
    return {"/".join((stage, layer, operation)): n for (stage, layer, operation), n in counts}


def _has_pictures(result: CellResult) -> bool:
    return any(run.pictures for run in result.runs)


def _difference_in_arrays(place: str, stored: NDArray[Any], recomputed: NDArray[Any]) -> Difference | None:
    form, other_form = (f"{array.dtype} {list(array.shape)}" for array in (stored, recomputed))
    if form != other_form:
        return Difference(f"{place}, type and shape", form, other_form)
    unequal = np.argwhere(_bits(stored) != _bits(recomputed))
    if not len(unequal):
        return None
    index = tuple(int(part) for part in unequal[0])
    text = f"[{', '.join(map(str, index))}]" if index else ""
    return Difference(f"{place}{text}", str(stored[index]), str(recomputed[index]))


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    """The array's numbers as whole numbers of the same bits."""
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}") if array.dtype.kind == "f" else array


def _as_table(value: Any) -> Any:
    """A check or a picture as a table of its fields; anything else as it is."""
    is_record = is_dataclass(value) and not isinstance(value, type)
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_record else value
