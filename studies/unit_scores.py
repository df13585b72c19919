# studies/unit_scores.py
"""Scores of the units of a sample, and how well their mean is known where units share trained models.

    unit     a group (speaker, source recording), or a clip where there are no groups
    model    what one seed trained in one fold
    block    units that the same models are tested on: those of a fold; folds that test one unit are one block

A model that was lucky in training is lucky on every unit of its block, and more units do not average that out. With n
units, of which m stand in a block that was run with S seeds,

    Var(mean) = groups + models - counted          groups = s² / n,  s² the variance of the units' means over seeds
    models    = sum over blocks of c A / S         A: variance over the seeds of the mean of the block's units
    counted   = sum over blocks of c B / S         B: what A would be without shared models, sum of the units' own
    c         = m² / (n (n - 1))                      variances over the seeds / m²

which is unbiased, and for one block the analysis of variance of units crossed with seeds. Where each unit has models
of its own (leave-one-group-out) A = B, and s² / n is all. The half-widths of the parts add in squares (Howe, JASA 69,
1974, 789-794), each with the t of its own degrees of freedom:

    half² = t(n - 1)² groups + max(0, t(f)² models - t(n - 1)² counted),    f from the seeds (Satterthwaite)

One seed alone shows nothing of this, so that nothing is known of the mean over trainings where units share models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class UnitScores:
    """The score of every unit under every seed, and which units share models."""

    names: tuple[str, ...]  # [unit]
    by_seed: Floats  # [unit, seed]; nan where a unit was not run with a seed
    blocks: Integers  # [unit]: number of the block, from 0

    @cached_property
    def means(self) -> Floats:
        """[unit]: averaged over the seeds that it was run with."""
        return np.asarray(np.nanmean(self.by_seed, axis=1), dtype=np.float64)

    @cached_property
    def spread(self) -> "MeanSpread":
        """How well the mean of `means` is known; for two units or more."""
        return _mean_spread(self)

    def less(self, other: "UnitScores") -> "UnitScores":
        """The paired differences; `other` has the same units, seeds and blocks."""
        return UnitScores(self.names, self.by_seed - other.by_seed, self.blocks)


@dataclass(frozen=True, eq=False)
class MeanSpread:
    """The parts of the variance of a mean over units."""

    n_units: int
    groups: float
    models: float  # 0 where no two units share a model
    counted: float  # the part of `models` that stands in `groups` too
    freedom: float  # degrees of freedom of `models`
    luck: Floats  # [model] a model's mean over its units less that of its block's models
    weights: Floats  # [model] share of the mean that is this model's
    unseen: bool  # units share models and none was trained with a second seed

    @property
    def n_models(self) -> int:
        """Trained models that several units share; 0 where each unit has its own."""
        return len(self.weights)

    def half_squared(self, alpha: float) -> tuple[float, float]:
        """The squares of the half-width at 1 - `alpha`: what units add, and what shared models add to it."""
        from scipy import special

        of_groups = float(special.stdtrit(self.n_units - 1, 1 - alpha / 2)) ** 2
        if not self.n_models or self.unseen:
            return of_groups * self.groups, 0.0
        of_models = float(special.stdtrit(self.freedom, 1 - alpha / 2)) ** 2
        return of_groups * self.groups, max(0.0, of_models * self.models - of_groups * self.counted)

    def p_value(self, mean: float) -> float:
        """The smallest alpha whose interval about `mean` leaves out 0."""
        from scipy import optimize, special

        if mean == 0:
            return 1.0
        if self.groups == 0 and self.models == 0:
            return 0.0
        if not self.n_models or self.unseen:
            return 2 * float(special.stdtr(self.n_units - 1, -abs(mean) / sqrt(self.groups)))

        def too_wide(log_alpha: float) -> float:
            return sum(self.half_squared(float(np.exp(log_alpha)))) - mean * mean

        smallest, largest = float(np.log(1e-12)), -1e-9
        if too_wide(smallest) <= 0:
            return 1e-12
        return 1.0 if too_wide(largest) >= 0 else float(np.exp(optimize.brentq(too_wide, smallest, largest, xtol=1e-9)))


def unit_scores(
    correct: NDArray[np.bool_], units: NDArray[np.str_], seeds: NDArray[np.int64], folds: NDArray[np.str_]
) -> UnitScores:
    """The scores of trials: right or wrong, with the unit, seed and fold of each."""
    names, unit = np.unique(units, return_inverse=True)
    different_seeds, seed = np.unique(seeds, return_inverse=True)
    different_folds, fold = np.unique(folds, return_inverse=True)
    n_units, n_seeds = len(names), len(different_seeds)
    cell = unit * n_seeds + seed
    n_clips = np.bincount(cell, minlength=n_units * n_seeds)
    n_right = np.bincount(cell, weights=correct, minlength=n_units * n_seeds)
    shares = np.divide(n_right, n_clips, out=np.full(len(n_clips), np.nan), where=n_clips > 0)
    return UnitScores(
        names=tuple(names.tolist()),
        by_seed=shares.reshape(n_units, n_seeds),
        blocks=_blocks(unit, fold, n_units, len(different_folds)),
    )


def _blocks(unit: NDArray[np.intp], fold: NDArray[np.intp], n_units: int, n_folds: int) -> Integers:
    """[unit]: its fold; where a unit stands in several, the connected parts of the graph between units and folds."""
    pairs = np.unique(unit * n_folds + fold)
    units, part = pairs // n_folds, pairs % n_folds
    if len(pairs) > n_units:
        from scipy import sparse
        from scipy.sparse import csgraph

        edges = sparse.coo_array((np.ones(len(pairs)), (units, part + n_units)), shape=(n_units + n_folds,) * 2)
        part = csgraph.connected_components(edges, directed=False)[1][:n_units]
    return np.unique(part, return_inverse=True)[1].astype(np.int64)


def _mean_spread(scores: UnitScores) -> MeanSpread:
    n = len(scores.means)
    shared = [
        scores.by_seed[scores.blocks == block] for block, m in enumerate(np.bincount(scores.blocks).tolist()) if m > 1
    ]
    # seeds that all units of the block were run with
    tables = [table[:, np.isfinite(table).all(axis=0)] for table in shared]
    seen = [table for table in tables if table.shape[1] > 1]
    groups = float(scores.means.var(ddof=1)) / n
    weights = [np.full(k, len(table) / n / k) for table in shared for k in [max(1, _n_seeds(table))]]
    if not seen:
        luck, parts = np.zeros(0), (0.0, 0.0, 1.0)
    else:
        luck = np.concatenate([_from_their_mean(table.mean(axis=0)) for table in seen])
        parts = _model_parts(seen, shared, n)
    return MeanSpread(
        *(n, groups, *parts),
        luck=luck,
        weights=np.concatenate(weights) if weights else np.zeros(0),
        unseen=bool(shared) and not seen,
    )


def _n_seeds(table: Floats) -> int:
    return int(np.isfinite(table).any(axis=0).sum())


def _model_parts(seen: Sequence[Floats], shared: Sequence[Floats], n: int) -> tuple[float, float, float]:
    """`models`, `counted` and the degrees of freedom; a block of one seed is taken to be like the others."""
    together = [float(_variance(table.mean(axis=0))) for table in seen]
    alone = [float(_variance(table).sum()) / len(table) ** 2 for table in seen]
    coefficients = [len(table) ** 2 / (n * (n - 1)) / table.shape[1] for table in seen]
    models = [c * a for c, a in zip(coefficients, together, strict=True)]
    counted = [c * b for c, b in zip(coefficients, alone, strict=True)]
    rest = [table for table in shared if np.isfinite(table).all(axis=0).sum() < 2]
    of_rest = sum(len(table) ** 2 / (n * (n - 1)) / max(1, _n_seeds(table)) for table in rest)
    larger = 1 + of_rest / sum(coefficients)
    freedoms = [table.shape[1] - 1 for table in seen]
    squares = sum(part * part / freedom for part, freedom in zip(models, freedoms, strict=True))
    freedom = sum(models) ** 2 / squares if squares > 0 else inf
    return larger * sum(models), larger * sum(counted), min(freedom, float(sum(freedoms)))


def _from_their_mean(values: Floats) -> Floats:
    """Along the last axis; exactly 0 where all are equal (a system without chance), and not a rounding error that a
    division would make anything of."""
    apart: Floats = values - values.mean(axis=-1, keepdims=True)
    return np.where(np.ptp(values, axis=-1, keepdims=True) == 0, 0.0, apart)


def _variance(values: Floats) -> Floats:
    """Unbiased, along the last axis."""
    squares: Floats = (_from_their_mean(values) ** 2).sum(axis=-1)
    return squares / (values.shape[-1] - 1)
