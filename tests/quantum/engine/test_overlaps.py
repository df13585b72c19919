"""Squared overlaps, in each of their forms, against numpy's inner products."""

import numpy as np
import pytest
import torch

from quantum.engine.overlaps import real_values, squared_overlaps, squared_overlaps_by_row, squared_overlaps_of_values


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_every_form_is_the_square_of_the_inner_product(dtype):
    states = torch.randn(3, 8, dtype=dtype, generator=torch.Generator().manual_seed(0))
    others = torch.randn(3, 8, dtype=dtype, generator=torch.Generator().manual_seed(1))
    expected = np.array([[abs(np.vdot(other, state)) ** 2 for other in others.numpy()] for state in states.numpy()])

    np.testing.assert_allclose(squared_overlaps(states, others), expected)
    np.testing.assert_allclose(squared_overlaps_by_row(states, others), np.diag(expected))
    of_values = squared_overlaps_of_values(real_values(states), real_values(others), dtype.is_complex)
    np.testing.assert_allclose(of_values, expected)
