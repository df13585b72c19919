# studies/bench/large_store.py
"""A store of 10,000 small cells, and how long whole commands take over it, Python's start included.

The study is real, its recordings are 40 short tones of 20 voices, and its cells are committed without being computed:
what is timed is planning and reading, never training. Folders and files are written without waiting for the disk, so
that the store stands within a minute.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
import wave
from array import array
from pathlib import Path

import numpy as np

from classical_baselines.harness.operations import OperationCounts
from studies.bench.timing import BenchRow
from studies.cell import CellKind, CellResult, RunRecord, StudyCell
from studies.cell_files import plain
from studies.disk import Disk
from studies.grid import describe, keep_ground, measured_ground
from studies.provenance import SOURCE
from studies.running import make_plan
from studies.store import open_store
from studies.study_file import load_study

N_VOICES, N_SYSTEMS, N_SEEDS = 20, 50, 5  # a fit cell and a test cell each: 10,000
RATE_HZ, N_SAMPLES = 8000, 1600
LIMIT_SECONDS = 2.0
N_ROUNDS = 3


COMMANDS = {
    "plan, 10,000 cells": ("plan", "--confirm"),
    "status, 10,000 cells": ("status",),
    "resume, 10,000 cells": ("run", "--confirm", "--shard", "1/1"),  # all that `run` does but the report
}


class _NotWaitedFor(Disk):
    """A disk that is not asked whether it has what was written: this store may be lost."""

    def sync(self, descriptor: int) -> None:
        del descriptor


def bench() -> list[BenchRow]:
    """Whole commands beside the time that they may take; the first call of each is not timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study_file = write_large_study(folder)
        fill_store(study_file, folder / "store")
        open_store(folder / "store").write_index()
        return [
            BenchRow(what, _seconds(folder, study_file, command), f"an aim of {LIMIT_SECONDS:g} s", LIMIT_SECONDS, 1.0)
            for what, command in COMMANDS.items()
        ]


def _seconds(folder: Path, study_file: Path, command: tuple[str, ...]) -> float:
    name, *options = command
    call = [sys.executable, "-m", "studies.cli", name, str(study_file), "--store", str(folder / "store"), *options]
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "TRICHORD_CACHE": str(folder / "cache")}
    taken = []
    for _ in range(1 + N_ROUNDS):
        started = time.perf_counter()
        subprocess.run(call, cwd=folder, env=environment, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return min(taken[1:])


def write_large_study(folder: Path, n_systems: int = N_SYSTEMS, n_seeds: int = N_SEEDS) -> Path:
    """Recordings and a study file over them; returns the file."""
    sounds = folder / "sounds"
    rows = ["file,label,fold_or_split,speaker_or_group"]
    for voice in range(N_VOICES):
        for label, hertz in (("low", 300), ("high", 1200)):
            name = f"{label}_{voice:02}.wav"
            _write_tone(sounds / name, hertz + 10 * voice)
            rows.append(f"{name},{label},,voice{voice:02}")
    (sounds / "meta.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    systems = "".join(_system(number) for number in range(n_systems))
    seeds = list(range(n_seeds))
    path = folder / "large.toml"
    path.write_text(
        f"""schema = 1
name = "large"
title = "A large study"
question = "How quick is a plan?"
seeds = {seeds}
baseline = "linear-0"
front_ends = [{{ name = "log-mel" }}]
protocols = [{{ name = "leave-one-group-out" }}]
data = {{ name = "large", folder = {json.dumps(str(sounds))}, clip_seconds = 0.2 }}
{systems}""",
        encoding="utf-8",
    )
    return path


def fill_store(study_file: Path, store_folder: Path, *, leave_out: int = 0) -> int:
    """Commit all cells of the study, fit and test, but the last `leave_out`; return how many were committed."""
    study = load_study(str(study_file))
    ground = measured_ground(study, None)
    store = open_store(store_folder, create=True, disk=_NotWaitedFor())
    keep_ground(study, ground, store)
    plan = make_plan(study, ground, store, confirm=True)
    wanted: list[tuple[CellKind, int]] = [(kind, n) for n in range(len(plan.cells)) for kind in ("fit", "test")]
    for kind, number in wanted[: len(wanted) - leave_out]:
        cell = plan.cells[number]
        key = cell.fit_key if kind == "fit" else cell.test_key
        store.commit(key, plain(describe(study, cell, ground, kind)), _result(cell.cell, kind), {"wall_seconds": 1.5})
    return len(wanted) - leave_out


def _write_tone(path: Path, hertz: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = array("h", (round(9000 * math.sin(2 * math.pi * hertz * n / RATE_HZ)) for n in range(N_SAMPLES)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, N_SAMPLES, "NONE", ""))
        file.writeframes(samples.tobytes())


def _system(number: int) -> str:
    return f"""
[[systems]]
name = "linear-{number}"
family = "classical"
classifier = {{ name = "linear-layer" }}
training = {{ n_epochs = {number + 1} }}
runs = [{{ backend = {{ name = "torch-float" }} }}]
"""


def _result(cell: StudyCell, kind: CellKind) -> CellResult:
    logits = np.array([[1.0, 0.5], [0.25, 2.0]], dtype=np.float32)
    run = RunRecord("torch-float", logits, OperationCounts.of("network", "head", mac_fp32=1000.0), 0.25)
    names = tuple(f"{label}_{cell.fold}.wav" for label in ("low", "high"))
    targets = np.array([1, 0], dtype=np.int64)
    return CellResult(kind, ("high", "low"), names, (cell.fold, cell.fold), targets, 0.2, 36, (run,))
