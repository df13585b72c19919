# classical_baselines/augment/waveform_variation.py
"""Copies of training clips whose sound is varied: another voice, another moment, another room, other noise.

Each clip draws its own changes, in the order in which sound meets them; one that is off draws nothing, and one with a
probability is drawn for so many of the clips.

    pitch     by a whole number of half semitones, evenly within the range; clips of one shift are shifted together
    position  by a whole number of samples, evenly within the range
    room      RT60 evenly within its range, direct sound over the rest evenly within 0 to 12 dB
    noise     its kind evenly among those given, its ratio evenly within the range of decibels

waveforms   [clip, sample]      zero from each clip's own end on; so is what comes back
n_samples   [clip]              each clip's own length
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from classical_baselines.augment import NoiseKind
from classical_baselines.augment.noise import noise_of
from classical_baselines.augment.pitch import pitch_shifted
from classical_baselines.augment.room import DIRECT_TO_REVERBERANT_DB, reverberated, room_responses
from classical_baselines.augment.waveform import added_at_snr, time_shift
from classical_baselines.harness.streamed_rows import Rows

PITCH_STEP_SEMITONES = 0.5
CLIPS_AT_ONCE = 256  # bounds the memory of spectra
Range = tuple[float, float]


@dataclass(frozen=True)
class WaveformVariation:
    """How far the sound of a clip is varied; calling it varies a set of clips. As it stands it changes nothing."""

    pitch_shift_semitones: float = 0.0
    pitch_shift_probability: float = 1.0
    time_shift_seconds: float = 0.0
    room_rt60_seconds: Range | None = None
    room_probability: float = 1.0
    noise_snr_db: Range | None = None
    noise_kinds: tuple[NoiseKind, ...] = ("white",)
    noise_probability: float = 1.0

    def __call__(
        self, waveforms: Rows, n_samples: Tensor, sample_rate_hz: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Varied copies of the clips, and their lengths. Babble is made of the same clips, unvaried."""
        parts = list(self.parts(waveforms, n_samples, sample_rate_hz, generator))
        return torch.cat([waveform for waveform, _ in parts]), torch.cat([lengths for _, lengths in parts])

    def parts(
        self, waveforms: Rows, n_samples: Tensor, sample_rate_hz: int, generator: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The same, so many clips at once: each part is read and drawn when it is asked for."""
        for rows in torch.arange(len(waveforms)).split(CLIPS_AT_ONCE):
            part = waveforms[rows], n_samples[rows]
            if self.pitch_shift_semitones:
                part = self._in_other_voices(*part, sample_rate_hz, generator), part[1]
            if self.time_shift_seconds:
                part = time_shift(*part, round(self.time_shift_seconds * sample_rate_hz), generator)
            if self.room_rt60_seconds is not None:
                part = self._in_rooms(*part, self.room_rt60_seconds, sample_rate_hz, generator)
            if self.noise_snr_db is not None:
                pool = (waveforms, n_samples, rows)
                part = self._in_noise(*part, self.noise_snr_db, pool, generator), part[1]
            yield part

    def _in_other_voices(
        self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int, generator: torch.Generator
    ) -> Tensor:
        most = int(self.pitch_shift_semitones / PITCH_STEP_SEMITONES)
        steps = torch.randint(-most, most + 1, (len(waveforms),), generator=generator)
        steps = steps * _chosen(len(waveforms), self.pitch_shift_probability, generator)
        shifted = waveforms.clone()
        for step in steps.unique().tolist():
            of_step = (steps == step).nonzero()[:, 0]
            semitones = step * PITCH_STEP_SEMITONES
            shifted[of_step] = pitch_shifted(waveforms[of_step], n_samples[of_step], semitones, sample_rate_hz)
        return shifted

    def _in_rooms(
        self, waveforms: Tensor, n_samples: Tensor, rt60_seconds: Range, sample_rate_hz: int, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        n_clips = len(waveforms)
        rt60 = _evenly(rt60_seconds, n_clips, generator)
        direct_db = _evenly(DIRECT_TO_REVERBERANT_DB, n_clips, generator)
        chosen = _chosen(n_clips, self.room_probability, generator)
        responses = room_responses(rt60, direct_db, sample_rate_hz, generator)
        wet, lengths = reverberated(waveforms, n_samples, responses)
        return torch.where(chosen[:, None], wet, waveforms), torch.where(chosen, lengths, n_samples)

    def _in_noise(
        self,
        waveforms: Tensor,
        n_samples: Tensor,
        snr_db: Range,
        pool: tuple[Rows, Tensor, Tensor],
        generator: torch.Generator,
    ) -> Tensor:
        n_clips = len(waveforms)
        ratio_db = _evenly(snr_db, n_clips, generator)[:, None]
        kind = torch.randint(len(self.noise_kinds), (n_clips,), generator=generator)
        chosen = _chosen(n_clips, self.noise_probability, generator)
        noisy = waveforms.clone()
        for number, name in enumerate(self.noise_kinds):
            of_kind = (chosen & (kind == number)).nonzero()[:, 0]
            if len(of_kind):
                noise = noise_of(name, pool[0], pool[1], pool[2][of_kind], generator)
                noisy[of_kind] = added_at_snr(waveforms[of_kind], noise, n_samples[of_kind], ratio_db[of_kind])
        return noisy


def _evenly(bounds: Range, n_clips: int, generator: torch.Generator) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(n_clips, generator=generator)


def _chosen(n_clips: int, probability: float, generator: torch.Generator) -> Tensor:
    """[clip], True for so many of the clips; a certain choice draws nothing."""
    if probability == 1:
        return torch.ones(n_clips, dtype=torch.bool)
    return torch.rand(n_clips, generator=generator) < probability
