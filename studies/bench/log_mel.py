# studies/bench/log_mel.py
"""The log-mel front end beside librosa's melspectrogram and power_to_db, one clip at a time and in batches."""

from importlib.util import find_spec

import numpy as np
import torch

from classical_baselines.front_ends.mel import LogMel
from studies.bench.timing import BenchRow, alternating

SAMPLE_RATE_HZ, N_SAMPLES = 8000, 8064
PEER = "librosa melspectrogram and power_to_db"


def bench() -> list[BenchRow]:
    """A clip, and 256 clips, of a second of noise."""
    sizes = {"log-mel, one clip": (1, 2.0), "log-mel, 256 clips": (256, 1.0)}
    if find_spec("librosa") is None:
        return [
            BenchRow(name, None, PEER, None, target, unavailable="no librosa") for name, (_, target) in sizes.items()
        ]
    return [_row(name, n_clips, target) for name, (n_clips, target) in sizes.items()]


def _row(name: str, n_clips: int, target: float) -> BenchRow:
    import librosa

    front_end = LogMel()
    waveforms = 0.1 * torch.randn(n_clips, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    lengths = torch.full((n_clips,), N_SAMPLES)
    samples = waveforms.numpy()

    def ours() -> torch.Tensor:
        return front_end(waveforms, lengths, SAMPLE_RATE_HZ)

    def peer() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        power = librosa.feature.melspectrogram(
            y=samples,
            sr=SAMPLE_RATE_HZ,
            n_fft=front_end.n_fft,
            hop_length=front_end.hop,
            n_mels=front_end.n_mels,
            fmin=front_end.low_hz,
            htk=True,
            norm=None,
            pad_mode="constant",
        )
        level = 10 * np.log10(np.maximum(power, 1e-10))
        return np.maximum(level - level.max(axis=(1, 2), keepdims=True), -front_end.top_db)

    difference = float(np.abs(ours().numpy() - peer()).max())
    ours_seconds, peer_seconds = alternating(ours, peer)
    return BenchRow(name, ours_seconds, PEER, peer_seconds, target, difference)
