# tests/classical_baselines/data/test_near_duplicates.py
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.landmarks import Landmarks, landmark_key, votes
from classical_baselines.data.near_duplicates import DuplicatePair, correlation_by_lag, near_duplicates, straddling
from classical_baselines.data.splits import Fold
from classical_baselines.data.synthetic import synthetic_clips
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips


def recording(seed, seconds=3.0, rate_hz=8000):
    """Tones that come and go, in a little noise."""
    draw = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    sound = 0.01 * draw.standard_normal(len(t))
    for _ in range(int(12 * seconds)):
        middle, width, pitch = draw.uniform(0, seconds), draw.uniform(0.02, 0.1), draw.uniform(100, 3500)
        sound += np.exp(-(((t - middle) / width) ** 2)) * np.sin(
            2 * np.pi * pitch * t * (1 + draw.uniform(-0.02, 0.02) * t)
        )
    return (sound / np.abs(sound).max()).astype(np.float32)


def clips_of(sounds, rate_hz=8000, groups=None):
    n = max(map(len, sounds))
    waveform = torch.stack([torch.from_numpy(np.pad(sound, (0, n - len(sound)))) for sound in sounds]).float()
    return Clips(
        inputs={"waveform": waveform},
        n_samples=torch.tensor([len(sound) for sound in sounds]),
        targets=torch.zeros(len(sounds), dtype=torch.long),
        groups=groups or tuple(f"group {number}" for number in range(len(sounds))),
        folds=("",) * len(sounds),
        names=tuple(f"{number}.wav" for number in range(len(sounds))),
        label_names=("sound",),
        sample_rate_hz=rate_hz,
        content_hash="made up",
    )


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize(("offset", "gain"), [(0, 1.0), (1234, 0.05), (3777, 3.0), (2000, -0.4)])
def test_a_clip_cut_from_the_same_recording_at_another_offset_and_gain_is_found(rate_hz, offset, gain):
    whole = recording(1, rate_hz=rate_hz)
    others = [recording(seed, 1.0, rate_hz) for seed in range(2, 6)]
    cut = gain * whole[rate_hz // 2 + offset : 3 * rate_hz // 2 + offset]

    (pair,) = near_duplicates(clips_of([*others[:3], whole[rate_hz // 2 : 3 * rate_hz // 2], others[3], cut], rate_hz))

    assert (pair.first, pair.second) == (3, 5)
    assert pair.correlation == pytest.approx(np.sign(gain), abs=0.03)
    assert pair.lag_seconds == pytest.approx(-offset / rate_hz, abs=1 / 8000)


def test_two_clips_of_one_class_by_one_made_up_voice_are_no_near_duplicates():
    corpus = synthetic_clips()
    voice = corpus.subset([row for row, group in enumerate(corpus.groups) if group == "test-voice-01"])

    assert len(voice) == 100
    assert near_duplicates(voice) == []


def test_more_recordings_than_can_be_searched_are_refused(monkeypatch):
    monkeypatch.setattr("classical_baselines.data.near_duplicates.MOST_CLIPS", 2)
    with pytest.raises(InputError, match="among up to 2 recordings; got 3"):
        near_duplicates(clips_of([np.ones(300, np.float32)] * 3))


def test_silence_and_clips_shorter_than_a_frame_are_no_duplicates_of_anything():
    assert (
        near_duplicates(clips_of([np.zeros(4000, np.float32), np.zeros(4000, np.float32), np.ones(3, np.float32)]))
        == []
    )


@given(st.integers(0, 999))
@settings(deadline=None, max_examples=20)
def test_votes_are_those_of_all_pairs_compared_one_by_one(seed):
    draw = np.random.default_rng(seed)
    rows = [
        (int(clip), *map(int, draw.integers(0, 3, 2)), int(draw.integers(1, 6)), int(draw.integers(0, 8)))
        for clip in draw.integers(0, 5, 60)
    ]
    clip, first, later, between, frame = map(np.array, zip(*rows, strict=True))

    found = votes(Landmarks(clip, landmark_key(first, later, between), frame), 5, 4)

    agreed = Counter()
    for a, f, g, d, t in rows:
        for b, f2, g2, d2, t2 in rows:
            if a < b and (f, g) == (f2, g2) and abs(d - d2) <= 1:
                agreed[a, b, t - t2] += 1
    best = {}
    for (a, b, distance), n in agreed.items():
        best[a, b] = max(best.get((a, b), 0), n + agreed.get((a, b, distance + 1), 0))
    got = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.n.tolist(), strict=True))
    assert got == {pair: n for pair, n in best.items() if n >= 4}


def test_what_two_clips_have_in_common_does_not_count_where_one_is_all_but_silent():
    draw = np.random.default_rng(0)
    sound, burst = draw.standard_normal(900), 1e4 * draw.standard_normal(100)
    loud, faint = np.concatenate([sound, draw.standard_normal(100)]), np.concatenate([burst, 1e-3 * sound])

    _, r = correlation_by_lag(loud, faint, 1)

    assert np.abs(r).max() < 0.6


@given(st.integers(0, 999), st.integers(8, 24), st.integers(8, 24))
@settings(deadline=None, max_examples=25)
def test_the_correlation_is_the_largest_over_all_overlaps_that_count(seed, n_first, n_second):
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal(n_first), draw.standard_normal(n_second)
    expected = 0.0
    for lag in range(-len(x) + 1, len(y)):
        both = [(x[t], y[t + lag]) for t in range(len(x)) if 0 <= t + lag < len(y)]
        a, b = np.array(both).T
        shares = a @ a / (x @ x), b @ b / (y @ y)
        shorter = max(shares) if len(x) == len(y) else shares[0] if len(x) < len(y) else shares[1]
        if 2 * len(both) >= min(len(x), len(y)) and shorter >= 1 / 4 and min(shares) >= 1e-3:
            expected = max(expected, abs(a @ b / np.sqrt((a @ a) * (b @ b))))

    assert np.abs(correlation_by_lag(x, y, 1)[1]).max() == pytest.approx(expected, abs=1e-9)


def test_a_pair_straddles_where_its_clips_stand_in_two_parts_of_a_fold():
    pairs = [DuplicatePair(0, 1, 0.95, 0.0), DuplicatePair(2, 3, -0.99, 0.0), DuplicatePair(0, 9, 1.0, 0.0)]
    folds = [Fold("a", (0, 1), (2,), (3,), True), Fold("b", (0, 2, 3), (4,), (1,), True)]

    assert straddling(pairs, folds) == [
        (pairs[1], "a", "validation", "test"),
        (pairs[0], "b", "training", "test"),
    ]
    assert straddling(pairs, [replace(folds[0], test=(4,))]) == []
