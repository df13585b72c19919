# classical_baselines/augment/__init__.py
"""Augmentation: what training clips may be varied by. Validation and test clips never pass through here.

`Augmentation` collects the options that a study may name. Copies at other speeds are made once, from the
waveforms (`waveform.speed_perturbed`); everything else is drawn anew for each batch of intensities.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


MOST_SPEEDS = 16  # each is a copy of every clip, in memory and in the cache
LARGEST_SHIFT = 1_000_000  # bands or frames: wider than any picture
LARGEST_ALPHA = 1000.0  # mixup's Beta is then a half and a half

# How far each option may go; 0 turns it off.
LIMITS = {
    "frequency_offset": LARGEST_SHIFT,
    "time_shift_frames": LARGEST_SHIFT,
    "time_mask_frames": LARGEST_SHIFT,
    "frequency_mask_bands": LARGEST_SHIFT,
    "level_jitter": 1,  # the whole of the intensity
    "filter_gain": 1,
    "mixup_alpha": LARGEST_ALPHA,
}


@dataclass(frozen=True)
class Augmentation:
    """How far training clips are varied; as it stands, not at all."""

    speeds: tuple[float, ...] = (1.0,)  # copies of each clip; 1.25 is a quarter faster and higher
    frequency_warp: float = 0.0  # the mel axis is stretched by up to this share
    frequency_offset: float = 0.0  # and moved by up to so many bands
    time_shift_frames: int = 0
    time_mask_frames: int = 0
    frequency_mask_bands: int = 0
    level_jitter: float = 0.0  # in units of intensity
    filter_gain: float = 0.0  # in units of intensity
    mixup_alpha: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "speeds", tuple(self.speeds))
        if not 1 <= len(self.speeds) <= MOST_SPEEDS or len(set(self.speeds)) != len(self.speeds):
            raise InputError(f"speeds must name 1 to {MOST_SPEEDS} speeds, each once; got {self.speeds}.")
        if any(not 0.25 <= speed <= 4 for speed in self.speeds):
            raise InputError(f"speeds must lie between 0.25 and 4, where 1 changes nothing; got {self.speeds}.")
        for name, most in LIMITS.items():
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} must lie between 0 (off) and {most:.9g}; got {getattr(self, name)}.")
        for name in ("time_shift_frames", "time_mask_frames", "frequency_mask_bands"):
            if getattr(self, name) != int(getattr(self, name)):
                raise InputError(f"{name} must be a whole number; got {getattr(self, name)}.")
        if not 0 <= self.frequency_warp < 1:
            raise InputError(
                f"frequency_warp must be below 1, the whole mel axis, and not below 0; got {self.frequency_warp}."
            )

    def batch(
        self, intensity: "Tensor", soft_targets: "Tensor", generator: "torch.Generator"
    ) -> tuple["Tensor", "Tensor"]:
        """Vary one batch: [batch, mel, frame] and class shares [batch, class], speeds apart."""
        from classical_baselines.augment.mixing import mixup
        from classical_baselines.augment.spectrogram import SpectrogramAugmentation

        vary = SpectrogramAugmentation(
            frequency_warp=self.frequency_warp,
            frequency_offset_bands=self.frequency_offset,
            time_shift_frames=self.time_shift_frames,
            frequency_mask_bands=self.frequency_mask_bands,
            time_mask_frames=self.time_mask_frames,
            level_jitter=self.level_jitter,
            filter_gain=self.filter_gain,
        )
        return mixup(vary(intensity, generator), soft_targets, self.mixup_alpha, generator)
