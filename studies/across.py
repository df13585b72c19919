# studies/across.py
"""Systems of the same name across studies on different data sets: ranks, and tests whose sample is the data sets.

    rank of a system     1 for the most accurate on a data set; ties share the mean of their places
    Friedman             whether the mean ranks differ at all: chi² with k - 1 degrees of freedom, corrected for ties
    pairs                Wilcoxon's signed-rank test of the differences of accuracy, exact, corrected by Holm for their
                         number; a pair's p does not depend on which other systems stand in the comparison, as that of
                         mean ranks does (Benavoli, Corani & Mangili, JMLR 17(5), 2016)
    clique               systems of which no two are told apart; not part of a larger clique
    interquartile mean   of the accuracies of all data sets and seeds, with the interval of a bootstrap of seeds within
                         data sets (Agarwal et al., NeurIPS 2021); for four seeds or more

The way of comparing is that of Demšar (JMLR 7, 2006, 1-30), whose critical difference of mean ranks is replaced by the
cliques of the pairwise tests. With fewer than six data sets no signed-rank p reaches 0.05: no test is made.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from studies.paired_tests import ALPHA, FEWEST_FOR_A_TEST, holm, sign_flip_p_value
from studies.results import StudyResults

FEWEST_SEEDS = 4
N_RESAMPLES = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two systems over the data sets."""

    a: str
    b: str
    n_better: int  # data sets on which A is the more accurate
    n_worse: int
    p_value: float
    p_holm: float


@dataclass(frozen=True)
class Ranking:
    """Systems across data sets, best mean rank first."""

    data_sets: tuple[str, ...]
    systems: tuple[str, ...]
    accuracies: tuple[tuple[float, ...], ...]  # [system][data set]
    ranks: tuple[tuple[float, ...], ...]  # [system][data set]
    mean_ranks: tuple[float, ...]
    friedman_p: float | None  # None below six data sets, or for two systems
    pairs: tuple[Pair, ...]  # empty where no test is made
    cliques: tuple[tuple[str, ...], ...]
    refused: str  # why no test is made; "" where they are
    interquartile: Mapping[str, tuple[float, float, float]]  # mean, low, high; empty below four seeds


def ranking(studies: Sequence[StudyResults], only: Sequence[str] | None = None) -> Ranking:
    """The systems that all studies have, by their headline rows; of these the ones that are named."""
    _refuse_unfit(studies)
    rows = [{row.system.name: row for row in results.headline_rows} for results in studies]
    shared = [name for name in rows[0] if all(name in of_study for of_study in rows)]
    for name in only or ():
        if name not in shared:
            lacking = [r.study.name for r, of_study in zip(studies, rows, strict=True) if name not in of_study]
            raise InputError(
                f"{name} has no committed cell in {', '.join(lacking)}. All have: {', '.join(shared) or 'none'}."
            )
    chosen = list(dict.fromkeys(only)) if only else shared
    if len(chosen) < 2:
        raise InputError(
            f"To rank takes two systems of the same name in all studies; they share {', '.join(chosen) or 'none'}."
        )
    accuracies = np.array([[of_study[name].interval.estimate for of_study in rows] for name in chosen])
    by_seed = {name: [list(of_study[name].trials.by_seed().values()) for of_study in rows] for name in chosen}
    return ranked(accuracies, chosen, [results.study.data.name for results in studies], by_seed)


def _refuse_unfit(studies: Sequence[StudyResults]) -> None:
    if len(studies) < 2:
        raise InputError(f"Ranks across data sets take two studies at least; got {len(studies)}.")
    for data, n in Counter(results.study.data.name for results in studies).items():
        if n > 1:
            names = [results.study.name for results in studies if results.study.data.name == data]
            raise InputError(f"{', '.join(names)} are all on {data}, which counts once. Name one study per data set.")
    evidence = {results.study.name: "test" if results.confirmed else "validation" for results in studies}
    if len(set(evidence.values())) > 1:
        said = ", ".join(f"{name} ({kind})" for name, kind in evidence.items())
        raise InputError(
            f"Some studies have test clips and some validation clips alone: {said}. Run all with --confirm."
        )


