# studies/group_ratios.py
"""Shares of clips whose sample is groups (patients, speakers), each of which brings another number of clips.

A share is a ratio of sums over groups g, R = sum r_g / sum n_g, and its variance is that of the linearised ratio
(Cochran, Sampling Techniques, 1977, section 6.4):

    d_g = (r_g - R n_g) / sum n,   var R = G / (G - 1) sum d_g^2,   R -+ t(0.975, G - 1) sqrt(var R)

over the G groups that have such clips. What a smooth function of several shares is made of adds up group by group, by
its slope in each share, and G is then the smallest of their numbers.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from studies.intervals import LEVEL, zero_seen_bound

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupRatio:
    """A share of trials, 0 to 1, and what each group moves it by."""

    estimate: float
    parts: Floats  # [group]: d_g
    n_groups: int  # that have such trials


def group_ratio(hits: Flags, groups: NDArray[np.intp], n_groups: int) -> GroupRatio:
    """The share of `hits` [trial], of which there must be one or more; `groups` [trial] are numbers from 0."""
    n_of = np.bincount(groups, minlength=n_groups).astype(np.float64)
    r_of = np.bincount(groups[hits], minlength=n_groups).astype(np.float64)
    share = float(r_of.sum() / n_of.sum())
    return GroupRatio(share, (r_of - share * n_of) / n_of.sum(), int((n_of > 0).sum()))


def half_width(parts: Floats, n_groups: int) -> float | None:
    """Of the 95 % interval of what the parts [group] move; None where fewer than two groups do."""
    from scipy import special

    if n_groups < 2:
        return None
    deviation = sqrt(n_groups / (n_groups - 1) * float((parts**2).sum()))
    return float(special.stdtrit(n_groups - 1, (1 + LEVEL) / 2)) * deviation


def interval_of_share(estimate: float, parts: Floats, n_groups: int) -> tuple[float, float] | tuple[None, None]:
    """Within 0 and 1; where all groups are alike at an end their spread says nothing, and the bound of none seen does.

    >>> interval_of_share(0.0, np.zeros(3), 3) == (0.0, zero_seen_bound(3))
    True
    """
    half = half_width(parts, n_groups)
    if half is None:
        return None, None
    if estimate in (0.0, 1.0):
        unseen = zero_seen_bound(n_groups)
        return (1 - unseen, 1.0) if estimate == 1 else (0.0, unseen)
    return max(0.0, estimate - half), min(1.0, estimate + half)
