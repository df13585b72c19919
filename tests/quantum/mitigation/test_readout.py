"""Confusion estimated and taken back: against matrices written out, and sums on paper."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from quantum.mitigation.readout import basis_state_gates, estimated_confusion, prepared_states, taken_back

ERRORS = st.lists(st.tuples(st.floats(0, 0.4), st.floats(0, 0.4)), min_size=1, max_size=4)


def written_out(errors):
    """[outcome, prepared] of independent qubits, entry by entry."""
    n = len(errors)
    matrix = np.ones((2**n, 2**n))
    for read in range(2**n):
        for prepared in range(2**n):
            for qubit, (p1_given_0, p0_given_1) in enumerate(errors):
                was, now = prepared >> qubit & 1, read >> qubit & 1
                wrong = p0_given_1 if was else p1_given_0
                matrix[read, prepared] *= wrong if was != now else 1 - wrong
    return matrix


def distributions(n_qubits, n=3):
    return np.random.default_rng(1).dirichlet(np.ones(2**n_qubits), size=n)


@settings(max_examples=40, deadline=None)
@given(ERRORS, st.sampled_from(["tensored", "full"]))
def test_confusion_that_is_known_exactly_is_taken_back_exactly(errors, kind):
    n = len(errors)
    matrix = written_out(errors)
    read = torch.from_numpy(matrix.T[list(prepared_states(kind, n))].copy())
    exact = distributions(n)

    found = taken_back(torch.from_numpy(exact @ matrix.T), estimated_confusion(kind, read))

    np.testing.assert_allclose(found.numpy(), exact, atol=1e-9)


def test_of_one_qubit_it_is_the_sum_on_paper():
    """Read as 1 in 10 % of the zeros and as 0 in 20 % of the ones: 0.66 = 0.9 p + 0.2 (1 - p) gives p = 0.46 / 0.7."""
    read = torch.tensor([[0.9, 0.1], [0.2, 0.8]])
    for kind in ("tensored", "full"):
        (found,) = taken_back(torch.tensor([[0.66, 0.34]]), estimated_confusion(kind, read)).tolist()
        assert found == pytest.approx([0.46 / 0.7, 0.24 / 0.7])


def test_errors_that_qubits_share_are_seen_by_the_full_matrix_alone():
    shared = np.eye(4) * 0.9 + np.fliplr(np.eye(4)) * 0.1  # both bits turn together
    exact = distributions(2)
    confused = torch.from_numpy(exact @ shared.T)
    full = taken_back(confused, estimated_confusion("full", torch.from_numpy(shared.T.copy())))
    tensored = taken_back(confused, estimated_confusion("tensored", torch.from_numpy(shared.T[[0, 3]].copy())))

    np.testing.assert_allclose(full.numpy(), exact, atol=1e-12)
    assert np.abs(tensored.numpy() - exact).max() > 0.01


def test_what_is_taken_back_is_a_quasi_probability():
    read = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    (found,) = taken_back(torch.tensor([[0.95, 0.05]]), estimated_confusion("full", read)).tolist()

    assert sum(found) == pytest.approx(1)
    assert found[1] == pytest.approx(-0.05 / 0.8)  # fewer were read than would be by mistake alone


def test_the_scatter_of_z_grows_by_the_factor_of_the_inversion():
    draw = np.random.default_rng(0)
    frequencies = torch.from_numpy(draw.multinomial(400, [0.9, 0.1], size=5000) / 400)
    read = torch.tensor([[0.9, 0.1], [0.1, 0.9]], dtype=torch.float64)

    found = taken_back(frequencies, estimated_confusion("full", read))

    raw, mitigated = (one[:, 0] - one[:, 1] for one in (frequencies, found))
    assert mitigated.mean().item() == pytest.approx(1.0, abs=4.4 * 0.03 / 0.8 / 5000**0.5)
    assert (mitigated.std() / raw.std()).item() == pytest.approx(1 / (1 - 2 * 0.1), rel=1e-9)


def test_states_are_prepared_by_an_x_for_each_one():
    assert basis_state_gates(0b101, 3) == [0, 2]
    assert len(prepared_states("full", 10)) == 1024


def test_a_readout_like_a_coins_toss_and_too_many_qubits_are_refused():
    coin = torch.full((2, 2), 0.5)
    for kind in ("tensored", "full"):
        with pytest.raises(InputError, match="What is read hardly depends on what was prepared"):
            taken_back(torch.tensor([[0.5, 0.5]]), estimated_confusion(kind, coin))
    with pytest.raises(
        InputError, match=r"of 11 qubits prepares 2\*\*11 states; at most 10 qubits are. Choose tensored"
    ):
        prepared_states("full", 11)
