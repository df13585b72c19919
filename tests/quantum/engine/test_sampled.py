"""Frequencies with an unbiased gradient: against closed forms, Qiskit's parameter shift and the exact gradient."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.unencoded import Unencoded
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.circuits.variational import VariationalCircuit
from quantum.classifiers.data_reuploading import DataReuploading
from quantum.classifiers.qcnn import Qcnn
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.qft_hybrid import QftHybrid
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.engine.readout import probabilities
from quantum.engine.sampled import sampled

N_DRAWS = 4000


def one_qubit(theta, n_draws=1):
    """Probabilities [draw, 2] of a qubit turned by RY(theta)."""
    return torch.stack([torch.cos(theta / 2) ** 2, torch.sin(theta / 2) ** 2]).expand(n_draws, 2)


def gradients_of_one_qubit(theta, weights, n_shots):
    """[draw]: the estimated gradient of sum_k weights_k f_k, of many drawings."""
    angle = torch.full((N_DRAWS,), theta, dtype=torch.float64, requires_grad=True)
    exact = torch.stack([torch.cos(angle / 2) ** 2, torch.sin(angle / 2) ** 2], 1)
    (sampled(exact, n_shots) @ torch.tensor(weights, dtype=torch.float64)).sum().backward()
    return angle.grad.numpy()


@pytest.mark.parametrize("n_shots", [1, 16, 256])
@pytest.mark.parametrize("theta", [0.4, 1.9])
def test_of_a_turned_qubit_it_has_the_mean_and_the_variance_of_the_closed_form(theta, n_shots):
    torch.manual_seed(1)
    weights = (1.0, -1.0)  # <Z> = cos(theta), whose slope is -sin(theta)
    found = gradients_of_one_qubit(theta, weights, n_shots)

    p = np.array([np.cos(theta / 2) ** 2, np.sin(theta / 2) ** 2])
    slope = np.array([-np.sin(theta) / 2, np.sin(theta) / 2])
    centred = np.array(weights) - np.cos(theta)
    variance = (np.sum(p * (centred * slope / p) ** 2) - np.sin(theta) ** 2) / n_shots
    assert abs(found.mean() + np.sin(theta)) < 4.4 * np.sqrt(variance / N_DRAWS) + 1e-12  # one run in 100,000 is beyond
    # The variance of few shots is that of few values, so its own estimate scatters by their kurtosis.
    assert found.var() == pytest.approx(variance, rel=0.25, abs=1e-12)
    assert found.var() <= np.max(centred**2) / n_shots * 1.05


def circuit_and_states():
    torch.manual_seed(0)
    circuit = VariationalCircuit(described_circuit(CircuitDescription(3, 1, 1, "cx-ring", ((0, 3),)))).double()
    states = torch.nn.functional.normalize(torch.randn(1, 8, dtype=torch.float64), dim=1)
    return circuit, states


def probabilities_and_slopes(circuit, states):
    """[outcome], and [angle, outcome] by the rule of parameter shifts on the exact probabilities."""
    with torch.no_grad():
        p = probabilities(circuit(states))[0].numpy()
        slopes = []
        for angle in range(len(circuit.angles)):
            ends = []
            for shift in (np.pi / 2, -np.pi / 2):
                circuit.angles[angle] += shift
                ends.append(probabilities(circuit(states))[0].numpy())
                circuit.angles[angle] -= shift
            slopes.append((ends[0] - ends[1]) / 2)
    return p, np.array(slopes)


def test_over_many_drawings_every_angles_gradient_is_the_exact_one():
    """12 angles of a circuit of three qubits: the means of 1,000 estimates lie within 4.4 standard errors of the exact
    gradient, all of them with a confidence of 99.98 % (Bonferroni), and their variances are those of the formula."""
    circuit, states = circuit_and_states()
    weights = torch.randn(8, dtype=torch.float64)
    (probabilities(circuit(states)) @ weights).sum().backward()
    exact = circuit.angles.grad.numpy().copy()

    estimates = []
    for _ in range(N_DRAWS // 4):
        circuit.angles.grad = None
        (sampled(probabilities(circuit(states)), 32) @ weights).sum().backward()
        estimates.append(circuit.angles.grad.numpy().copy())
    found = np.array(estimates)
    errors = (found.mean(0) - exact) / (found.std(0, ddof=1) / np.sqrt(len(found)))

    assert np.abs(errors).max() < 4.4
    assert np.linalg.norm(exact) > 20 * np.linalg.norm(found.std(0)) / np.sqrt(len(found))  # a zero would be seen
    p, slopes = probabilities_and_slopes(circuit, states)
    centred = weights.numpy() - p @ weights.numpy()
    variance = (np.sum(p * (centred * slopes / p) ** 2, 1) - exact**2) / 32
    np.testing.assert_allclose(found.var(0), variance, rtol=0.25)  # 1,000 draws know a normal's variance to 4.5 %
    assert (found.var(0) < 1.05 * np.max(centred**2) / 32).all()


def test_the_estimate_does_not_depend_on_the_shots_that_the_loss_saw():
    """A loss that is not linear has its derivative at the frequencies; shots of their own keep the two apart."""
    torch.manual_seed(3)
    exact = one_qubit(torch.tensor(1.1, dtype=torch.float64), N_DRAWS).clone().requires_grad_()
    seen = sampled(exact, 8)
    seen[:, 0].square().sum().backward()

    derivative = 2 * seen[:, 0].detach()
    ratio = (exact.grad[:, 0] - exact[:, 0] * derivative) / (derivative * (1 - exact[:, 0]))
    ratio = ratio[derivative > 0].detach()  # f'_0 / p_0
    correlation = np.corrcoef(ratio.numpy(), derivative[derivative > 0].numpy())[0, 1]
    assert abs(correlation) < 4.4 / np.sqrt(len(ratio))


def test_the_frequencies_are_of_so_many_shots_and_scatter_as_a_binomial():
    torch.manual_seed(0)
    drawn = sampled(one_qubit(torch.tensor(0.8), N_DRAWS), 50)

    assert torch.allclose(drawn * 50, (drawn * 50).round(), atol=1e-4)
    assert torch.allclose(drawn.sum(1), torch.ones(N_DRAWS))
    p = np.cos(0.4) ** 2
    assert drawn[:, 0].mean().item() == pytest.approx(p, abs=4.4 * np.sqrt(p * (1 - p) / 50 / N_DRAWS))
    assert drawn[:, 0].var().item() == pytest.approx(p * (1 - p) / 50, rel=0.15)


def test_an_outcome_without_probability_is_not_drawn_and_has_no_slope_of_its_own():
    exact = torch.tensor([[1.0, 0.0]], requires_grad=True)
    drawn = sampled(exact, 10)
    (drawn @ torch.tensor([1.0, 5.0])).sum().backward()

    assert drawn.tolist() == [[1.0, 0.0]]
    assert torch.isfinite(exact.grad).all()


TRAINED_IN_SHOTS = {
    "qft-circuit": (QftCircuit(training_shots=64), AmplitudeEncoder(pool=(1, 2))),
    "qft-hybrid": (QftHybrid(widths=(4,), grid=(2, 2, 4), training_shots=64), Unencoded()),
    "qcnn": (Qcnn(training_shots=64), AmplitudeEncoder(pool=(1, 2))),
    "data-reuploading": (DataReuploading(n_qubits=4, n_layers=4, training_shots=64), Unencoded(pool=(1, 1))),
}


@pytest.mark.parametrize("name", TRAINED_IN_SHOTS)
def test_a_classifier_sees_shots_while_it_trains_and_exact_probabilities_behind(name):
    options, encoder = TRAINED_IN_SHOTS[name]
    torch.manual_seed(0)
    picture = torch.rand(4, 4, 8)
    classifier = options.build(encoder.shape(4, 8), 3)
    encoded = encoder(picture, torch.Generator())
    seen = []
    classifier.head.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))

    torch.manual_seed(5)
    classifier.train()(encoded).sum().backward()
    torch.manual_seed(5)
    classifier.train()(encoded)
    classifier.eval()(encoded)

    assert torch.equal(seen[0], seen[1])  # torch's seed decides
    assert torch.allclose(seen[0] * 64, (seen[0] * 64).round(), atol=1e-3)
    assert not torch.allclose(seen[2] * 64, (seen[2] * 64).round(), atol=1e-3)
    assert all(parameter.grad is not None for parameter in classifier.parameters())


@pytest.mark.parametrize("training_shots", [0, 1_000_001])
def test_a_number_of_shots_that_is_none_is_refused(training_shots):
    with pytest.raises(InputError, match=f"training_shots must lie in 1 to 1000000, .*; got {training_shots}"):
        QftCircuit(training_shots=training_shots)
    for options in (QftHybrid, Qcnn, DataReuploading):
        with pytest.raises(InputError, match="training_shots must lie in"):
            options(training_shots=training_shots)
