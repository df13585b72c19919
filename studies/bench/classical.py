# studies/bench/classical.py
"""Classical front ends beside their peers and their limits: 200 clips of a second at 16 kHz, one thread.

per clip     log-mel in one batch, compiled, beside librosa's melspectrogram and power_to_db of one clip after the
             other; also with two threads for both
batched      the same beside librosa given the whole batch at once
engine       the same beside the torch engine
limit        the same beside the Fourier transform of frames that lie ready, and the product of power spectra that lie
             ready with the dense triangles
rmmse        a second of sound beside the limit of 0.3 s; its difference from the dense solution in complex128, as a
             share of the largest power
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.front_ends.mel import LogMel, power_spectrogram
from classical_baselines.front_ends.rmmse import Rmmse
from studies.bench.timing import BenchRow, alternating

SAMPLE_RATE_HZ, N_SAMPLES, N_CLIPS = 16000, 16000, 200
LOG_MEL = LogMel(n_fft=512, hop=160, n_mels=64, low_hz=0.0, top_db=80, engine="compiled")
RMMSE = Rmmse(n_window=128, n_points=512, hop=64, n_iterations=4)
RMMSE_LIMIT_SECONDS = 0.3
LIBROSA = "librosa melspectrogram and power_to_db"


def bench() -> list[BenchRow]:
    """Six rows."""
    waveforms = 0.1 * torch.randn(N_CLIPS, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    beside_librosa: list[tuple[str, str, float, Callable[[Tensor], Any], int]] = [
        (f"log-mel, {N_CLIPS} clips", f"{LIBROSA}, per clip", 5.0, _librosa_per_clip, 1),
        (f"log-mel, {N_CLIPS} clips, 2 threads", f"{LIBROSA}, per clip", 5.0, _librosa_per_clip, 2),
        (f"log-mel, {N_CLIPS} clips", f"{LIBROSA}, batched", 1.5, _librosa, 1),
    ]
    rows = []
    for name, peer, target, way, n_threads in beside_librosa:
        if find_spec("librosa") is None:
            rows.append(BenchRow(name, None, peer, None, target, unavailable="no librosa; `make bench` installs it"))
        else:
            rows.append(_row(name, peer, target, way, waveforms, n_threads))
    return [*rows, _against_torch(waveforms), _against_limit(waveforms), _rmmse()]


def _ours(waveforms: Tensor, log_mel: LogMel = LOG_MEL) -> Tensor:
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


def _row(
    name: str, peer: str, target: float, way: Callable[[Tensor], Any], waveforms: Tensor, n_threads: int
) -> BenchRow:
    with _threads(n_threads):
        difference = float(np.abs(_ours(waveforms).numpy() - way(waveforms)).max())
        ours_seconds, peer_seconds = alternating(lambda: _ours(waveforms), lambda: way(waveforms), n_rounds=7)
    return BenchRow(name, ours_seconds, peer, peer_seconds, target, difference)


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


def _against_torch(waveforms: Tensor) -> BenchRow:
    peer = replace(LOG_MEL, engine="torch")
    difference = float((_ours(waveforms) - _ours(waveforms, peer)).abs().max())
    seconds = alternating(lambda: _ours(waveforms), lambda: _ours(waveforms, peer), n_rounds=9)
    return BenchRow(f"log-mel, {N_CLIPS} clips", seconds[0], "engine torch", seconds[1], None, difference)


def _against_limit(waveforms: Tensor) -> BenchRow:
    n_fft, hop = LOG_MEL.n_fft, LOG_MEL.hop
    weights = LOG_MEL.filters(SAMPLE_RATE_HZ).to(waveforms).T
    portions = waveforms.split(2**22 // (101 * n_fft))  # as log-mel takes them: what fits the cache is half the battle
    padded = [torch.nn.functional.pad(part, (n_fft // 2, n_fft // 2)) for part in portions]
    frames = [part.unfold(-1, n_fft, hop).contiguous() for part in padded]
    powers = [power_spectrogram(part, n_fft, hop) for part in portions]

    def limit() -> None:
        for part, power in zip(frames, powers, strict=True):
            torch.fft.rfft(part)
            power @ weights

    ours_seconds, peer_seconds = alternating(lambda: _ours(waveforms), limit, n_rounds=9)
    return BenchRow(
        f"log-mel, {N_CLIPS} clips", ours_seconds, "limit: bare Fourier transform and dense product", peer_seconds, 0.67
    )


def _rmmse() -> BenchRow:
    waveform = 0.1 * torch.randn(1, SAMPLE_RATE_HZ, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([SAMPLE_RATE_HZ])
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
