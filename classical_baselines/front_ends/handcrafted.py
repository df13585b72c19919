# classical_baselines/front_ends/handcrafted.py
"""Handcrafted features: cepstrum, zero crossings and the shape of the spectrum, averaged over parts of a clip.

The floor that every network has to beat (Davis & Mermelstein, IEEE TASSP 28(4), 1980, 357-366). Frames are those
of `mel`: n_fft samples around sample t * hop, periodic Hann window. Each frame gives

    cepstrum     c = D (10 log10 M), D the orthonormal DCT-II, M the mel power; level re the clip's maximum, floored
                 at -top_db, so that a change of gain changes nothing
    deltas       slope of each coefficient over +- 4 frames, sum_k k c[t + k] / sum_k k^2, edges repeated  (if chosen)
    crossings    share of neighbouring samples in the frame whose sign differs
    centroid     sum_k f_k |X_k| / sum_k |X_k|, as a share of half the sample rate
    roll-off     lowest frequency up to which 85 % of sum_k |X_k| lies, as a share of half the sample rate

and each is averaged over n_parts equal parts of the clip's OWN length: a part always takes at least the frame in
its middle. That makes clips of unequal length comparable; how long a clip was is said once, by log10 of its seconds
repeated in each part (if chosen: the length of a recording may betray how a data set was cut).

    features     [batch, feature, part], of unlike units: whoever classifies them has to standardise them
"""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, Literal

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import (
    n_centred_frames,
)
from classical_baselines.front_ends.mel import (
    LogMel,
    check_window,
    power_spectrogram,
    relative_level,
    silent_beyond_end,
)
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

ROLL_OFF_SHARE = 0.85
DELTA_REACH = 4  # frames on either side, as in librosa's window of 9
_CLIPS_AT_ONCE = 64
MOST_PARTS = 1000


def orthonormal_dct(n_coefficients: int, n_inputs: int) -> Tensor:
    """DCT-II matrix [coefficient, input] with orthonormal rows, float64."""
    k = torch.arange(n_coefficients, dtype=torch.float64)[:, None]
    n = torch.arange(n_inputs, dtype=torch.float64)
    matrix = (2 / n_inputs) ** 0.5 * torch.cos(pi * k * (2 * n + 1) / (2 * n_inputs))
    matrix[0] /= 2**0.5
    return matrix


def deltas(values: Tensor) -> Tensor:
    """Least-squares slope per frame of [batch, feature, frame] over +- DELTA_REACH frames, edges repeated."""
    reach = torch.arange(-DELTA_REACH, DELTA_REACH + 1).to(values)
    padded = torch.nn.functional.pad(values, (DELTA_REACH, DELTA_REACH), mode="replicate")
    return padded.unfold(-1, 2 * DELTA_REACH + 1, 1) @ (reach / reach.square().sum())


