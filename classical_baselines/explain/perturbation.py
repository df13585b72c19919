# classical_baselines/explain/perturbation.py
"""Random masks (RISE): how the probability of a class follows what is shown. It asks nothing of a network but answers.

Masks m in [0, 1] are drawn on a coarse grid, each cell shown with the probability p, made smooth by bilinear
interpolation and shifted at random. With f(m) the probability of the class for the picture under the mask, the rest of
which is the neutral picture,

    saliency[i] = mean over masks of (f(m) - mean f) m[i]  /  (p (1 - p))

which is the covariance of f and m[i], scaled. Above 0: showing the element raises the probability. It is RISE's mean of
f(m) m[i] / p, less the mean of f, over 1 - p: the same order of elements, without the offset that says nothing and with
less noise of sampling. All systems with pictures of one size are asked with the same masks. The probe `occlusion` of a
study hides one patch after another instead, on test clips, for the report.

Reference: Petsiuk, Das & Saenko, BMVC 2018, arXiv 1806.07421, section 3.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from classical_baselines.explain.contract import Saliency, Subject
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.seeds import generator_for

MOST_MASKS = 100_000


def random_masks(
    n_masks: int, grid: tuple[int, int], size: tuple[int, int], shown_share: float, generator: torch.Generator
) -> Tensor:
    """[mask, mel, frame] in [0, 1]."""
    cells = [-(-n // parts) for n, parts in zip(size, grid, strict=True)]
    drawn = torch.rand((n_masks, 1, grid[0] + 1, grid[1] + 1), generator=generator) < shown_share
    wide = [(parts + 1) * cell for parts, cell in zip(grid, cells, strict=True)]
    smooth = interpolate(drawn.float(), size=wide, mode="bilinear", align_corners=False)[:, 0].clamp(0, 1)
    shifts = torch.stack([torch.randint(cell, (n_masks,), generator=generator) for cell in cells], dim=1)
    return torch.stack(
        [
            mask[mel : mel + size[0], frame : frame + size[1]]
            for mask, (mel, frame) in zip(smooth, shifts.tolist(), strict=True)
        ]
    )


def covariance_map(masks: Tensor, probabilities: Tensor, shown_share: float) -> Tensor:
    """[mask, mel, frame] and [mask] -> [mel, frame], by the formula above."""
    centred = probabilities.to(masks) - probabilities.mean().to(masks)
    return torch.einsum("m,mij->ij", centred, masks) / (len(masks) * shown_share * (1 - shown_share))


@dataclass(frozen=True)
class RandomMasks:
    """The options of random masks."""

    n_masks: int = 400
    grid: tuple[int, int] = (8, 8)  # cells along mel and frame
    shown_share: float = 0.5
    method: ClassVar[str] = "random-masks"
    signed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 2 <= self.n_masks <= MOST_MASKS:
            raise InputError(f"n_masks must lie in 2 to {MOST_MASKS}; got {self.n_masks}.")
        if min(self.grid) < 1:
            raise InputError(f"grid must be two numbers of cells >= 1, (mel, frame); got {self.grid}.")
        if not 0 < self.shown_share < 1:
            raise InputError(f"shown_share must lie between 0 and 1; got {self.shown_share}.")

    def __call__(self, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
        size = (intensity.shape[1], intensity.shape[2])
        grid = (min(self.grid[0], size[0]), min(self.grid[1], size[1]))
        generator = generator_for(subject.seed, "explain/random-masks")
        masks = random_masks(self.n_masks, grid, size, self.shown_share, generator)
        values = [
            covariance_map(masks, subject.probabilities(subject.shown(picture, masks))[:, target], self.shown_share)
            for picture, target in zip(intensity, classes.tolist(), strict=True)
        ]
        return Saliency(self.method, torch.stack(values), self.signed)
