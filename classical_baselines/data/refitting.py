# classical_baselines/data/refitting.py
"""Clips that are there already, at another length or rate."""

from dataclasses import replace

import numpy as np
import torch

from classical_baselines.data.recordings import resampled
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import held_rows


def refitted(clips: Clips, clip_seconds: float | None, sample_rate_hz: int | None) -> Clips:
    """The clips resampled, then cut at the end or padded with zeros; as they are where nothing differs."""
    rate_hz = sample_rate_hz or clips.sample_rate_hz
    n_window = round((clip_seconds or clips.waveform.shape[1] / clips.sample_rate_hz) * rate_hz)
    if (rate_hz, n_window) == (clips.sample_rate_hz, clips.waveform.shape[1]):
        return clips
    waveform = np.zeros((len(clips), n_window), dtype=np.float32)
    samples = resampled(held_rows(clips.waveform).numpy(), clips.sample_rate_hz, rate_hz)[:, :n_window]
    waveform[:, : samples.shape[1]] = samples
    n_samples = torch.full((len(clips),), samples.shape[1])
    return replace(clips, inputs={"waveform": torch.from_numpy(waveform)}, n_samples=n_samples, sample_rate_hz=rate_hz)
