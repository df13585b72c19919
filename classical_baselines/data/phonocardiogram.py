# classical_baselines/data/phonocardiogram.py
"""Synthetic heart sounds: a parametric phonocardiogram, as a stethoscope on a chest would record it.

    sound    heart_sound(heart, seconds, draw)           [sample], at 2000 Hz; the peak of S1 is 1
    record   recorded(sound, stethoscope, draw)          [sample], noisy, band-limited, within [-1, 1]
    corpus   heart_clips()                               384 clips of 192 patients in four databases, normal or abnormal

S1, S2 (aortic and pulmonary part), S3 and S4 are Gabor kernels, exp(-(t - m)^2 / (2 s^2)) cos(2 pi f (t - m)), placed
in each beat; a murmur is noise of a band under an envelope. S1 to S2 follows the heart rate; breathing moves the rate,
the loudness and the split of S2. A patient is a draw of parameters and has two clips; a database has its own
stethoscope, noise and share of abnormal hearts, and its number is the fold, so that `official-folds` leaves one
database out.

Nothing follows from these sounds for any heart. Every draw is uniform, from PCG64 seeded by the clip's own name.

Sources. Form: McSharry et al., IEEE Trans. Biomed. Eng. 50 (2003) 289 (a beat as kernels on a cycle); Almasi,
Shamsollahi & Senhadji, IEEE EMBC 2011, 5686 (Gabor kernels for the phonocardiogram). Durations: Schmidt et al.,
Physiol. Meas. 31 (2010) 513, as used by Springer et al., IEEE Trans. Biomed. Eng. 63 (2016) 822. Systole: Weissler,
Harris & Schoenfeld, Circulation 37 (1968) 149, whose regressions are quoted as later reviews give them. A review of the
sounds and their bands: Rangayyan & Lehner, Crit. Rev. Biomed. Eng. 15 (1987) 211. Rate and labels: Liu et al., Physiol.
Meas. 37 (2016) 2181. What is marked "ours" is a choice of ours.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from classical_baselines.data.named_draws import generator_of
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ = 2000  # Liu et al. 2016
CLIP_SECONDS = 4.0  # ours: three to six beats
N_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE_HZ)
N_TAKES = 2  # clips of a patient: what is learnt and what is told of it hangs on patients
KERNEL_WIDTHS = 4.0  # ours: a kernel lasts from -2 to 2 of its s, where it has fallen to exp(-2)
QS2_SECONDS, QS2_PER_BPM = 0.546, 0.0021  # after Weissler et al., men: Q to S2 = 546 - 2.1 HR, ms
Q_TO_S1_SECONDS = 0.07  # ours, within their pre-ejection period of 131 - 0.4 HR, ms
S3_AFTER_S2_SECONDS, S3_HZ = 0.15, 35.0  # ours, within the 120 to 180 ms and the low pitch that textbooks give
S4_BEFORE_S1_SECONDS, S4_HZ = 0.11, 28.0  # ours: with the contraction of the atria, low
LOW_SOUND_SECONDS = 0.06  # ours: S3 and S4
P2_SHARE = 0.7  # ours: amplitude of the pulmonary part of S2 beside the aortic one
DIASTOLIC_SHARE = 0.6  # ours: of diastole that an early diastolic murmur fills
EDGE_SHARE = 0.1  # ours: of a holosystolic murmur, that each of its ramps takes
LABELS = ("abnormal", "normal")  # Liu et al. 2016

FloatArray = NDArray[np.float64]
Shape = Literal["ejection", "holosystolic", "early-diastolic"]
SHAPES: tuple[Shape, ...] = ("ejection", "holosystolic", "early-diastolic")


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} must lie in {low:g} to {high:g}; got {value:g}.")


def _check_band(low_hz: float, high_hz: float) -> None:
    if not 0 < low_hz < high_hz < SAMPLE_RATE_HZ / 2:
        raise InputError(
            f"A band needs 0 < low_hz < high_hz < {SAMPLE_RATE_HZ // 2} Hz, half the sample rate; "
            f"got {low_hz:g} to {high_hz:g} Hz."
        )


@dataclass(frozen=True)
class Murmur:
    """Noise of a band: crescendo and decrescendo (`ejection`), even (`holosystolic`), falling (`early-diastolic`)."""

    shape: Shape
    low_hz: float
    high_hz: float
    level_db: float  # RMS over the murmur, over the RMS of S1 over its own duration

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise InputError(f"shape must be one of {', '.join(SHAPES)}; got {self.shape!r}.")
        _check_band(self.low_hz, self.high_hz)


@dataclass(frozen=True)
class Heart:
    """A heart as it sounds; levels are of peak amplitudes, relative to S1."""

    rate_bpm: float = 70.0
    rate_deviation: float = 0.02  # share of a beat, standard deviation from beat to beat
    breath_hz: float = 0.25
    breath_rate_share: float = 0.03  # of a beat, by which breathing shortens and lengthens it
    breath_level_db: float = 1.5  # by which breathing moves the loudness, either way
    s1_hz: float = 45.0
    s1_seconds: float = 0.122  # Schmidt et al. 2010
    s2_hz: float = 65.0
    s2_seconds: float = 0.094  # the same
    s2_db: float = -2.0
    split_seconds: tuple[float, float] = (0.01, 0.035)  # A2 to P2, breathed out and in
    s3_db: float | None = None
    s4_db: float | None = None
    murmur: Murmur | None = None

    def __post_init__(self) -> None:
        _check("rate_bpm", self.rate_bpm, 30, 150)
        _check("rate_deviation", self.rate_deviation, 0, 0.1)
        _check("breath_rate_share", self.breath_rate_share, 0, 0.2)
        for name in ("s1_hz", "s2_hz"):
            _check(name, getattr(self, name), 10, 200)  # ours
        for name in ("s1_seconds", "s2_seconds"):
            _check(name, getattr(self, name), 0.02, 0.2)

    @property
    def systole_seconds(self) -> float:
        """From the middle of S1 to the middle of the aortic part of S2, at the mean rate."""
        return QS2_SECONDS - QS2_PER_BPM * self.rate_bpm - Q_TO_S1_SECONDS


@dataclass(frozen=True)
class Stethoscope:
    """What stands between a heart and its recording; noise levels are RMS over the RMS of the heart's sound."""

    low_hz: float
    high_hz: float
    order: int  # of the Butterworth band-pass
    chest_db: float  # noise of breath and muscles, falling with frequency
    ambient_db: float  # even noise of the room
    hum_hz: float
    hum_db: float
    movements_per_second: float  # rubs of the chest piece, 0.1 s of low noise each
    movement_db: float

    def __post_init__(self) -> None:
        _check_band(self.low_hz, self.high_hz)


