"""The protocol of unseen heads and sources, by sums on paper and by what it promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.binaural.directions import Placed
from classical_baselines.data.head_splits import unseen_head_and_source
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import audit_fold


def clips_of(described):
    """Clips of (head, unit, scale)."""
    heads, units, _ = zip(*described, strict=True)
    n_clips = len(described)
    return Clips(
        inputs={"waveform": torch.arange(4.0 * n_clips).reshape(n_clips, 4)},
        n_samples=torch.full((n_clips,), 4),
        targets=torch.zeros(n_clips, dtype=torch.long),
        groups=heads,
        folds=units,
        names=tuple(Placed(head, scale, 0.0, f"{unit}/{i}").name for i, (head, unit, scale) in enumerate(described)),
        label_names=("000", "090", "180", "270"),
        sample_rate_hz=32000,
        content_hash="0",
    )


def every(heads="pqr", units="abc", scales=(1.0, 1.2)):
    return [(head, unit, scale) for head in heads for unit in units for scale in scales]


def test_three_heads_and_three_units_by_hand():
    folds = unseen_head_and_source(clips_of(every()), n_source_parts=3)

    # clips 0 to 5 are of head p (a: 0, 1; b: 2, 3; c: 4, 5; the odd ones scaled), 6 to 11 of q, 12 to 17 of r
    assert [fold.name for fold in folds] == ["p", "q", "r"]
    # fold p: head q is tested with b, and a is tested here: c is left to validate on, and b to train on
    assert (folds[0].test, folds[0].validation, folds[0].train) == ((0,), (10,), (14, 15))
    assert (folds[1].test, folds[1].validation, folds[1].train) == ((8,), (12,), (4, 5))
    assert (folds[2].test, folds[2].validation, folds[2].train) == ((16,), (2,), (6, 7))


def test_without_scaled_heads_training_is_on_measured_ones():
    folds = unseen_head_and_source(clips_of(every()), n_source_parts=3, scaled_heads=False)

    assert [fold.train for fold in folds] == [(14,), (4,), (6,)]


@given(st.integers(3, 5), st.integers(3, 6), st.data())
def test_no_head_and_no_source_stands_on_two_sides(n_heads, n_units, data):
    heads, units = "pqrst"[:n_heads], "abcdef"[:n_units]
    clips = clips_of(every(heads, units))
    n_parts = data.draw(st.integers(3, n_units))

    folds = unseen_head_and_source(clips, n_source_parts=n_parts)

    tested = {one for fold in folds for one in fold.test}
    for fold in folds:
        assert not tested & set(fold.validation)
        audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=True)
        sides = [{clips.folds[i] for i in side} for side in (fold.train, fold.validation, fold.test)]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert {clips.groups[i] for i in fold.test} == {fold.name}
        assert all("/x1.00/" in clips.names[i] for i in (*fold.test, *fold.validation))
        assert len({clips.groups[i] for i in fold.train}) == n_heads - 2


def test_what_it_cannot_split_is_refused():
    with pytest.raises(InputError, match="at least 3 heads as groups; this set has 'p', 'q'"):
        unseen_head_and_source(clips_of(every("pq")), n_source_parts=3)
    with pytest.raises(InputError, match=r"n_source_parts of 3 to the number of units of sources, which is 3 .* got 5"):
        unseen_head_and_source(clips_of(every()))
    with pytest.raises(InputError, match="the training part of fold p is empty"):
        unseen_head_and_source(clips_of([one for one in every() if one[0] != "r" or one[1] == "a"]), n_source_parts=3)
    clips = clips_of(every())
    object.__setattr__(clips, "names", ("3_theo_7.wav", *clips.names[1:]))
    with pytest.raises(InputError, match=r"is for binaural clips.* got '3_theo_7\.wav'"):
        unseen_head_and_source(clips, n_source_parts=3)
