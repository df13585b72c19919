# quantum/mitigation/zero_noise.py
"""Zero-noise extrapolation: the same circuit at more noise, and from there back to none.

Noise is amplified by folding: a two-qubit gate G becomes G G^-1 G, which does the same and errs three times. A factor
is 1 + 2 folds / two-qubit gates; for one between the odd numbers some gates are folded, evenly spread over the circuit.
One-qubit gates, whose errors are a tenth of the others', are left as they are, and so is readout: what they add is not
extrapolated.

    values   [factor, clip, outcome]   frequencies at each factor, readout mitigated or not
    result   [clip, outcome]           sums to 1, may be negative

    linear        the line of least squares through all factors, at 0
    richardson    the polynomial through all of them, at 0: exact for noise of that order, and the most variance
    exponential   of the expectation of every product of Z (a Walsh-Hadamard transform of the frequencies), which noise
                  drives to 0: the line of least squares through the logarithm of its modulus; exact for depolarising
                  noise. Where the signs differ or it grows with the noise, and so is shot noise, linear

Each factor takes as many shots as one circuit without extrapolation. Temme, Bravyi & Gambetta, PRL 119, 180509 (2017),
arXiv 1612.02058; folding: Giurgica-Tiron et al., IEEE QCE 2020, arXiv 2005.10921; of two-qubit gates alone as in IBM's
Qiskit Runtime.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError, choose

EXTRAPOLATIONS = ("linear", "richardson", "exponential")
FEWEST_FACTORS, MOST_FACTORS = 3, 5
LARGEST_FACTOR = 25.0


def check_noise_factors(noise_factors: Sequence[float], extrapolation: str) -> None:
    """Refuse factors that no line goes through, and a way to extrapolate that has no name here."""
    choose({name: name for name in EXTRAPOLATIONS}, extrapolation, what="extrapolation")
    if not noise_factors:
        return
    rises = all(low < high for low, high in pairwise(noise_factors))
    if not (FEWEST_FACTORS <= len(noise_factors) <= MOST_FACTORS and rises and noise_factors[0] == 1):
        raise InputError(
            f"noise_factors must be {FEWEST_FACTORS} to {MOST_FACTORS} rising numbers, the first 1, such as [1, 3, 5]; "
            f"got {list(noise_factors)}."
        )
    if noise_factors[-1] > LARGEST_FACTOR:
        raise InputError(f"noise_factors end at {LARGEST_FACTOR:g}; got {noise_factors[-1]:g}.")


def folds_of(factor: float, n_gates: int) -> tuple[int, ...]:
    """How many times each of `n_gates` two-qubit gates is folded.

    >>> folds_of(1, 3), folds_of(3, 3), folds_of(2, 4), folds_of(4, 2)
    ((0, 0, 0), (1, 1, 1), (0, 1, 0, 1), (1, 2))
    """
    n_folds = round((factor - 1) / 2 * n_gates)
    return tuple((gate + 1) * n_folds // n_gates - gate * n_folds // n_gates for gate in range(n_gates))


def realised_factor(folds: Sequence[int]) -> float:
    """The factor that these folds give; 1 where there is no gate to fold.

    >>> realised_factor((0, 1, 0, 1))
    2.0
    """
    return 1 + 2 * sum(folds) / len(folds) if folds else 1.0


def check_different(factors: Sequence[float]) -> None:
    """Refuse factors that are realised by the same circuit."""
    if len(set(factors)) < len(factors):
        raise InputError(
            f"Two noise factors give the same circuit: {', '.join(f'{one:g}' for one in factors)} are realised, as the "
            "circuit has few two-qubit gates. Give factors that lie further apart."
        )


def extrapolated(values: Tensor, factors: Sequence[float], extrapolation: str) -> Tensor:
    """[clip, outcome] at no noise, from [factor, clip, outcome] at the factors that were realised."""
    if extrapolation != "exponential":
        weights = extrapolation_weights(factors, extrapolation).to(values)
        return torch.tensordot(weights, values, dims=1)
    strings = walsh_hadamard(values)
    linear = torch.tensordot(extrapolation_weights(factors, "linear").to(values), strings, dims=1)
    same_sign = (strings > 0).all(0) | (strings < 0).all(0)
    logarithms = strings.abs().clamp_min(torch.finfo(values.dtype).tiny).log()
    at_zero = torch.tensordot(extrapolation_weights(factors, "linear").to(values), logarithms, dims=1).exp()
    decays = at_zero >= strings[0].abs()
    found = torch.where(same_sign & decays, (at_zero * strings[0].sign()).clamp(-1, 1), linear)
    return walsh_hadamard(found) / values.shape[-1]


def extrapolation_weights(factors: Sequence[float], extrapolation: str) -> Tensor:
    """What the values at each factor are multiplied by, and summed; float64, sums to 1.

    >>> [round(weight, 4) for weight in extrapolation_weights((1, 2, 3), "richardson").tolist()]
    [3.0, -3.0, 1.0]
    >>> [round(weight, 4) for weight in extrapolation_weights((1, 2, 3), "linear").tolist()]
    [1.3333, 0.3333, -0.6667]
    """
    at = torch.tensor(factors, dtype=torch.float64)
    if extrapolation == "richardson":
        ratios = at[None] / (at[None] - at[:, None] + torch.eye(len(at)))  # Lagrange's polynomials at 0
        return torch.where(torch.eye(len(at), dtype=torch.bool), 1.0, ratios).prod(1)
    centred = at - at.mean()
    return 1 / len(at) - at.mean() * centred / centred.square().sum()


def walsh_hadamard(values: Tensor) -> Tensor:
    """[..., outcome] -> [..., string]: sum over outcomes of (-1)**(bits that outcome and string share) * value."""
    n = values.shape[-1]
    width = 1
    while width < n:
        pairs = values.unflatten(-1, (-1, 2, width))
        low, high = pairs[..., 0, :], pairs[..., 1, :]
        values = torch.stack([low + high, low - high], -2).flatten(-3)
        width *= 2
    return values
