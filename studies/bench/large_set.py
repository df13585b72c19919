# studies/bench/large_set.py
"""A set that is larger than the memory it is given: 100,000 clips through an epoch and the validation pass.

The clips are generated, a second each at 8 kHz, and written as WAV files with a manifest; from there on they go the way
of any set: decoded, made into log-mel pictures, limits fitted, a small CNN trained for an epoch and run on the clips of
the validation part. That is done twice in a process of its own, first with an empty cache, then with a full one.

    memory    peak resident set of that process (it starts no other), with all that it imports and every page of a
              mapped shard that is resident: VmHWM of Linux, ru_maxrss elsewhere
    disk      the WAV files, and what the cache holds in the end

What all waveforms and pictures would take if they were held once is printed beside it. The folder is the first argument
that the process is given; the bench takes a temporary one, which needs 7 GB of room.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studies.bench.timing import BenchRow
from studies.provenance import SOURCE

N_CLIPS = 100_000
N_CLASSES = 10
RATE_HZ, N_SAMPLES = 8000, 8000
LIMIT_BYTES = 2 * 10**9
PARTS = (("train", 8), ("val", 1), ("test", 1))  # of ten clips that follow each other


@dataclass(frozen=True)
class Measured:
    """What one pass over the set took."""

    n_clips: int
    seconds_to_load: float  # to decode, or to hash what is decoded already
    seconds_of_the_cell: float  # for the leak audit, pictures, limits, an epoch, the validation clips
    start_bytes: int  # resident before the set was touched
    peak_bytes: int  # resident at most
    held_bytes: int  # what all waveforms and pictures come to
    weights_sha256: str


def bench() -> list[BenchRow]:
    """Peak memory beside the limit, with an empty and with a full cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_large_set(folder / "set", N_CLIPS)
        return [_row(folder, what) for what in ("empty cache", "full cache")]


def _row(folder: Path, what: str) -> BenchRow:
    found = measured_in_own_process(folder)
    seconds = found.seconds_to_load + found.seconds_of_the_cell
    return BenchRow(
        f"large set, {what}",
        seconds,
        "no peer",
        None,
        unavailable="its measure is memory",
        figures={
            "clips": found.n_clips,
            "clips_per_second": found.n_clips / seconds,
            "peak_resident_bytes": found.peak_bytes,
            "limit_bytes": LIMIT_BYTES,
            "resident_at_start_bytes": found.start_bytes,
            "waveforms_and_pictures_bytes": found.held_bytes,
            "wav_bytes": size_on_disk(folder / "set"),
            "cache_bytes": size_on_disk(folder / "cache"),
        },
    )


def measured_in_own_process(folder: Path, *options: str) -> Measured:
    """Take the set in FOLDER/set through one cell in a fresh process, with the cache FOLDER/cache."""
    call = [sys.executable, "-m", "studies.bench.large_set", str(folder), *options]
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "TRICHORD_CACHE": str(folder / "cache")}
    done = subprocess.run(call, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def write_large_set(folder: Path, n_clips: int) -> None:
    """WAV files of tones of ten pitches in noise, a thousand to a folder, and their manifest."""
    draw = np.random.Generator(np.random.PCG64(0))
    noise = draw.normal(0, 2500, 2**20)  # every clip has a stretch of it from a random sample on
    radians = 2 * np.pi * np.arange(N_SAMPLES) / RATE_HZ
    parts = [part for part, share in PARTS for _ in range(share)]
    rows = ["file,label,fold_or_split,speaker_or_group"]
    for clip in range(n_clips):
        pitch, part = clip // len(parts) % N_CLASSES, parts[clip % len(parts)]
        samples = 4000 * np.sin(radians * (250 + 300 * pitch + draw.uniform(-60, 60)) + draw.uniform(0, 6))
        samples += noise[(first := draw.integers(len(noise) - N_SAMPLES)) : first + N_SAMPLES]
        name = f"{clip // 1000:04}/{clip:07}.wav"
        path = folder / name
        if clip % 1000 == 0:
            path.parent.mkdir(parents=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, N_SAMPLES, "NONE", ""))
            file.writeframes(samples.astype("<i2").tobytes())
        rows.append(f"{name},pitch-{pitch},{part},{part}-{clip % 100}")
    (folder / "meta.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def size_on_disk(folder: Path, pattern: str = "*") -> int:
    """Bytes of the files of a folder, at any depth."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def peak_resident_bytes() -> int:
    """The largest resident set that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss also counts what the parent had when it forked
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return 1024 * int(lines["VmHWM"].split()[0])
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(folder: Path, in_memory_bytes: int | None = None) -> Measured:
    """One cell over the set of a folder, in this process."""
    import hashlib

    import torch

    from classical_baselines.harness import streamed_rows
    from studies import pipeline
    from studies.cell import StudyCell
    from studies.specification import Study

    if in_memory_bytes is not None:
        streamed_rows.IN_MEMORY_BYTES = in_memory_bytes
    torch.set_num_threads(1)
    study = Study.model_validate(_study(folder / "set"))
    start_bytes = peak_resident_bytes()
    started = time.perf_counter()
    n_clips = len(pipeline.load_study_clips(study, None))
    loaded = time.perf_counter()
    fitted = pipeline.fit_cell(study, StudyCell("large-set", "official-split", "official", "cnn", 0), None)
    ended = time.perf_counter()
    weights = b"".join(fitted.weights[name].numpy().tobytes() for name in sorted(fitted.weights))
    return Measured(
        n_clips=n_clips,
        seconds_to_load=loaded - started,
        seconds_of_the_cell=ended - loaded,
        start_bytes=start_bytes,
        peak_bytes=peak_resident_bytes(),
        held_bytes=size_on_disk(folder / "cache", "*.f32"),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
    )


def _study(folder: Path) -> dict[str, Any]:
    """One system on the set of a folder: log-mel, a small CNN, one epoch."""
    small = {"stem_width": 8, "stem_stride": (4, 4), "widths": (8,), "strides": (1,)}
    return {
        "schema": 1,
        "name": "large-set",
        "title": "A large set",
        "question": "How much memory does it take?",
        "seeds": [0],
        "baseline": "cnn",
        "data": {"name": "large-set", "folder": str(folder), "clip_seconds": N_SAMPLES / RATE_HZ},
        "front_ends": [{"name": "log-mel"}],
        "protocols": [{"name": "official-split"}],
        "systems": [
            {
                "name": "cnn",
                "family": "classical",
                "classifier": {"name": "ds-cnn", "options": small},
                "training": {"n_epochs": 1, "batch_size": 64, "learning_rate": 0.003},
                "runs": [{"backend": {"name": "torch-float"}}],
            }
        ],
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(asdict(measure(Path(given[0]), *map(int, given[1:])))))