@dataclass(frozen=True)
class Database:
    """One clinic: its stethoscope and how many of its patients have an abnormal heart."""

    stethoscope: Stethoscope
    n_normal: int
    n_abnormal: int


# All ours. The shares differ as they do between the databases of Liu et al. 2016.
DATABASES: Mapping[str, Database] = {
    "1": Database(Stethoscope(25, 400, 2, -20, -30, 50, -40, 0.15, -2), 24, 24),
    "2": Database(Stethoscope(20, 350, 2, -17, -33, 60, -36, 0.25, 0), 32, 16),
    "3": Database(Stethoscope(30, 500, 2, -22, -27, 50, -44, 0.10, -4), 16, 32),
    "4": Database(Stethoscope(25, 400, 3, -18, -29, 60, -38, 0.30, -2), 36, 12),
}


def beats(heart: Heart, seconds: float, draw: np.random.Generator) -> list[tuple[float, float]]:
    """Middle of S1 and length, both in seconds, of every beat that reaches into the clip, from one before it."""
    at = -(60 / heart.rate_bpm) * draw.uniform(1, 2)
    found = []
    while at < seconds + 0.5:
        breath = np.sin(2 * np.pi * heart.breath_hz * at)
        length = 60 / heart.rate_bpm * (1 - heart.breath_rate_share * breath)
        length *= 1 + heart.rate_deviation * np.sqrt(3) * draw.uniform(-1, 1)  # sqrt(3): the deviation of a uniform
        found.append((float(at), float(length)))
        at += length
    return found


def murmur_envelope(shape: Shape, progress: FloatArray) -> FloatArray:
    """[sample] in 0..1 of how far the murmur has come, to its amplitude; 0 outside."""
    inside = (progress >= 0) & (progress <= 1)
    if shape == "ejection":
        envelope = np.sin(np.pi * progress)
    elif shape == "holosystolic":
        envelope = np.minimum(progress, 1 - progress) / EDGE_SHARE
    else:
        envelope = np.minimum(progress / EDGE_SHARE, 1) * (1 - progress)
    return np.clip(envelope, 0, 1) * inside


