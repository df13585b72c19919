# tests/studies/fake_study.py
"""A small study, and a pipeline that stands in for the real one: its logits follow from the cell alone."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, PictureRecord, RunRecord, StudyCell
from studies.grid import Ground
from studies.specification import Study

GROUND = Ground("c0ffee", {"leave-one-group-out": ("anna", "ben", "cleo", "dora", "emil")})
N_CLIPS, N_CLASSES = 12, 4


def raw_study(**changes: Any) -> dict[str, Any]:
    """Three systems, five folds, four seeds: 60 fit cells."""
    systems = [
        {
            "name": name,
            "family": "classical",
            "classifier": {"name": "ds-cnn", "options": {"size": name}},
            "runs": [{"backend": {"name": "torch-float"}}],
        }
        for name in ("small", "middle", "large")
    ]
    return {
        "schema": 1,
        "name": "fake",
        "title": "A fake study",
        "question": "Does it hold?",
        "seeds": [0, 1, 2, 3],
        "baseline": "small",
        "data": {"name": "fake"},
        "front_ends": [{"name": "log-mel"}],
        "protocols": [{"name": "leave-one-group-out"}],
        "systems": systems,
    } | changes


def fake_study(**changes: Any) -> Study:
    """The study of `raw_study`, parsed."""
    return Study.model_validate(raw_study(**changes))


def result_of(cell: StudyCell, kind: Any) -> CellResult:
    """What the fake pipeline gives for a cell; the same on every call."""
    seed = int.from_bytes(hashlib.sha256(f"{cell}{kind}".encode()).digest()[:4], "big")
    generator = np.random.default_rng(seed)
    run = RunRecord(
        backend="torch-float",
        logits=generator.normal(size=(N_CLIPS, N_CLASSES)).astype(np.float32),
        counts=OperationCounts.of("network", "head", mac_fp32=1000.5),
        wall_seconds=0.25,
        pictures=(PictureRecord("Intensity", np.eye(4, dtype=np.float32), ("mel", "frame"), "0 to 1"),),
        notes={"n_parameters": 7},
    )
    return CellResult(
        kind=kind,
        label_names=tuple("abcd"),
        clip_names=tuple(f"{cell.fold}_{i}.wav" for i in range(N_CLIPS)),
        groups=(cell.fold,) * N_CLIPS,
        targets=generator.integers(0, N_CLASSES, N_CLIPS),
        clip_seconds=1.008,
        n_training_clips=48,
        runs=(run,),
        training={"loss": [1.5, 0.5]},
    )


def load_study_clips(study: Study, data_root: Path | None) -> Any:
    """The recordings, of which a worker asks the content hash alone."""
    del study, data_root
    return SimpleNamespace(content_hash=os.environ.get("TRICHORD_FAKE_CONTENT", GROUND.content_hash))


def fit_cell(study: Study, cell: StudyCell, data_root: Path | None) -> Any:
    """Sleep, then fit nothing; without weights, so that a test cell after an interruption is fitted again."""
    del study, data_root
    started = time.monotonic()
    time.sleep(float(os.environ.get("TRICHORD_FAKE_SECONDS", "0.05")))
    if "TRICHORD_FAKE_LOG" in os.environ:
        line = f"{cell.system} {started} {time.monotonic()} {os.environ.get('CUDA_VISIBLE_DEVICES')} {os.getpid()}\n"
        with Path(os.environ["TRICHORD_FAKE_LOG"]).open("a") as log:
            log.write(line)
    if os.environ.get("TRICHORD_FAKE_TROUBLE") == f"{cell.system}/{cell.fold}/{cell.seed}":
        _trouble(os.environ["TRICHORD_FAKE_TROUBLE_KIND"])
    return SimpleNamespace(result=result_of(cell, "fit"), weights=None)


def test_cell(study: Study, cell: StudyCell, weights: Any, data_root: Path | None) -> CellResult:
    """The outcome on the test clips."""
    del study, weights, data_root
    return result_of(cell, "test")


test_cell.__test__ = False  # type: ignore[attr-defined]  # part of the pipeline, not a test


def _trouble(kind: str) -> None:
    if kind == "exception":
        raise RuntimeError("the network is on fire")
    if kind == "death":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "gluttony":
        child = subprocess.Popen([sys.executable, "-c", "held = b'x' * 700_000_000; import time; time.sleep(600)"])
        child.wait()
    if kind == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
