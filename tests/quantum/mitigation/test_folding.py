"""Folded circuits do what the circuit does, with three two-qubit gates in the place of one."""

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator

from classical_baselines.harness.choices import InputError
from quantum.mitigation.folding import folded_circuit, n_two_qubit_gates


def circuit():
    made = QuantumCircuit(3)
    made.sx(0)
    made.cx(0, 1)
    made.barrier(0, 1)
    made.ecr(1, 2)
    made.rz(0.3, 2)
    made.cz(2, 0)
    return made


def test_a_folded_circuit_is_the_same_unitary_with_two_more_gates_for_each_fold():
    folded = folded_circuit(circuit(), (1, 0, 2), ["cx", "ecr", "cz"])

    assert Operator(folded) == Operator(circuit())
    assert n_two_qubit_gates(circuit()) == 3  # a barrier of two qubits is no gate
    assert dict(folded.count_ops()) == {"cx": 3, "cz": 5, "ecr": 1, "sx": 1, "rz": 1, "barrier": 1}
    assert [one.operation.name for one in folded.data][:5] == ["sx", "cx", "cx", "cx", "barrier"]


def test_an_angle_that_is_bound_later_turns_back_in_the_fold():
    turned = QuantumCircuit(2)
    turned.rzz(Parameter("angle"), 0, 1)
    folded = folded_circuit(turned, (1,), ["rzz"])

    assert folded.count_ops()["rzz"] == 3
    assert Operator(folded.assign_parameters([0.7])) == Operator(turned.assign_parameters([0.7]))


def test_a_gate_whose_inverse_the_processor_lacks_is_not_folded():
    turned = QuantumCircuit(2)
    turned.csx(0, 1)
    assert folded_circuit(turned, (0,), ["csx"]).count_ops()["csx"] == 1
    with pytest.raises(
        InputError, match=r"the inverse of 'csx' is no gate of this processor .csx.\. Leave noise_factors"
    ):
        folded_circuit(turned, (1,), ["csx"])