def zero_crossing_rate(waveforms: Tensor, n_fft: int, hop: int) -> Tensor:
    """[batch, sample] -> [batch, frame]: share of the n_fft - 1 neighbouring pairs of a frame whose sign differs."""
    padded = torch.nn.functional.pad(waveforms, (n_fft // 2, n_fft // 2))
    negative = padded < 0
    crosses = (negative[:, 1:] != negative[:, :-1]).to(waveforms.dtype)
    return crosses.unfold(-1, n_fft - 1, hop).mean(dim=-1)


def spectral_centroid(magnitude: Tensor) -> Tensor:
    """[batch, frame, bin] -> [batch, frame], 0 to 1: the mean bin, as a share of the highest; 0 where all is silent."""
    bins = torch.linspace(0, 1, magnitude.shape[-1], dtype=torch.float64).to(magnitude)
    total = magnitude.sum(dim=-1)
    return torch.where(total > 0, (magnitude * bins).sum(dim=-1) / total.clamp_min(torch.finfo(total.dtype).tiny), 0)


def spectral_roll_off(magnitude: Tensor) -> Tensor:
    """[batch, frame, bin] -> [batch, frame], 0 to 1: lowest bin up to which ROLL_OFF_SHARE of the magnitude lies."""
    cumulated = magnitude.cumsum(dim=-1)
    below = cumulated < ROLL_OFF_SHARE * cumulated[..., -1:]
    return below.sum(dim=-1).to(magnitude.dtype) / (magnitude.shape[-1] - 1)


def part_averages(n_samples: Tensor, hop: int, n_frames: int, n_parts: int) -> Tensor:
    """Weights [batch, frame, part] that average the frames of each equal part of a clip.

    Of the 1 + n // hop frames of a clip, part p takes those from round(p frames / parts) on, up to where the
    next begins, and at least one.
    """
    own_frames = (1 + n_samples // hop).clamp_max(n_frames)[:, None]
    part = torch.arange(n_parts, device=n_samples.device)
    first = torch.minimum((2 * part * own_frames + n_parts) // (2 * n_parts), own_frames - 1)
    beyond = torch.maximum((2 * (part + 1) * own_frames + n_parts) // (2 * n_parts), first + 1)
    frame = torch.arange(n_frames, device=n_samples.device)[:, None]
    member = (frame >= first[:, None, :]) & (frame < beyond[:, None, :])
    return member / (beyond - first)[:, None, :]


@dataclass(frozen=True)
class Handcrafted:
    """Options of handcrafted features; calling it turns waveforms into [batch, feature, part]."""

    n_coefficients: int = 13
    first_coefficient: int = 0  # 1 leaves out c0, the mean level of a frame below the clip's maximum
    with_deltas: bool = False
    with_shape: bool = True  # zero crossings, centroid and roll-off
    with_duration: bool = False
    n_parts: int = 8
    n_fft: int = 256
    hop: int = 80
    n_mels: int = 40
    low_hz: float = 0.0
    high_hz: float | None = None  # None: half the sample rate
    top_db: float = 50.0
    gives: ClassVar[Literal["features"]] = "features"

    def __post_init__(self) -> None:
        if not 0 <= self.first_coefficient < self.n_coefficients <= self.n_mels:
            raise InputError(
                "Coefficients must satisfy 0 <= first_coefficient < n_coefficients <= n_mels; got "
                f"{self.first_coefficient}, {self.n_coefficients} and {self.n_mels}."
            )
        if not 1 <= self.n_parts <= MOST_PARTS:
            raise InputError(f"n_parts must lie in 1 to {MOST_PARTS}; got {self.n_parts}.")
        self._mel()

    def _mel(self) -> LogMel:
        return LogMel(
            n_fft=self.n_fft,
            hop=self.hop,
            n_mels=self.n_mels,
            mel_scale="slaney",
            mel_norm="slaney",
            low_hz=self.low_hz,
            high_hz=self.high_hz,
            top_db=self.top_db,
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What stands in each row of the feature axis."""
        cepstrum = tuple(f"c{k}" for k in range(self.first_coefficient, self.n_coefficients))
        return (
            cepstrum
            + (tuple(f"delta-{name}" for name in cepstrum) if self.with_deltas else ())
            + (("zero-crossing-rate", "centroid", "roll-off") if self.with_shape else ())
            + (("log-duration",) if self.with_duration else ())
        )

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> [batch, feature, part]."""
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        check_window(waveforms.shape[-1], self.n_fft, self.hop)
        n_samples = n_samples.to(waveforms.device)
        portions = zip(waveforms.split(_CLIPS_AT_ONCE), n_samples.split(_CLIPS_AT_ONCE), strict=True)
        return torch.cat([self._features(clips, lengths, sample_rate_hz) for clips, lengths in portions])

    def cepstrum(self, power: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, frame, bin] powers -> all n_coefficients as [batch, coefficient, frame]."""
        mel = power @ self._mel().filters(sample_rate_hz).to(power).T
        level = relative_level(mel, mel.amax(dim=(1, 2), keepdim=True), self.top_db)
        return (level @ orthonormal_dct(self.n_coefficients, self.n_mels).to(power).T).transpose(1, 2)

    def _features(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        waveforms = silent_beyond_end(waveforms, n_samples)
        power = power_spectrogram(waveforms, self.n_fft, self.hop)
        cepstrum = self.cepstrum(power, sample_rate_hz)[:, self.first_coefficient :]
        rows = [cepstrum]
        if self.with_deltas:
            rows.append(deltas(cepstrum))
        if self.with_shape:
            magnitude = power.sqrt()
            crossings = zero_crossing_rate(waveforms, self.n_fft, self.hop)
            rows.append(torch.stack([crossings, spectral_centroid(magnitude), spectral_roll_off(magnitude)], dim=1))
        per_frame = torch.cat(rows, dim=1)
        averages = part_averages(n_samples, self.hop, per_frame.shape[-1], self.n_parts).to(per_frame)
        features = per_frame @ averages
        if self.with_duration:
            seconds = n_samples.clamp_min(1).to(features) / sample_rate_hz
            features = torch.cat([features, seconds.log10()[:, None, None].expand(-1, 1, self.n_parts)], dim=1)
        return features

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip, for the layers that its options call for; averages read each frame once."""
        n_frames = n_centred_frames(n_samples, self.hop)
        n_bins = (self.n_fft // 2 + 1) * n_frames
        n_kept = self.n_coefficients - self.first_coefficient
        counts = self._mel().operations(n_samples, sample_rate_hz)
        counts += OperationCounts.of(
            "front_end",
            "cosine-transform",
            mac_fp32=n_kept * self.n_mels * n_frames,
            sram_bytes=4 * (2 * n_kept * self.n_mels + n_kept) * n_frames,
        )
        n_rows = n_kept
        if self.with_deltas:
            # Slopes are odd: per value DELTA_REACH differences, each times its weight.
            n_rows += n_kept
            counts += OperationCounts.of(
                "front_end",
                "deltas",
                add_fp32=DELTA_REACH * n_kept * n_frames,
                mac_fp32=DELTA_REACH * n_kept * n_frames,
                sram_bytes=4 * (2 * DELTA_REACH + 1) * n_kept * n_frames,
            )
        if self.with_shape:
            n_rows += 3
            n_pairs = (self.n_fft - 1) * n_frames
            counts += OperationCounts.of(
                "front_end", "zero-crossings", compare_fp32=n_pairs, add_fp32=n_pairs, sram_bytes=2 * n_pairs
            )
            counts += OperationCounts.of("front_end", "magnitude", transcendental_fp32=n_bins, sram_bytes=8 * n_bins)
            # The sum and the weighted sum; then one division a frame.
            counts += OperationCounts.of(
                "front_end",
                "centroid",
                mac_fp32=n_bins,
                add_fp32=n_bins,
                transcendental_fp32=n_frames,
                sram_bytes=4 * n_bins,
            )
            # The sum is known; its share is one product a frame, then the sum is built up and compared bin by bin.
            counts += OperationCounts.of(
                "front_end",
                "roll-off",
                add_fp32=n_bins,
                compare_fp32=n_bins,
                multiply_fp32=n_frames,
                sram_bytes=4 * n_bins,
            )
        counts += OperationCounts.of(
            "front_end",
            "parts",
            add_fp32=n_rows * n_frames,
            multiply_fp32=n_rows * self.n_parts,
            sram_bytes=4 * n_rows * (n_frames + self.n_parts),
        )
        if self.with_duration:
            counts += OperationCounts.of("front_end", "duration", transcendental_fp32=1, sram_bytes=4 * self.n_parts)
        return counts
