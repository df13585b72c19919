# tests/classical_baselines/augment/test_augmentation.py
import subprocess
import sys
from dataclasses import fields

import pytest
import torch

from classical_baselines.augment import Augmentation
from classical_baselines.augment.mixing import mixup
from classical_baselines.harness.choices import InputError, build_options


def test_as_it_stands_it_changes_nothing():
    intensity, labels = torch.rand(12, 4, 5), torch.eye(12)
    varied, targets = Augmentation().batch(intensity, labels, torch.Generator())

    assert torch.equal(varied, intensity)
    assert torch.equal(targets, labels)


def test_a_study_file_can_name_every_option():
    options = {
        "speeds": [0.9, 1.0, 1.1],
        "frequency_warp": 0.1,
        "frequency_offset": 1.0,
        "time_shift_frames": 2,
        "time_mask_frames": 3,
        "frequency_mask_bands": 3,
        "level_jitter": 0.05,
        "mixup_alpha": 0.3,
        "mixup_probability": 0.5,
        "specmix_bands": 2,
        "specmix_width": 0.3,
        "specmix_probability": 0.5,
        "rand_masks": 3,
        "rand_mask_width": 0.2,
        "hidden_mask": "mixture",
        "hidden_mask_share": 0.2,
        "hidden_mask_maps": 2,
        "waveform_copies": 4,
        "pitch_shift_semitones": 2,
        "pitch_shift_probability": 0.5,
        "time_shift_seconds": 0.05,
        "room_rt60_seconds": [0.2, 0.6],
        "room_probability": 0.5,
        "noise_snr_db": [0, 20],
        "noise_kinds": ["white", "pink", "babble"],
        "noise_probability": 0.5,
    }
    assert set(options) == {field.name for field in fields(Augmentation)} - {"filter_gain"}
    augmentation = build_options(Augmentation, options, what="augmentation")

    assert augmentation.speeds == (0.9, 1.0, 1.1)
    varied, targets = augmentation.batch(torch.rand(6, 8, 9), torch.eye(6), torch.Generator().manual_seed(0))
    assert varied.shape == (6, 8, 9)
    assert ((varied >= 0) & (varied <= 1)).all()
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(6))


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"speeds": ()}, "speeds must name 1 to 16 speeds"),
        ({"speeds": (1.0, 1.0)}, "each once"),
        ({"speeds": (0.0,)}, r"between 0\.25 and 4"),
        ({"frequency_warp": 1.5}, "frequency_warp must be below 1"),
        ({"frequency_warp": -0.5}, "and not below 0; got -0.5"),
        ({"speeds": tuple(1 + step / 100 for step in range(17))}, "speeds must name 1 to 16 speeds"),
        ({"mixup_alpha": float("nan")}, "mixup_alpha must lie between 0"),
        ({"mixup_alpha": float("inf")}, r"mixup_alpha must lie between 0 .off. and 1000; got inf"),
        ({"level_jitter": 1.5}, r"level_jitter must lie between 0 .off. and 1; got 1\.5"),
        ({"filter_gain": 1.5}, "filter_gain must lie between"),
        ({"frequency_offset": 1e7}, "frequency_offset must lie between 0 .off. and 1000000; got"),
        ({"time_shift_frames": 10**7}, "time_shift_frames must lie between 0 .off. and 1000000; got 10000000"),
        ({"time_mask_frames": 2**63}, "time_mask_frames must lie between"),
        ({"frequency_mask_bands": -1}, "frequency_mask_bands must lie between"),
        ({"time_mask_frames": 2.5}, "time_mask_frames must be a whole number"),
        ({"specmix_bands": 101}, "specmix_bands must lie between 0 .off. and 100; got 101"),
        ({"rand_masks": 1.5}, "rand_masks must be a whole number"),
        ({"specmix_bands": 2, "specmix_width": 0.0}, "specmix_width must lie above 0 and up to 1; got 0.0"),
        ({"rand_masks": 2, "rand_mask_width": 1.5}, "rand_mask_width must lie above 0"),
        ({"mixup_alpha": 1.0, "mixup_probability": float("nan")}, "mixup_probability must lie above 0"),
        ({"mixup_probability": 0.5}, "mixup_probability does nothing while mixup_alpha is off. Set mixup_alpha, or"),
        ({"hidden_mask_maps": 2}, "hidden_mask_maps does nothing while hidden_mask is off"),
        ({"hidden_mask": "cut", "hidden_mask_maps": 0}, "hidden_mask_maps must be a whole number in 1 to 1000; got 0"),
        ({"hidden_mask": "mean"}, "hidden_mask must be off, zero, mixture or cut; got 'mean'"),
        ({"waveform_copies": 17}, "waveform_copies must lie between 0 .off. and 16; got 17"),
        ({"waveform_copies": 2}, "waveform_copies = 2 would be copies of what is there. Say what varies them: pitch_"),
        ({"noise_snr_db": (0.0, 20.0)}, "noise_snr_db: sound is varied in copies .* waveform_copies is 0. Set it to 1"),
        ({"waveform_copies": 1, "noise_snr_db": (20.0, 0.0)}, r"be \[from, to\] within -40 to 80; got \[20.0, 0.0\]"),
        ({"waveform_copies": 1, "noise_snr_db": (0.0, 90.0)}, "noise_snr_db must be"),
        ({"waveform_copies": 1, "room_rt60_seconds": (0.0, 1.0)}, r"room_rt60_seconds .* within 0\.05 to 5; got"),
        ({"waveform_copies": 1, "room_rt60_seconds": (float("nan"), 1.0)}, "room_rt60_seconds must be"),
        ({"waveform_copies": 1, "noise_snr_db": (0.0, 9.0), "noise_kinds": ()}, "noise_kinds must name some of white"),
        ({"waveform_copies": 1, "noise_snr_db": (0.0, 9.0), "noise_kinds": ("brown",)}, r"each once; got \['brown'\]"),
        ({"noise_kinds": ("pink",)}, "noise_kinds does nothing while noise_snr_db is off"),
        ({"room_probability": 0.5}, "room_probability does nothing while room_rt60_seconds is off"),
        ({"waveform_copies": 1, "pitch_shift_semitones": 0.25}, "must be 0 .off. or at least 0.5, a step; got 0.25"),
        ({"waveform_copies": 1, "pitch_shift_semitones": 13}, "pitch_shift_semitones must lie between 0 .off. and 12"),
        ({"mixup_alpha": 1.0, "specmix_bands": 2}, "must sum to at most 1; got 1.0 and 1.0. Half and half: 0.5 each"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Augmentation(**options)


def labelled(n_clips=8):
    pictures = torch.rand(n_clips, 6, 7, generator=torch.Generator().manual_seed(0))
    return pictures, torch.eye(n_clips)


@pytest.mark.parametrize(
    "options, kinds",
    [
        ({"mixup_alpha": 1.0}, {"mixup": 400}),
        ({"specmix_bands": 2}, {"specmix": 400}),
        ({"mixup_alpha": 1.0, "mixup_probability": 0.25}, {"mixup": 100, "neither": 300}),
        (
            {"mixup_alpha": 1.0, "mixup_probability": 0.25, "specmix_bands": 2, "specmix_probability": 0.5},
            {"mixup": 100, "specmix": 200, "neither": 100},
        ),
    ],
)
def test_each_batch_is_mixed_by_one_of_the_two_or_not_at_all_as_often_as_asked(options, kinds):
    augmentation, generator = Augmentation(**options), torch.Generator().manual_seed(1)
    intensity, labels = labelled()
    found = dict.fromkeys(kinds, 0)
    for _ in range(400):
        mixed, targets = augmentation.batch(intensity, labels, generator)
        elements = (mixed[:, None] == intensity[None]).all(dim=(2, 3))  # [clip, whose]
        whole = (mixed[:, None] == intensity[None]).any(dim=1).all()
        kind = "neither" if torch.equal(mixed, intensity) else "specmix" if whole else "mixup"
        found[kind] += 1
        assert elements.any() or kind != "neither"
        torch.testing.assert_close(targets.sum(dim=1), torch.ones(8))

    assert found == pytest.approx(kinds, abs=35)


def test_mixing_every_batch_by_mixup_draws_what_mixup_alone_draws():
    intensity, labels = labelled()

    ours = Augmentation(mixup_alpha=0.4).batch(intensity, labels, torch.Generator().manual_seed(3))
    expected = mixup(intensity, labels, 0.4, torch.Generator().manual_seed(3))

    assert torch.equal(ours[0], expected[0])
    assert torch.equal(ours[1], expected[1])


def test_random_masks_follow_the_progress_of_the_training():
    intensity, labels = labelled(200)
    early, late = (
        Augmentation(rand_masks=8).batch(intensity, labels, torch.Generator().manual_seed(0), progress)[0]
        for progress in (0.1, 1.0)
    )

    assert (early != intensity).double().mean() < 0.5 * (late != intensity).double().mean()


def test_naming_the_options_loads_no_torch():
    command = "import sys, classical_baselines.augment, classical_baselines.front_ends; print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "False"
