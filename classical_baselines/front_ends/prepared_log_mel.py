# classical_baselines/front_ends/prepared_log_mel.py
"""Log-mel spectrogram of a prepared clip: band-pass, then spectral gating, then level, then `mel`.

    band     Butterworth without delay between the limits of a `domain` or of `band_hz` (`band_pass`)
    gating   "stationary" or "non-stationary", over the clip's own length (`spectral_gating`)
    level    "rms": the clip's mean power over its own length becomes (1/10)^2, -20 dB of full scale;
             "peak": its largest magnitude becomes 1. A clip of zeros stays one.

Each step is left out where its option says "none". A level changes nothing in a picture relative to the clip's own
maximum, so it is refused there. Nothing is fitted: whatever a step needs to know it takes from the clip itself.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.band_pass import (
    DOMAINS,
    LARGEST_ORDER,
    band_pass_operations,
    band_pass_sections,
    band_passed,
    domain_band,
)
from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES, SAMPLE_BYTES
from classical_baselines.front_ends.mel import LARGEST_N_FFT, LogMel, silent_beyond_end
from classical_baselines.front_ends.spectral_gating import GATES, gated, gating_operations
from classical_baselines.front_ends.stft import check_named
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

LEVELS = ("none", "rms", "peak")
TARGET_RMS = 0.1


def levelled(waveforms: Tensor, n_samples: Tensor, level: str) -> Tensor:
    """[batch, sample], silent beyond each clip's own end, at a common mean power or peak."""
    if level == "peak":
        size = waveforms.abs().amax(dim=1)
    else:
        n_own = n_samples.to(waveforms.device).clamp(1, waveforms.shape[1])
        size = (waveforms.square().sum(dim=1) / n_own).sqrt() / TARGET_RMS
    return waveforms / torch.where(size > 0, size, 1.0)[:, None]


@dataclass(frozen=True)
class PreparedLogMel(LogMel):
    """Options of the preparation, beside those of a log-mel spectrogram; calling it gives decibels [batch, mel,
    frame]."""

    domain: Literal["none", "heart", "lung", "speech"] = "none"
    band_hz: tuple[float, float] | None = None  # limits of one's own, in place of a domain's
    band_order: int = 4
    gating: Literal["none", "stationary", "non-stationary"] = "stationary"
    gating_proportion: float = 1.0  # how much of what is gated is taken away
    gating_n_fft: int = 256  # a power of two; frames are a quarter of it apart
    level: Literal["none", "rms", "peak"] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_named("domain", self.domain, ("none", *DOMAINS))
        check_named("gating", self.gating, ("none", *GATES))
        check_named("level", self.level, LEVELS)
        if self.band_hz is not None and self.domain != "none":
            raise InputError(f"domain = {self.domain!r} and band_hz both say which band is kept. Give one of them.")
        if self.band_hz is not None and not 0 < self.band_hz[0] < self.band_hz[1]:
            raise InputError(f"band_hz must be two limits, 0 < low < high; got {list(self.band_hz)}.")
        if not 1 <= self.band_order <= LARGEST_ORDER:
            raise InputError(f"band_order must lie in 1 to {LARGEST_ORDER}; got {self.band_order}.")
        if not 0 < self.gating_proportion <= 1:
            raise InputError(f"gating_proportion must be greater than 0 and at most 1; got {self.gating_proportion}.")
        n_fft = self.gating_n_fft
        if not 16 <= n_fft <= LARGEST_N_FFT or n_fft & (n_fft - 1):
            raise InputError(f"gating_n_fft must be a power of two from 16 to {LARGEST_N_FFT}; got {n_fft}.")
        if self.level != "none" and self.relative_to == "clip-maximum":
            raise InputError(
                f"level = {self.level!r} changes nothing in a picture relative to the clip's own maximum. "
                'Say relative_to = "fixed", or leave the level out.'
            )
        if self.domain == "none" and self.band_hz is None and self.gating == "none" and self.level == "none":
            raise InputError("Nothing is prepared: no band, no gating, no level. Choose the front end log-mel instead.")

    def _band(self, sample_rate_hz: int) -> tuple[float, float] | None:
        return self.band_hz if self.domain == "none" else domain_band(self.domain, sample_rate_hz)

    def prepared(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] -> [batch, sample], silent beyond each clip's own end."""
        result = silent_beyond_end(waveforms, n_samples)
        band = self._band(sample_rate_hz)
        if band is not None:
            result = silent_beyond_end(band_passed(result, band, self.band_order, sample_rate_hz), n_samples)
        if self.gating != "none":
            result = gated(result, n_samples, self.gating, self.gating_proportion, self.gating_n_fft, sample_rate_hz)
        return result if self.level == "none" else levelled(result, n_samples, self.level)

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, mel, frame]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        return super().__call__(self.prepared(waveforms, n_samples, sample_rate_hz), n_samples, sample_rate_hz)

    def _sample_bytes(self) -> int:
        return FLOAT_BYTES  # of a prepared clip

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window: what is prepared, then the log-mel spectrogram."""
        counts, sample_bytes = OperationCounts(), SAMPLE_BYTES
        band = self._band(sample_rate_hz)
        if band is not None:
            band_pass_sections(band, self.band_order, sample_rate_hz)  # refuses limits that the sample rate cannot hold
            counts += band_pass_operations(self.band_order, n_samples)
            sample_bytes = FLOAT_BYTES
        if self.gating != "none":
            counts += gating_operations(self.gating, self.gating_n_fft, n_samples, sample_rate_hz, sample_bytes)
            sample_bytes = FLOAT_BYTES
        level_bytes = (2 * sample_bytes + FLOAT_BYTES) * n_samples  # read twice and written once
        if self.level == "rms":  # squares, their share, one square root, a look whether it is 0, a quotient, products
            counts += OperationCounts.of(
                "front_end",
                "level-of-clip",
                mac_fp32=n_samples,
                multiply_fp32=n_samples + 1,
                compare_fp32=1,
                transcendental_fp32=2,
                sram_bytes=level_bytes,
            )
        elif self.level == "peak":
            counts += OperationCounts.of(
                "front_end",
                "level-of-clip",
                compare_fp32=n_samples + 1,  # a sign costs nothing
                multiply_fp32=n_samples,
                transcendental_fp32=1,
                sram_bytes=level_bytes,
            )
        return counts + super().operations(n_samples, sample_rate_hz)
