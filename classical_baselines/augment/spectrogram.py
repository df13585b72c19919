# classical_baselines/augment/spectrogram.py
"""Changes of the picture: another vocal tract, another moment, something hidden, another level.

    intensity   [batch, mel, frame]     in [0, 1], where 0 is silence; so is what comes back

Each clip draws its own changes, in this order; a change whose option is 0 draws nothing.

    frequency warp     mel m takes the value at a m + c, a ~ U[1 - warp, 1 + warp], c ~ U[-offset, offset] bands,
                       linear between bands, silence beyond the edges (vocal tract length perturbation:
                       Jaitly & Hinton, ICML workshop on deep learning for audio, 2013)
    time shift         by a whole number of frames, ~ U{-shift .. shift}
    frequency mask     f ~ U{0 .. F} bands from f0 ~ U{0 .. n_mels - f} on are silent    (SpecAugment: Park et
    time mask          t ~ U{0 .. T} frames from t0 ~ U{0 .. n_frames - t} on are silent  al., Interspeech 2019)
    level jitter       what is not silent is raised or lowered by u ~ U[-jitter, jitter], within [0, 1]
    filter             what is not silent is raised or lowered by a gain that runs linearly over the bands between
                       4 points, evenly spaced from the first band to the last, each ~ U[-gain, gain], within [0, 1]:
                       another microphone, another spectral tilt (after FilterAugment, linear type, which draws the
                       number and place of its points too: Nam, Kim & Park, ICASSP 2022, arXiv 2110.03282)
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from classical_baselines.harness.checks import check_axes, check_unit_interval
from classical_baselines.harness.choices import InputError

N_FILTER_POINTS = 4  # between which a filter's gain runs linearly


def warped_in_frequency(intensity: Tensor, stretch: Tensor, offset_bands: Tensor) -> Tensor:
    """Mel m of clip b takes the value at stretch[b] m + offset_bands[b], linear between bands."""
    n_mels, n_frames = intensity.shape[1:]
    mel = torch.arange(n_mels, device=intensity.device, dtype=intensity.dtype)
    position = (stretch[:, None] * mel + offset_bands[:, None]).clamp(-1, n_mels)
    below = position.floor()
    share = (position - below)[:, :, None]
    silence_around = pad(intensity, (0, 0, 1, 2))
    row = (below.long() + 1)[:, :, None].expand(-1, -1, n_frames)
    return torch.lerp(silence_around.gather(1, row), silence_around.gather(1, row + 1), share)


def shifted_in_time(intensity: Tensor, shift_frames: Tensor) -> Tensor:
    """Clip b moved later by shift_frames[b] whole frames; silence enters, what leaves is lost."""
    n_frames = intensity.shape[-1]
    source = torch.arange(n_frames, device=intensity.device) - shift_frames[:, None]
    inside = (source >= 0) & (source < n_frames)
    index = source.clamp(0, n_frames - 1)[:, None, :].expand_as(intensity)
    return intensity.gather(2, index) * inside[:, None, :]


def raised(intensity: Tensor, gain: Tensor) -> Tensor:
    """Add gain [batch, mel or 1] to what is not silent, within [0, 1]."""
    return (intensity + gain[:, :, None]).clamp(0, 1).masked_fill(intensity == 0, 0)


def hidden(n_positions: int, widest: int, n_clips: int, generator: torch.Generator) -> Tensor:
    """[clip, position], True within one stretch per clip: width ~ U{0..widest}, anywhere along the axis."""
    width = torch.randint(0, min(widest, n_positions) + 1, (n_clips, 1), generator=generator)
    start = (torch.rand((n_clips, 1), generator=generator) * (n_positions - width + 1)).long()
    position = torch.arange(n_positions)
    return (position >= start) & (position < start + width)


@dataclass(frozen=True)
class SpectrogramAugmentation:
    """How far each change may go; calling it changes a batch of intensities. As it stands it changes nothing."""

    frequency_warp: float = 0.0  # the mel axis is stretched by up to this share
    frequency_offset_bands: float = 0.0
    time_shift_frames: int = 0
    frequency_mask_bands: int = 0
    time_mask_frames: int = 0
    level_jitter: float = 0.0  # in units of intensity
    filter_gain: float = 0.0  # in units of intensity

    def __post_init__(self) -> None:
        for option in fields(self):
            if not 0 <= getattr(self, option.name) < float("inf"):
                raise InputError(f"{option.name} must be 0 (off) or greater; got {getattr(self, option.name)}.")
        if self.frequency_warp >= 1:
            raise InputError(f"frequency_warp must be below 1, the whole mel axis; got {self.frequency_warp}.")

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        """Changed copies of the clips, same shape."""
        check_axes("intensity", intensity, "batch", "mel", "frame")
        check_unit_interval("intensity", intensity)
        n_clips, n_mels, n_frames = intensity.shape

        def symmetric(largest: float) -> Tensor:
            drawn = largest * (2 * torch.rand(n_clips, generator=generator) - 1)
            return drawn.to(intensity)

        if self.frequency_warp or self.frequency_offset_bands:
            stretch = 1 + symmetric(self.frequency_warp)
            intensity = warped_in_frequency(intensity, stretch, symmetric(self.frequency_offset_bands))
        if self.time_shift_frames:
            bounds = (-self.time_shift_frames, self.time_shift_frames + 1)
            shift = torch.randint(*bounds, (n_clips,), generator=generator)
            intensity = shifted_in_time(intensity, shift.to(intensity.device))
        if self.frequency_mask_bands:
            mask = hidden(n_mels, self.frequency_mask_bands, n_clips, generator).to(intensity.device)
            intensity = intensity.masked_fill(mask[:, :, None], 0)
        if self.time_mask_frames:
            mask = hidden(n_frames, self.time_mask_frames, n_clips, generator).to(intensity.device)
            intensity = intensity.masked_fill(mask[:, None, :], 0)
        if self.level_jitter:
            intensity = raised(intensity, symmetric(self.level_jitter)[:, None])
        if self.filter_gain:
            points = torch.stack([symmetric(self.filter_gain) for _ in range(N_FILTER_POINTS)], dim=1)
            intensity = raised(intensity, interpolate(points[:, None], n_mels, mode="linear", align_corners=True)[:, 0])
        return intensity
