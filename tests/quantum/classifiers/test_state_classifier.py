# tests/quantum/classifiers/test_state_classifier.py
"""Circuit alone and hybrid: the same decision from Qiskit's own state vectors, gradients, options."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.head import Readout, ReadoutHead
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.qft_hybrid import QftHybrid
from quantum.classifiers.two_sense_hybrid import TwoSenseHybrid
from quantum.controls.fourier_features import FourierFeatures
from quantum.controls.same_size_layer import SameSizeLayer
from quantum.encoders.amplitude import unit_states
from quantum.export import trained_circuit

STATE = EncodedShape("state", (4, 8))
PICTURE = EncodedShape("intensity", (8, 16))
NO_LAYERS = {"n_layers_before": 0, "n_layers_after": 0}
SMALL_FRONT = {"widths": (4, 6), "grid": (2, 2, 4)}


def states(n=6, n_amplitudes=32):
    return unit_states(torch.randn(n, n_amplitudes, generator=torch.Generator().manual_seed(1), dtype=torch.float64))


@pytest.mark.parametrize("readout", ["probabilities", "expectations"])
@pytest.mark.parametrize("entangler", ["cx-ring", "cz-ring"])
def test_the_outcomes_are_those_of_qiskits_state_vector(readout, entangler):
    torch.manual_seed(0)
    classifier = QftCircuit(readout=readout, entangler=entangler).build(STATE, 3).double().eval()
    exported = trained_circuit(classifier)
    expected = [Statevector(state).evolve(exported).probabilities() for state in states().numpy()]

    ours = classifier.outcome_probabilities(states()).detach()

    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-10)


def test_the_logits_are_the_head_on_scaled_band_probabilities():
    head = ReadoutHead(Readout("probabilities", 3, 2), 2, dropout=0.0).double().eval()
    outcomes = np.array([[0.1, 0.2, 0.05, 0.15, 0.0, 0.3, 0.1, 0.1]])
    values = 4 * np.array([[0.3, 0.2, 0.3, 0.2]])
    weight, bias = head.linear.weight.detach().numpy(), head.linear.bias.detach().numpy()
    # a fresh batch norm divides by sqrt(1 + 1e-5)
    expected = values / np.sqrt(1 + 1e-5) @ weight.T + bias

    np.testing.assert_allclose(head(torch.from_numpy(outcomes)).detach().numpy(), expected, atol=1e-12)


def test_the_readouts_have_as_many_values_as_they_say():
    assert Readout("expectations", 4).n_values == 4 + 6
    assert Readout("probabilities", 4, 3).n_values == 8


def test_all_that_the_hybrid_knows_passes_through_the_state():
    torch.manual_seed(0)
    classifier = QftHybrid(**SMALL_FRONT).build(PICTURE, 3).eval()
    intensity = torch.rand(5, 8, 16)

    through_states = classifier.head(classifier.outcome_probabilities(classifier.states(intensity)))

    torch.testing.assert_close(classifier(intensity), through_states)
    torch.testing.assert_close(classifier.states(intensity).norm(dim=1), torch.ones(5))


def test_the_gradient_reaches_the_first_convolution_through_the_circuit():
    torch.manual_seed(0)
    classifier = QftHybrid(**SMALL_FRONT).build(PICTURE, 3)

    classifier(torch.rand(5, 8, 16)).logsumexp(1).sum().backward()

    gradients = {name: parameter.grad for name, parameter in classifier.named_parameters()}
    assert all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients.values())
    assert gradients["front.1.weight"].abs().sum() > 0
    assert gradients["circuit.angles"].abs().sum() > 0


def test_the_options_take_parts_of_the_circuit_away():
    def gates(**options):
        torch.manual_seed(0)
        return trained_circuit(QftCircuit(**options).build(STATE, 3)).count_ops()

    # 5 qubits, 4 layers; the frame register holds 3 qubits: 3 Hadamards, 3 controlled phases, 1 swap
    assert gates() == {"rz": 20, "ry": 20, "cz": 20, "h": 3, "cp": 3, "swap": 1}
    assert gates(fourier=False) == {"rz": 20, "ry": 20, "cz": 20}
    assert gates(entangle=False) == {"rz": 20, "ry": 20, "h": 3, "cp": 3, "swap": 1}
    assert gates(entangler="cx-ring")["cx"] == 20


def test_a_frozen_circuit_trains_its_head_alone():
    torch.manual_seed(0)
    classifier = QftCircuit(frozen=True).build(STATE, 3)

    assert {name.split(".")[0] for name, _ in classifier.named_parameters()} == {"head"}
    assert "circuit.angles" in classifier.state_dict()


def test_weights_loaded_into_another_network_give_the_same_logits():
    torch.manual_seed(0)
    first = QftHybrid(**SMALL_FRONT, frozen=True).build(PICTURE, 3).eval()
    torch.manual_seed(1)
    second = QftHybrid(**SMALL_FRONT, frozen=True).build(PICTURE, 3).eval()
    second.load_state_dict(first.state_dict())
    intensity = torch.rand(4, 8, 16)

    assert torch.equal(first(intensity), second(intensity))


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        (QftCircuit(), PICTURE, "Choose a state code"),
        (QftHybrid(**SMALL_FRONT), STATE, "Choose the encoder none"),
        (QftHybrid(widths=(4,), grid=(3, 2, 2)), PICTURE, "powers of two"),
        (QftHybrid(widths=(4, 4, 4, 4)), PICTURE, "Give fewer widths"),
        (QftCircuit(readout="counts"), STATE, "No readout is called 'counts'"),
        (QftCircuit(n_readout_qubits=6), STATE, "must lie in 1 to 5; got 6"),
        (QftHybrid(widths=(4, 5000), grid=(2, 2, 2)), PICTURE, r"of 1 to 4096 channels; got .4, 5000."),
    ],
)
def test_what_cannot_be_built_says_why(options, shape, message):
    with pytest.raises(InputError, match=message):
        options.build(shape, 3)


@pytest.mark.parametrize("options", [QftCircuit, QftHybrid, TwoSenseHybrid])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"fourier": False, "fourier_degree": 2},
            "fourier_degree = 2 is of the Fourier transform, .* leave fourier on",
        ),
        ({"fourier": False, "fourier_register": "mel"}, "fourier_register = 'mel' is of the Fourier transform"),
        ({"fourier": False, "random_unitary": 0}, "random_unitary = 0 is of the Fourier transform"),
        ({"readout": "expectations", "n_readout_qubits": 2}, "n_readout_qubits = 2 is of the readout 'probabilities'"),
        ({"entangle": False, "entangler": "other"}, "entangler = '.*' is of the two-qubit gates"),
        ({**NO_LAYERS, "frozen": True}, "frozen = True is of the layers, and .* are no layer"),
        ({**NO_LAYERS, "entangle": False}, "entangle = False is of the layers"),
        ({**NO_LAYERS, "entangler": "other"}, "entangler = '.*' is of the layers"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(options, given, message):
    if "entangler" in given:  # the one that is not the default
        given = given | {"entangler": {"cx-ring": "cz-ring", "cz-ring": "cx-ring"}[options.entangler]}
    if options is TwoSenseHybrid and "fourier_register" in given:
        message = "fourier_register"
    with pytest.raises(InputError, match=message):
        options(**given)


@pytest.mark.parametrize("options", [QftCircuit, QftHybrid])
def test_a_control_may_repeat_the_defaults_of_what_it_leaves_out(options):
    options(fourier=False, fourier_register=options.fourier_register, fourier_degree=0)
    options(entangle=False, entangler=options.entangler)
    options(**NO_LAYERS, fourier=False)
    options(frozen=True, training_shots=64)  # the head still learns from these shots
    options(readout="expectations")


@pytest.mark.parametrize("options", [SameSizeLayer, FourierFeatures])
def test_controls_refuse_qubits_to_read_where_all_are_read(options):
    with pytest.raises(InputError, match="n_readout_qubits = 3 is of the readout 'probabilities'"):
        options(readout="expectations", n_readout_qubits=3)


@pytest.mark.parametrize("options", [QftCircuit, QftHybrid, SameSizeLayer])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_layers_before": -1}, "n_layers_before must lie in 0 to 1000; got -1"),
        ({"n_layers_after": 1001}, "n_layers_after must lie in 0 to 1000; got 1001"),
        ({"n_readout_qubits": 0}, "n_readout_qubits must be at least 1, or left out for all qubits; got 0"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\); got 1\.0"),
    ],
)
def test_an_option_out_of_range_is_refused_with_its_limits(options, wrong, message):
    with pytest.raises(InputError, match=message):
        options(**wrong)
