"""An odd polynomial from the one delay between the ears to the lateral angle: what the delay tells without a network.

    encoded   [batch, 1, 1]    the front end `interaural-delay`: x = 2 encoded - 1, the delay over the longest, -1 to 1
    lateral   [batch]          c_1 x + c_3 x^3 + c_5 x^5 degrees, within the outermost sectors; odd, as a head is
                               nearly the same on both sides
    logits    [batch, class]   classes are sectors of equal width, counter-clockwise from straight ahead

The coefficients c are those of the least sum of absolute errors over the training clips, solved to the end as a linear
programme by its dual, of a constraint for each coefficient:

    min over c  sum_i |y_i - a_i c|   =   max over d  sum_i y_i d_i   with   sum_i d_i a_i = 0,  -1 <= d_i <= 1

y_i is what the sector of clip i says of its lateral angle, the median over the sector: its centre, and 87.5 degrees for
a sector of 10 degrees around 90. Of several `degrees` one is chosen on the training clips: they are parted into
`N_PARTS` runs of neighbours, so that the clips of a recording stay together, and the degree with the least error on
parts that were left out is fitted to all; of equals the lowest. A classifier is given no heads, so no head is left out:
the choice is for sounds that were not heard, by heads that were.

A lateral angle between the steps of the sectors, f of the way from one to the next, becomes masses of 1 - f and f on
the two, shared alike by the sectors of a step in front and behind, so that the median of the lateral angle
(`studies/localising.py`) is the angle again. All other masses are `LEAST_MASS`, so the logits say where, and not how
surely: calibrate them before any other use. Of a step the sector in front has the share (1 + `IN_FRONT`) / 2 and the
one behind the rest, so that a tie is told in front, as the report does, and not by which sector has the lower number.

Reference: Koenker & Bassett, Econometrica 46(1), 1978, 33-50 (the linear programme and its dual).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.data.binaural.directions import lateral_deg
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.models.standardisation import check_pictures

HIGHEST_DEGREE = 9
N_PARTS = 5  # of the training clips, each left out once
LEAST_MASS = 1e-5  # of a lateral step: the median moves by 0.001 degrees
IN_FRONT = 0.005  # share of a step: more than the store rounds logits by, so that a tie is told alike of what was kept
FEWEST_SECTORS = 4
_PER_SECTOR = 1000  # azimuths that the median over a sector is taken from
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DelayPolynomial:
    """The degrees that one is chosen from."""

    degrees: tuple[int, ...] = (1, 3, 5)

    def __post_init__(self) -> None:
        if not self.degrees or not all(1 <= one <= HIGHEST_DEGREE and one % 2 for one in self.degrees):
            raise InputError(f"degrees must name odd numbers from 1 to {HIGHEST_DEGREE}; got {self.degrees}.")

    def build(self, shape: EncodedShape, n_classes: int) -> "DelayPolynomialClassifier":
        """A polynomial that is still to be fitted."""
        check_pictures(shape, "delay-polynomial")
        if shape.n_channels != 1:
            raise InputError(
                f"delay-polynomial reads a delay alone; got {shape.n_channels} values a clip. Choose the front end "
                "'interaural-delay'."
            )
        if n_classes < FEWEST_SECTORS:
            raise InputError(
                f"delay-polynomial tells at least {FEWEST_SECTORS} sectors of a circle; the study has {n_classes} "
                "classes. Choose a data set of directions."
            )
        return DelayPolynomialClassifier(self, n_classes)


class DelayPolynomialClassifier(Classifier):
    """The polynomial of `DelayPolynomial`; what is fitted are buffers."""

    coefficients: Tensor  # [term], degrees, of x, x^3, ...; 0 beyond the degree that was chosen
    n_terms: Tensor  # of the degree that was chosen; 0 before the fit
    step_of: Tensor  # [class], the lateral step of a sector
    share: Tensor  # [class], logit of a sector within its step

    def __init__(self, options: DelayPolynomial, n_classes: int) -> None:
        super().__init__()
        self.options = options
        centre = 360 * np.arange(n_classes) / n_classes
        angles, step_of = np.unique(lateral_deg(centre).round(9), return_inverse=True)
        self.n_steps, self.lowest, self.step_deg = len(angles), float(angles[0]), float(angles[1] - angles[0])
        n_sharing = np.bincount(step_of)[step_of]  # two, but for the outermost and an odd number of sectors
        share = np.log((1 + (n_sharing - 1) * IN_FRONT * np.sign(np.cos(np.radians(centre)).round(9))) / n_sharing)
        self.register_buffer("coefficients", torch.zeros((max(options.degrees) + 1) // 2))
        self.register_buffer("n_terms", torch.zeros((), dtype=torch.long))
        self.register_buffer("step_of", torch.from_numpy(step_of), persistent=False)
        self.register_buffer("share", torch.from_numpy(share).float(), persistent=False)

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit to training clips and their sectors; the solution does not depend on the seed."""
        del seed
        delays = 2 * encoded.flatten().cpu().double().numpy() - 1
        laterals = lateral_of_sectors(len(self.share))[targets.cpu().numpy()]
        degree = chosen_degree(delays, laterals, self.options.degrees)
        fitted = torch.from_numpy(least_absolute(delays, laterals, degree))
        self.coefficients.zero_()
        self.coefficients[: len(fitted)] = fitted.to(self.coefficients)
        self.n_terms.fill_(len(fitted))
        return True

    def n_parameters(self) -> int:
        return int(self.n_terms)

    def lateral(self, encoded: Tensor) -> Tensor:
        """[batch, 1, 1] -> lateral angle [batch] in degrees."""
        if not self.n_terms:
            raise RuntimeError("This delay polynomial has not been fitted. Call fit_directly, or load its weights.")
        delay = 2 * encoded.flatten() - 1
        value = torch.zeros_like(delay)
        for coefficient in self.coefficients.to(delay).flip(0):
            value = value * delay.square() + coefficient
        highest = self.lowest + (self.n_steps - 1) * self.step_deg
        return (value * delay).clamp(self.lowest, highest)

    def forward(self, encoded: Tensor) -> Tensor:
        """[batch, 1, 1] -> logits [batch, class]."""
        place = (self.lateral(encoded)[:, None] - self.lowest) / self.step_deg
        mass = (1 - (place - torch.arange(self.n_steps).to(place)).abs()).clamp_min(LEAST_MASS)
        return mass.log()[:, self.step_of] + self.share.to(mass)

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Per clip: a product for each term, and for each of the two steps beside the angle a logarithm. The logarithm
        of the least mass is a constant."""
        del encoded  # the same for every clip
        n_terms, n_classes = int(self.n_terms), len(self.share)
        polynomial = OperationCounts.of(
            "network",
            "polynomial",
            mac_fp32=n_terms,  # 2 encoded - 1, and all terms but the last, by Horner's rule in the square of the delay
            multiply_fp32=2 if n_terms > 1 else 1,
            compare_fp32=2,
            sram_bytes=4 * (1 + n_terms + 1),
        )
        # The place among the steps, its whole part, two masses and their logarithms; then a constant for each sector.
        return polynomial + OperationCounts.of(
            "readout",
            "sectors",
            mac_fp32=1,
            compare_fp32=4,
            add_fp32=2 + n_classes,
            transcendental_fp32=2,
            sram_bytes=4 * (1 + 2 * n_classes),
        )


def lateral_of_sectors(n_classes: int) -> Floats:
    """[class]: the median of the lateral angle over each sector.

    >>> lateral_of_sectors(36)[[1, 9, 27]].round(6).tolist()
    [10.0, 87.5, -87.5]
    """
    width = 360 / n_classes
    within = (np.arange(_PER_SECTOR) + 0.5) / _PER_SECTOR - 0.5
    azimuths = width * (np.arange(n_classes)[:, None] + within)
    return np.asarray(np.median(lateral_deg(azimuths), axis=1))


def least_absolute(delays: Floats, laterals: Floats, degree: int) -> Floats:
    """[term]: coefficients of x, x^3, ... with the least sum of absolute errors; of several, one of them.

    >>> least_absolute(np.array([-0.5, 0.5, 0.8]), np.array([-45.0, 45.0, 80.0]), 1).round(6).tolist()
    [90.0]
    """
    from scipy.optimize import linprog

    powers = delays[:, None] ** np.arange(1, degree + 1, 2)
    dual = linprog(-laterals, A_eq=powers.T, b_eq=np.zeros(powers.shape[1]), bounds=(-1, 1), method="highs")
    if dual.status != 0:
        raise RuntimeError(f"The fit of degree {degree} to {len(delays)} delays did not end: {dual.message}")
    return -np.asarray(dual.eqlin.marginals, dtype=np.float64)


def chosen_degree(delays: Floats, laterals: Floats, degrees: Sequence[int]) -> int:
    """The degree with the least absolute error on parts of neighbouring clips, each left out of the fit once."""
    if len(degrees) == 1:
        return degrees[0]
    if len(delays) < N_PARTS:
        raise InputError(
            f"A degree is chosen on at least {N_PARTS} training clips; got {len(delays)}. Name one degree."
        )
    parts = np.array_split(np.arange(len(delays)), N_PARTS)

    def error(degree: int) -> float:
        left = 0.0
        for part in parts:
            kept = np.delete(np.arange(len(delays)), part)
            fitted = least_absolute(delays[kept], laterals[kept], degree)
            told = delays[part, None] ** np.arange(1, degree + 1, 2) @ fitted
            left += float(np.abs(laterals[part] - told).sum())
        return left

    return min(sorted(degrees), key=error)
