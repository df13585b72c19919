"""What a grid can resolve: the inverse of the units needed, variance components on paper, and the published study."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.cell import StudyCell
from studies.cell_files import plain
from studies.code_version import CodeVersion
from studies.grid import describe, expand
from studies.paired_tests import smallest_difference, units_needed
from studies.resolution import (
    PUBLISHED_SPREAD,
    Spread,
    in_words,
    observed_spread,
    resolution_of,
    sample_of,
    spread_between,
    typical,
)
from studies.results import trials_of
from studies.running import make_plan, published_folder
from studies.statistics import Trials
from studies.store import open_store
from studies.study_file import load_study
from tests.studies.fake_study import GROUND, fake_study, result_of

SPREAD = Spread(0.06, 0.03, "as seen")


def trials(right_of):
    """Ten clips per group and seed, of which so many are right: {(group, seed): right}."""
    rows = [(i < right, group, f"{group}{i}", seed) for (group, seed), right in right_of.items() for i in range(10)]
    correct, groups, clips, seeds = zip(*rows, strict=True)
    return Trials(np.array(correct), np.array(groups), np.array(clips), np.array(seeds), np.array(groups))


@settings(deadline=None)  # the first call imports scipy
@given(st.integers(6, 500), st.floats(1e-3, 0.5))
def test_the_units_that_the_smallest_difference_needs_are_those_that_there_are(n, sd):
    assert units_needed(sd, smallest_difference(n, sd) * (1 + 1e-9)) == n


def test_the_spread_is_split_between_groups_and_seeds():
    """Differences 0.1, 0.3 and 0.5, 0.5: means 0.2 and 0.5 of variance 0.045; within (0.02 + 0) / 2 = 0.01, so that
    between the groups stand 0.045 - 0.01 / 2 = 0.04."""
    baseline = trials({("a", 0): 4, ("a", 1): 4, ("b", 0): 2, ("b", 1): 2})
    system = trials({("a", 0): 5, ("a", 1): 7, ("b", 0): 7, ("b", 1): 7})

    spread = spread_between(system, baseline)

    assert (spread.between, spread.within) == pytest.approx((0.2, 0.1))
    assert spread.sd(2) == pytest.approx(0.045**0.5)
    assert spread_between(trials({("a", 0): 5}), baseline) is None
    once = spread_between(trials({("a", 0): 5, ("b", 0): 7}), baseline)
    assert (once.between, once.within) == (pytest.approx(0.08**0.5), None)  # differences 0.1 and 0.5, one seed
    assert spread_between(trials({("a", 7): 5, ("b", 7): 5}), baseline) is None


def test_the_median_system_stands_for_the_study():
    spreads = [Spread(0.1, 0.03, ""), Spread(0.3, 0.01, ""), Spread(0.2, 0.02, "")]

    assert typical(spreads, "here") == Spread(0.2, 0.02, "here")
    assert typical([Spread(0.1, None, "")], "here") == Spread(0.1, None, "here")
    assert typical([], "here") is None


def test_fewer_than_six_groups_find_nothing_and_the_plan_says_so():
    found = resolution_of(5, "group", 3, SPREAD, 0.02)

    assert (found.smallest, found.units_for_half, found.seeds_for_margin) == (None, None, None)
    assert in_words(found) == [
        "no difference, however large: 5 groups are too few for p ≤ 0.05",
        "at least 6 groups are needed",
    ]


def test_a_plan_says_what_would_find_less():
    six, many, noisy = (
        resolution_of(6, "group", 3, SPREAD, 0.02),
        resolution_of(400, "group", 1, SPREAD, 0.02),
        resolution_of(60, "group", 1, Spread(0.04, 0.1, "as seen"), 0.02),
    )

    assert six.smallest == pytest.approx(smallest_difference(6, (0.06**2 + 0.03**2 / 3) ** 0.5))
    assert six.units_for_half == units_needed(SPREAD.sd(3), six.smallest / 2)
    assert in_words(six)[1].endswith(
        f"more seeds alone lead to {100 * smallest_difference(6, 0.06):.1f} points at best"
    )
    assert in_words(many)[1].endswith("the margin of 2 points is found")
    assert smallest_difference(60, noisy.spread.sd(noisy.seeds_for_margin)) <= 0.02
    assert smallest_difference(60, noisy.spread.sd(noisy.seeds_for_margin - 1)) > 0.02
    assert in_words(noisy)[1].endswith(f"the margin of 2 points takes {noisy.seeds_for_margin} seeds")


def test_without_a_spread_every_difference_is_found():
    found = resolution_of(6, "group", 2, Spread(0.0, 0.0, "as seen"), 0.02)

    assert (found.smallest, found.units_for_half) == (0.0, 6)
    assert in_words(found)[1] == "half of that takes 6 groups; the margin of 2 points is found"


def test_what_more_seeds_would_give_is_not_claimed_from_one():
    found = resolution_of(6, "group", 1, Spread(0.06, None, "as seen"), 0.02)

    assert (found.with_any_seeds, found.seeds_for_margin) == (None, None)
    assert in_words(found)[1].endswith("what more seeds would give is not known from one seed")


@pytest.mark.parametrize(
    ("groups", "sample"),
    [
        (["a", "a", "b"], (2, "group")),
        (["a", "b"], (2, "clip")),
        (["", "", ""], (3, "clip")),
        (["", "a", "a"], (3, "clip")),
    ],
)
def test_groups_are_the_sample_where_they_are_named_and_fewer_than_the_clips(groups, sample):
    assert sample_of(groups) == sample


def committed(folder, kinds):
    """A plan of the fake study, and a store with cells of these kinds: {"small": ["fit", "test"], ...}."""
    study, store = fake_study(), open_store(folder, create=True)
    with patch("studies.grid.code_version", return_value=CodeVersion("c" * 64, {})):
        plan = make_plan(study, GROUND, store, confirm=True)
    for one in plan.cells:
        for kind in kinds.get(one.cell.system, ()):
            key = one.fit_key if kind == "fit" else one.test_key
            store.commit(key, plain(describe(study, one, GROUND, kind)), result_of(one.cell, kind), {})
    return plan, store


def outcome(cell):
    return result_of(cell, "test")


def test_the_spread_is_read_from_test_cells_where_the_baseline_has_them_and_never_mixed(tmp_path):
    both = observed_spread(*committed(tmp_path / "a", {"small": ["fit", "test"], "middle": ["fit", "test"]}))
    mixed = observed_spread(*committed(tmp_path / "b", {"small": ["fit", "test"], "middle": ["fit"]}))
    fits = observed_spread(*committed(tmp_path / "c", {"small": ["fit"], "middle": ["fit"], "large": ["fit"]}))

    baseline, system = (
        trials_of([(c, r, r.runs[0]) for c in expand(fake_study(), GROUND) if c.system == name for r in [outcome(c)]])
        for name in ("small", "middle")
    )
    expected = spread_between(system, baseline)
    assert (both.between, both.within) == pytest.approx((expected.between, expected.within))
    assert mixed is None
    assert "median spread of 2 systems" in fits.source
    assert fits.within != both.within


def test_without_the_baseline_or_without_a_pair_there_is_no_spread(tmp_path):
    assert observed_spread(*committed(tmp_path / "a", {"middle": ["fit"], "large": ["fit"]})) is None
    assert observed_spread(*committed(tmp_path / "b", {"small": ["fit"]})) is None
    assert resolution_of(3, "group", 1, Spread(0.0, None, "as seen"), 0.02).smallest is None


def test_the_spread_that_a_plan_assumes_is_that_of_the_published_study():
    study = load_study("spoken-digits")
    store = open_store(published_folder(study))
    members = {}
    for key, description in store.descriptions():  # whatever code made them
        cell = StudyCell(**description["cell"])
        if description["kind"] == "test" and cell.protocol == study.headline_protocol.name:
            result = store.load(key)
            backend = study.system(cell.system).headline_run.backend.name
            members.setdefault(cell.system, []).extend((cell, result, r) for r in result.runs if r.backend == backend)
    baseline = trials_of(members.pop(study.baseline))
    found = typical([spread_between(trials_of(one), baseline) for one in members.values()], "published")

    assert len(members) == 15
    assert found.between == pytest.approx(PUBLISHED_SPREAD.between, abs=5e-4)
    assert found.within == pytest.approx(PUBLISHED_SPREAD.within, abs=5e-4)


def test_units_that_share_the_models_of_one_seed_resolve_nothing():
    alone = resolution_of(24, "group", 1, SPREAD, 0.02, shares_models=True)
    three = resolution_of(24, "group", 3, SPREAD, 0.02, shares_models=True)

    assert (alone.smallest, alone.units_for_half, alone.seeds_for_margin) == (None, None, None)
    assert in_words(alone)[0].startswith("no difference, however large: the 24 groups share the models of one seed")
    assert three.smallest == resolution_of(24, "group", 3, SPREAD, 0.02).smallest
    assert "points on, and more where some trainings are luckier than others, in 80 %" in in_words(three)[0]
    few = resolution_of(5, "group", 3, SPREAD, 0.02, shares_models=True)
    assert "too few" in in_words(few)[0]
