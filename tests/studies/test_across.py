# tests/studies/test_across.py
"""Ranks and tests across data sets: against scipy, and on paper."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from classical_baselines.harness.choices import InputError
from studies.across import Pair, cliques, friedman_p_value, interquartile_mean, ranked, ranking, signed_rank_p_value
from studies.figures.critical_difference import critical_difference
from studies.figures.style import svg_text
from tests.studies.synthetic_results import synthetic_results

# Three systems on eight data sets: the first is always best; the others trade places
TABLE = np.array(
    [
        [0.90, 0.85, 0.80, 0.95, 0.70, 0.88, 0.91, 0.77],
        [0.80, 0.79, 0.70, 0.85, 0.64, 0.80, 0.84, 0.70],
        [0.81, 0.77, 0.73, 0.81, 0.59, 0.86, 0.77, 0.62],
    ]
)
NAMES, SETS = ["c", "b", "a"], [f"set-{i}" for i in range(8)]


@given(st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=13, unique_by=abs))
def test_the_signed_rank_p_value_is_the_exact_one_of_scipy(differences):
    assert signed_rank_p_value(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


def test_zeros_are_left_out_and_ties_share_their_ranks():
    # |d| 1, 1, 2: ranks 1.5, 1.5, 3; of eight sign patterns, two reach 6
    assert signed_rank_p_value([0, 1, 0, 1, 2]) == 2 / 8
    assert signed_rank_p_value([0.0, 0.0]) == 1.0


@given(st.integers(3, 6), st.integers(6, 15), st.integers(0, 10_000))
def test_the_friedman_test_is_that_of_scipy_with_ties_too(n_systems, n_sets, seed):
    values = np.random.default_rng(seed).integers(0, 6, size=(n_systems, n_sets))
    ranks = stats.rankdata(-values, axis=0)
    if np.ptp(ranks) == 0:
        return
    expected = stats.friedmanchisquare(*values).pvalue

    assert friedman_p_value(ranks) == pytest.approx(expected)


def test_ranks_by_hand_pairs_and_cliques():
    found = ranked(TABLE, NAMES, SETS)

    assert found.systems == ("c", "b", "a")
    # a beats b on sets 0, 2 and 5
    assert found.ranks == ((1.0,) * 8, (3, 2, 3, 2, 2, 3, 2, 2), (2, 3, 2, 3, 3, 2, 3, 3))
    assert found.mean_ranks == (1.0, 19 / 8, 21 / 8)
    assert [(p.a, p.b, p.n_better, p.n_worse) for p in found.pairs] == [
        ("c", "b", 8, 0),
        ("c", "a", 8, 0),
        ("b", "a", 5, 3),
    ]
    of_scipy = [stats.wilcoxon(TABLE[i].round(2) - TABLE[j].round(2)).pvalue for i, j in combinations(range(3), 2)]
    assert found.pairs[0].p_value == found.pairs[1].p_value == 2 / 2**8
    assert found.pairs[2].p_value == pytest.approx(of_scipy[2], abs=0.04)  # ties: scipy takes the normal limit
    assert [pair.p_holm for pair in found.pairs[:2]] == [3 * 2 / 2**8] * 2  # Holm: the second is no smaller
    assert found.cliques == (("b", "a"),)
    assert found.refused == ""


def test_equal_accuracies_share_a_rank():
    found = ranked(np.array([[0.9, 0.1 + 0.2], [0.9, 0.3]]), ["x", "y"], ["s", "t"])

    assert found.ranks == ((1.5, 1.5), (1.5, 1.5))


def test_below_six_data_sets_no_test_is_made_and_the_reason_stands():
    found = ranked(TABLE[:, :5], NAMES, SETS[:5])

    assert (found.pairs, found.cliques, found.friedman_p) == ((), (), None)
    assert found.refused == "5 data sets: a signed-rank p cannot fall to 0.05 below 6"
    assert ranked(TABLE[:, :6], NAMES, SETS[:6]).refused == ""


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda e: e[0] < e[1])))
def test_cliques_are_all_the_largest_groups_without_a_difference(alike):
    """By trying every subset of six systems."""
    names = "uvwxyz"
    pairs = [
        Pair(names[i], names[j], 0, 0, 0.5, 1.0 if (i, j) in alike else 0.01) for i, j in combinations(range(6), 2)
    ]
    whole = [
        set(group)
        for n in range(2, 7)
        for group in combinations(range(6), n)
        if all(pair in alike for pair in combinations(group, 2))
    ]
    largest = {"".join(names[i] for i in sorted(group)) for group in whole if not any(group < other for other in whole)}

    assert {"".join(clique) for clique in cliques(names, pairs)} == largest


def test_the_interquartile_mean_is_that_of_scipy_and_its_interval_covers_it():
    scores = [np.array([0.5, 0.6, 0.7, 0.9]), np.array([0.1, 0.8, 0.85, 0.95])]
    mean, low, high = interquartile_mean(scores)

    assert mean == pytest.approx(stats.trim_mean(np.concatenate(scores), 0.25))
    assert low < mean < high


def on(data, seeds=(0, 1, 2)):
    """The synthetic study as if it were on another data set."""
    results = synthetic_results(seeds=seeds)
    study = results.study.model_copy(
        update={"name": f"on-{data}", "data": results.study.data.model_copy(update={"name": data})}
    )
    moved = replace(results, study=study)
    vars(moved)["rows"] = results.rows  # kept: accuracies and energies do not depend on the data set's name
    return moved


def test_studies_are_ranked_by_the_headline_accuracies_of_the_systems_that_they_share():
    found = ranking([on("one"), on("two")], ["ds-cnn", "residual-cnn", "qft-alone"])
    row = synthetic_results().row("ds-cnn")

    assert found.systems == ("residual-cnn", "ds-cnn", "qft-alone")
    assert found.data_sets == ("one", "two")
    assert found.accuracies[1] == pytest.approx([row.interval.estimate] * 2)
    assert "2 data sets" in found.refused
    assert found.interquartile == {}  # three seeds


def test_four_seeds_give_an_interquartile_mean():
    found = ranking([on("one", (0, 1, 2, 3)), on("two", (0, 1, 2, 3))], ["ds-cnn", "qft-alone"])

    assert found.interquartile["ds-cnn"][0] > found.interquartile["qft-alone"][2]


@pytest.mark.parametrize(
    ("data", "only", "message"),
    [
        (["one"], None, "two studies at least; got 1"),
        (["one", "one"], None, "on-one, on-one are all on one, which counts once"),
        (
            ["one", "two"],
            ["nobody", "ds-cnn"],
            "nobody has no committed cell in on-one, on-two. All have: linear-log-mel",
        ),
        (["one", "two"], ["ds-cnn"], "takes two systems of the same name"),
    ],
)
def test_what_cannot_be_ranked_is_refused(data, only, message):
    with pytest.raises(InputError, match=message):
        ranking([on(name) for name in data], only)


def test_validation_and_test_clips_are_not_ranked_together():
    unconfirmed = replace(on("two"), tests={})

    with pytest.raises(InputError, match=r"on-one \(test\), on-two \(validation\)"):
        ranking([on("one"), unconfirmed])


def test_the_diagram_has_every_system_a_bar_per_clique_and_the_same_bytes_twice():
    found = ranked(TABLE, NAMES, SETS)
    drawing = critical_difference(found)
    text = svg_text(drawing.figure)

    assert text == svg_text(critical_difference(found).figure)
    for name, rank in zip(found.systems, ("1.00", "2.38", "2.62"), strict=True):
        assert f"{name}  {rank}" in text
    assert [record["cliques"] for record in drawing.records] == ["", "1", "1"]
    bars = [line for line in drawing.figure.axes[0].lines if line.get_linewidth() == 2.6]
    assert [list(bar.get_xdata()) for bar in bars] == [[19 / 8, 21 / 8]]
    assert "5 data sets" in critical_difference(ranked(TABLE[:, :5], NAMES, SETS[:5])).caption
