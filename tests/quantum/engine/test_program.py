# tests/quantum/engine/test_program.py
"""How few steps a circuit becomes."""

import pytest

from quantum.circuits.circuit import Angle, Circuit, Fourier, Gate
from quantum.engine.amplitudes import qubits_of
from quantum.engine.program import Permutation, Phases, Rotations, Transform, program_of
from tests.quantum.engine.test_execution import layers


def test_a_layer_is_rotations_and_a_permutation_and_the_transform_one_step():
    steps = program_of(layers(8, 3)).steps

    assert [type(step) for step in steps] == [Rotations, Permutation] * 3 + [Transform]


def test_layers_that_repeat_share_one_table_of_indices():
    assert len(program_of(layers(5, 4)).index_tables) == 1


def test_gates_on_other_qubits_join_an_earlier_step():
    circuit = Circuit(4, (Gate("h", (0,)), Gate("cz", (0, 1)), Gate("h", (2,)), Gate("cp", (2, 3), Angle(0.1))))

    steps = program_of(circuit).steps

    assert [type(step) for step in steps] == [Rotations, Phases]
    assert steps[0].qubits == {0, 2}


def test_a_gate_does_not_pass_one_that_shares_a_qubit():
    circuit = Circuit(2, (Gate("h", (0,)), Gate("cx", (0, 1)), Gate("h", (1,))))

    assert [type(step) for step in program_of(circuit).steps] == [Rotations, Permutation, Rotations]


def test_an_approximate_transform_is_a_step_of_phases_for_each_qubit():
    steps = program_of(Circuit(4, (Fourier(0, 4, degree=1),))).steps

    assert [type(step) for step in steps] == [Rotations, Phases] * 3 + [Rotations, Permutation]


@pytest.mark.parametrize("n_amplitudes", [0, 1, 3, 100, 2**15])
def test_amplitudes_that_fill_no_qubits_are_refused(n_amplitudes):
    with pytest.raises(ValueError, match=f"got {n_amplitudes}"):
        qubits_of(n_amplitudes)
