# studies/error_rates.py
"""How often the default verdict is wrong: in simulated studies, and of one system against itself on stored predictions.

A simulated study has two systems of equal accuracy by construction. A clip is answered rightly where a sum of normal
parts is positive, so that the accuracy of a system over all groups, clips and trainings is Phi(level / total sd):

    level + group + clip                                       shared by both systems
          + own group + own clip                               what a system finds easy
          + corpus                                             what the training recordings favour, alike in all folds
          + training + training x group + training x clip      luck of one trained model (a seed of a fold)

`corpus` is 0 in the designs that the verdict answers for, which claims nothing about other training recordings; with it
a design shows what a claim about those would risk. A difference is put in by raising the level of one system.

In an A/A run each side is the same system with other seeds, so that every verdict but `equivalent` and `undecided` is
wrong. In each fold the seeds are dealt to the two sides anew: sides differ in nothing but which training is whose.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.other_tests import corrected_resampled_t, fold_differences
from studies.paired_tests import ALPHA
from studies.statistics import Trials, Verdict, paired_difference

MARGIN = 0.02
MOST_DEALS = 32  # per system
WRONG_OF_EQUALS: tuple[Verdict, ...] = ("better", "worse")


@dataclass(frozen=True)
class Design:
    """A simulated study: its sample, and the standard deviations of the parts, in units of the latent scale."""

    name: str
    clips: tuple[int, ...]  # per group; repeated in turn over the groups
    n_groups: int  # 0: no groups
    n_folds: int  # each group in one fold; as many as groups: leave-one-group-out; 1: a fixed split
    n_seeds: int
    level: float = 1.1  # accuracy 89 %
    group: float = 0.35
    clip: float = 0.6
    own_group: float = 0.19
    own_clip: float = 0.4
    corpus: float = 0.0
    training: float = 0.05
    training_group: float = 0.1
    training_clip: float = 0.35
    margin: float = MARGIN

    @property
    def total(self) -> float:
        """Standard deviation of the sum of all parts."""
        parts = (self.group, self.clip, self.own_group, self.own_clip, self.corpus, self.training)
        return sqrt(sum(part * part for part in (*parts, self.training_group, self.training_clip)))

    def shift_for(self, difference: float) -> float:
        """What must be added to one system's level for it to be more accurate by `difference`."""
        from scipy import special

        accuracy = float(special.ndtr(self.level / self.total))
        if not 0 < accuracy + difference < 1:
            raise InputError(
                f"difference {difference:g}: with an accuracy of {accuracy:.3f} it must keep within 0 and 1."
            )
        return float(special.ndtri(accuracy + difference)) * self.total - self.level


