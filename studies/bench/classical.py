# studies/bench/classical.py
"""Classical front ends beside their peers and their limits: 200 clips of a second at 16 kHz.

per clip     log-mel in one batch beside librosa's melspectrogram and power_to_db of one clip after the other
batched      the same beside librosa given the whole batch at once
limit        the same beside the bare Fourier transform of frames that lie ready, and the product of power spectra that
             lie ready with the dense triangles: one portion that stays in the cache, as often as fills the batch
first call   the compiled engine in a process that has nothing of it yet, beside one that finds what numba kept

Both engines, `compiled` and `torch`, and their peers take turns in every round of one run, first with one thread each,
then with two. The first call of each is not timed; what it costs has the row of its own.

rmmse        a second of sound beside the limit of 0.3 s; its difference from the dense solution in complex128, as a
             share of the largest power
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.front_ends.mel import LogMel, power_spectrogram
from classical_baselines.front_ends.rmmse import Rmmse
from studies.bench.timing import BenchRow, alternating, in_turn

SAMPLE_RATE_HZ, N_SAMPLES, N_CLIPS = 16000, 16000, 200
LOG_MEL = LogMel(n_fft=512, hop=160, n_mels=64, low_hz=0.0, top_db=80)
ENGINES = {engine: replace(LOG_MEL, engine=engine) for engine in ("compiled", "torch")}
N_CLIPS_IN_PORTION = 4  # a megabyte of frames and spectra: the limit is fastest with 2 to 8
N_ROUNDS = {1: 7, 2: 3}  # by threads
RMMSE = Rmmse(n_window=128, n_points=512, hop=64, n_iterations=4)
RMMSE_LIMIT_SECONDS = 0.3
PER_CLIP = "librosa melspectrogram and power_to_db, per clip"
BATCHED = "librosa melspectrogram and power_to_db, batched"
LIMIT = "limit: bare Fourier transform and dense product"
TARGETS = {PER_CLIP: 5.0, BATCHED: 1.5, LIMIT: 0.67}  # of the compiled engine with one thread


def bench() -> list[BenchRow]:
    """Rows of both engines beside each peer, with one thread and with two; the first call; reiterative MMSE."""
    waveforms = 0.1 * torch.randn(N_CLIPS, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    return [*_log_mel(waveforms, 1), *_log_mel(waveforms, 2), _first_call(), _rmmse()]


def _log_mel(waveforms: Tensor, n_threads: int) -> list[BenchRow]:
    """Each engine beside each peer, all of them timed in turn."""
    names = {
        engine: f"log-mel, {engine}, {N_CLIPS} clips, {n_threads} thread{'s'[: n_threads - 1]}" for engine in ENGINES
    }
    targets = {
        (engine, peer): TARGETS[peer] if engine == "compiled" and n_threads == 1 else None
        for engine in ENGINES
        for peer in TARGETS
    }
    if _n_processors() < n_threads:
        reason = f"this process may use {_n_processors()} processor"
        return [
            BenchRow(names[e], None, peer, None, target, unavailable=reason) for (e, peer), target in targets.items()
        ]
    engines = {name: lambda own=own: _ours(waveforms, own) for name, own in ENGINES.items()}
    peers: dict[str, Callable[[], Any]] = {LIMIT: _limit(waveforms)}
    if find_spec("librosa") is not None:
        peers |= {PER_CLIP: lambda: _librosa_per_clip(waveforms), BATCHED: lambda: _librosa(waveforms)}
    with _threads(n_threads):
        seconds = dict(
            zip([*engines, *peers], in_turn([*engines.values(), *peers.values()], N_ROUNDS[n_threads]), strict=True)
        )
        expected = peers[BATCHED]() if BATCHED in peers else _ours(waveforms, ENGINES["torch"]).numpy()
        differences = {name: float(np.abs(way().numpy() - expected).max()) for name, way in engines.items()}
    rows = []
    for (engine, peer), target in targets.items():
        if peer not in peers:
            reason = "no librosa; `make bench` installs it"
            rows.append(BenchRow(names[engine], seconds[engine], peer, None, target, unavailable=reason))
        else:
            difference = None if peer == LIMIT else differences[engine]
            rows.append(BenchRow(names[engine], seconds[engine], peer, seconds[peer], target, difference))
    return rows


def _n_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ours(waveforms: Tensor, log_mel: LogMel) -> Tensor:
    return log_mel(waveforms, torch.full((len(waveforms),), waveforms.shape[1]), SAMPLE_RATE_HZ)


def _librosa(waveforms: Tensor) -> Any:
    import librosa

    power = librosa.feature.melspectrogram(
        y=waveforms.numpy(),
        sr=SAMPLE_RATE_HZ,
        n_fft=LOG_MEL.n_fft,
        hop_length=LOG_MEL.hop,
        n_mels=LOG_MEL.n_mels,
        htk=True,
        norm=None,
    )
    # One reference for each clip; power_to_db takes one of the whole array.
    reference = power.max(axis=(-2, -1), keepdims=True)
    return librosa.power_to_db(power / reference, top_db=LOG_MEL.top_db)


def _librosa_per_clip(waveforms: Tensor) -> Any:
    return np.stack([_librosa(waveform) for waveform in waveforms])


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """The same number for torch and for what numpy and scipy call."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    before = torch.get_num_threads()
    with threadpool_limits(n):
        torch.set_num_threads(n)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _limit(waveforms: Tensor) -> Callable[[], None]:
    n_fft, hop = LOG_MEL.n_fft, LOG_MEL.hop
    weights = LOG_MEL.filters(SAMPLE_RATE_HZ).to(waveforms).T
    portion = waveforms[:N_CLIPS_IN_PORTION]
    frames = torch.nn.functional.pad(portion, (n_fft // 2, n_fft // 2)).unfold(-1, n_fft, hop).contiguous()
    power = power_spectrogram(portion, n_fft, hop)

    def limit() -> None:
        for _ in range(ceil(len(waveforms) / len(portion))):
            torch.fft.rfft(frames)
            power @ weights

    return limit


FIRST_CALL = """
import time, torch
from classical_baselines.front_ends.mel import LogMel
front_end, waveforms, lengths = LogMel(engine="compiled"), torch.zeros(1, 8000), torch.tensor([8000])
started = time.perf_counter()
front_end(waveforms, lengths, 8000)
print(time.perf_counter() - started)
"""


def _first_call() -> BenchRow:
    with tempfile.TemporaryDirectory() as folder:
        compiling, loading = (_seconds_of_first_call(folder) for _ in range(2))
    name = "log-mel, compiled, first call, which compiles"
    return BenchRow(name, compiling, "the first call of a later process, which loads what was kept", loading)


def _seconds_of_first_call(folder: str) -> float:
    environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
    command = [sys.executable, "-c", FIRST_CALL]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def _rmmse() -> BenchRow:
    waveform = 0.1 * torch.randn(1, SAMPLE_RATE_HZ, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([SAMPLE_RATE_HZ])
    with _threads(1):
        seconds, _ = alternating(lambda: RMMSE(waveform, lengths, SAMPLE_RATE_HZ), lambda: None, n_rounds=9)
    padded = np.pad(waveform[0].double().numpy(), RMMSE.n_window // 2)
    ours = RMMSE.power(waveform)[0].numpy()
    largest, difference = ours.max(), 0.0
    for t in range(0, len(ours), 50):
        start = t * RMMSE.hop
        dense = _dense_mmse(padded[start : start + RMMSE.n_window])[: RMMSE.n_points // 2 + 1]
        difference = max(difference, float(np.abs(ours[t] - dense).max() / largest))
    return BenchRow(
        "rmmse, 1 s at 16 kHz", seconds, "limit: 0.3 s for a second of sound", RMMSE_LIMIT_SECONDS, 1.0, difference
    )


def _dense_mmse(frame: Any) -> Any:
    """p of one frame by the equations of `rmmse` as they stand, every matrix written out in complex128."""
    n, n_points = len(frame), RMMSE.n_points
    steering = np.exp(2j * np.pi * np.outer(np.arange(n), np.arange(n_points)) / n_points)
    power = np.abs(steering.conj().T @ frame / n) ** 2
    for _ in range(RMMSE.n_iterations):
        covariance = (steering * power) @ steering.conj().T + RMMSE.loading * power.sum() * np.eye(n)
        power = np.abs(power * (steering.conj().T @ np.linalg.solve(covariance, frame.astype(complex)))) ** 2
    return power
