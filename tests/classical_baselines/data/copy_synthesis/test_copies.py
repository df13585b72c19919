# tests/classical_baselines/data/copy_synthesis/test_copies.py
"""The clips of a set of copies: who is copied by what, what is kept in the cache, what two labels have in common."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.copy_synthesis import copies
from classical_baselines.data.copy_synthesis.assignment import Role, roles_of
from classical_baselines.data.copy_synthesis.attacks import ATTACKS
from classical_baselines.data.loading import load_clips
from classical_baselines.data.synthetic import synthetic_clips
from tests.classical_baselines.data.small_sets import data_root

NAMES = tuple(ATTACKS)


def test_two_attacks_by_hand():
    roles = roles_of(["b", "a", "a", "a", "a", "b"], [0, 1, 0, 0, 1, 0], ["x", "q", "z", "y", "p", "w"], ["one", "two"])

    # a: label 0 by hash (3, 2), then label 1 (4, 1), from slot 0; b: 5, 0 from slot 2
    assert roles == [
        Role("two", True), Role("two", True), Role("one", True), Role("one", False), Role("two", False),
        Role("two", False),
    ]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 99)), min_size=1, max_size=90))
def test_labels_and_folds_are_even_in_every_group(described):
    groups, labels, hashes = zip(*[(group, label, f"{number:03}") for group, label, number in described], strict=True)
    roles = roles_of(groups, labels, hashes, NAMES)

    for group in set(groups):
        counts = Counter((role.attack, role.is_spoof) for role, own in zip(roles, groups, strict=True) if own == group)
        every = [counts[name, is_spoof] for name in NAMES for is_spoof in (False, True)]
        assert max(every) - min(every) <= 1
        assert abs(sum(every[::2]) - sum(every[1::2])) <= 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRICHORD_CACHE", str(tmp_path_factory.mktemp("cache")))
        # every fifth clip of the corpus: all voices, labels in turn
        recordings = synthetic_clips().subset(range(0, 1800, 11))
        yield recordings, copies.copies_of(recordings)


def test_length_level_mean_format_and_ends_do_not_tell_the_labels(made):
    recordings, clips = made
    steps = clips.waveform.numpy() * 32768

    assert torch.equal(clips.n_samples, recordings.n_samples)
    np.testing.assert_array_equal(steps, np.round(steps))
    assert np.abs(steps).max() < 32767
    assert np.abs(steps.mean(axis=1)).max() < 0.05
    rms = recordings.waveform.numpy().std(axis=1)  # sounds above 300 Hz, and noise of which 7 % is out of the band
    expected = np.minimum(rms, 10 ** (-26 / 20))
    np.testing.assert_allclose(np.sqrt(((steps / 32768) ** 2).mean(axis=1)), expected, rtol=0.06)
    for ends in (steps[:, :200], steps[:, -200:]):  # no digital silence
        assert (np.count_nonzero(ends, axis=1) > 20).all()


def test_bona_fide_clips_are_their_recordings_and_spoofs_are_not(made):
    recordings, clips = made
    likeness = [
        np.corrcoef(one, other)[0, 1] for one, other in zip(recordings.waveform.numpy(), clips.waveform, strict=True)
    ]
    bona_fide = clips.targets.numpy() == 0

    assert clips.label_names == ("bonafide", "spoof")
    assert np.array(likeness)[bona_fide].min() > 0.98  # less by what is out of the band of their noise
    assert np.array(likeness)[~bona_fide].max() < 0.98


def test_the_second_time_nothing_is_made(made, monkeypatch):
    recordings = made[0].subset(range(20))
    clips = copies.copies_of(recordings)
    monkeypatch.setattr(copies, "clip_of", lambda *_: pytest.fail("made again"))

    again = copies.copies_of(recordings)

    assert again.content_hash == clips.content_hash
    assert torch.equal(again.waveform, clips.waveform)
    assert (again.names, again.folds, again.groups) == (clips.names, clips.folds, clips.groups)


def test_a_clip_depends_on_no_other(made):
    recordings, clips = made
    role = Role(clips.folds[7], bool(clips.targets[7]))
    (seed,) = copies._hashes(recordings.subset([7]))

    alone = copies.clip_of(recordings.waveform[7].numpy(), role, seed, recordings.sample_rate_hz)

    np.testing.assert_array_equal(alone, clips.waveform[7].numpy())


def test_another_recording_changes_the_hash_and_the_key(made):
    recordings, clips = made
    assert copies._key(replace(recordings, content_hash="other"), []) != copies._key(recordings, [])
    assert copies.copies_of(recordings.subset(range(20))).content_hash != clips.content_hash


def test_a_study_may_ask_for_another_rate_and_length(tmp_path, monkeypatch):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    root = data_root(tmp_path / "data")

    asked = load_clips("arabic-digits-copies", root, 0.5, 4000)

    assert (asked.waveform.shape, asked.sample_rate_hz) == ((240, 2000), 4000)
