# classical_baselines/data/synthetic.py
"""The embedded corpus: parametric sounds whose class is a shape in time and frequency, so no download is needed.

    classes   rise, fall, arch, valley, step-up, step-down, trill, pulses, sweep-pair, steady   (10 clips each)
    groups    18 voices: 11 train, 3 val, 4 test, each with its own register, timbre, tempo, noise, room and level

A class is the course of a pitch over the clip, in octaves around the voice's register; everything that a linear
classifier of pixels leans on is nuisance: register (0.9 octaves between voices), onset, duration, loudness (20 dB),
spectral tilt, vibrato, reverberation and noise at 8 to 24 dB. A network must read the shape wherever it stands.

Every draw is uniform, from PCG64 seeded by the clip's own name, so a clip does not depend on the others; samples are
rounded to 16 bits. Sample rate 8 kHz, 1.008 s a clip.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.data.named_draws import generator_of
from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ = 8000
N_SAMPLES = 8064  # 1.008 s
N_TAKES = 10  # clips of each class and voice
VOICES = {"train": 11, "val": 3, "test": 4}
FloatArray = NDArray[np.float64]

Contour = Callable[[FloatArray, float], tuple[FloatArray, FloatArray]]
"""From progress [sample] in 0..1 and a tempo to (octaves [sample] around the register, amplitude [sample])."""


def _even(progress: FloatArray) -> FloatArray:
    return np.ones_like(progress)


CLASSES: Mapping[str, Contour] = {
    "rise": lambda p, tempo: (p - 0.5, _even(p)),
    "fall": lambda p, tempo: (0.5 - p, _even(p)),
    "arch": lambda p, tempo: (1 - 2 * np.abs(2 * p - 1) * 0.5 - 0.5, _even(p)),
    "valley": lambda p, tempo: (np.abs(2 * p - 1) - 0.5, _even(p)),
    "step-up": lambda p, tempo: (np.where(p < 0.5, -0.35, 0.35), _even(p)),
    "step-down": lambda p, tempo: (np.where(p < 0.5, 0.35, -0.35), _even(p)),
    "trill": lambda p, tempo: (np.where(np.floor(p * 6 * tempo) % 2 == 0, -0.25, 0.25), _even(p)),
    "pulses": lambda p, tempo: (np.zeros_like(p), (np.sin(2 * np.pi * p * 4 * tempo) > 0).astype(float)),
    "sweep-pair": lambda p, tempo: ((2 * p) % 1 - 0.5, _even(p)),
    "steady": lambda p, tempo: (np.zeros_like(p), _even(p)),
}


@dataclass(frozen=True)
class Voice:
    """What all clips of one group share."""

    name: str
    part: str  # train, val or test
    register_hz: float
    tilt: float  # amplitude of harmonic k is k^-tilt
    tempo: float
    vibrato_octaves: float
    echo: float  # strength of the room's echoes
    echo_seconds: float
    snr_db: float
    level_db: float


def _generator(*names: str) -> np.random.Generator:
    return generator_of("synthetic/1", *names)


def voices() -> list[Voice]:
    """All groups, in order; the registers of each part span the same range."""
    made = []
    for part, n_voices in VOICES.items():
        for number in range(n_voices):
            name = f"{part}-voice-{number + 1:02d}"
            draw = _generator(name)
            place = (number + draw.uniform(0.2, 0.8)) / n_voices  # spread evenly, not by luck
            made.append(
                Voice(
                    name=name,
                    part=part,
                    register_hz=350 * 2 ** (0.9 * place),
                    tilt=draw.uniform(0.8, 2.2),
                    tempo=draw.uniform(0.85, 1.25),
                    vibrato_octaves=draw.uniform(0.0, 0.03),
                    echo=draw.uniform(0.0, 0.45),
                    echo_seconds=draw.uniform(0.02, 0.06),
                    snr_db=draw.uniform(8, 24),
                    level_db=draw.uniform(-32, -12),
                )
            )
    return made


def synthetic_clip(label: str, voice: Voice, take: int) -> NDArray[np.int16]:
    """One clip [sample]: the contour of `label` sung by `voice`."""
    draw = _generator(voice.name, label, str(take))
    duration = draw.uniform(0.6, 0.75)
    onset = 0.5 - duration / 2 + draw.uniform(-0.08, 0.08)
    seconds = np.arange(N_SAMPLES) / SAMPLE_RATE_HZ
    progress = (seconds - onset) / duration
    inside = (progress >= 0) & (progress <= 1)
    octaves, amplitude = CLASSES[label](np.clip(progress, 0, 1), voice.tempo * draw.uniform(0.9, 1.1))
    octaves = octaves * draw.uniform(0.7, 1.15) + draw.uniform(-0.25, 0.25)
    octaves = octaves + voice.vibrato_octaves * np.sin(2 * np.pi * (5.5 * seconds + draw.uniform()))
    phase = 2 * np.pi * np.cumsum(voice.register_hz * 2**octaves) / SAMPLE_RATE_HZ
    tone = sum(np.sin(k * phase + 2 * np.pi * draw.uniform()) * k**-voice.tilt for k in range(1, 6))
    ramp = np.clip(np.minimum(progress, 1 - progress) * duration / 0.01, 0, 1)  # 10 ms in and out: no clicks
    sound = tone * amplitude * ramp * inside
    for echo in range(1, 4):
        delay = round(echo * voice.echo_seconds * SAMPLE_RATE_HZ)
        sound[delay:] += voice.echo**echo * sound[:-delay]
    power = float(np.mean(sound[inside] ** 2))
    noise = draw.uniform(-1, 1, N_SAMPLES) * np.sqrt(3 * power * 10 ** (-voice.snr_db / 10))
    sound = (sound + noise) * 10 ** ((voice.level_db + draw.uniform(-4, 4)) / 20) / np.sqrt(power)
    return np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)


@cache
def _corpus() -> tuple[NDArray[np.int16], tuple[tuple[str, Voice, int], ...]]:
    described = tuple((label, voice, take) for voice in voices() for label in CLASSES for take in range(N_TAKES))
    return np.stack([synthetic_clip(*one) for one in described]), described


def synthetic_clips() -> Clips:
    """The whole corpus; the groups are the voices, the folds are train, val and test."""
    samples, described = _corpus()
    label_names = tuple(sorted(CLASSES))
    digest = hashlib.sha256(samples.astype("<i2").tobytes())
    digest.update("\n".join(f"{label}/{voice.name}/{take}" for label, voice, take in described).encode())
    return Clips(
        inputs={"waveform": torch.from_numpy(samples.astype(np.float32) / 32768)},
        n_samples=torch.full((len(samples),), N_SAMPLES),
        targets=torch.tensor([label_names.index(label) for label, _, _ in described]),
        groups=tuple(voice.name for _, voice, _ in described),
        folds=tuple(voice.part for _, voice, _ in described),
        names=tuple(f"{voice.name}/{label}-{take}.wav" for label, voice, take in described),
        label_names=label_names,
        sample_rate_hz=SAMPLE_RATE_HZ,
        content_hash=digest.hexdigest(),
    )
