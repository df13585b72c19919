"""The quantum kernel against Aer's circuits, and its decisions against scikit-learn's."""

import numpy as np
import pytest
import torch
from qiskit import transpile
from qiskit_aer import AerSimulator
from safetensors.torch import load, save
from sklearn.svm import SVC

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.circuits.real_state import real_state_angles, real_state_circuit
from quantum.classifiers.fidelity_kernel import FidelityKernel, overlap_circuit
from quantum.encoders.amplitude import unit_states
from quantum.encoders.iqp import IqpEncoder
from quantum.engine.overlaps import squared_overlaps

SHAPE = EncodedShape("complex-state", (8,))


def states(n, seed=0):
    parts = torch.randn(n, 8, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    raw = torch.view_as_complex(parts)
    return raw / torch.linalg.vector_norm(raw, dim=1, keepdim=True)


def fitted(n_classes, n=40):
    machine = FidelityKernel(c=2.0).build(SHAPE, n_classes).double()
    targets = torch.arange(n) % n_classes
    assert machine.fit_directly(states(n), targets, seed=0)
    return machine, targets


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_its_logits_are_scikit_learns_decisions_on_its_kernel(n_classes):
    machine, targets = fitted(n_classes)
    training, unseen = states(40).numpy(), states(7, seed=1).numpy()
    peer = SVC(C=2.0, kernel="precomputed")
    peer.fit(np.abs(training @ training.conj().T) ** 2, targets.numpy())
    expected = peer.decision_function(np.abs(unseen @ training.conj().T) ** 2)
    if n_classes == 2:
        expected = np.stack([-expected, expected], 1)

    np.testing.assert_allclose(machine(states(7, seed=1)).numpy(), expected, atol=1e-5)


def probability_of_zero(circuit, features):
    made = qiskit_circuit(circuit, (), features)
    made.save_probabilities()
    simulator = AerSimulator(method="statevector")
    return simulator.run(transpile(made, simulator)).result().data(0)["probabilities"][0]


def test_of_a_code_the_kernel_is_aers_share_of_zeros_behind_code_and_inverse_code():
    encoder = IqpEncoder(pool=(2, 2))
    intensity = torch.rand(2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    encoded = encoder(intensity, torch.Generator())
    preparation = encoder.preparation(4, 4)
    features = encoder.features(torch.nn.functional.avg_pool2d(intensity, 2).flatten(1))

    found = probability_of_zero(overlap_circuit(preparation), features.flatten().tolist())

    assert float(squared_overlaps(encoded[:1], encoded[1:])) == pytest.approx(found, abs=1e-10)


def test_of_real_states_the_kernel_is_aers_share_of_zeros_too():
    both = unit_states(torch.randn(2, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))

    found = probability_of_zero(overlap_circuit(real_state_circuit(3)), real_state_angles(both).flatten().tolist())

    assert float(squared_overlaps(both[:1], both[1:])) == pytest.approx(found, abs=1e-10)


def test_a_fitted_machine_goes_through_a_file_whatever_its_size():
    machine, _ = fitted(3)
    stored = save({name: value.contiguous().clone() for name, value in machine.state_dict().items()})
    other = FidelityKernel().build(SHAPE, 3).double()
    other.load_state_dict(load(stored))

    assert torch.equal(other(states(5, seed=2)), machine(states(5, seed=2)))


def test_a_decision_takes_a_circuit_a_support_vector_and_the_fit_one_for_every_pair():
    machine, _ = fitted(3)

    assert machine.n_circuits(states(1)) == len(machine.vectors)
    assert machine.n_circuits_of_fit == 40 * 39 // 2


def test_many_shots_come_near_the_exact_kernel():
    machine, _ = fitted(3)
    unseen = states(6, seed=4)
    draw = np.random.default_rng(0)
    kernels = []
    machine.logits_of = kernels.append
    for _ in range(200):
        machine.logits_in_shots(unseen, 50, draw)

    exact = machine.kernel(unseen)
    spread = (exact * (1 - exact) / 50).sqrt()
    drawn = torch.stack(kernels)
    assert bool(((drawn.mean(0) - exact).abs() <= 5 * spread / 200**0.5 + 1e-12).all())
    assert float(drawn.std(0).square().sum() / spread.square().sum()) == pytest.approx(1, abs=0.1)


def test_what_cannot_be_fitted_says_why():
    with pytest.raises(InputError, match=r"no clip of the classes \[2\]"):
        FidelityKernel().build(SHAPE, 3).fit_directly(states(4), torch.tensor([0, 1, 0, 1]), seed=0)
    with pytest.raises(InputError, match="Choose a state code"):
        FidelityKernel().build(EncodedShape("intensity", (4, 8)), 3)
    with pytest.raises(InputError, match="c must be greater than 0; got 0"):
        FidelityKernel(c=0.0)
    with pytest.raises(RuntimeError, match="has not been fitted"):
        FidelityKernel().build(SHAPE, 3)(states(1))
