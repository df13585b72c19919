# tests/quantum/controls/test_controls.py
"""The controls: as many parameters as the circuit, and the arithmetic that their docstrings state."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Operator, Statevector, state_fidelity
from sklearn.kernel_ridge import KernelRidge

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.circuits.circuit import Circuit
from quantum.circuits.random_unitary import random_unitary
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.qft_hybrid import QftHybrid
from quantum.controls.circuit_removed import CircuitRemoved
from quantum.controls.fourier_features import FourierFeatures
from quantum.controls.kernel_surrogate import KernelSurrogate
from quantum.controls.quadratic_surrogate import QuadraticSurrogate
from quantum.controls.same_size_layer import RingLayer, RunMeans, SameSizeLayer
from quantum.export import trained_circuit
from quantum.measures.entangling import haar_mean, meyer_wallach
from quantum.measures.random_angles import states_at

PICTURE = EncodedShape("intensity", (8, 16))
STATE = EncodedShape("state", (4, 8))


def n_parameters(classifier):
    return sum(parameter.numel() for parameter in classifier.parameters())


@pytest.mark.parametrize("readout", ["probabilities", "expectations"])
def test_the_layer_in_the_circuits_place_has_exactly_its_parameters(readout):
    widths, grid = (4, 6), (2, 2, 4)
    hybrid = QftHybrid(widths=widths, grid=grid, readout=readout).build(PICTURE, 3)
    layer = SameSizeLayer(widths=widths, grid=grid, readout=readout).build(PICTURE, 3)
    alone = QftCircuit(readout=readout).build(STATE, 3)
    beside = SameSizeLayer(widths=(), readout=readout, n_layers_before=2, n_layers_after=2).build(STATE, 3)

    assert n_parameters(layer) == n_parameters(hybrid)
    assert n_parameters(beside) == n_parameters(alone)


@pytest.mark.parametrize("nonlinearity", ["square", "rectify"])
def test_the_ring_is_the_sum_of_its_docstring(nonlinearity):
    layer = RingLayer(8, 3, nonlinearity).double()
    vector = np.random.default_rng(0).normal(size=8)
    weight = layer.weight.detach().numpy()
    mixed = np.array([sum(weight[t] * vector[(i + 2 * t) % 8] for t in range(3)) for i in range(8)])
    expected = mixed**2 if nonlinearity == "square" else np.maximum(mixed, 0)

    np.testing.assert_allclose(layer(torch.from_numpy(vector)[None])[0].detach().numpy(), expected, atol=1e-12)


def test_runs_are_means_of_neighbours():
    torch.testing.assert_close(RunMeans(2)(torch.tensor([[1.0, 3.0, 5.0, 9.0]])), torch.tensor([[2.0, 7.0]]))


def test_without_the_circuit_the_logits_are_linear_in_the_scaled_vector():
    torch.manual_seed(0)
    control = CircuitRemoved(widths=()).build(STATE, 3).eval()
    vector = torch.nn.functional.normalize(torch.randn(2, 32), dim=1)
    linear = control.network[1]

    torch.testing.assert_close(control(vector), vector @ linear.weight.T * 32**0.5 + linear.bias)


def test_the_control_is_counted_by_hand():
    control = SameSizeLayer(widths=(), n_layers_before=1, n_layers_after=0).build(STATE, 3)
    counts = control.count_operations(torch.ones(1, 32) / 32**0.5)

    # 10 weights on 32 elements, then batch norm as a scale and shift, and 32 x 3 of the head
    assert counts.total("mac_fp32") == 32 * 10 + 32 * 3
    assert counts.total("multiply_fp32") == 32 + 32 + 32  # squares, means of one, batch norm


def test_the_spectrum_is_the_circuits_without_layers_and_numpys_fft_of_the_picture():
    vector = torch.nn.functional.normalize(torch.randn(3, 32, dtype=torch.float64), dim=1)
    for register in ("frame", "mel", "mel+frame", "all"):
        spectrum = FourierFeatures(widths=(), fourier_register=register).build(STATE, 3).double().spectrum(vector)
        bare = QftCircuit(n_layers_before=0, n_layers_after=0, fourier_register=register).build(STATE, 3).double()
        axes = {"frame": (2,), "mel": (1,), "mel+frame": (1, 2), "all": (1,)}[register]
        picture = vector.numpy() if register == "all" else vector.reshape(3, 4, 8).numpy()
        expected = np.abs(np.fft.ifftn(picture, axes=axes, norm="ortho")).reshape(3, 32) ** 2

        np.testing.assert_allclose(spectrum.numpy(), expected, atol=1e-12)
        np.testing.assert_allclose(spectrum.numpy(), bare.outcome_probabilities(vector).numpy(), atol=1e-12)


def test_a_spectrum_is_paid_as_an_fft():
    counts = FourierFeatures(widths=(), fourier_register="frame").build(STATE, 3).count_operations(torch.ones(1, 32))
    fft = {name: sum(n for (_, layer, o), n in counts if o == name and layer == "fourier-0") for name in
           ("multiply_fp32", "add_fp32")}  # fmt: skip

    # radix 2 over 3 qubits of 32 amplitudes: 3 x 16 complex multiplications, 3 x 32 complex additions, 32 scalings
    assert fft == {"multiply_fp32": 3 * 16 * 4 + 64, "add_fp32": 3 * 16 * 2 + 3 * 32 * 2}


def test_every_circuit_is_among_the_quadratic_forms():
    torch.manual_seed(0)
    circuit = QftCircuit(readout="expectations").build(STATE, 3).double().eval()
    surrogate = QuadraticSurrogate(widths=()).build(STATE, 3).double().eval()
    with torch.no_grad():
        circuit.head.norm.running_mean.uniform_(-1, 1)
        circuit.head.norm.running_var.uniform_(0.5, 2)
        unitary = Operator(trained_circuit(circuit)).data  # Qiskit's own matrix
        norm, linear = circuit.head.norm, circuit.head.linear
        scale = linear.weight / torch.sqrt(norm.running_var + norm.eps)
        per_outcome = (circuit.head.signs.double() @ scale.T).numpy()  # [outcome, class]
        first, second = np.triu_indices(32)
        for label in range(3):
            form = np.real(unitary.conj().T @ (per_outcome[:, label, None] * unitary))
            twice = np.where(first == second, 1, 2)  # a product off the diagonal stands for both of its places
            surrogate.network[1].weight[label] = torch.from_numpy(twice * form[first, second] / 32)
        surrogate.network[1].bias.copy_(linear.bias - scale @ norm.running_mean)
    vector = torch.nn.functional.normalize(torch.randn(5, 32, dtype=torch.float64), dim=1)

    torch.testing.assert_close(surrogate(vector), circuit(vector), atol=1e-10, rtol=0)


@pytest.mark.parametrize("is_complex", [False, True])
def test_the_kernel_machine_is_the_ridge_regression_of_scikit_learn_on_qiskits_overlaps(is_complex):
    draw = np.random.default_rng(0)
    states = draw.normal(size=(9, 8)) + (1j * draw.normal(size=(9, 8)) if is_complex else 0)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    targets = np.array([0, 1, 2, 0, 1, 2, 0])
    overlaps = np.array([[state_fidelity(Statevector(a), Statevector(b)) for b in states[:7]] for a in states])
    reference = KernelRidge(alpha=0.3, kernel="precomputed")
    wanted = np.eye(3)[targets]
    reference.fit(overlaps[:7], wanted - wanted.mean(0))
    shape = EncodedShape("complex-state" if is_complex else "state", (8,))
    ours = KernelSurrogate(ridge=0.3).build(shape, 3).double()
    ours.fit_directly(torch.from_numpy(states[:7]), torch.from_numpy(targets), seed=0)

    expected = reference.predict(overlaps) + wanted.mean(0)
    np.testing.assert_allclose(ours(torch.from_numpy(states)).numpy(), expected, atol=1e-10)
    again = KernelSurrogate(ridge=0.3).build(shape, 3).double()
    again.load_state_dict(ours.state_dict())
    assert torch.equal(again(torch.from_numpy(states)), ours(torch.from_numpy(states)))
    n_parts = 2 if is_complex else 1
    assert ours.count_operations(torch.from_numpy(states)).total("mac_fp32") == 7 * 8 * n_parts**2 + 7 * 3


def test_a_kernel_machine_with_a_small_ridge_repeats_what_any_circuit_computes():
    torch.manual_seed(0)
    circuit = QftCircuit().build(EncodedShape("state", (2, 4)), 3).double().eval()
    vector = torch.nn.functional.normalize(torch.randn(60, 8, dtype=torch.float64), dim=1)
    logits = circuit(vector).detach()
    machine = KernelSurrogate(ridge=1e-9).build(EncodedShape("state", (8,)), 3).double()
    kernel = vector @ vector.T
    # 36 products of 8 amplitudes span all of its functions, so 60 states leave it no freedom on the others.
    machine.vectors = vector[:50]
    machine.weights = torch.linalg.lstsq(kernel[:50, :50].square(), logits[:50], rcond=1e-10, driver="gelsd").solution

    torch.testing.assert_close(machine(vector[50:]), logits[50:], atol=1e-6, rtol=0)


def test_the_products_are_counted_by_hand():
    counts = QuadraticSurrogate(widths=()).build(STATE, 3).count_operations(torch.ones(1, 32))

    assert counts.total("multiply_fp32") == 32 * 33 / 2
    assert counts.total("mac_fp32") == 3 * 32 * 33 / 2


def test_a_random_unitary_costs_as_many_two_qubit_gates_and_leaves_no_structure():
    n_qubits = 4
    gates = random_unitary(1, n_qubits, seed=3)

    assert sum(gate.name == "cz" for gate in gates) == n_qubits * (n_qubits - 1)
    assert {qubit for gate in gates for qubit in gate.qubits} == {1, 2, 3, 4}
    drawn = [Circuit(n_qubits, random_unitary(0, n_qubits, seed)) for seed in range(200)]
    states = torch.cat([states_at(circuit, torch.zeros(1, 0, dtype=torch.float64)) for circuit in drawn])
    # Closed forms of states drawn from all states alike: Meyer-Wallach, and the mean square of a probability
    assert float(meyer_wallach(states).mean()) == pytest.approx(haar_mean(n_qubits), abs=0.05)
    assert float(states.abs().pow(4).mean()) == pytest.approx(2 / (16 * 17), rel=0.12)


def test_a_random_unitary_stands_where_the_transform_would():
    def names(**options):
        return [gate.name for gate in QftCircuit(**options).build(STATE, 3).circuit.structure.gates]

    one, other = names(random_unitary=1), names(random_unitary=2)
    assert one == other and "h" not in one and one.count("cz") == names().count("cz") + 3 * 2
    first, again, second = (QftCircuit(random_unitary=seed).build(STATE, 3).circuit.structure for seed in (1, 1, 2))
    assert first == again != second


def test_options_that_make_no_control_are_refused():
    with pytest.raises(InputError, match="Choose the classifier circuit-removed"):
        SameSizeLayer(n_layers_before=0, n_layers_after=0)
    for control in (CircuitRemoved, FourierFeatures, QuadraticSurrogate, SameSizeLayer):
        with pytest.raises(InputError, match=r"grid = \(2, 2, 4\) is of the front, which widths = \(\) leaves out"):
            control(widths=(), grid=(2, 2, 4))
    with pytest.raises(InputError, match=r"dropout must lie in \[0, 1\); got 1\.0"):
        CircuitRemoved(dropout=1.0)
    with pytest.raises(InputError, match="No nonlinearity is called 'cube'"):
        SameSizeLayer(nonlinearity="cube")
    with pytest.raises(InputError, match="Choose a state code"):
        CircuitRemoved(widths=()).build(PICTURE, 3)
    with pytest.raises(InputError, match="524800 products for 1024 amplitudes"):
        QuadraticSurrogate(widths=()).build(EncodedShape("state", (32, 32)), 3)
    with pytest.raises(InputError, match="got complex ones"):
        QuadraticSurrogate(widths=()).build(EncodedShape("complex-state", (8,)), 3)
    with pytest.raises(InputError, match="ridge must be greater than 0 and finite; got 0"):
        KernelSurrogate(ridge=0)
    with pytest.raises(InputError, match="kernel-surrogate reads states"):
        KernelSurrogate().build(PICTURE, 3)
    with pytest.raises(RuntimeError, match="has not been fitted"):
        KernelSurrogate().build(STATE, 3)(torch.ones(1, 32))
    with pytest.raises(InputError, match="in place of the Fourier transform: leave fourier on"):
        QftCircuit(random_unitary=1, fourier=False).build(STATE, 3)
    with pytest.raises(InputError, match="random_unitary is a seed, 0 or more"):
        QftCircuit(random_unitary=-1).build(STATE, 3)
