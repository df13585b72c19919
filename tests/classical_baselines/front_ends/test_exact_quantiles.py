# tests/classical_baselines/front_ends/test_exact_quantiles.py
"""Quantiles by counting bits are numpy's, to the last bit."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classical_baselines.front_ends.exact_quantiles import exact_quantiles
from classical_baselines.front_ends.intensity import IntensityScale, fit_intensity_scale
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import StreamedRows


def streamed(values):
    rows = torch.from_numpy(values)
    return StreamedRows(lambda indices: rows[indices], tuple(rows.shape))


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    ),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_they_are_numpys(values, quantiles):
    expected = np.quantile(values.astype(np.float64), quantiles)

    np.testing.assert_array_equal(exact_quantiles(streamed(values), quantiles), expected)
    np.testing.assert_array_equal(exact_quantiles(torch.from_numpy(values), quantiles), expected)


def test_they_are_numpys_for_the_levels_of_many_clips():
    levels = np.maximum(np.random.default_rng(0).normal(-45, 25, (1500, 8, 31)), -80).astype(np.float32)

    found = fit_intensity_scale(streamed(levels), 0.05, 0.995)

    assert found == IntensityScale(*map(float, np.quantile(levels.astype(np.float64), (0.05, 0.995))))
    assert found == fit_intensity_scale(torch.from_numpy(levels), 0.05, 0.995)
    assert found == fit_intensity_scale(torch.from_numpy(levels).double(), 0.05, 0.995)


def test_a_number_that_is_none_gives_no_limits():
    levels = np.array([[1.0, np.nan, 2.0]], dtype=np.float32)

    assert math.isnan(exact_quantiles(streamed(levels), [0.5])[0])
    with pytest.raises(InputError, match="both finite; got nan and nan"):
        fit_intensity_scale(streamed(levels))


def test_infinite_levels_have_their_place():
    levels = np.array([[-np.inf, -3.0, np.inf, 7.0, -0.0, 2.0, 9.0]], dtype=np.float32)

    assert exact_quantiles(streamed(levels), [1 / 6, 0.5, 4 / 6]) == [-3, 2, 7]
