# tests/classical_baselines/front_ends/test_toeplitz.py
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz

from classical_baselines.front_ends.toeplitz import levinson_operations, toeplitz_solve


def systems(n, n_systems, seed):
    """First columns of positive definite matrices, from spectra that are nowhere 0, and right-hand sides."""
    generator = np.random.default_rng(seed)
    spectra = generator.random((n_systems, 2 * n + 1)) ** 6 + 1e-4
    return torch.from_numpy(np.fft.irfft(spectra)[:, :n]), torch.from_numpy(generator.standard_normal((n_systems, n)))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**31))
def test_the_solution_and_the_sums_of_the_inverse_are_those_of_dense_algebra(n, seed):
    r, y = systems(n, 3, seed)
    u, d = toeplitz_solve(r, y, with_diagonals=True)

    for system in range(3):
        inverse = np.linalg.inv(toeplitz(r[system].numpy()))
        expected = inverse @ y[system].numpy()
        np.testing.assert_allclose(u[system].numpy(), expected, atol=1e-9 * np.abs(expected).max())
        sums = [np.trace(inverse, offset) for offset in range(n)]
        np.testing.assert_allclose(d[system].numpy(), sums, atol=1e-9 * np.abs(sums).max())


def test_a_silent_system_gives_nothing_and_leaves_the_others_alone():
    r, y = systems(8, 3, 0)
    r[1], y[1] = 0, 0
    u, d = toeplitz_solve(r, y, with_diagonals=True)

    assert not u[1].any()
    assert not d[1].any()
    assert torch.equal(u[2], toeplitz_solve(r[2:], y[2:])[0][0])


def test_its_products_are_those_of_plain_loops():
    n = 7
    products, divisions = 0, 1  # the first unknown is a division
    for order in range(1, n):
        products += order + order  # correlation and residual
        products += order - 1  # predictor; its last value is the reflection itself
        products += order  # solution; its last value is the step itself
        products += 1  # the error, 1 - k^2
        divisions += 2
    counts = levinson_operations(n, 1, with_diagonals=False)

    assert counts.total("mac_fp32") == products
    assert counts.total("transcendental_fp32") == divisions
    with_sums = levinson_operations(n, 1, with_diagonals=True)
    assert with_sums.total("mac_fp32") - products == sum(n - lag for lag in range(n))
