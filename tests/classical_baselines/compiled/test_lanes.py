# tests/classical_baselines/compiled/test_lanes.py
"""Numbers abreast against NumPy: every operation in both precisions, and what lies beside the vector."""

import numba
import numpy as np
import pytest

from classical_baselines.compiled.lanes import N_LANES, load, spread, store

PRECISIONS = [np.float32, np.float64]


@numba.njit
def _every_operation(values, weight, results):
    a, b = load(values, 1), load(values, 3)
    store(results[0], 2, a + b)
    store(results[1], 2, a - b)
    store(results[2], 2, a * b)
    store(results[3], 2, a * spread(weight))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_operations_are_numpys_lane_by_lane_and_leave_the_neighbours_alone(precision):
    n_lanes = N_LANES[np.dtype(precision)]
    values = np.random.default_rng(0).standard_normal(3 + n_lanes).astype(precision)
    results = np.full((4, n_lanes + 4), precision(7))
    weight = precision(0.3)
    _every_operation(values, weight, results)

    a, b = values[1 : 1 + n_lanes], values[3 : 3 + n_lanes]
    np.testing.assert_array_equal(results[:, 2:-2], np.stack([a + b, a - b, a * b, a * weight]))
    assert (results[:, :2] == 7).all()
    assert (results[:, -2:] == 7).all()


@numba.njit
def _product_of_many(values, n_lanes):
    total = load(values, 0)
    for row in range(1, len(values) // n_lanes):
        total = total * load(values, row * n_lanes) + total
    result = np.zeros(n_lanes, values.dtype)
    store(result, 0, total)
    return result


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_variable_holds_lanes_from_one_round_of_a_loop_to_the_next(precision):
    n_lanes = N_LANES[np.dtype(precision)]
    values = np.arange(4 * n_lanes).astype(precision)

    expected = values[:n_lanes] * (1 + values.reshape(4, n_lanes)[1:]).prod(axis=0)  # integers: exact
    np.testing.assert_array_equal(_product_of_many(values, n_lanes), expected)
