"""Babble whose talkers are of other groups than the clip's own, classes in balance."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.augment.balanced_babble import babble_of, balanced_talkers
from classical_baselines.augment.noise import N_TALKERS
from classical_baselines.harness.choices import InputError


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.integers(2, 12), st.integers(2, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=15)
def test_talkers_are_of_other_groups_and_none_speaks_twice(n_classes, n_groups, seed):
    targets = torch.arange(n_classes).repeat(3 * n_groups)
    groups = [f"speaker {number // (3 * n_classes)}" for number in range(len(targets))]
    rows = range(0, len(targets), 2)

    talkers = balanced_talkers(targets, groups, rows, generator(seed))

    assert talkers.shape == (len(rows), N_TALKERS)
    for row, chosen in zip(rows, talkers.tolist(), strict=True):
        assert all(groups[one] != groups[row] for one in chosen)
        assert len(set(chosen)) == N_TALKERS
        shares = Counter(int(targets[one]) for one in chosen).values()
        assert max(shares) - (min(shares) if len(shares) == n_classes else 0) <= 1  # no class has two more than another


def test_every_class_speaks_as_often_however_many_clips_it_has():
    targets = torch.tensor([0] * 400 + [1] * 40 + [2] * 40 + [3] * 40 + [4] * 40 + [5] * 40)
    groups = [f"group {number % 4}" for number in range(600)]

    spoken = targets[balanced_talkers(targets, groups, range(600), generator())].flatten()

    expected = 600 * N_TALKERS / 6
    assert torch.bincount(spoken).tolist() == pytest.approx([expected] * 6, rel=0.1)


def test_without_groups_any_clip_but_the_own_one_may_speak():
    targets = torch.arange(6)

    talkers = balanced_talkers(targets, [""] * 6, range(6), generator())

    assert [sorted(chosen) for chosen in talkers.tolist()] == [sorted({*range(6)} - {row}) for row in range(6)]


def test_too_few_clips_of_other_groups_are_refused():
    with pytest.raises(InputError, match=r"clip 0 \(group 'a'\) has 3 of them\. Choose white or pink noise"):
        balanced_talkers(torch.arange(6), ["a", "a", "a", "b", "b", "b"], [0], generator())


def test_each_talker_has_the_same_power_whatever_its_level_and_length():
    n, cycles = 1000, [20, 50, 110, 170, 230, 310]
    position = torch.arange(n)
    levels, lengths = [1.0, 0.01, 0.3, 0.5, 0.002, 0.7], torch.tensor([1000, 500, 100, 1000, 200, 500])
    pool = torch.stack(
        [a * torch.sin(2 * torch.pi * f * position / n) for a, f in zip(levels, cycles, strict=True)]
    ).double() * (position < lengths[:, None])

    noise = babble_of(pool, lengths, torch.tensor([[0, 1, 2, 4, 5]]), generator())[0]

    power = 2 * np.abs(np.fft.rfft(noise.numpy()) / n) ** 2
    np.testing.assert_allclose(power[[20, 50, 110, 230, 310]], 1.0, rtol=1e-5)
    assert power[170] == pytest.approx(0, abs=1e-12)  # it was not asked
