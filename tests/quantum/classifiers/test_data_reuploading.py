"""Data re-uploading: the states of a circuit written in Qiskit by hand, and what it refuses."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.data_reuploading import DataReuploading

PICTURE = EncodedShape("intensity", (2, 4))


def test_the_outcomes_are_those_of_a_circuit_written_by_hand():
    torch.manual_seed(0)
    classifier = DataReuploading(n_qubits=3, n_layers=3).build(PICTURE, 3).double().eval()
    with torch.no_grad():
        classifier.factors.copy_(torch.linspace(-2, 3, 18, dtype=torch.float64))
        classifier.circuit.angles.copy_(torch.linspace(1, -2, 18, dtype=torch.float64))
    pictures = torch.rand(2, 2, 4, dtype=torch.float64)

    behind = classifier.outcome_probabilities(classifier.states(pictures), classifier.features(pictures)).detach()

    factors, angles = np.linspace(-2, 3, 18), np.linspace(1, -2, 18)
    for clip, values in enumerate(pictures.flatten(1).numpy()):
        made = QuantumCircuit(3)
        for gate in range(18):
            layer, qubit = gate // 6, gate % 6 // 2
            turn = made.rz if gate % 2 == 0 else made.ry
            turn(angles[gate] + factors[gate] * values[gate % 8], qubit)
            if gate % 6 == 5 and layer < 2:
                for pair in ((0, 1), (1, 2), (2, 0)):
                    made.cz(*pair)
        np.testing.assert_allclose(behind[clip], Statevector(made).probabilities(), atol=1e-12)


def test_with_widths_the_angles_follow_tanh_of_the_front():
    torch.manual_seed(0)
    options = DataReuploading(n_qubits=2, n_layers=2, widths=(4,), grid=(2, 2, 2), factor_radians=1.5)
    classifier = options.build(EncodedShape("intensity", (8, 16)), 3).eval()
    pictures = torch.rand(2, 8, 16)

    expected = 1.5 * torch.tanh(classifier.front(pictures))

    torch.testing.assert_close(classifier.features(pictures), expected)


def test_a_frozen_circuit_trains_its_head_alone():
    classifier = DataReuploading(n_qubits=2, n_layers=2, frozen=True).build(PICTURE, 3)
    trained = {name.split(".")[0] for name, one in classifier.named_parameters() if one.requires_grad}

    assert trained == {"head"}


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({"n_qubits": 1, "n_layers": 3}, PICTURE, "take up 6 values, and a clip has 8. Give more n_layers"),
        ({}, EncodedShape("state", (2, 4)), "Choose the encoder none"),
        ({"n_qubits": 15}, PICTURE, "n_qubits must lie in 1 to 14; got 15"),
        ({"entangler": "ring"}, PICTURE, "No entangler is called 'ring'"),
        ({"n_layers": 1, "entangler": "cx-ring"}, PICTURE, "'cx-ring' is of the two-qubit gates between two layers"),
        ({"n_layers": 1, "entangler": "none"}, PICTURE, "'none' is of .* give 2 or more of both, or leave entangler"),
        ({"n_qubits": 1, "n_layers": 4, "entangler": "none"}, PICTURE, "n_layers = 4 of n_qubits = 1 have none"),
        ({"n_layers": 0}, PICTURE, "n_layers must lie in 1 to 1000; got 0"),
        ({"factor_radians": 0.0}, PICTURE, "factor_radians must lie in"),
        ({"grid": (1, 2, 2)}, PICTURE, r"grid = \(1, 2, 2\) is of the front, which widths = \(\) leaves out"),
    ],
)
def test_what_cannot_be_built_says_why(options, shape, message):
    with pytest.raises(InputError, match=message):
        DataReuploading(**options).build(shape, 3)


def test_one_layer_without_a_word_of_its_entangler_has_no_two_qubit_gate():
    classifier = DataReuploading(n_qubits=4, n_layers=1).build(PICTURE, 3)

    assert {len(gate.qubits) for gate in classifier.circuit.structure.gates} == {1}
