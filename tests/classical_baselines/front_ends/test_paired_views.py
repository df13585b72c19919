# tests/classical_baselines/front_ends/test_paired_views.py
"""Two views of one sound against the front ends themselves and numpy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends.group_delay import GroupDelay
from classical_baselines.front_ends.intensity import fit_intensity_scale
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.paired_views import VIEWS, PairedViews
from classical_baselines.front_ends.phase_derivative import PhaseDerivative
from classical_baselines.harness.choices import InputError
from studies.code_version import code_of

SAMPLE_RATE_HZ = 8000
N_SAMPLES = 4000
MEL = {"name": "log-mel", "options": {"n_fft": 256, "hop": 128}}
LONG = {"name": "log-mel", "options": {"n_fft": 1024, "hop": 128}}
PHASE = {"name": "phase-derivative", "options": {"n_fft": 256, "hop": 64}}
DELAY = {"name": "group-delay", "limits": [0.0, 18.0], "pool": 4}
FRAMES = torch.tensor([N_SAMPLES] * 2)


def noise(seed=0):
    return torch.randn(2, N_SAMPLES, generator=torch.Generator().manual_seed(seed))


def test_the_first_rows_are_the_one_view_and_the_others_the_other_each_within_its_own_limits():
    picture = PairedViews(MEL, DELAY)(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()

    levels = LogMel()(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()
    delays = GroupDelay()(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()
    shares = np.clip(delays / 18.0, 0, 1)[:, :128].reshape(2, 32, 4, -1).mean(axis=2)

    assert picture.shape == (2, 64, 32)
    np.testing.assert_allclose(picture[:, :32], (levels + 50) / 50, atol=1e-6)
    np.testing.assert_allclose(picture[:, 32:], shares, atol=1e-6)


def test_a_phase_derivative_has_the_width_of_the_main_lobe_for_limits():
    picture = PairedViews(MEL, PHASE)(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()

    deviation = PhaseDerivative(n_fft=256, hop=64)(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()[:, :, ::2]

    np.testing.assert_allclose(picture[:, 32:], np.clip((deviation + 2) / 4, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    "second", [DELAY | {"options": {"hop": 64}}, {"name": "stft", "options": {"hop": 32}}, LONG], ids=str
)
def test_a_click_stands_in_the_same_frame_of_both_views(second):
    click = torch.zeros(1, N_SAMPLES)
    click[0, 11 * 128] = 1.0

    picture = PairedViews(MEL, second)(click, torch.tensor([N_SAMPLES]), SAMPLE_RATE_HZ)[0]

    n_frames = 1 + N_SAMPLES // 128
    assert picture.shape[1] == n_frames
    for view in (picture[:32], picture[32:]):
        reach = view.sum(dim=0).nonzero().flatten().tolist()
        assert reach and sum(reach) == 11 * len(reach), reach


@given(st.floats(-60, -1), st.floats(0.5, 50), st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_a_view_is_clipped_to_its_limits_and_pooled_by_means(low, width, pool):
    second = LONG | {"limits": [low, low + width], "pool": min(pool, 32)}

    picture = PairedViews(MEL, second)(noise(), FRAMES, SAMPLE_RATE_HZ).numpy()

    levels = LogMel(n_fft=1024)(noise(), FRAMES, SAMPLE_RATE_HZ).double().numpy()
    n_bands = 32 // min(pool, 32)
    expected = np.clip((levels - low) / width, 0, 1)[:, : n_bands * min(pool, 32)]
    np.testing.assert_allclose(picture[:, 32:], expected.reshape(2, n_bands, -1, levels.shape[2]).mean(2), atol=1e-4)
    assert picture.min() >= 0 and picture.max() <= 1


def test_one_view_alone_is_the_same_rows_at_its_own_cost():
    both, first, second = (PairedViews(MEL, PHASE, only=only) for only in ("both", "first", "second"))
    picture = both(noise(), FRAMES, SAMPLE_RATE_HZ)

    assert torch.equal(first(noise(), FRAMES, SAMPLE_RATE_HZ), picture[:, :32])
    assert torch.equal(second(noise(), FRAMES, SAMPLE_RATE_HZ), picture[:, 32:])
    costs = [one.operations(N_SAMPLES, SAMPLE_RATE_HZ) for one in (both, first, second)]
    assert dict(costs[0]) == dict(costs[1] + costs[2])


def test_its_cost_is_that_of_both_views_and_of_their_limits_and_means():
    found = PairedViews(MEL, DELAY).operations(N_SAMPLES, SAMPLE_RATE_HZ)

    of_views = LogMel().operations(N_SAMPLES, SAMPLE_RATE_HZ) + GroupDelay().operations(N_SAMPLES, SAMPLE_RATE_HZ)
    n_first, n_bins, n_second = 32 * 32, 128 * 32, 32 * 32  # bands times frames; 128 bins of 129 fill groups of 4
    joining = {
        "add_fp32": n_first + n_bins + 3 * n_second,
        "multiply_fp32": n_first + n_bins + n_second,
        "compare_fp32": 2 * (n_first + n_bins),
        "sram_bytes": 4 * (2 * n_first + n_bins + n_second),
    }
    for operation in {operation for (_, _, operation), _ in found}:
        assert found.total(operation) == of_views.total(operation) + joining.get(operation, 0), operation
    layers = {layer for (_, layer, _), _ in found}
    assert {"first.mel", "second.delay", "first.limits", "second.limits"} <= layers


def test_frames_that_are_left_out_are_paid_for_as_the_front_end_makes_them_but_not_limited():
    found = PairedViews(MEL, PHASE).operations(N_SAMPLES, SAMPLE_RATE_HZ)
    counts = dict(found)

    assert counts["front_end", "second.phase", "mac_fp32"] == 4 * 127 * 62
    assert counts["front_end", "second.limits", "compare_fp32"] == 2 * 129 * 32


def test_the_study_s_own_scale_leaves_two_levels_as_they_are():
    picture = PairedViews(MEL, LONG)(0.1 * noise(), FRAMES, SAMPLE_RATE_HZ)
    quiet = torch.cat([picture, torch.zeros_like(picture[:1])])  # a clip with silence in it

    assert torch.equal(fit_intensity_scale(quiet)(picture), picture)


def test_the_code_of_every_view_is_part_of_the_key_of_its_pictures():
    modules = code_of({PairedViews.__module__}).modules

    assert {view.__module__ for view in VIEWS.values()} <= set(modules)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"second": {"name": "group-delay"}}, "second view, 'group-delay', has no limits by itself"),
        ({"second": {"name": "pcen"}}, "has no limits by itself"),
        ({"second": {"name": "librosa-mel", "options": {"hop": 128}}}, "has no limits by itself"),
        ({"second": LONG | {"limits": [3.0, 3.0]}}, "limits must be two numbers, low < high"),
        ({"second": LONG | {"pool": 0}}, "pool must lie in 1"),
        ({"second": LONG | {"bands": 4}}, "second view has no option 'bands'"),
        ({"first": {"options": {}}}, "first view needs the option 'name'"),
        ({"first": {"name": "kalman-ar"}}, "No front end for the first view is called 'kalman-ar'"),
        ({"first": {"name": "log-mel", "options": {"n_mel": 3}}}, "first view, 'log-mel', has no option 'n_mel'"),
        ({"first": {"name": "log-mel", "options": {"hop": 96}}}, "96 and 128 samples, and the longer is no multiple"),
        ({"first": {"name": "log-mel", "options": {"keep_frames": 64}}}, "sets keep_frames: it would be cut"),
        ({"only": "third"}, "No only is called 'third'"),
    ],
)
def test_views_that_cannot_be_paired_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PairedViews(**options)


def test_a_pool_beyond_the_bands_is_refused():
    with pytest.raises(InputError, match="pool = 33 is more than the 32 bands"):
        PairedViews(MEL, LONG | {"pool": 33})(noise(), FRAMES, SAMPLE_RATE_HZ)
