# tests/classical_baselines/data/copy_synthesis/voices.py
"""Sounds whose pitch and filter are known, made without the package."""

import numpy as np

RATE_HZ = 8000


def vowel(pitch_hz: float = 120.0, seconds: float = 0.4, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Harmonics that fall by 6 dB an octave, at half of full scale, with 10 ms of fade."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.cos(2 * np.pi * k * pitch_hz * time + 0.7 * k * k) / k for k in range(1, int(rate_hz / 2 / pitch_hz)))
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    return 0.5 * tone / np.abs(tone).max() * fade


def vowel_and_hiss(seed: int = 0) -> np.ndarray:
    """A vowel, then noise: voiced and unvoiced speech in one."""
    hiss = np.random.default_rng(seed).normal(0, 0.05, RATE_HZ // 4)
    return np.concatenate([vowel(), hiss])