def heart_sound(heart: Heart, seconds: float, draw: np.random.Generator) -> FloatArray:
    """The heart alone [sample]; the peak of S1 is 1 at the middle of a breath."""
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = np.zeros_like(time)
    envelope = np.zeros_like(time)  # of the murmur
    for at, length in beats(heart, seconds, draw):
        breath = float(np.sin(2 * np.pi * heart.breath_hz * at))  # 1: breathed in
        gain = 10 ** (heart.breath_level_db * -breath / 20)  # the lung muffles the heart when it is full
        systole = heart.systole_seconds * np.sqrt(length * heart.rate_bpm / 60)  # ours: Bazett's root, beat by beat
        s2_at = at + systole
        split = np.interp(breath, (-1, 1), heart.split_seconds)
        s2 = 10 ** (heart.s2_db / 20)
        kernels = [
            (at, heart.s1_hz, heart.s1_seconds, 1.0),
            (s2_at, heart.s2_hz, heart.s2_seconds, s2),
            (s2_at + split, heart.s2_hz, heart.s2_seconds, P2_SHARE * s2),
        ]
        if heart.s3_db is not None:
            kernels.append((s2_at + S3_AFTER_S2_SECONDS, S3_HZ, LOW_SOUND_SECONDS, 10 ** (heart.s3_db / 20)))
        if heart.s4_db is not None:
            kernels.append((at - S4_BEFORE_S1_SECONDS, S4_HZ, LOW_SOUND_SECONDS, 10 ** (heart.s4_db / 20)))
        for middle, hz, duration, amplitude in kernels:
            _add_kernel(sound, middle, hz, duration, gain * amplitude)
        if heart.murmur is not None:
            begin, end = at + heart.s1_seconds / 2, s2_at - heart.s2_seconds / 2
            if heart.murmur.shape == "early-diastolic":
                begin = s2_at + heart.s2_seconds / 2
                end = begin + DIASTOLIC_SHARE * (at + length - heart.s1_seconds / 2 - begin)
            if end > begin:  # a fast heart with long sounds leaves no room
                envelope += gain * murmur_envelope(heart.murmur.shape, (time - begin) / (end - begin))
    if heart.murmur is not None:
        sound += _murmur(heart, heart.murmur, envelope, draw)
    return sound


def _add_kernel(sound: FloatArray, middle: float, hz: float, duration: float, amplitude: float) -> None:
    first, last = (round((middle + side * 2 * duration) * SAMPLE_RATE_HZ) for side in (-1, 1))
    first, last = max(first, 0), max(min(last, len(sound)), 0)
    if first >= last:
        return
    time = np.arange(first, last) / SAMPLE_RATE_HZ - middle
    width = duration / KERNEL_WIDTHS
    sound[first:last] += amplitude * np.exp(-((time / width) ** 2) / 2) * np.cos(2 * np.pi * hz * time)


def _murmur(heart: Heart, murmur: Murmur, envelope: FloatArray, draw: np.random.Generator) -> FloatArray:
    noise = _band_of_noise(murmur.low_hz, murmur.high_hz, 2, len(envelope), draw) * envelope
    power = float(np.mean(noise[envelope > 0] ** 2)) if (envelope > 0).any() else 0.0
    if power == 0:
        return noise
    # The mean square of a kernel over its duration: half of the integral of exp(-t^2/s^2) from -2 s to 2 s, over 4 s.
    s1_power = np.sqrt(np.pi) * 0.9953222650 / (2 * KERNEL_WIDTHS)  # erf(2)
    return noise * np.sqrt(s1_power / power) * 10 ** (murmur.level_db / 20)


