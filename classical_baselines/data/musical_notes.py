# classical_baselines/data/musical_notes.py
"""Synthetic musical notes: pure tones and harmonic ones with the envelopes of instruments, in noise.

    tone     tone(timbre, f0_hz, seconds, draw)      [sample], at 8000 Hz, with its own start and end; RMS 1
    clip     note_clip(timbre, note, take)           [sample], 16 bits: detuned, somewhere in the clip, in white noise
    corpus   note_clips()                            1,440 clips of 40 timbres: 12 notes, three takes of each

A class is a note of one octave, C4 to B4, in equal temperament; a group is a timbre, which is a draw of parameters of
one of five kinds. Four timbres of each kind are trained on, two are validated and two are tested, so that a timbre that
is tested was never heard. All else is nuisance: detuning of up to 20 cents either way (a semitone is 100), onset,
length, level over 18 dB, noise at 0 to 18 dB. Partial k of n, of amplitude a_k and frequency f_k:

    pure      n = 1
    struck    a_k = k^-tilt exp(-t d_k),  f_k = k f0 sqrt(1 + B k^2)        a stiff string, hit
    plucked   a_k = |sin(k pi p)| / k^2 exp(-t d_k)                          a string plucked at a share p of it
    bowed     a_k = 1 / k,  with vibrato and a slow attack                   a saw tooth
    blown     a_k = k^-tilt, the even ones times `even`, with breath noise   a pipe closed at one end: even is small

d_k = decay k^damping: high partials die sooner. What is at or above half the sample rate is left out.

No instrument was recorded, and nothing follows for one. Every draw is uniform, from PCG64 seeded by the clip's own
name.

Sources. Tuning: ISO 16:1975 (A4 = 440 Hz). Stiffness: Fletcher, J. Acoust. Soc. Am. 36 (1964) 203. Spectra of plucked
and bowed strings and of closed pipes: Fletcher & Rossing, The Physics of Musical Instruments, 2nd ed., 1998. The task,
tones and notes heard by an auditory sensor: Cerezuela-Escudero et al., Univ. of Seville, 2015 (pure tones in white
noise, electronic musical notes). Ranges are ours unless a source is named.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.data.named_draws import generator_of
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ = 8000
N_SAMPLES = 4096  # 0.512 s
A4_HZ = 440.0  # ISO 16:1975
NOTES = ("C4", "C#4", "D4", "D#4", "E4", "F4", "F#4", "G4", "G#4", "A4", "A#4", "B4")
LABELS = tuple(sorted(NOTES))
CENTS = 20.0  # the largest detuning: two fifths of the way to the border between two notes
N_TAKES = 3  # of each note and timbre
PARTS = ("train", "train", "train", "train", "val", "val", "test", "test")  # of the timbres of a kind, in turn
N_PARTIALS = 12  # at most
VIBRATO_HZ = 5.5

Kind = Literal["pure", "struck", "plucked", "bowed", "blown"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Timbre:
    """What all clips of one group share; which numbers count depends on the kind."""

    name: str
    kind: Kind
    tilt: float = 1.0  # of struck and blown: amplitude of partial k is k^-tilt
    stiffness: float = 0.0  # of struck: Fletcher's B; 0.0004 is a middle string of a piano
    pluck: float = 0.2  # of plucked: share of the length
    decay_per_second: float = 4.0  # of struck and plucked: of the amplitude of the first partial
    damping: float = 0.7
    even: float = 1.0  # of blown
    breath_db: float = -30.0  # of blown: noise under the tone, RMS
    vibrato_cents: float = 0.0  # of bowed
    attack_seconds: float = 0.01

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind must be one of {', '.join(KINDS)}; got {self.kind!r}.")
        if not 0 < self.pluck < 1:
            raise InputError(f"pluck must lie between 0 and 1; got {self.pluck:g}.")
        for name in ("stiffness", "decay_per_second", "damping", "even", "vibrato_cents", "attack_seconds"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must not be negative; got {getattr(self, name):g}.")

    @property
    def part(self) -> str:
        """train, val or test; timbres are numbered from 1 within their kind."""
        return PARTS[int(self.name.rpartition("-")[2]) - 1]


def note_hz(note: str) -> float:
    """The frequency of a note of NOTES in equal temperament.

    >>> round(note_hz("C4"), 2), note_hz("A4")
    (261.63, 440.0)
    """
    if note not in NOTES:
        raise InputError(f"note must be one of {', '.join(NOTES)}; got {note!r}.")
    return float(A4_HZ * 2 ** ((NOTES.index(note) - NOTES.index("A4")) / 12))


def partials(timbre: Timbre, f0_hz: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Frequency, amplitude and decay per second of each partial [partial] below half the sample rate."""
    k = np.arange(1, (1 if timbre.kind == "pure" else N_PARTIALS) + 1, dtype=np.float64)
    hz = k * f0_hz * np.sqrt(1 + timbre.stiffness * k**2) if timbre.kind == "struck" else k * f0_hz
    if timbre.kind == "plucked":
        amplitude = np.abs(np.sin(k * np.pi * timbre.pluck)) / k**2
    elif timbre.kind == "bowed":
        amplitude = 1 / k
    else:
        amplitude = k**-timbre.tilt
    if timbre.kind == "blown":
        amplitude = amplitude * np.where(k % 2 == 0, timbre.even, 1.0)
    decays = timbre.kind in ("struck", "plucked")
    decay = timbre.decay_per_second * k**timbre.damping if decays else np.zeros_like(k)
    heard = hz < SAMPLE_RATE_HZ / 2
    return hz[heard], amplitude[heard], decay[heard]


