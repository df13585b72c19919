# tests/classical_baselines/augment/test_augmentation.py
import subprocess
import sys

import pytest
import torch

from classical_baselines.augment import Augmentation
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
    }
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
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Augmentation(**options)


def test_naming_the_options_loads_no_torch():
    command = "import sys, classical_baselines.augment, classical_baselines.front_ends; print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)

    assert printed.stdout.strip() == "False"
