# tests/quantum/circuits/test_variational.py
"""The torch circuit against the same description in Qiskit, and its gradient against differences."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator
from qiskit.synthesis.qft import synth_qft_full

from classical_baselines.harness.choices import InputError
from quantum.circuits.description import CircuitDescription, described_circuit, register_of, registers_of, ring_pairs
from quantum.circuits.variational import VariationalCircuit
from quantum.engine.readout import probabilities

DESCRIPTIONS = [
    CircuitDescription(1, 1, 1, "cx-ring", ((0, 1),)),
    CircuitDescription(2, 1, 2, "cx-ring", ((0, 2),)),
    CircuitDescription(4, 2, 1, "cz-ring", ((1, 3),)),
    CircuitDescription(5, 1, 2, "cx-ring", ((0, 3),)),
    CircuitDescription(5, 1, 1, "none", ((2, 2),)),
    CircuitDescription(4, 0, 2, "cz-ring"),
    CircuitDescription(3, 0, 0, "none", ((0, 3),)),
    CircuitDescription(5, 1, 1, "cz-ring", ((1, 4),), 2),
    CircuitDescription(5, 1, 1, "cz-ring", ((2, 3), (0, 2))),
]


def new_circuit(description, seed=0, **options):
    torch.manual_seed(seed)
    return VariationalCircuit(described_circuit(description), spread_radians=1.5, **options).double()


def by_hand(description, angles):
    """Gate by gate with Qiskit, without the suite's own description of a circuit."""
    made = QuantumCircuit(description.n_qubits)
    for layer in range(description.n_layers + 1):
        for first, size in description.fourier_registers if layer == description.n_layers_before else ():
            approximate = synth_qft_full(size, approximation_degree=description.fourier_degree)
            made.compose(approximate, range(first, first + size), inplace=True)
        if layer == description.n_layers:
            return made
        for qubit, (rz, ry) in enumerate(angles[layer]):
            made.rz(rz, qubit)
            made.ry(ry, qubit)
        for pair in ring_pairs(description.n_qubits):
            if description.entangler != "none":
                getattr(made, description.entangler.removesuffix("-ring"))(*pair)
    raise AssertionError


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=str)
def test_torch_and_qiskit_make_one_unitary_of_one_description(description):
    circuit = new_circuit(description)
    basis = torch.eye(2**description.n_qubits, dtype=torch.complex128)

    columns = circuit(basis).detach().T

    exported = by_hand(description, circuit.angles.reshape(description.n_layers, description.n_qubits, 2).tolist())
    np.testing.assert_allclose(columns.numpy(), Operator(exported).data, atol=1e-12)


def test_a_ring_closes_and_two_qubits_have_one_pair():
    assert ring_pairs(1) == ()
    assert ring_pairs(2) == ((0, 1),)
    assert ring_pairs(4) == ((0, 1), (1, 2), (2, 3), (3, 0))


@pytest.mark.parametrize("entangler", ["cx-ring", "cz-ring"])
def test_the_gradient_of_the_angles_is_that_of_finite_differences(entangler):
    circuit = new_circuit(CircuitDescription(3, 1, 1, entangler, ((0, 3),)))
    states = torch.nn.functional.normalize(torch.randn(2, 8, dtype=torch.float64), dim=1)

    def read(angles):
        return probabilities(torch.func.functional_call(circuit, {"angles": angles}, (states,)))

    assert torch.autograd.gradcheck(read, circuit.angles.detach().requires_grad_())


def test_no_angle_is_idle():
    circuit = new_circuit(CircuitDescription(4, 1, 1, "cx-ring", ((0, 4),)))
    states = torch.nn.functional.normalize(torch.randn(5, 16, dtype=torch.float64), dim=1)

    (probabilities(circuit(states)) @ torch.randn(16, dtype=torch.float64)).square().sum().backward()

    assert (circuit.angles.grad.abs() > 1e-9).all()


def test_a_frozen_circuit_keeps_its_angles_with_its_weights_but_trains_none():
    circuit = new_circuit(CircuitDescription(3), frozen=True)

    assert list(circuit.parameters()) == []
    assert circuit.state_dict()["angles"].shape == (4 * 3 * 2,)


def test_the_precision_of_the_states_follows_the_angles():
    circuit = VariationalCircuit(described_circuit(CircuitDescription(2)))
    states = torch.tensor([[1.0, 0, 0, 0]])

    assert circuit(states).dtype == torch.complex64
    assert circuit.double()(states).dtype == torch.complex128


def test_a_register_is_the_run_of_qubits_of_its_axis():
    # index = (channel * 4 + mel) * 8 + frame: 3 frame qubits lowest, then 2 of mel, then 1 of channel
    grid = (2, 4, 8)

    assert [register_of(name, grid) for name in ("frame", "mel", "channel", "all")] == [(0, 3), (3, 2), (5, 1), (0, 6)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_qubits": 0}, "n_qubits must lie in 1 to 14; got 0"),
        ({"n_qubits": 3, "entangler": "ring"}, "No entangler is called 'ring'"),
        ({"n_qubits": 3, "n_layers_before": -1}, "Layers are counted from 0"),
        ({"n_qubits": 3, "fourier_registers": ((1, 3),)}, "within 3 qubits; got 3 from 1"),
        (
            {"n_qubits": 3, "fourier_registers": ((0, 2),), "fourier_degree": 2},
            "for a register of 2 qubits; got 2",
        ),
    ],
)
def test_a_description_that_is_no_circuit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        CircuitDescription(**options)


def test_registers_are_transformed_in_the_order_named():
    assert registers_of("mel+frame", (4, 8)) == ((3, 2), (0, 3))
    assert registers_of("frame", (4, 8)) == ((0, 3),)
    for twice in ("mel+mel", "all+mel"):
        with pytest.raises(InputError, match="names each axis once"):
            registers_of(twice, (4, 8))


def test_both_registers_in_turn_are_the_transform_of_a_picture_in_two_dimensions():
    circuit = new_circuit(CircuitDescription(5, 0, 0, "none", registers_of("mel+frame", (4, 8))))
    pictures = np.random.default_rng(0).normal(size=(3, 4, 8))

    behind = circuit(torch.from_numpy(pictures.reshape(3, 32))).numpy()

    expected = np.fft.ifft2(pictures, norm="ortho")  # the quantum transform has the sign +
    np.testing.assert_allclose(behind, expected.reshape(3, 32), atol=1e-12)


def test_the_frame_register_alone_gives_the_modulation_spectrum_of_each_band():
    circuit = new_circuit(CircuitDescription(5, 0, 0, "none", registers_of("frame", (4, 8))))
    pictures = np.random.default_rng(0).normal(size=(2, 4, 8))

    behind = probabilities(circuit(torch.from_numpy(pictures.reshape(2, 32)))).numpy()

    expected = np.abs(np.fft.fft(pictures, axis=2)) ** 2 / 8
    np.testing.assert_allclose(behind.reshape(2, 4, 8), expected[:, :, (-np.arange(8)) % 8], atol=1e-12)


@pytest.mark.parametrize("name", ["time", "channel"])
def test_a_register_that_the_grid_lacks_is_refused(name):
    with pytest.raises(InputError, match=rf"No register is called '{name}'.* all, mel, frame; .* such as 'mel\+frame'"):
        register_of(name, (4, 8))
