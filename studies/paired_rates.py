# studies/paired_rates.py
"""Paired differences of a mean of shares whose sample is groups: MAcc, the ICBHI score, 1 - EER.

A score is the mean of several shares of clips, each of another kind: of the abnormal clips those called so and of the
normal ones those left alone; of bona fide clips those accepted and of spoofs those refused. `group_ratios` says what a
group moves a share by, d_g, and what it moves the score R by is the mean over the kinds. Under each seed by itself,

    value of a group    R + G d_g      of G groups; the values have the mean R, and the variance of that mean is the
                                       one of the linearised ratio, G / (G - 1) sum d_g^2

so that the values, less those of another system on the same clips, are what `statistics.compare_scores` takes: its
interval (with what trainings add that groups share), its test by flipped signs, its verdict. Where each group has the
same number of clips of every kind, the value of a group is its own score.

Where each seed has the same clips, the mean is that of all clips together. A kind that fewer than six groups have
allows no verdict, however many have the other. Thresholds are taken to be fixed, as in the intervals of the scores.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.group_ratios import group_ratio
from studies.paired_tests import FEWEST_FOR_A_TEST
from studies.statistics import Comparison, Trials, compare_scores, places, shared_trials
from studies.unit_scores import UnitScores, unit_scores


def rate_difference(a: Sequence[Trials], b: Sequence[Trials], margin: float) -> Comparison | None:
    """Mean share of right trials of A less that of B, over the kinds [kind] of clips, on what both were tested on.

    The groups of all trials are named. None where no seed of both has a clip of every kind.
    """
    if len(a) != len(b) or not a:
        raise InputError(f"Both systems need the same kinds of clips, at least one; got {len(a)} and {len(b)}.")
    if not all(set(places(one)) & set(places(other)) for one, other in zip(a, b, strict=True)):
        return None
    pairs = [shared_trials(one, other) for one, other in zip(a, b, strict=True)]
    seeds = reduce(np.intersect1d, [one.seeds for one, _ in pairs])
    if not len(seeds):
        return None
    ours, theirs = ([_of_seeds(pair[which], seeds) for pair in pairs] for which in (0, 1))
    found = compare_scores(
        rate_scores(ours).less(rate_scores(theirs)), margin, n_clips=min(one.n_clips for one in ours), grouped=True
    )
    fewest = min(len(np.unique(one.groups)) for one in ours)
    if fewest >= FEWEST_FOR_A_TEST:
        return found
    return replace(
        found,
        verdict="undecided",
        would_decide=f"at least {FEWEST_FOR_A_TEST} groups with clips of each kind (one kind has {fewest})",
        refused=f"{fewest} group{'s' * (fewest != 1)} with clips of one kind: no verdict below {FEWEST_FOR_A_TEST}",
    )


def rate_scores(kinds: Sequence[Trials]) -> UnitScores:
    """The values of groups, of a score that is the mean over kinds [kind]; each seed has trials of every kind."""
    of_all = [np.concatenate([getattr(one, name) for one in kinds]) for name in ("correct", "groups", "seeds", "folds")]
    whole = unit_scores(*of_all)
    names, values = np.array(whole.names), np.full_like(whole.by_seed, np.nan)
    for place, seed in enumerate(np.unique(of_all[2]).tolist()):
        present = np.isfinite(whole.by_seed[:, place])
        here = [(one.correct[mine], one.groups[mine]) for one in kinds for mine in [one.seeds == seed]]
        shares = [group_ratio(right, np.searchsorted(names, groups), len(names)) for right, groups in here]
        moved = np.mean([one.parts for one in shares], axis=0)
        values[present, place] = np.mean([one.estimate for one in shares]) + present.sum() * moved[present]
    return UnitScores(whole.names, values, whole.blocks)


def _of_seeds(trials: Trials, seeds: NDArray[np.int64]) -> Trials:
    kept = np.isin(trials.seeds, seeds)
    return Trials(trials.correct[kept], trials.groups[kept], trials.clips[kept], trials.seeds[kept], trials.folds[kept])