def tone(timbre: Timbre, f0_hz: float, seconds: float, draw: np.random.Generator) -> FloatArray:
    """The tone alone [sample], from its attack to its end."""
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    cents = timbre.vibrato_cents * np.sin(2 * np.pi * (VIBRATO_HZ * time + draw.uniform()))
    turns = np.cumsum(2 ** (cents / 1200)) / SAMPLE_RATE_HZ  # seconds of the tone's own clock
    sound = np.zeros_like(time)
    for hz, amplitude, decay in zip(*partials(timbre, f0_hz), strict=True):
        sound += amplitude * np.exp(-decay * time) * np.sin(2 * np.pi * (hz * turns + draw.uniform()))
    if timbre.kind == "blown":
        noise = draw.uniform(-1, 1, len(time))
        sound += noise * _rms(sound) / _rms(noise) * 10 ** (timbre.breath_db / 20)
    ramp = np.minimum(time / max(timbre.attack_seconds, 1 / SAMPLE_RATE_HZ), (seconds - time) / 0.01)  # 10 ms out
    sound *= np.clip(ramp, 0, 1)
    return sound / _rms(sound)


def _rms(sound: FloatArray) -> float:
    return float(np.sqrt(np.mean(sound**2))) or 1.0


def _generator(*names: str) -> np.random.Generator:
    return generator_of("synthetic-notes/1", *names)


def timbres() -> list[Timbre]:
    """All groups, kind by kind."""
    return [_drawn_timbre(kind, f"{kind}-{number}") for kind in KINDS for number in range(1, len(PARTS) + 1)]


def _drawn_timbre(kind: Kind, name: str) -> Timbre:
    draw = _generator(name)
    slow = kind in ("bowed", "blown")
    return Timbre(
        name=name,
        kind=kind,
        tilt=draw.uniform(0.8, 2.0),
        stiffness=draw.uniform(1e-4, 1e-3),  # about Fletcher's for the middle of a piano
        pluck=draw.uniform(0.08, 0.45),
        decay_per_second=draw.uniform(2, 10),
        damping=draw.uniform(0.3, 1.0),
        even=draw.uniform(0.05, 1.0),
        breath_db=draw.uniform(-35, -15),
        vibrato_cents=draw.uniform(0, 15) if kind == "bowed" else 0.0,
        attack_seconds=draw.uniform(0.03, 0.08) if slow else draw.uniform(0.002, 0.01),
    )


def note_clip(timbre: Timbre, note: str, take: int) -> NDArray[np.int16]:
    """One clip [sample] of a note."""
    draw = _generator(timbre.name, note, str(take))
    seconds = draw.uniform(0.3, 0.42)
    f0_hz = note_hz(note) * 2 ** (draw.uniform(-CENTS, CENTS) / 1200)
    sound = tone(timbre, f0_hz, seconds, draw)
    heard = np.zeros(N_SAMPLES)
    onset = round(draw.uniform(0, N_SAMPLES / SAMPLE_RATE_HZ - seconds) * SAMPLE_RATE_HZ)
    length = min(len(sound), N_SAMPLES - onset)
    heard[onset : onset + length] = sound[:length]
    noise = draw.uniform(-1, 1, N_SAMPLES)
    heard += noise / _rms(noise) * 10 ** (-draw.uniform(0, 18) / 20)
    heard *= 10 ** (draw.uniform(-36, -18) / 20)
    return np.round(np.clip(heard, -1, 1) * 32767).astype(np.int16)


@cache
def _corpus() -> tuple[NDArray[np.int16], tuple[tuple[Timbre, str, int], ...]]:
    described = tuple((timbre, note, take) for timbre in timbres() for note in NOTES for take in range(N_TAKES))
    return np.stack([note_clip(*one) for one in described]), described


def note_clips() -> Clips:
    """The whole corpus; the groups are the timbres, the folds are train, val and test."""
    samples, described = _corpus()
    places: Mapping[str, int] = {label: place for place, label in enumerate(LABELS)}
    digest = hashlib.sha256(samples.astype("<i2").tobytes())
    digest.update("\n".join(f"{note}/{timbre.name}/{timbre.part}/{take}" for timbre, note, take in described).encode())
    return Clips(
        inputs={"waveform": torch.from_numpy(samples.astype(np.float32) / 32768)},
        n_samples=torch.full((len(samples),), N_SAMPLES),
        targets=torch.tensor([places[note] for _, note, _ in described]),
        groups=tuple(timbre.name for timbre, _, _ in described),
        folds=tuple(timbre.part for timbre, _, _ in described),
        names=tuple(f"{timbre.name}/{note}-{take}.wav" for timbre, note, take in described),
        label_names=LABELS,
        sample_rate_hz=SAMPLE_RATE_HZ,
        content_hash=digest.hexdigest(),
    )
