# tests/quantum/test_export.py
"""The exported circuit, in Qiskit and as OpenQASM 3 text."""

import re

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector

from classical_baselines.harness.contracts import EncodedShape
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.states import engine_probabilities, prepare
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import unit_states
from quantum.encoders.iqp import IqpEncoder
from quantum.export import in_standard_gates, openqasm_3, trained_circuit
from tests.quantum.backends.systems import generator, intensity, trained


def classifier():
    torch.manual_seed(0)
    return QftCircuit(entangler="cx-ring", fourier_register="all").build(EncodedShape("state", (2, 8)), 3).double()


def state():
    return unit_states(torch.randn(1, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2)))


def test_the_exported_circuit_makes_the_engines_state():
    network = classifier()
    ours = network.circuit(state())[0].detach().numpy()

    qiskits = Statevector(state()[0].numpy()).evolve(trained_circuit(network)).data

    np.testing.assert_allclose(ours, qiskits, atol=1e-10)


@pytest.mark.parametrize("system", [(), (QftCircuit(), IqpEncoder((2, 4), n_repeats=1))], ids=["exact", "iqp"])
def test_a_clips_circuit_prepares_its_state_by_gates(system):
    clips = prepare(trained(*system), intensity(3), generator())
    whole = clip_circuit_of(clips).of_clip(2)
    assert whole.num_parameters == 0
    whole.remove_final_measurements()

    expected = engine_probabilities(clips)[2].numpy()
    np.testing.assert_allclose(Statevector(whole).probabilities(), expected, atol=1e-10)


def test_the_text_declares_its_qubits_and_has_every_gate():
    circuit = trained_circuit(classifier())
    text = openqasm_3(in_standard_gates(circuit))

    assert text.startswith("OPENQASM 3")
    assert "qubit[4] q;" in text
    assert text.count("cp(") == 6
    assert text.count("\ncx ") == 16
    whole = clip_circuit_of(prepare(trained(), intensity(1), generator())).of_clip(0)
    assert openqasm_3(in_standard_gates(whole)).count("measure") == 4


def test_the_text_read_back_line_by_line_is_the_same_unitary():
    circuit = trained_circuit(classifier())
    read = QuantumCircuit(4)
    for gate, angle, qubits in re.findall(
        r"^(\w+)(?:\(([^)]*)\))? (q\[.*);$", openqasm_3(in_standard_gates(circuit)), re.MULTILINE
    ):
        angles = [] if not angle else [number(angle)]
        getattr(read, gate)(*angles, *map(int, re.findall(r"\d+", qubits)))

    np.testing.assert_allclose(Operator(read).data, Operator(circuit).data, atol=1e-12)


def number(text):
    """A number or a fraction of pi, as OpenQASM writes it."""
    numerator, _, denominator = text.partition("/")
    return (np.pi if numerator == "pi" else float(numerator)) / float(denominator or 1)
