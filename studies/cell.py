# studies/cell.py
"""A cell: one system, fold and seed of a study, and what came of it.

A fit cell holds the trained weights and the outcomes on the validation clips; a test cell, made only under
`--confirm`, holds the outcomes on the test clips. A cell is a pure function of its specification.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.operations import OperationCounts

CellKind = Literal["fit", "test"]


@dataclass(frozen=True, order=True)
class StudyCell:
    """One point of a comparison: what is needed to run it again, and nothing else."""

    dataset: str  # "fsdd"
    protocol: str  # "leave-one-group-out"
    fold: str  # the fold's name: the held-out group, "1", or "official"
    system: str  # "convolutional-snn"
    seed: int  # every generator of the cell descends from it


@dataclass(frozen=True)
class PictureRecord:
    """A picture for the report, as `Exhibit` in the harness, without torch."""

    title: str
    array: NDArray[Any]
    axis_names: tuple[str, str]
    unit: str


@dataclass(frozen=True)
class CheckRecord:
    """A comparison made during a run: Lava against the emulator, Aer against the engine."""

    name: str
    passed: bool
    details: Mapping[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """What one backend did with the clips of a cell."""

    backend: str
    logits: NDArray[np.float32]  # [clip, class]
    counts: OperationCounts  # mean per clip, front end included
    wall_seconds: float
    clip_indices: tuple[int, ...] | None = None  # which of the cell's clips were run; None: all
    checks: tuple[CheckRecord, ...] = ()
    pictures: tuple[PictureRecord, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CellResult:
    """All that is stored of a cell, weights aside: enough for every statistic and every price, later."""

    kind: CellKind
    label_names: tuple[str, ...]
    clip_names: tuple[str, ...]
    groups: tuple[str, ...]
    targets: NDArray[np.int64]  # [clip]
    clip_seconds: float  # of audio that one decision covers
    n_training_clips: int
    runs: tuple[RunRecord, ...]
    training: Mapping[str, Any] = field(default_factory=dict)  # loss and validation accuracy by epoch, seconds
