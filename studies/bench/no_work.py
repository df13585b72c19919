# studies/bench/no_work.py
"""A pipeline whose cells do nothing: what remains of their time is the harness."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, RunRecord, StudyCell
from studies.specification import Study

CONTENT_HASH = "0" * 64
N_CLIPS, N_CLASSES = 50, 10


def load_study_clips(study: Study, data_root: Path | None) -> Any:
    """No clips; a worker asks for their content hash."""
    del study, data_root
    return SimpleNamespace(content_hash=CONTENT_HASH)


def fit_cell(study: Study, cell: StudyCell, data_root: Path | None) -> Any:
    """A result of the usual size, at once."""
    del study, data_root
    run = RunRecord(
        backend="none",
        logits=np.zeros((N_CLIPS, N_CLASSES), dtype=np.float32),
        counts=OperationCounts.of("network", "none", mac_fp32=1.0),
        wall_seconds=0.0,
    )
    result = CellResult(
        kind="fit",
        label_names=tuple("0123456789"),
        clip_names=tuple(f"{i}.wav" for i in range(N_CLIPS)),
        groups=(cell.fold,) * N_CLIPS,
        targets=np.zeros(N_CLIPS, dtype=np.int64),
        clip_seconds=1.0,
        n_training_clips=N_CLIPS,
        runs=(run,),
        training={},
    )
    return SimpleNamespace(result=result, weights=None)
