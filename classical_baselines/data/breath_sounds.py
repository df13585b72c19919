# classical_baselines/data/breath_sounds.py
"""Synthetic breath sounds: normal, with crackles, with wheezes, with both, heard through a chest.

    parts    crackle(...), wheeze(...), breath_noise(...)      [sample]
    clip     lung_sound(lung, crackles, wheezes, seconds, draw)   [sample], at 4000 Hz, within [-1, 1]
    corpus   lung_clips()                    480 clips of 120 patients: 60 train, 20 val, 40 test

A breath is noise whose power falls with frequency, louder and higher while breathing in. A crackle is

    sin(4 pi u^a) (1 + cos(2 pi (sqrt(u) - 1/2))) / 2,   u = t / 2CD in [0, 1],   a = ln(1/4) / ln(IDW / 2CD)

so that its first deflection is IDW wide and its second cycle ends at 2CD. A wheeze is a tone with harmonics. The heart
is in the background. Each patient has clips of all four labels, so no patient tells the label.

Nothing follows from these sounds for any lung. Every draw is uniform, from PCG64 seeded by the clip's own name.

Sources. Crackle: Kiyokawa et al., Chest 119 (2001) 1886. IDW and 2CD of fine (0.7 ms, 5 ms) and coarse crackles (1.5
ms, 10 ms): American Thoracic Society, ATS News 3 (1977) 5. Wheeze (100 to 1000 Hz, over 80 ms), breath noise (100 to
1000 Hz, falling): Pasterkamp, Kraman & Wodicka, Am. J. Respir. Crit. Care Med. 156 (1997) 974. Labels: Rocha et al.,
Physiol. Meas. 40 (2019) 035001. What is marked "ours" is a choice of ours.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from classical_baselines.data.named_draws import generator_of
from classical_baselines.data.phonocardiogram import SAMPLE_RATE_HZ as HEART_RATE_HZ
from classical_baselines.data.phonocardiogram import Heart, heart_sound
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ = 4000  # what all recordings of ICBHI 2017 have at least
CLIP_SECONDS = 4.0  # ours: one breath, and where it is quick a part of the next
N_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE_HZ)
N_TAKES = 1  # clips of each label and patient
PATIENTS: Mapping[str, int] = {"train": 60, "val": 20, "test": 40}  # ours; Rocha et al. 2019 have 126
LABELS = ("both", "crackle", "normal", "wheeze")  # Rocha et al. 2019
FINE_SECONDS, COARSE_SECONDS = (0.0007, 0.005), (0.0015, 0.010)  # IDW and 2CD, ATS 1977
WHEEZE_HZ = (100.0, 1000.0)  # Pasterkamp et al. 1997
SHORTEST_WHEEZE_SECONDS = 0.08  # the same
HARMONIC_SHARES = (1.0, 0.35, 0.12)  # ours: amplitudes of a wheeze's first three harmonics
RAMP_SECONDS = 0.02  # ours: a wheeze comes and goes in so long

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Crackle:
    """One crackle; `level_db` is its peak over the RMS of breathing in."""

    at_seconds: float
    deflection_seconds: float  # initial deflection width, IDW
    two_cycle_seconds: float  # 2CD
    level_db: float


@dataclass(frozen=True)
class Wheeze:
    """One wheeze; `level_db` is its RMS while it lasts over the RMS of breathing in."""

    at_seconds: float
    seconds: float
    fundamental_hz: float
    glide_octaves: float  # by which it rises from its begin to its end
    level_db: float


@dataclass(frozen=True)
class Lung:
    """A patient's breath and what lies over it; levels are RMS over the RMS of breathing in."""

    breath_seconds: float = 3.4
    inspiration_share: float = 0.4
    low_hz: float = 100.0
    corner_hz: float = 250.0  # above it the power of the noise falls
    expiration_db: float = -8.0
    heart_db: float = -10.0
    ambient_db: float = -24.0
    heart: Heart = field(default_factory=Heart)

    def __post_init__(self) -> None:
        if not 1 <= self.breath_seconds <= 10:
            raise InputError(f"breath_seconds must lie in 1 to 10; got {self.breath_seconds:g}.")
        if not 0.2 <= self.inspiration_share <= 0.7:
            raise InputError(f"inspiration_share must lie in 0.2 to 0.7; got {self.inspiration_share:g}.")
        if not 0 < self.low_hz < self.corner_hz < SAMPLE_RATE_HZ / 2:
            raise InputError(
                f"A breath needs 0 < low_hz < corner_hz < {SAMPLE_RATE_HZ // 2} Hz; "
                f"got {self.low_hz:g} and {self.corner_hz:g} Hz."
            )


