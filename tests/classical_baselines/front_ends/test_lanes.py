# tests/classical_baselines/front_ends/test_lanes.py
"""Eight numbers abreast against NumPy: every operation, and what lies beside the eight."""

import numba
import numpy as np

from classical_baselines.front_ends.lanes import N_LANES, load, store


@numba.njit
def _every_operation(values, weight, results):
    a, b = load(values, 1), load(values, 3)
    store(results[0], 2, a + b)
    store(results[1], 2, a - b)
    store(results[2], 2, a * b)
    store(results[3], 2, a * weight)


def test_operations_are_numpys_lane_by_lane_and_leave_the_neighbours_alone():
    values = np.random.default_rng(0).standard_normal(3 + N_LANES).astype(np.float32)
    results = np.full((4, N_LANES + 4), np.float32(7))
    weight = np.float32(0.3)
    _every_operation(values, weight, results)

    a, b = values[1 : 1 + N_LANES], values[3 : 3 + N_LANES]
    np.testing.assert_array_equal(results[:, 2:-2], np.stack([a + b, a - b, a * b, a * weight]))
    assert (results[:, :2] == 7).all()
    assert (results[:, -2:] == 7).all()


@numba.njit
def _sum_of_many(values):
    total = load(values, 0)
    for row in range(1, len(values) // N_LANES):
        total = total + load(values, row * N_LANES)
    result = np.zeros(N_LANES, dtype=np.float32)
    store(result, 0, total)
    return result


def test_a_variable_holds_lanes_from_one_round_of_a_loop_to_the_next():
    values = np.arange(5 * N_LANES, dtype=np.float32)

    np.testing.assert_array_equal(_sum_of_many(values), values.reshape(5, N_LANES).sum(axis=0))
