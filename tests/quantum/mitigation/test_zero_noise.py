"""Folding and extrapolation against polynomials, depolarising noise in closed form, and numpy's own fits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from quantum.mitigation.zero_noise import (
    check_different,
    check_noise_factors,
    extrapolated,
    extrapolation_weights,
    folds_of,
    realised_factor,
    walsh_hadamard,
)

FACTORS = st.lists(st.floats(1, 9), min_size=3, max_size=5, unique_by=lambda one: round(one, 1)).map(sorted)


def distributions(n_outcomes, n=4):
    return np.random.default_rng(2).dirichlet(np.ones(n_outcomes), size=n)


@given(FACTORS)
def test_a_polynomial_through_all_factors_is_met_at_zero(factors):
    coefficients = np.arange(1, len(factors) + 1)
    values = np.polynomial.polynomial.polyval(np.array(factors), coefficients)

    found = extrapolation_weights(factors, "richardson").numpy() @ values

    assert found == pytest.approx(1, rel=1e-6, abs=1e-5)


@given(FACTORS, st.lists(st.floats(-1, 1), min_size=5, max_size=5))
def test_the_line_is_numpys(factors, values):
    values = np.array(values[: len(factors)])

    found = extrapolation_weights(factors, "linear").numpy() @ values

    assert found == pytest.approx(np.polynomial.polynomial.polyfit(factors, values, 1)[0], abs=1e-8)


def depolarised(exact, factors, survival):
    """At each factor a share survival**factor of the outcomes is right, and the rest is even."""
    n = exact.shape[-1]
    return torch.stack([torch.from_numpy(survival**one * exact + (1 - survival**one) / n) for one in factors])


@pytest.mark.parametrize("factors", [(1, 3, 5), (1, 1.5, 2, 3)])
def test_depolarising_noise_is_extrapolated_exactly_by_the_exponential(factors):
    exact = distributions(8)
    found = extrapolated(depolarised(exact, factors, 0.8), factors, "exponential")

    np.testing.assert_allclose(found.numpy(), exact, atol=1e-12)


def test_of_depolarising_noise_line_and_polynomial_leave_the_bias_of_their_order():
    """survival**factor at 0 is 1; a line and a polynomial through it at 1, 3, 5 leave what a sum on paper says."""
    exact, survival = distributions(4), 0.9
    for extrapolation, weights in (("richardson", (15 / 8, -10 / 8, 3 / 8)), ("linear", (13 / 12, 1 / 3, -5 / 12))):
        share = sum(weight * survival**factor for weight, factor in zip(weights, (1, 3, 5), strict=True))
        found = extrapolated(depolarised(exact, (1, 3, 5), survival), (1, 3, 5), extrapolation)
        np.testing.assert_allclose(found.numpy(), share * exact + (1 - share) / 4, atol=1e-12)
    assert abs(share - 1) > 0.01  # the line's bias is seen


def test_where_noise_hides_the_decay_the_exponential_is_the_line():
    values = torch.tensor([[[0.55, 0.45]], [[0.45, 0.55]], [[0.52, 0.48]]])  # Z of 0.1, -0.1, 0.04

    found = extrapolated(values, (1, 2, 3), "exponential")

    np.testing.assert_allclose(found.numpy(), extrapolated(values, (1, 2, 3), "linear").numpy(), atol=1e-7)


@pytest.mark.parametrize("extrapolation", ["linear", "richardson", "exponential"])
def test_what_is_extrapolated_sums_to_one(extrapolation):
    drawn = np.random.default_rng(0).multinomial(200, distributions(8), size=(3, 4)) / 200
    found = extrapolated(torch.from_numpy(drawn), (1, 3, 5), extrapolation)

    np.testing.assert_allclose(found.sum(1).numpy(), 1, atol=1e-12)


def test_the_transform_gives_the_expectation_of_every_product_of_z():
    values = distributions(8)[0]
    signs = np.array([[(-1) ** bin(a & b).count("1") for a in range(8)] for b in range(8)])

    np.testing.assert_allclose(walsh_hadamard(torch.from_numpy(values)).numpy(), signs @ values, atol=1e-12)


@given(st.floats(1, 9), st.integers(1, 60))
def test_folds_are_spread_and_come_as_near_to_the_factor_as_whole_folds_can(factor, n_gates):
    folds = folds_of(factor, n_gates)

    assert abs(realised_factor(folds) - factor) <= 1 / n_gates + 1e-9
    assert max(folds) - min(folds) <= 1
    assert len(folds) == n_gates


@pytest.mark.parametrize(
    "factors", [(1, 3), (1, 2, 3, 4, 5, 6), (2, 3, 4), (1, 3, 3), (1, 5, 3), (1.0, 2.0, float("nan"))]
)
def test_factors_that_no_line_goes_through_are_refused(factors):
    with pytest.raises(InputError, match=r"noise_factors must be 3 to 5 rising numbers, the first 1, such as"):
        check_noise_factors(factors, "linear")


def test_other_input_that_cannot_hold_is_refused():
    check_noise_factors((), "linear")
    with pytest.raises(InputError, match="noise_factors end at 25; got 30"):
        check_noise_factors((1, 3, 30), "linear")
    with pytest.raises(InputError, match="No extrapolation is called 'cubic'"):
        check_noise_factors((1, 3, 5), "cubic")
    with pytest.raises(InputError, match="Two noise factors give the same circuit: 1, 2, 2 are realised"):
        check_different((1, 2, 2))
