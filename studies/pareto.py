# studies/pareto.py
"""Which systems no other one beats in accuracy and energy at once, and with what probability.

A point is on the front where no other point has at least its accuracy for at most its energy, and more of the one or
less of the other. Points that are equal in both stand on it together.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Name = TypeVar("Name", bound=Hashable)


def on_front(accuracies: Sequence[float], joules: Sequence[float]) -> list[bool]:
    """Whether each point is on the front."""
    points = list(zip(accuracies, joules, strict=True))
    return [
        not any(a >= accuracy and j <= energy and (a > accuracy or j < energy) for a, j in points)
        for accuracy, energy in points
    ]


def front_probabilities(
    scores: Mapping[Name, Mapping[str, float]], draws: Mapping[Name, Floats], seed: int = 0
) -> dict[Name, float]:
    """P(on the front) of each point, from joint draws: groups are resampled together, prices are drawn together.

    scores: accuracy by group of each point;  draws: [draw] joules of each point, all of the same `CoefficientDraws`
    """
    names = [name for name in scores if name in draws]
    groups = sorted(set.intersection(*(set(scores[name]) for name in names))) if names else []
    if not groups:
        return {}
    table = np.array([[scores[name][group] for group in groups] for name in names])  # [point, group]
    joules = np.array([draws[name] for name in names])  # [point, draw]
    n_draws = joules.shape[1]
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=n_draws) / len(groups)
    accuracies = table @ weights.T  # [point, draw]
    beaten = np.zeros(joules.shape, dtype=bool)
    for place in range(len(names)):
        no_worse = (accuracies >= accuracies[place]) & (joules <= joules[place])
        better = (accuracies > accuracies[place]) | (joules < joules[place])
        beaten[place] = (no_worse & better).any(axis=0)
    return dict(zip(names, (1 - beaten.mean(axis=1)).tolist(), strict=True))
