# tests/classical_baselines/augment/test_rand_masking.py
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.augment.rand_masking import most_masks_at, rand_masked
from classical_baselines.harness.choices import InputError


def pictures(n_clips=8, n_mels=20, n_frames=30):
    """Every element above a half, and no two alike: a masked one shows."""
    n = n_clips * n_mels * n_frames
    return (0.5 + torch.arange(1, n + 1, dtype=torch.float64) / (2 * n + 2)).reshape(n_clips, n_mels, n_frames)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.floats(0.01, 1), st.floats(0.01, 1), st.integers(0, 2**31))
def test_a_masked_element_is_silent_or_its_clips_mean_and_the_rest_is_as_it_was(n_masks, width, progress, seed):
    given_ = pictures()
    before = given_.clone()

    masked = rand_masked(given_, n_masks, width, progress, torch.Generator().manual_seed(seed))

    mean = given_.mean(dim=(1, 2), keepdim=True)
    assert ((masked == given_) | (masked == 0) | (masked == mean)).all()
    assert torch.equal(given_, before)
    assert torch.equal(masked, rand_masked(given_, n_masks, width, progress, torch.Generator().manual_seed(seed)))


def test_every_kind_with_either_fill_comes_up_no_wider_than_allowed():
    given_ = pictures(n_clips=600)
    masked = rand_masked(given_, 1, 0.2, 1.0, torch.Generator().manual_seed(0))

    found = set()
    for clip, (was, now) in enumerate(zip(given_, masked, strict=True)):
        changed = was != now
        if not changed.any():
            continue
        rows, columns = changed.any(dim=1), changed.any(dim=0)
        assert torch.equal(changed, rows[:, None] & columns[None, :]), clip  # one block
        kind = "frames" if rows.all() else "bands" if columns.all() else "block"
        assert kind == "frames" or rows.sum() <= 4
        assert kind == "bands" or columns.sum() <= 6
        found.add((kind, bool((now[changed] == 0).all())))
    assert found == {(kind, fill) for kind in ("frames", "bands", "block") for fill in (True, False)}


def test_more_is_masked_the_further_the_training_is():
    shares = []
    for epoch in range(1, 6):
        given_ = pictures(n_clips=400)
        masked = rand_masked(given_, 5, 0.2, epoch / 5, torch.Generator().manual_seed(1))
        shares.append(float((masked != given_).double().mean()))

    assert shares == sorted(shares)
    assert shares[-1] > 3 * shares[0]


@pytest.mark.parametrize("n_epochs", [1, 3, 5, 10, 15, 49, 50])
def test_the_schedule_grows_by_ceiling_and_ends_at_all_masks(n_epochs):
    for n_masks in range(1, 101):
        most = [most_masks_at(epoch / n_epochs, n_masks) for epoch in range(1, n_epochs + 1)]
        assert most == [-(-epoch * n_masks // n_epochs) for epoch in range(1, n_epochs + 1)]  # in whole numbers


def test_the_number_of_masks_is_drawn_evenly_from_0_on():
    given_ = pictures(n_clips=4000, n_mels=1, n_frames=1000)
    masked = rand_masked(given_, 1, 0.5, 1.0, torch.Generator().manual_seed(0))

    # One band: a mask of bands or frames hides something unless its length, 0 to 1 or 0 to 500, is 0.
    hides = (1 / 2 + 500 / 501 + 1 / 2 * 500 / 501) / 3
    assert (masked != given_).flatten(1).any(dim=1).double().mean() == pytest.approx(hides / 2, abs=0.025)


@pytest.mark.parametrize("progress", [0.0, 1.1, float("nan")])
def test_a_progress_that_cannot_be_is_refused(progress):
    with pytest.raises(InputError, match="progress must lie above 0"):
        most_masks_at(progress, 3)
