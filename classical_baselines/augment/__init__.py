# classical_baselines/augment/__init__.py
"""Augmentation: what training clips may be varied by. Validation and test clips never pass through here.

`Augmentation` collects the options that a study may name. Copies at other speeds, and copies whose sound is varied,
are made once per cell, from the waveforms (`waveform.speed_perturbed`, `waveform_variation`); an epoch takes each clip
in one of its copies, drawn evenly. Everything else is drawn anew for each batch of intensities, in this order:
changes of the picture (`spectrogram`), random masks (`rand_masking`), masks of SpecAugment++ (`hidden_maps`), mixing in
pairs (`mixing`, `specmix`). An option that is off draws nothing.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, get_args

from classical_baselines.harness.choices import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from classical_baselines.augment.waveform_variation import WaveformVariation
    from classical_baselines.harness.contracts import Classifier


MOST_SPEEDS = 16  # each is a copy of every clip, in memory and in the cache
LARGEST_SHIFT = 1_000_000  # bands or frames: wider than any picture
LARGEST_ALPHA = 1000.0  # mixup's Beta is then a half and a half
MOST_MASKS = 100  # of a clip: no picture is left far below it
MOST_HIDDEN_MAPS = 1000
MOST_COPIES = 16  # in memory
MOST_SEMITONES = 12.0  # an octave either way
LONGEST_SHIFT_SECONDS = 60.0  # the longest clip
NoiseKind = Literal["white", "pink", "babble"]
NOISE_KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)

# How far each option may go; 0 turns it off.
LIMITS = {
    "frequency_offset": LARGEST_SHIFT,
    "time_shift_frames": LARGEST_SHIFT,
    "time_mask_frames": LARGEST_SHIFT,
    "frequency_mask_bands": LARGEST_SHIFT,
    "level_jitter": 1,  # the whole of the intensity
    "filter_gain": 1,
    "mixup_alpha": LARGEST_ALPHA,
    "specmix_bands": MOST_MASKS,
    "rand_masks": MOST_MASKS,
    "waveform_copies": MOST_COPIES,
    "pitch_shift_semitones": MOST_SEMITONES,
    "time_shift_seconds": LONGEST_SHIFT_SECONDS,
}
WHOLE_NUMBERS = (
    "time_shift_frames",
    "time_mask_frames",
    "frequency_mask_bands",
    "specmix_bands",
    "rand_masks",
    "waveform_copies",
)
SHARES = (
    "mixup_probability",
    "specmix_probability",
    "specmix_width",
    "rand_mask_width",
    "hidden_mask_share",
    "pitch_shift_probability",
    "room_probability",
    "noise_probability",
)
RANGES = {"room_rt60_seconds": (0.05, 5.0), "noise_snr_db": (-40.0, 80.0)}  # how far apart from and to may lie
OF_WAVEFORMS = ("pitch_shift_semitones", "time_shift_seconds", "room_rt60_seconds", "noise_snr_db")

# What says how another option works, and does nothing while that one is off.
BELONGS_TO = {
    "mixup_probability": "mixup_alpha",
    "specmix_width": "specmix_bands",
    "specmix_probability": "specmix_bands",
    "rand_mask_width": "rand_masks",
    "hidden_mask_share": "hidden_mask",
    "hidden_mask_maps": "hidden_mask",
    "pitch_shift_probability": "pitch_shift_semitones",
    "room_probability": "room_rt60_seconds",
    "noise_kinds": "noise_snr_db",
    "noise_probability": "noise_snr_db",
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
    mixup_probability: float = 1.0  # of each batch
    specmix_bands: int = 0  # along each axis, at most: taken from another clip
    specmix_width: float = 0.3  # of the widest band, as a share of its axis
    specmix_probability: float = 1.0  # of each batch
    rand_masks: int = 0  # of each clip, at most, and at the end of the training
    rand_mask_width: float = 0.2  # of the widest mask, as a share of its axis
    hidden_mask: Literal["off", "zero", "mixture", "cut"] = "off"  # SpecAugment++: how masked parts are filled
    hidden_mask_share: float = 0.2  # of the widest mask, as a share of the axis of each map
    hidden_mask_maps: int = 1  # of the network, beside the picture; the first ones that it offers
    waveform_copies: int = 0  # of each clip, beside those of `speeds`, each varied anew by what follows
    pitch_shift_semitones: float = 0.0  # up or down, at the same tempo
    pitch_shift_probability: float = 1.0  # of each clip of a copy
    time_shift_seconds: float = 0.0
    room_rt60_seconds: tuple[float, float] | None = None  # from, to
    room_probability: float = 1.0
    noise_snr_db: tuple[float, float] | None = None  # from, to
    noise_kinds: tuple[NoiseKind, ...] = ("white",)
    noise_probability: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "speeds", tuple(self.speeds))
        if not 1 <= len(self.speeds) <= MOST_SPEEDS or len(set(self.speeds)) != len(self.speeds):
            raise InputError(f"speeds must name 1 to {MOST_SPEEDS} speeds, each once; got {self.speeds}.")
        if any(not 0.25 <= speed <= 4 for speed in self.speeds):
            raise InputError(f"speeds must lie between 0.25 and 4, where 1 changes nothing; got {self.speeds}.")
        for name, most in LIMITS.items():
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} must lie between 0 (off) and {most:.9g}; got {getattr(self, name)}.")
        for name in WHOLE_NUMBERS:
            if getattr(self, name) != int(getattr(self, name)):
                raise InputError(f"{name} must be a whole number; got {getattr(self, name)}.")
        if not 0 <= self.frequency_warp < 1:
            raise InputError(
                f"frequency_warp must be below 1, the whole mel axis, and not below 0; got {self.frequency_warp}."
            )
        self._check_masks()
        self._check_waveforms()
        self._check_together()

    def _check_masks(self) -> None:
        for name in SHARES:
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} must lie above 0 and up to 1; got {getattr(self, name)}.")
        if self.hidden_mask not in ("off", "zero", "mixture", "cut"):
            raise InputError(f"hidden_mask must be off, zero, mixture or cut; got {self.hidden_mask!r}.")
        if self.hidden_mask_maps != int(self.hidden_mask_maps) or not 1 <= self.hidden_mask_maps <= MOST_HIDDEN_MAPS:
            raise InputError(
                f"hidden_mask_maps must be a whole number in 1 to {MOST_HIDDEN_MAPS}; got {self.hidden_mask_maps}."
            )

    def _check_waveforms(self) -> None:
        for name, (least, most) in RANGES.items():
            bounds = getattr(self, name)
            if bounds is None:
                continue
            object.__setattr__(self, name, tuple(bounds))
            if len(bounds) != 2 or not least <= bounds[0] <= bounds[1] <= most:
                raise InputError(f"{name} must be [from, to] within {least:g} to {most:g}; got {list(bounds)}.")
        kinds = tuple(self.noise_kinds)
        object.__setattr__(self, "noise_kinds", kinds)
        if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(NOISE_KINDS):
            raise InputError(f"noise_kinds must name some of {', '.join(NOISE_KINDS)}, each once; got {list(kinds)}.")
        if 0 < self.pitch_shift_semitones < 0.5:
            raise InputError(
                f"pitch_shift_semitones must be 0 (off) or at least 0.5, a step; got {self.pitch_shift_semitones}."
            )
        asked = [name for name in OF_WAVEFORMS if getattr(self, name)]
        if asked and not self.waveform_copies:
            raise InputError(
                f"{', '.join(asked)}: sound is varied in copies of the clips, and waveform_copies is 0. Set it to "
                f"1 to {MOST_COPIES}."
            )
        if self.waveform_copies and not asked:
            raise InputError(
                f"waveform_copies = {self.waveform_copies} would be copies of what is there. Say what varies them: "
                f"{', '.join(OF_WAVEFORMS)}."
            )

    def _check_together(self) -> None:
        """What one option asks of another."""
        default = {option.name: option.default for option in fields(self)}
        for name, switch in BELONGS_TO.items():
            if getattr(self, name) != default[name] and getattr(self, switch) == default[switch]:
                raise InputError(f"{name} does nothing while {switch} is off. Set {switch}, or leave {name} out.")
        if sum(self._mixing_shares) > 1:
            raise InputError(
                "A batch is mixed by mixup, by SpecMix or not at all, so mixup_probability and specmix_probability "
                f"must sum to at most 1; got {self.mixup_probability} and {self.specmix_probability}. Half and half: "
                "0.5 each."
            )

    @property
    def _mixing_shares(self) -> tuple[float, float]:
        """Of the batches, those that mixup and those that SpecMix mixes."""
        by_mixup = self.mixup_probability if self.mixup_alpha else 0.0
        return by_mixup, self.specmix_probability if self.specmix_bands else 0.0

    def waveform_variation(self) -> "WaveformVariation":
        """How the sound of the copies is varied."""
        from classical_baselines.augment.waveform_variation import WaveformVariation

        return WaveformVariation(
            pitch_shift_semitones=self.pitch_shift_semitones,
            pitch_shift_probability=self.pitch_shift_probability,
            time_shift_seconds=self.time_shift_seconds,
            room_rt60_seconds=self.room_rt60_seconds,
            room_probability=self.room_probability,
            noise_snr_db=self.noise_snr_db,
            noise_kinds=self.noise_kinds,
            noise_probability=self.noise_probability,
        )

    def batch(
        self, intensity: "Tensor", soft_targets: "Tensor", generator: "torch.Generator", progress: float = 1.0
    ) -> tuple["Tensor", "Tensor"]:
        """Vary one batch: [batch, mel, frame] and class shares [batch, class], speeds apart.

        `progress` is the share of the epochs that are done when this one ends.
        """
        from classical_baselines.augment.hidden_maps import masked_maps
        from classical_baselines.augment.rand_masking import rand_masked
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
        intensity = vary(intensity, generator)
        if self.rand_masks:
            intensity = rand_masked(intensity, self.rand_masks, self.rand_mask_width, progress, generator)
        if self.hidden_mask != "off":
            intensity = masked_maps(intensity, self.hidden_mask, self.hidden_mask_share, generator)
        return self._mixed(intensity, soft_targets, generator)

    def _mixed(
        self, intensity: "Tensor", soft_targets: "Tensor", generator: "torch.Generator"
    ) -> tuple["Tensor", "Tensor"]:
        """By one of the two ways to mix, drawn for the whole batch, or as it is."""
        import torch

        from classical_baselines.augment.mixing import mixup
        from classical_baselines.augment.specmix import specmix

        by_mixup, by_specmix = self._mixing_shares
        is_certain = {by_mixup, by_specmix} <= {0.0, 1.0}  # then nothing is drawn
        drawn = 0.0 if is_certain else float(torch.rand((), generator=generator))
        if drawn < by_mixup:
            return mixup(intensity, soft_targets, self.mixup_alpha, generator)
        if drawn < by_mixup + by_specmix:
            return specmix(intensity, soft_targets, self.specmix_bands, self.specmix_width, generator)
        return intensity, soft_targets

    def check_fits(self, classifier: "Classifier") -> None:
        """Refuse a network that does not offer the hidden maps that are to be masked."""
        from classical_baselines.augment.hidden_maps import check_offers_maps

        if self.hidden_mask != "off":
            check_offers_maps(classifier, self.hidden_mask_maps)

    def within(self, classifier: "Classifier", generator: "torch.Generator") -> AbstractContextManager[None]:
        """Inside the block, mask the hidden maps of `classifier` while it trains, where that is asked for."""
        from classical_baselines.augment.hidden_maps import masked_while_training

        if self.hidden_mask == "off":
            return nullcontext()
        return masked_while_training(
            classifier, self.hidden_mask, self.hidden_mask_share, self.hidden_mask_maps, generator
        )