# What a verdict is asked of; spreads as in `spoken-digits` at revision 8b21f5a (differences: 5.5 points between
# speakers, 3.9 between the seeds of one), luck of a training from its fixed split
DESIGNS = (
    Design("6 groups left out in turn, 3 seeds", (150,), 6, 6, 3),
    Design("6 groups of 10 to 240 clips, left out in turn, 3 seeds", (10, 20, 40, 60, 120, 240), 6, 6, 3),
    Design("6 groups, one seed", (60,), 6, 6, 1),
    Design("6 groups in a fixed split, 3 seeds", (60,), 6, 1, 3),
    Design("10 groups of one clip, 3 seeds", (1,), 10, 1, 3),
    Design("10 groups left out in turn, 3 seeds", (40,), 10, 10, 3),
    Design("20 groups left out in turn, 3 seeds", (20,), 20, 20, 3),
    Design("24 groups in 4 folds, 3 seeds", (20,), 24, 4, 3),
    Design("24 groups in a fixed split, 3 seeds", (20,), 24, 1, 3),
    Design("60 groups left out in turn, 3 seeds", (10,), 60, 60, 3),
    Design("60 groups of 2 to 40 clips in 5 folds, 3 seeds", (2, 5, 10, 20, 40), 60, 5, 3),
    Design("60 groups in a fixed split, 3 seeds, lucky trainings", (10,), 60, 1, 3, training=0.2),
    Design("60 groups in a fixed split, 2 seeds, lucky trainings", (10,), 60, 1, 2, training=0.2),
    Design("300 clips without groups, 5 folds, 3 seeds", (1,), 300, 5, 3),
    Design("300 clips without groups, a fixed split, 3 seeds, lucky trainings", (1,), 300, 1, 3, training=0.2),
    Design("300 clips without groups, a fixed split, one seed", (1,), 300, 1, 1, training=0.2),
)
# The parts of the training recordings make the differences of groups correlate by 1/n, Nadeau & Bengio's rule of thumb
OVERLAPPING = tuple(
    Design(f"{n} groups left out in turn, 3 seeds, folds correlated by 1/{n}", (240 // n,), n, n, 3)
    for n in (6, 10, 20)
)
# Narrow enough for `equivalent` to be within reach; the systems differ by the margin, so that it is wrong
AT_THE_MARGIN = (
    Design("6 groups left out in turn, 3 seeds", (400,), 6, 6, 3, own_group=0.03, training_group=0.03, own_clip=0.2),
    Design("6 groups in a fixed split, 3 seeds", (400,), 6, 1, 3, own_group=0.03, training_group=0.02, training=0.01),
    Design("24 groups in 4 folds, 3 seeds", (100,), 24, 4, 3, own_group=0.05, training=0.02),
    Design("60 groups left out in turn, 3 seeds", (60,), 60, 60, 3, own_group=0.05, training=0.02),
    Design("600 clips without groups, 5 folds, 3 seeds", (1,), 600, 5, 3, training=0.02, margin=0.05),
    Design("6 groups left out in turn, 3 seeds, 98 % against 99", (100,), 6, 6, 3, level=1.85, margin=0.01),
)


@dataclass(frozen=True)
class ErrorRate:
    """Verdicts of many studies, and how often other ways to test would have called a difference."""

    name: str
    n: int
    verdicts: Mapping[Verdict, int]
    naive: int | None = None  # p <= 0.05 of a paired t over folds and seeds, as if all were independent
    corrected: int | None = None  # of the corrected resampled t
    missed: int = 0  # intervals that leave the true difference out
    n_intervals: int = 0

    def share(self, *verdicts: Verdict) -> float:
        """Share of the studies with one of these verdicts."""
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts) / self.n

    def bounds(self, *verdicts: Verdict) -> tuple[float, float]:
        """Exact 95 % interval of that share."""
        return exact_interval(sum(self.verdicts.get(verdict, 0) for verdict in verdicts), self.n)


def exact_interval(k: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a proportion (Biometrika 26, 1934)."""
    from scipy import special

    low = float(special.betaincinv(k, n - k + 1, ALPHA / 2)) if k else 0.0
    return low, float(special.betaincinv(k + 1, n - k, 1 - ALPHA / 2)) if k < n else 1.0


def simulated(design: Design, n_studies: int, difference: float = 0.0, seed: int = 0) -> ErrorRate:
    """The verdicts of `n_studies` studies in which A is more accurate by `difference`."""
    verdicts: Counter[Verdict] = Counter()
    naive = corrected = missed = n_intervals = 0
    for a, b in studies_of(design, n_studies, difference, seed):
        found = paired_difference(a, b, design.margin)
        verdicts[found.verdict] += 1
        naive += _naive_t(a, b) <= ALPHA
        if design.n_folds > 2:
            p_value = corrected_resampled_t(fold_differences(a, b), 1 / (design.n_folds - 1)).p_value
            corrected += p_value is not None and p_value <= ALPHA
        if found.low is not None and found.high is not None:
            n_intervals += 1
            missed += not found.low <= difference <= found.high
    return ErrorRate(
        *(design.name, n_studies, dict(verdicts), naive),
        corrected=corrected if design.n_folds > 2 else None,
        missed=missed,
        n_intervals=n_intervals,
    )


def overlapping(design: Design, n_pilots: int = 200) -> Design:
    """The design with a part of the training recordings for which its differences of groups correlate by 1/n.

    The variance of these differences comes from `n_pilots` studies without it; by level / total, a part of the level
    moves the accuracy by its density there.
    """
    pilots = [a.scores.less(b.scores).means for a, b in studies_of(design, n_pilots)]
    wanted = float(np.mean([differences.var(ddof=1) for differences in pilots])) / (design.n_groups - 1)
    slope = exp(-((design.level / design.total) ** 2) / 2) / sqrt(2 * pi) / design.total
    return replace(design, corpus=sqrt(wanted / 2) / slope)


def studies_of(
    design: Design, n_studies: int, difference: float = 0.0, seed: int = 0
) -> Iterator[tuple[Trials, Trials]]:
    """The trials of A and B of each simulated study."""
    generator = np.random.default_rng([seed, *design.name.encode()])
    sizes = [design.clips[g % len(design.clips)] for g in range(design.n_groups)]
    group = np.repeat(np.arange(design.n_groups), sizes)  # [clip]
    names = np.array([f"g{g:04d}" for g in group])
    clips = np.array([f"{name}/{i}" for i, name in enumerate(names)])
    folds = np.array([f"f{g % design.n_folds:04d}" for g in group])
    seeds = np.repeat(np.arange(design.n_seeds), len(group))
    columns = [np.tile(column, design.n_seeds) for column in (names, clips)] + [seeds, np.tile(folds, design.n_seeds)]
    shift = design.shift_for(difference) if difference else 0.0
    for _ in range(n_studies):
        common = design.level + _normal(generator, design.group, design.n_groups)[group]
        common = common + _normal(generator, design.clip, len(group))
        pair = [
            Trials((common + extra + _own(generator, design, group) > 0).reshape(-1), *columns)
            for extra in (shift, 0.0)
        ]
        yield pair[0], pair[1]


def _own(generator: np.random.Generator, design: Design, group: NDArray[np.intp]) -> NDArray[np.float64]:
    """[seed, clip]: what one system adds to what the two share."""
    n_seeds, fold = design.n_seeds, group % design.n_folds
    own = _normal(generator, design.own_group, design.n_groups)[group] + _normal(generator, design.own_clip, len(group))
    of_models = (
        _normal(generator, design.training, n_seeds, design.n_folds)[:, fold]
        + _normal(generator, design.training_group, n_seeds, design.n_groups)[:, group]
        + _normal(generator, design.training_clip, n_seeds, len(group))
    )
    return np.asarray(own + _normal(generator, design.corpus, 1) + of_models)


def _normal(generator: np.random.Generator, sd: float, *shape: int) -> NDArray[np.float64]:
    return np.asarray(generator.standard_normal(shape) * sd)


def _naive_t(a: Trials, b: Trials) -> float:
    """p of a paired t over the scores of folds and seeds; over clips where there is one fold and seed."""
    from scipy import special

    differences = a.correct.astype(np.float64) - b.correct
    labels = np.char.add(np.char.add(a.folds, "/"), a.seeds.astype(np.str_))
    _, which = np.unique(labels, return_inverse=True)
    values = np.bincount(which, weights=differences) / np.bincount(which)
    values = values if len(values) > 1 else differences
    sd = float(values.std(ddof=1))
    if sd == 0:
        return 1.0
    return 2 * float(special.stdtr(len(values) - 1, -abs(float(values.mean())) / sd * sqrt(len(values))))


def against_itself(trials: Trials, margin: float, name: str = "", seed: int = 0) -> ErrorRate:
    """The verdicts of one system against itself with other seeds, over the deals of its seeds to two sides."""
    verdicts: Counter[Verdict] = Counter()
    naive = 0
    for a, b in deals(trials, seed):
        verdicts[paired_difference(a, b, margin).verdict] += 1
        naive += _naive_t(a, b) <= ALPHA
    return ErrorRate(name, sum(verdicts.values()), dict(verdicts), naive)


def deals(trials: Trials, seed: int = 0, most: int = MOST_DEALS) -> Iterator[tuple[Trials, Trials]]:
    """The trials of both sides of A/A runs: every pair of sets of seeds, then pairs dealt fold by fold.

    Both sides get as many seeds, as many as there are for two; sets of one where there are two or three.
    """
    seeds, folds = np.unique(trials.seeds).tolist(), np.unique(trials.folds).tolist()
    size = len(seeds) // 2
    if size == 0:
        return
    pairs = [
        (ours, theirs)
        for ours in combinations(seeds, size)
        for theirs in combinations([one for one in seeds if one not in ours], size)
        if ours < theirs
    ]
    both_ways = pairs + [(theirs, ours) for ours, theirs in pairs]
    made = [(pair,) * len(folds) for pair in pairs]
    if len(folds) > 1:
        generator = np.random.default_rng(seed)
        drawn = generator.integers(len(both_ways), size=(max(0, most - len(made)), len(folds)))
        made += [tuple(both_ways[way] for way in deal) for deal in drawn.tolist()]
    made = list(dict.fromkeys(made))  # few folds may be dealt alike twice
    for deal in made:
        yield _side(trials, folds, [ours for ours, _ in deal]), _side(trials, folds, [theirs for _, theirs in deal])


def _side(trials: Trials, folds: Sequence[str], chosen: Sequence[Sequence[int]]) -> Trials:
    """The trials of the chosen seeds of each fold, which are numbered from 0."""
    rows, numbers = [], []
    for fold, seeds in zip(folds, chosen, strict=True):
        for number, seed in enumerate(seeds):
            found = np.flatnonzero((trials.folds == fold) & (trials.seeds == seed))
            rows.append(found)
            numbers.append(np.full(len(found), number))
    kept = np.concatenate(rows)
    arrays = (trials.correct[kept], trials.groups[kept], trials.clips[kept])
    return Trials(*arrays, np.concatenate(numbers), trials.folds[kept])