def ranked(
    accuracies: Floats,
    systems: Sequence[str],
    data_sets: Sequence[str],
    by_seed: Mapping[str, Sequence[Sequence[float]]] | None = None,
) -> Ranking:
    """The ranking from accuracies [system, data set]; `by_seed` has them by data set and seed for each system."""
    from scipy import stats

    # Accuracies are ratios of counts: what differs in the last bits alone is a tie
    rounded = np.round(accuracies, 12)
    ranks = stats.rankdata(-rounded, axis=0)
    order = np.argsort(ranks.mean(axis=1), kind="stable")
    names, values, ranks = [systems[place] for place in order], rounded[order], ranks[order]
    n_sets = values.shape[1]
    refused = (
        f"{n_sets} data sets: a signed-rank p cannot fall to {ALPHA:g} below {FEWEST_FOR_A_TEST}"
        if n_sets < FEWEST_FOR_A_TEST
        else ""
    )
    pairs = () if refused else _pairs(names, values)
    return Ranking(
        data_sets=tuple(data_sets),
        systems=tuple(names),
        accuracies=tuple(tuple(row) for row in values.tolist()),
        ranks=tuple(tuple(row) for row in ranks.tolist()),
        mean_ranks=tuple(ranks.mean(axis=1).tolist()),
        friedman_p=None if refused or len(names) < 3 else friedman_p_value(ranks),
        pairs=pairs,
        cliques=() if refused else cliques(names, pairs),
        refused=refused,
        interquartile=_interquartile_means(names, by_seed or {}),
    )


def signed_rank_p_value(differences: Sequence[float] | Floats) -> float:
    """Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945): signs of ranks are flipped, zeros left out.

    All sign patterns count up to sixteen differences, and 65 536 drawn ones beyond.
    """
    from scipy import stats

    values = np.asarray(differences, dtype=np.float64)
    values = values[values != 0]
    return sign_flip_p_value(np.sign(values) * stats.rankdata(np.abs(values))) if len(values) else 1.0


def friedman_p_value(ranks: Floats) -> float:
    """Friedman's test (JASA 32, 1937) from the ranks [system, data set]; 1 where no rank differs."""
    from scipy import special

    n_systems, n_sets = ranks.shape
    middle = (n_systems + 1) / 2
    spread = float(((ranks - middle) ** 2).sum()) / (n_sets * (n_systems - 1))
    if spread == 0:
        return 1.0
    chi_squared = n_sets * float(((ranks.mean(axis=1) - middle) ** 2).sum()) / spread
    return float(special.chdtrc(n_systems - 1, chi_squared))


def _pairs(names: Sequence[str], values: Floats) -> tuple[Pair, ...]:
    places = list(combinations(range(len(names)), 2))
    # differences that are alike up to rounding share a rank
    differences = [np.round(values[i] - values[j], 12) for i, j in places]
    p_values = [signed_rank_p_value(difference) for difference in differences]
    return tuple(
        Pair(names[i], names[j], int((d > 0).sum()), int((d < 0).sum()), p_value, corrected)
        for (i, j), d, p_value, corrected in zip(places, differences, p_values, holm(p_values), strict=True)
    )


def cliques(names: Sequence[str], pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """The largest groups of two systems or more of which no pair has a corrected p of 0.05 or less; best rank first."""
    alike = {
        name: {
            pair.b if pair.a == name else pair.a for pair in pairs if name in {pair.a, pair.b} and pair.p_holm > ALPHA
        }
        for name in names
    }
    place = {name: number for number, name in enumerate(names)}
    found = [sorted(clique, key=place.__getitem__) for clique in _maximal(set(), set(names), set(), alike)]
    return tuple(sorted((tuple(c) for c in found if len(c) > 1), key=lambda clique: [place[name] for name in clique]))


def _maximal(clique: set[str], open_: set[str], done: set[str], alike: Mapping[str, set[str]]) -> Iterator[set[str]]:
    """All maximal cliques that hold `clique` (Bron & Kerbosch, Communications of the ACM 16, 1973)."""
    if not open_ and not done:
        yield clique
    open_, done = set(open_), set(done)
    for name in sorted(open_):
        yield from _maximal(clique | {name}, open_ & alike[name], done & alike[name], alike)
        open_.remove(name)
        done.add(name)


def _interquartile_means(
    names: Sequence[str], by_seed: Mapping[str, Sequence[Sequence[float]]]
) -> dict[str, tuple[float, float, float]]:
    if not by_seed or min(len(of_set) for name in names for of_set in by_seed[name]) < FEWEST_SEEDS:
        return {}
    return {name: interquartile_mean([np.asarray(of_set) for of_set in by_seed[name]]) for name in names}


def interquartile_mean(scores: Sequence[Floats], seed: int = 0) -> tuple[float, float, float]:
    """The mean of the middle half of all runs, a quarter cut off at each end; low and high of its 95 % interval."""
    generator = np.random.default_rng(seed)
    drawn = [of_set[generator.integers(len(of_set), size=(N_RESAMPLES, len(of_set)))] for of_set in scores]
    low, high = np.quantile(_middle_half(np.concatenate(drawn, axis=1)), [ALPHA / 2, 1 - ALPHA / 2])
    return float(_middle_half(np.concatenate(scores)[None])[0]), float(low), float(high)


def _middle_half(runs: Floats) -> Floats:
    """[draw]: the mean of each row without its lowest and highest quarter."""
    cut = runs.shape[1] // 4
    return np.asarray(np.sort(runs, axis=1)[:, cut : runs.shape[1] - cut].mean(axis=1))
