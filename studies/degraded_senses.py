"""Backend `degraded-senses`: a system's own backend, asked again with one of two senses degraded and the other whole.

    picture   [clip, row, frame]    `sound_rows` rows of a sound, above them those of an image (`sound-and-image`)

    sound noise        Gaussian, of so much standard deviation on every cell, limited to [0, 1]
    sound occlusion    so large a share of the clip's own frames (up to the last that is not silent), at least one, in
                       one piece at a place drawn evenly: their cells are 0, silence
    sound missing      all cells 0
    image noise        the same noise on every pixel
    image occlusion    a square of so many pixels' side at a place drawn evenly: its pixels are 0, paper
    image missing      all pixels 0

A pixel is degraded before it is spread over its cells. What is drawn depends on the degradation, the size of the
picture and the number of clips alone: systems that are shown pictures of one size get the same. Noise in a picture is
no noise in a room; that is what the probes of `snr_db` add to the sound itself. A system that is shown one sense is
asked where that sense is degraded; to the rest it is blind.

The outcome is that of the whole clips, as the own backend gives it. Its note `degraded_senses` keeps the class that
each clip was then taken for, by degradation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from classical_baselines.data.two_senses.digit_images import SIDE
from classical_baselines.front_ends.sound_and_image import gathered, spread
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.evaluation import predictions
from classical_baselines.harness.seeds import generator_for
from studies.degradation import Degradation
from studies.registries import build
from studies.specification import Choice

NAME = "degraded-senses"
NOTE = "degraded_senses"
MOST_VALUES = 16  # of one kind


@dataclass(frozen=True)
class DegradedSenses:
    """The options of degraded senses."""

    of: str = "torch-float"  # the backend that decides
    options: Mapping[str, Any] = field(default_factory=dict)  # its options
    sound_rows: int = 32  # of the picture: 0 where it is an image alone, all of them where it is a sound alone
    noise: tuple[float, ...] = (0.2, 0.4)  # standard deviations, of a picture in [0, 1]
    sound_occlusion: tuple[float, ...] = (0.25, 0.5)  # shares of the clip's own frames
    image_occlusion: tuple[int, ...] = (4, 6)  # pixels along the side of a square

    def __post_init__(self) -> None:
        if self.of == NAME:
            raise InputError(f"{NAME} asks another backend for decisions; of = {NAME!r} names itself.")
        if self.sound_rows < 0:
            raise InputError(f"sound_rows must be 0 (an image alone) or more; got {self.sound_rows}.")
        for name, below, above in (("noise", 0, 10), ("sound_occlusion", 0, 1), ("image_occlusion", 0, SIDE)):
            values = getattr(self, name)
            if len(values) > MOST_VALUES or len(set(values)) < len(values):
                raise InputError(f"{name} names at most {MOST_VALUES} values, each once; got {list(values)}.")
            if not all(below < value <= above for value in values):
                raise InputError(f"{name} must lie above {below} and at most at {above}; got {list(values)}.")

    @property
    def backend(self) -> Choice:
        """The backend that decides."""
        return Choice(name=self.of, options=dict(self.options))

    def degradations(self, n_rows: int) -> tuple[Degradation, ...]:
        """What a picture of so many rows is put through, sound first."""
        senses = (["sound"] if self.sound_rows else []) + (["image"] if n_rows > self.sound_rows else [])
        return tuple(
            one
            for sense in senses
            for one in (
                *(Degradation(sense, "noise", value) for value in self.noise),
                *(Degradation(sense, "occlusion", value) for value in getattr(self, f"{sense}_occlusion")),
                Degradation(sense, "missing"),
            )
        )

    def check_rows(self, n_rows: int) -> None:
        """Refuse a picture whose rows above the sound are no image."""
        n_image = n_rows - self.sound_rows
        if n_image < 0 or n_image % SIDE:
            raise InputError(
                f"{NAME}: above the {self.sound_rows} rows of the sound stand 0, {SIDE}, {2 * SIDE}, ... of an image; "
                f"the picture has {n_rows} rows. Say sound_rows as the front end has it (0: an image alone)."
            )

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """What the backend gives for the whole clips, with the note on what it gives for degraded ones."""
        self.check_rows(intensity.shape[1])
        backend = build("backend", self.backend)
        whole: Outcome = backend.run(trained, intensity, generator, n_exhibits=n_exhibits)
        note = []
        for degradation, picture in self._degraded(intensity):
            outcome = backend.run(trained, picture, generator)
            if outcome.clip_indices is not None:
                raise InputError(f"{NAME}: the backend {self.of!r} answers some of the clips alone. Choose another.")
            predicted = predictions(outcome.logits.detach().float().numpy()).tolist()
            note.append([degradation.sense, degradation.kind, degradation.value, predicted])
        return replace(whole, notes={**whole.notes, NOTE: {"of": self.of, "degraded": note}})

    def _degraded(self, intensity: Tensor) -> Iterator[tuple[Degradation, Tensor]]:
        for one in self.degradations(intensity.shape[1]):
            yield one, degraded(intensity, self.sound_rows, one)


def degraded(intensity: Tensor, sound_rows: int, degradation: Degradation) -> Tensor:
    """The pictures [clip, row, frame] with one sense degraded, the other as it is."""
    sound, image = intensity[:, :sound_rows], intensity[:, sound_rows:]
    drawn = generator_for(0, f"{NAME}/{degradation.sense}/{degradation.kind}/{degradation.value:g}")
    if degradation.sense == "sound":
        return torch.cat([_degraded_sound(sound, degradation, drawn), image], dim=1)
    pixels = _degraded_image(gathered(image), degradation, drawn)
    return torch.cat([sound, spread(pixels, image.shape[2], image.shape[1] // SIDE)], dim=1)


def _degraded_sound(sound: Tensor, degradation: Degradation, drawn: torch.Generator) -> Tensor:
    if degradation.kind == "missing":
        return torch.zeros_like(sound)
    if degradation.kind == "noise":
        return _noisy(sound, degradation.value, drawn)
    n_own = own_frames(sound)
    n_hidden = (degradation.value * n_own).round().long().clamp_min(1)
    first = _place(n_own - n_hidden, drawn)
    frame = torch.arange(sound.shape[2])
    hidden = (frame >= first[:, None]) & (frame < (first + n_hidden)[:, None])
    return sound.masked_fill(hidden[:, None], 0.0)


def _degraded_image(pixels: Tensor, degradation: Degradation, drawn: torch.Generator) -> Tensor:
    if degradation.kind == "missing":
        return torch.zeros_like(pixels)
    if degradation.kind == "noise":
        return _noisy(pixels, degradation.value, drawn)
    side, along = int(degradation.value), torch.arange(SIDE)
    free = torch.full((len(pixels),), SIDE - side)
    row, column = (
        (along >= first[:, None]) & (along < first[:, None] + side) for first in (_place(free, drawn) for _ in "yx")
    )
    return pixels.masked_fill(row[:, :, None] & column[:, None], 0.0)


def _noisy(picture: Tensor, deviation: float, drawn: torch.Generator) -> Tensor:
    noise = torch.randn(picture.shape, generator=drawn).to(picture)
    return (picture + deviation * noise).clamp(0, 1)


def _place(n_free: Tensor, drawn: torch.Generator) -> Tensor:
    """[clip]: where a piece begins that may move by so many places, each as likely."""
    return ((n_free + 1) * torch.rand(len(n_free), generator=drawn, dtype=torch.float64)).long()


def own_frames(sound: Tensor) -> Tensor:
    """[clip]: frames up to the last that is not wholly silent, at least one.

    >>> own_frames(torch.tensor([[[0.0, 0.2, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]]])).tolist()
    [2, 1]
    """
    heard = (sound > 0).any(dim=1)
    numbers = torch.arange(1, sound.shape[2] + 1)
    return torch.where(heard, numbers, 0).amax(dim=1).clamp_min(1)
