# tests/classical_baselines/augment/test_specmix.py
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from classical_baselines.augment.specmix import specmix, within_bands
from classical_baselines.harness.choices import InputError


def numbered(n_clips=6, n_mels=10, n_frames=13):
    """Clip i is i everywhere, and so is its class: a mixed picture says of every element where it comes from."""
    pictures = torch.arange(n_clips, dtype=torch.float64)[:, None, None].expand(-1, n_mels, n_frames)
    return pictures.clone(), torch.eye(n_clips, dtype=torch.float64)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.floats(0.05, 1), st.integers(0, 2**31))
def test_each_label_has_the_share_of_the_area_that_its_clip_fills(most_bands, width, seed):
    pictures, labels = numbered()
    before = pictures.clone()

    mixed, targets = specmix(pictures, labels, most_bands, width, torch.Generator().manual_seed(seed))

    area = torch.stack([(mixed == clip).double().mean(dim=(1, 2)) for clip in range(6)], dim=1)
    torch.testing.assert_close(targets, area, atol=1e-12, rtol=0)
    assert torch.equal(pictures, before)
    assert torch.equal(mixed, specmix(pictures, labels, most_bands, width, torch.Generator().manual_seed(seed))[0])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.floats(0.1, 0.6), st.integers(0, 2**31))
def test_what_is_taken_is_whole_bands_and_whole_frames(most_bands, width, seed):
    pictures, labels = numbered()

    mixed, _ = specmix(pictures, labels, most_bands, width, torch.Generator().manual_seed(seed))

    for taken in mixed != pictures:
        bands, frames = taken.all(dim=1), taken.all(dim=0)
        assert torch.equal(taken, bands[:, None] | frames[None, :])
        assert bands.all() or bands.sum() <= most_bands * int(width * 10)
        assert frames.all() or frames.sum() <= most_bands * int(width * 13)


def test_up_to_so_many_bands_come_up_and_each_number_as_often_as_another():
    inside = within_bands(200, 2, 1, 9000, torch.Generator().manual_seed(0))

    # Of 0, 1 or 2 bands of width 0 or 1: P(no position) = (1 + 1/2 + 1/4) / 3; two at one place are rare.
    assert (inside.sum(dim=1) == 0).double().mean() == pytest.approx(1.75 / 3, abs=0.02)
    assert (inside.sum(dim=1) == 2).double().mean() == pytest.approx(0.25 / 3, abs=0.02)


def test_the_loss_is_that_of_both_classes_by_their_areas():
    pictures, labels = numbered()
    mixed, targets = specmix(pictures, labels, 3, 0.5, torch.Generator().manual_seed(1))
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    losses = cross_entropy(logits, targets, reduction="none")
    log_share = torch.log_softmax(logits, dim=1)
    for clip in range(6):
        areas = [float((mixed[clip] == other).double().mean()) for other in range(6)]
        assert losses[clip].item() == pytest.approx(
            -sum(a * float(p) for a, p in zip(areas, log_share[clip], strict=True))
        )
    assert ((targets > 0) & (targets < 1)).any()


def test_no_bands_mix_nothing_and_draw_nothing():
    pictures, labels = numbered()
    generator = torch.Generator().manual_seed(5)
    state = generator.get_state()

    mixed, targets = specmix(pictures, labels, 0, 0.5, generator)

    assert torch.equal(mixed, pictures)
    assert torch.equal(targets, labels)
    assert torch.equal(generator.get_state(), state)


def test_hard_labels_and_widths_that_cannot_be_are_refused():
    pictures, labels = numbered()
    with pytest.raises(ValueError, match="floating-point class shares"):
        specmix(pictures, torch.arange(6), 2, 0.5, torch.Generator())
    for most_bands, width in [(-1, 0.5), (2, 0.0), (2, 1.1)]:
        with pytest.raises(InputError, match="SpecMix takes 0 bands or more"):
            specmix(pictures, labels, most_bands, width, torch.Generator())
