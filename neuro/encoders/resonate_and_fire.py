# neuro/encoders/resonate_and_fire.py
"""Resonate-and-fire code: a spiking short-time Fourier transform, by the integer resonators of Loihi 2.

Band k has one resonator. With the sample x[n], an integer of `SAMPLE_BITS` bits and a sign, and f(z) = z / 2^12
truncated toward zero, product by product:

    re[n] = clip(f(c re[n-1]) - f(q im[n-1]) + x[n] 2^6)        c = int(r cos(2 pi f_k / f_s) 2^12)
    im[n] = clip(f(q re[n-1]) + f(c im[n-1]))                   q = int(r sin(2 pi f_k / f_s) 2^12)

    event:  im[n] >= 0,  im[n-1] < 0,  re[n] >= threshold       once a period, at the phase 0
    step s of level l spikes where an event of its `hop` samples has reached threshold l

re + i im is the Fourier transform at f_k of the samples under the window r^n that ends now. Its width at half power is
the distance of the bands: r = exp(-pi w_k / f_s). Equal distances in hertz give one window for all bands, the transform
proper; in mel, longer windows for lower bands. A sine at f_k of amplitude A settles at |re| = A 2^(SAMPLE_BITS + 6) /
(2 (1 - r)); a threshold of -20 dB is a tenth of what A = 1 gives. The clip is that of 24 bits, +-(2^23 - 1).

    waveform   [batch, 1, sample]          in [-1, 1], as the front end `waveform` gives it
    spikes     [step, batch, channel]      0 or 1; channel = level * n_bands + band

Each band and level is a resonator of the chip (`neuron`: `neuro/loihi/neurons/resonate_and_fire.py`), spike for spike
that of Lava 0.10's fixed-point RF process; those of one band swing alike, so they are run as one. There is no decoder:
of the phase only the step is kept.

References: Izhikevich, Neural Networks 14 (2001), 883-894; Frady et al., arXiv 2111.03746; Orchard et al., Proc. SiPS
2021, 254-259.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.encoders.samples import Bands, Spacing, check_hop, check_levels, checked_samples, steps_of
from neuro.loihi.limits import MEMBRANE_LIMIT
from neuro.loihi.neurons.resonate_and_fire import ResonateAndFire

SAMPLE_BITS = 9  # magnitude of a sample: the widest at which a band of 8 Hz at 8 kHz stays within the state
STATE_EXPONENT = 6  # the factor 2^6 of the input, as Lava's networks have it
DECAY_BITS = 12  # of c and q
LARGEST_STATE = MEMBRANE_LIMIT


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _peaks(
    samples: NDArray[Any], cosine: NDArray[Any], sine: NDArray[Any], hop: int, shift: float, peaks: NDArray[Any]
) -> None:
    """Drive [sample] of one clip -> peaks [step, band], the largest re of a step's events (-1 where there is none).

    A product is below 2^35 and a 64-bit float holds it exactly; shifted, it fits 32 bits, and the cast truncates.
    """
    n_steps, n_bands = peaks.shape
    limit = np.float64(LARGEST_STATE)
    re = np.zeros(n_bands)
    im = np.zeros(n_bands)
    for step in range(n_steps):
        peak = peaks[step]
        for band in range(n_bands):
            peak[band] = -1.0
        for n in range(step * hop, (step + 1) * hop):
            drive = samples[n]
            for band in range(n_bands):
                before = im[band]
                real = (
                    np.float64(np.int32(cosine[band] * re[band] * shift))
                    - np.float64(np.int32(sine[band] * before * shift))
                    + drive
                )
                imaginary = np.float64(np.int32(sine[band] * re[band] * shift)) + np.float64(
                    np.int32(cosine[band] * before * shift)
                )
                real = min(max(real, -limit), limit)
                imaginary = min(max(imaginary, -limit), limit)
                re[band] = real
                im[band] = imaginary
                heard = real if (imaginary >= 0.0) & (before < 0.0) else -1.0
                peak[band] = max(peak[band], heard)


def resonator_peaks(drive: NDArray[Any], cosine: NDArray[Any], sine: NDArray[Any], hop: int) -> NDArray[np.float64]:
    """Drive [clip, sample] in integers -> [clip, step, band], the largest re at an event of a step, or -1."""
    drive = np.ascontiguousarray(drive, dtype=np.float64)
    peaks = np.empty((len(drive), drive.shape[1] // hop, len(cosine)))
    for clip in range(len(drive)):
        _peaks(drive[clip], cosine.astype(float), sine.astype(float), hop, 2.0**-DECAY_BITS, peaks[clip])
    return peaks


@dataclass(frozen=True)
class ResonateAndFireEncoder:
    """The options of a resonate-and-fire code; calling it encodes a batch of waveforms."""

    sample_rate_hz: int = 8000  # of the clips; a study whose clips have another is refused
    n_bands: int = 32
    low_hz: float = 80.0
    high_hz: float = 3800.0
    spacing: Spacing = "mel"
    levels_db: tuple[float, ...] = (-20.0, -32.0, -44.0)  # thresholds, of a sine of amplitude 1 at the centre
    hop: int = 128  # samples of a step
    reads: ClassVar[str] = "waveform"

    def __post_init__(self) -> None:
        check_hop(self.hop)
        check_levels(self.levels_db)
        narrowest = float(self.bands.widths_hz().min())
        largest = 2.0 ** (SAMPLE_BITS + STATE_EXPONENT) / (2 * float((1 - self.decays()).min()))
        if largest > LARGEST_STATE:
            raise InputError(
                f"A band of {narrowest:.2f} Hz lets a resonator grow to {largest:.3g}; 24 bits hold {LARGEST_STATE}. "
                f"Choose fewer n_bands than {self.n_bands}, or more hertz for them."
            )
        if self.thresholds().min() < 1:
            raise InputError(
                f"The level {self.levels_db[-1]} dB is below the resonators' resolution. Choose higher ones."
            )
        for level in range(len(self.levels_db)):
            for band in range(self.n_bands):
                self.neuron(level, band)

    @property
    def bands(self) -> Bands:
        """Where the resonators stand."""
        return Bands(self.n_bands, self.low_hz, self.high_hz, self.spacing, self.sample_rate_hz)

    def decays(self) -> NDArray[np.float64]:
        """[band], r."""
        return np.exp(-np.pi * self.bands.widths_hz() / self.sample_rate_hz)

    def rotations(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """(c, q), each [band]."""
        angle = 2 * np.pi * self.bands.centres_hz() / self.sample_rate_hz
        scaled = self.decays() * 2**DECAY_BITS
        return (scaled * np.cos(angle)).astype(np.int32), (scaled * np.sin(angle)).astype(np.int32)

    def thresholds(self) -> NDArray[np.int32]:
        """[level, band], in units of the state."""
        full = 2.0 ** (SAMPLE_BITS + STATE_EXPONENT) / (2 * (1 - self.decays()))
        return (10 ** (np.array(self.levels_db)[:, None] / 20) * full).astype(np.int32)

    def neuron(self, level: int, band: int) -> ResonateAndFire:
        """The chip's resonator of a band at a level; NotMappableError where its integers do not fit."""
        cosine, sine = (factors[band : band + 1].astype(np.int64) for factors in self.rotations())
        return ResonateAndFire(cosine, sine, int(self.thresholds()[level, band]), STATE_EXPONENT, DECAY_BITS)

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        samples = checked_samples(intensity, self.hop, "resonate-and-fire")
        integers = np.rint(samples.detach().cpu().numpy().astype(np.float64) * 2**SAMPLE_BITS)
        peaks = resonator_peaks(integers * 2**STATE_EXPONENT, *self.rotations(), self.hop)  # [clip, step, band]
        spikes = torch.from_numpy(peaks[:, :, None, :] >= self.thresholds()).flatten(2)
        return spikes.transpose(0, 1).to(intensity)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_steps = steps_of(n_mels, n_frames, self.hop, "resonate-and-fire")
        return EncodedShape("spikes", (len(self.levels_db) * self.n_bands,), n_steps)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per sample a scaled rounding; per sample and band four products shifted back, three sums, the sign of im and
        the largest re so far; per step and channel a comparison. An integer comparison is counted as a sum."""
        del intensity
        n_steps, _, n_channels = encoded.shape
        n_samples = n_steps * self.hop
        n_updates = n_samples * self.n_bands
        return OperationCounts.of(
            "encoder", "samples", multiply_fp32=n_samples, add_fp32=n_samples
        ) + OperationCounts.of(
            "encoder",
            "resonators",
            requantise_int32=4 * n_updates,
            add_int32=5 * n_updates + n_steps * n_channels,
        )