def _band_of_noise(low_hz: float, high_hz: float, order: int, n: int, draw: np.random.Generator) -> FloatArray:
    sections = butter(order, (low_hz, high_hz), btype="bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sections, draw.uniform(-1, 1, n)), dtype=np.float64)


def recorded(sound: FloatArray, stethoscope: Stethoscope, draw: np.random.Generator) -> FloatArray:
    """The sound [sample] with noise, through the stethoscope; its peak lies at 0.25 to 0.9 of full scale."""
    size = float(np.sqrt(np.mean(sound**2))) or 1.0
    time = np.arange(len(sound)) / SAMPLE_RATE_HZ

    def at(level_db: float, noise: FloatArray) -> FloatArray:
        return noise * size * 10 ** (level_db / 20) / (float(np.sqrt(np.mean(noise**2))) or 1.0)

    chest = np.asarray(sosfilt(butter(1, 60, fs=SAMPLE_RATE_HZ, output="sos"), draw.uniform(-1, 1, len(sound))))
    heard = sound + at(stethoscope.chest_db + draw.uniform(-4, 4), chest)
    heard += at(stethoscope.ambient_db + draw.uniform(-4, 4), draw.uniform(-1, 1, len(sound)))
    heard += at(stethoscope.hum_db, np.sin(2 * np.pi * (stethoscope.hum_hz * time + draw.uniform())))
    for begin in np.arange(0, time[-1], 0.1):
        if draw.uniform() < 0.1 * stethoscope.movements_per_second:
            window = np.sin(np.pi * np.clip((time - begin) / 0.1, 0, 1))
            rub = _band_of_noise(20, 150, 1, len(sound), draw)
            heard += at(stethoscope.movement_db, rub) * window
    band = (stethoscope.low_hz, stethoscope.high_hz)
    sections = butter(stethoscope.order, band, btype="bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    heard = np.asarray(sosfilt(sections, heard), dtype=np.float64)
    return heard * draw.uniform(0.25, 0.9) / (float(np.abs(heard).max()) or 1.0)


@dataclass(frozen=True)
class Patient:
    """What all clips of one group share."""

    name: str
    database: str
    label: str
    heart: Heart


def _generator(*names: str) -> np.random.Generator:
    return generator_of("synthetic-heart/1", *names)


def patients() -> list[Patient]:
    """All groups, in order of their databases."""
    made = []
    for database, clinic in DATABASES.items():
        for number in range(clinic.n_normal + clinic.n_abnormal):
            name = f"database-{database}-patient-{number + 1:02d}"
            label = "normal" if number < clinic.n_normal else "abnormal"
            made.append(Patient(name, database, label, _drawn_heart(label, _generator(name))))
    return made


def _drawn_heart(label: str, draw: np.random.Generator) -> Heart:
    """All ranges are ours. A normal heart may have a faint, low murmur, or an S3, as young ones do."""
    finding = draw.uniform()
    murmur, s3_db, s4_db = None, None, None
    if label == "abnormal":
        low_hz = draw.uniform(60, 140)
        if finding < 0.85:
            shape = SHAPES[int(draw.integers(len(SHAPES)))]
            murmur = Murmur(shape, low_hz, low_hz + draw.uniform(80, 200), draw.uniform(-17, -4))
        else:
            s4_db = draw.uniform(-12, -6)
    elif finding < 0.35:
        low_hz = draw.uniform(50, 90)
        murmur = Murmur("ejection", low_hz, low_hz + draw.uniform(40, 90), draw.uniform(-26, -17))
    elif finding < 0.5:
        s3_db = draw.uniform(-16, -10)
    return Heart(
        rate_bpm=draw.uniform(55, 95),
        rate_deviation=draw.uniform(0.01, 0.04),
        breath_hz=draw.uniform(0.2, 0.33),
        breath_rate_share=draw.uniform(0.01, 0.06),
        breath_level_db=draw.uniform(0.5, 2.5),
        s1_hz=draw.uniform(35, 60),
        s1_seconds=0.122 + draw.uniform(-0.022, 0.022),  # Schmidt et al. 2010, one deviation either way
        s2_hz=draw.uniform(50, 85),
        s2_seconds=0.094 + draw.uniform(-0.022, 0.022),  # the same
        s2_db=draw.uniform(-6, 2),
        split_seconds=(draw.uniform(0.0, 0.015), draw.uniform(0.02, 0.045)),
        s3_db=s3_db,
        s4_db=s4_db,
        murmur=murmur,
    )


def heart_clip(patient: Patient, take: int) -> NDArray[np.int16]:
    """One clip [sample] of a patient."""
    draw = _generator(patient.name, str(take))
    sound = heart_sound(patient.heart, CLIP_SECONDS, draw)
    heard = recorded(sound, DATABASES[patient.database].stethoscope, draw)
    return np.round(heard * 32767).astype(np.int16)


@cache
def _corpus() -> tuple[NDArray[np.int16], tuple[tuple[Patient, int], ...]]:
    described = tuple((patient, take) for patient in patients() for take in range(N_TAKES))
    return np.stack([heart_clip(*one) for one in described]), described


def heart_clips() -> Clips:
    """The whole corpus; the groups are the patients, the folds are the databases."""
    samples, described = _corpus()
    digest = hashlib.sha256(samples.astype("<i2").tobytes())
    digest.update("\n".join(f"{one.label}/{one.name}/{one.database}/{take}" for one, take in described).encode())
    return Clips(
        inputs={"waveform": torch.from_numpy(samples.astype(np.float32) / 32768)},
        n_samples=torch.full((len(samples),), N_SAMPLES),
        targets=torch.tensor([LABELS.index(one.label) for one, _ in described]),
        groups=tuple(one.name for one, _ in described),
        folds=tuple(one.database for one, _ in described),
        names=tuple(f"{one.name}/{take}.wav" for one, take in described),
        label_names=LABELS,
        sample_rate_hz=SAMPLE_RATE_HZ,
        content_hash=digest.hexdigest(),
    )
