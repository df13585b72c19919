# tests/classical_baselines/harness/test_checks.py
"""What is not finite is found wherever it stands, and nothing else is refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.checks import check_finite

ODD = [float("nan"), float("inf"), float("-inf")]


@given(st.sampled_from(ODD), st.integers(1, 40), st.data())
def test_one_value_that_is_not_finite_is_found_anywhere(odd, n, data):
    values = torch.randn(n)
    values[data.draw(st.integers(0, n - 1))] = odd

    with pytest.raises(ValueError, match="x holds NaN or infinite values"):
        check_finite("x", values)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_finite_values_pass_however_large_they_are(values):
    check_finite("x", torch.tensor(values, dtype=torch.float32))
    check_finite("x", torch.tensor(values, dtype=torch.float32, requires_grad=True))
