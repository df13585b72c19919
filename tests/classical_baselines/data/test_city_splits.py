"""The protocol of unseen cities, by hand and by what it promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.city_splits import unseen_city
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import audit_fold


def clips_of(names) -> Clips:
    """Clips of these names; the group is the place, as the reader of the set has it."""
    n_clips = len(names)
    return Clips(
        inputs={"waveform": torch.arange(4.0 * n_clips).reshape(n_clips, 4)},
        n_samples=torch.full((n_clips,), 4),
        targets=torch.zeros(n_clips, dtype=torch.long),
        groups=tuple("-".join(name.split("-")[1:3]) for name in names),
        folds=("train",) * n_clips,
        names=tuple(names),
        label_names=("park", "tram"),
        sample_rate_hz=8000,
        content_hash="0",
    )


def test_four_cities_in_three_parts_by_hand():
    cities = ["lyon"] * 3 + ["bonn"] * 2 + ["bari"] + ["oslo"]
    clips = clips_of([f"audio/park-{city}-{place}-0-a.wav" for place, city in enumerate(cities)])

    folds = unseen_city(clips)

    # by falling size: lyon, bonn, then bari and oslo, which fill the third part
    assert [fold.name for fold in folds] == ["1", "2", "3"]
    assert [fold.test for fold in folds] == [(0, 1, 2), (3, 4), (5, 6)]
    assert [fold.validation for fold in folds] == [(3, 4), (5, 6), (0, 1, 2)]
    assert [fold.train for fold in folds] == [(5, 6), (0, 1, 2), (3, 4)]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), min_size=6, max_size=40), st.integers(3, 4))
def test_no_city_stands_on_two_sides_and_each_is_tested_once(described, n_parts):
    described = [*described, ("a", 0), ("b", 0), ("c", 0), ("d", 0)]
    clips = clips_of([f"audio/tram-{city}-{city}{place}-{i}-s1.wav" for i, (city, place) in enumerate(described)])

    folds = unseen_city(clips, n_city_parts=n_parts)

    assert sorted(i for fold in folds for i in fold.test) == list(range(len(described)))
    for fold in folds:
        audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=True)
        sides = [{described[i][0] for i in part} for part in (fold.train, fold.validation, fold.test)]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])


def test_names_without_a_city_and_more_parts_than_cities_are_refused():
    with pytest.raises(
        InputError, match=r"unseen-city reads the city from names .*; this set has 'audio/1-100-A-0\.wav'"
    ):
        unseen_city(clips_of(["audio/park-lyon-0-0-a.wav", "audio/1-100-A-0.wav"]))
    clips = clips_of([f"audio/park-{city}-0-0-a.wav" for city in ("lyon", "bonn", "oslo")])
    with pytest.raises(InputError, match="n_city_parts of 3 to the number of cities, which is 3 in this set; got 4"):
        unseen_city(clips, n_city_parts=4)
