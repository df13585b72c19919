# tests/classical_baselines/front_ends/test_intensity.py
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.front_ends.intensity import IntensityScale, fit_intensity_scale
from classical_baselines.harness.choices import InputError


def test_the_limits_become_0_and_1_and_the_middle_one_half():
    level = torch.tensor([[[-60.0, -50.0, -30.0, -10.0, 0.0]]])

    assert IntensityScale(-50, -10)(level).tolist() == [[[0.0, 0.0, 0.5, 1.0, 1.0]]]


@given(st.lists(st.floats(-90, 10), min_size=2, max_size=40), st.floats(0, 0.4), st.floats(0.6, 1))
def test_the_fitted_limits_are_the_quantiles_and_every_intensity_lies_between_0_and_1(levels, low, high):
    spectrogram = torch.tensor([[levels]], dtype=torch.float64)
    expected = np.percentile(levels, [100 * low, 100 * high])
    if not expected[0] < expected[1]:
        with pytest.raises(InputError, match="low_db < high_db"):
            fit_intensity_scale(spectrogram, low, high)
        return

    scale = fit_intensity_scale(spectrogram, low, high)

    assert [scale.low_db, scale.high_db] == pytest.approx(list(expected), abs=1e-9)
    assert ((scale(spectrogram) >= 0) & (scale(spectrogram) <= 1)).all()


def test_a_fit_takes_no_notice_of_how_the_levels_are_arranged():
    level = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(1))

    assert fit_intensity_scale(level, 0.1, 0.9) == fit_intensity_scale(level.flatten()[None, None], 0.1, 0.9)


def test_quantiles_out_of_order_silence_and_nothing_are_refused():
    with pytest.raises(InputError, match="low_quantile < high_quantile"):
        fit_intensity_scale(torch.zeros(1, 2, 2), 0.9, 0.1)
    with pytest.raises(InputError, match="silent"):
        fit_intensity_scale(torch.full((1, 2, 2), -50.0))
    with pytest.raises(InputError, match="at least one training clip"):
        fit_intensity_scale(torch.zeros(0, 2, 2))


def test_a_cell_costs_a_subtraction_a_product_two_limits_and_its_traffic():
    assert dict(IntensityScale(-50, 0).operations(32, 64).counts) == {
        ("front_end", "intensity", "add_fp32"): 2048,
        ("front_end", "intensity", "multiply_fp32"): 2048,
        ("front_end", "intensity", "compare_fp32"): 4096,
        ("front_end", "intensity", "sram_bytes"): 16384,
    }