def crackle(deflection_seconds: float, two_cycle_seconds: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> FloatArray:
    """[sample] from the begin of a crackle to the end of its second cycle."""
    if not 0 < deflection_seconds < two_cycle_seconds / 4:
        raise InputError(
            f"The initial deflection of a crackle is shorter than a quarter of its two cycles, as the cycles lengthen; "
            f"got {1000 * deflection_seconds:g} ms of {1000 * two_cycle_seconds:g} ms."
        )
    u = np.arange(round(two_cycle_seconds * sample_rate_hz) + 1) / (two_cycle_seconds * sample_rate_hz)
    u = np.minimum(u, 1.0)
    exponent = np.log(0.25) / np.log(deflection_seconds / two_cycle_seconds)
    return np.asarray(np.sin(4 * np.pi * u**exponent) * (1 + np.cos(2 * np.pi * (np.sqrt(u) - 0.5))) / 2)


def wheeze(one: Wheeze, draw: np.random.Generator) -> FloatArray:
    """[sample] of a wheeze; its RMS is 1."""
    low, high = WHEEZE_HZ
    ends_hz = one.fundamental_hz * 2**one.glide_octaves
    if not (low <= one.fundamental_hz <= high and low <= ends_hz <= high):
        raise InputError(
            f"The fundamental of a wheeze lies in {low:g} to {high:g} Hz from its begin to its end; "
            f"got {one.fundamental_hz:g} to {ends_hz:g} Hz."
        )
    if one.seconds < SHORTEST_WHEEZE_SECONDS:
        raise InputError(f"A wheeze lasts at least {SHORTEST_WHEEZE_SECONDS:g} s; got {one.seconds:g} s.")
    progress = np.arange(round(one.seconds * SAMPLE_RATE_HZ)) / (one.seconds * SAMPLE_RATE_HZ)
    hz = one.fundamental_hz * 2 ** (one.glide_octaves * progress)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ
    sound = np.zeros_like(progress)
    for k, share in enumerate(HARMONIC_SHARES, start=1):
        audible = k * hz < 0.9 * SAMPLE_RATE_HZ / 2  # nothing folds back
        sound += share * audible * np.sin(k * phase + 2 * np.pi * draw.uniform())
    sound *= np.clip(np.minimum(progress, 1 - progress) * one.seconds / RAMP_SECONDS, 0, 1)
    return sound / np.sqrt(np.mean(sound**2))


def breath_noise(lung: Lung, begin: float, seconds: float, draw: np.random.Generator) -> FloatArray:
    """[sample] of breathing that began `begin` seconds before the clip; the RMS of breathing in is about 1."""
    n = round(seconds * SAMPLE_RATE_HZ)
    phase = ((np.arange(n) / SAMPLE_RATE_HZ + begin) % lung.breath_seconds) / lung.breath_seconds
    share = lung.inspiration_share
    inward = np.where(phase < share, np.sin(np.pi * np.clip(phase / share, 0, 1)), 0)
    out = np.clip((phase - share) / (1 - share), 0, 1)
    outward = np.where(phase >= share, np.sin(np.pi * np.sqrt(out)), 0) * 10 ** (lung.expiration_db / 20)
    high = _fallen_noise(lung.low_hz, lung.corner_hz, n, draw)
    low = _fallen_noise(lung.low_hz, lung.low_hz + (lung.corner_hz - lung.low_hz) * 0.6, n, draw)  # ours: lower
    return np.asarray(np.sqrt(2) * (inward * high + outward * low))  # sqrt(2): the RMS of a half sine


def _fallen_noise(low_hz: float, corner_hz: float, n: int, draw: np.random.Generator) -> FloatArray:
    """Noise of RMS 1 that falls by 12 dB an octave above its corner (ours, within what is measured)."""
    upper = butter(2, corner_hz, fs=SAMPLE_RATE_HZ, output="sos")
    lower = butter(1, low_hz, btype="highpass", fs=SAMPLE_RATE_HZ, output="sos")
    noise = np.asarray(sosfilt(lower, sosfilt(upper, draw.uniform(-1, 1, n))), dtype=np.float64)
    return noise / np.sqrt(np.mean(noise**2))


def lung_sound(
    lung: Lung,
    crackles: Sequence[Crackle],
    wheezes: Sequence[Wheeze],
    seconds: float,
    draw: np.random.Generator,
    begin: float = 0.0,
) -> FloatArray:
    """A clip [sample]; its peak lies at 0.25 to 0.9 of full scale."""
    n = round(seconds * SAMPLE_RATE_HZ)
    sound = breath_noise(lung, begin, seconds, draw)
    for click in crackles:
        wave = crackle(click.deflection_seconds, click.two_cycle_seconds)
        _add(sound, wave / np.abs(wave).max() * 10 ** (click.level_db / 20), click.at_seconds)
    for tone in wheezes:
        _add(sound, wheeze(tone, draw) * 10 ** (tone.level_db / 20), tone.at_seconds)
    heart = heart_sound(lung.heart, seconds + 1, draw)  # linear between samples: it lies far below half its rate
    heart = np.interp(np.arange(n) / SAMPLE_RATE_HZ, np.arange(len(heart)) / HEART_RATE_HZ, heart)
    sound += heart / (float(np.sqrt(np.mean(heart**2))) or 1.0) * 10 ** (lung.heart_db / 20)
    sound += draw.uniform(-1, 1, n) * np.sqrt(3) * 10 ** (lung.ambient_db / 20)
    return sound * draw.uniform(0.25, 0.9) / (float(np.abs(sound).max()) or 1.0)


def _add(sound: FloatArray, part: FloatArray, at_seconds: float) -> None:
    first = round(at_seconds * SAMPLE_RATE_HZ)
    if 0 <= first < len(sound):
        kept = part[: len(sound) - first]
        sound[first : first + len(kept)] += kept


@dataclass(frozen=True)
class Patient:
    """What all clips of one group share."""

    name: str
    part: str  # train, val or test
    lung: Lung
    coarse: bool  # crackles
    wheeze_hz: float


def _generator(*names: str) -> np.random.Generator:
    return generator_of("synthetic-lung/1", *names)


def patients() -> list[Patient]:
    """All groups, in order; all ranges are ours."""
    made = []
    for part, n_patients in PATIENTS.items():
        for number in range(n_patients):
            name = f"{part}-patient-{number + 1:02d}"
            draw = _generator(name)
            low_hz = draw.uniform(70, 130)
            lung = Lung(
                breath_seconds=draw.uniform(2.8, 4.0),
                inspiration_share=draw.uniform(0.35, 0.5),
                low_hz=low_hz,
                corner_hz=low_hz + draw.uniform(80, 350),
                expiration_db=draw.uniform(-12, -3),
                heart_db=draw.uniform(-14, -2),
                ambient_db=draw.uniform(-36, -22),
                heart=Heart(rate_bpm=draw.uniform(55, 95), s1_hz=draw.uniform(35, 60), s2_hz=draw.uniform(50, 85)),
            )
            made.append(Patient(name, part, lung, draw.uniform() < 0.5, 110 * 2 ** draw.uniform(0, 2.6)))
    return made


def lung_clip(label: str, patient: Patient, take: int) -> NDArray[np.int16]:
    """One clip [sample] of a patient; a normal one may have two clicks of skin and hair, no more."""
    draw = _generator(patient.name, label, str(take))
    lung = patient.lung
    begin = draw.uniform(0, 0.6)
    inspiration = lung.breath_seconds * lung.inspiration_share
    crackles, wheezes = [], []
    deflection, two_cycles = COARSE_SECONDS if patient.coarse else FINE_SECONDS
    n_clicks = int(draw.integers(8, 20)) if label in ("crackle", "both") else int(draw.integers(0, 3))
    for _ in range(n_clicks):
        stretch = draw.uniform(0.8, 1.2)
        at = max(0.02, draw.uniform(0.3, 1.0) * inspiration - begin)
        crackles.append(Crackle(at, deflection * stretch, two_cycles * stretch, draw.uniform(12, 24)))
    if label in ("wheeze", "both"):
        glide = draw.uniform(-0.12, 0.12)
        at = inspiration - begin + draw.uniform(0.0, 0.4)
        wheezes.append(
            Wheeze(at, draw.uniform(0.25, 1.0), patient.wheeze_hz * draw.uniform(1, 1.1), glide, draw.uniform(-2, 8))
        )
    sound = lung_sound(lung, crackles, wheezes, CLIP_SECONDS, draw, begin)
    return np.round(sound * 32767).astype(np.int16)


@cache
def _corpus() -> tuple[NDArray[np.int16], tuple[tuple[str, Patient, int], ...]]:
    described = tuple((label, one, take) for one in patients() for label in LABELS for take in range(N_TAKES))
    return np.stack([lung_clip(*clip) for clip in described]), described


def lung_clips() -> Clips:
    """The whole corpus; the groups are the patients, the folds are train, val and test."""
    samples, described = _corpus()
    digest = hashlib.sha256(samples.astype("<i2").tobytes())
    digest.update("\n".join(f"{label}/{one.name}/{take}" for label, one, take in described).encode())
    return Clips(
        inputs={"waveform": torch.from_numpy(samples.astype(np.float32) / 32768)},
        n_samples=torch.full((len(samples),), N_SAMPLES),
        targets=torch.tensor([LABELS.index(label) for label, _, _ in described]),
        groups=tuple(one.name for _, one, _ in described),
        folds=tuple(one.part for _, one, _ in described),
        names=tuple(f"{one.name}/{label}-{take}.wav" for label, one, take in described),
        label_names=LABELS,
        sample_rate_hz=SAMPLE_RATE_HZ,
        content_hash=digest.hexdigest(),
    )
