import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.pooling import check_pool, mean_pooled, pool_operations, pooled_grid, pooled_intensity

sizes = st.integers(1, 9)


@given(sizes, sizes, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**31))
def test_each_element_is_numpys_mean_of_its_window_and_what_fills_none_is_left_out(n_mels, n_frames, a, b, seed):
    picture = torch.rand(2, n_mels, n_frames, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rows, columns = n_mels // a, n_frames // b
    if not rows or not columns:
        with pytest.raises(InputError, match="is larger than the picture"):
            mean_pooled(picture, (a, b))
        return
    whole = picture.numpy()[:, : rows * a, : columns * b]

    expected = whole.reshape(2, rows, a, columns, b).mean(axis=(2, 4))
    np.testing.assert_allclose(mean_pooled(picture, (a, b)).numpy(), expected, atol=1e-12)
    assert pooled_grid(n_mels, n_frames, (a, b)) == (rows, columns)


def test_a_mean_of_ones_stays_within_the_unit_interval():
    for size in range(1, 40):
        assert pooled_intensity(torch.ones(1, size, 7), (size, 7)).max() <= 1


def test_decibels_and_factors_below_one_are_refused():
    with pytest.raises(ValueError, match="Decibels"):
        pooled_intensity(torch.full((1, 2, 2), -3.0), (1, 1))
    with pytest.raises(InputError, match="two factors >= 1"):
        check_pool((0, 2))
    with pytest.raises(ValueError, match=r"picture must be \[batch, mel, frame\]"):
        mean_pooled(torch.ones(2, 2), (1, 1))


def test_a_mean_of_six_costs_five_sums_and_a_product_and_none_costs_nothing():
    counts = pool_operations(5, 7, (2, 3))  # two by two means

    assert (counts.total("add_fp32"), counts.total("multiply_fp32")) == (4 * 5, 4)
    assert pool_operations(5, 7, (1, 1)).rows() == []
