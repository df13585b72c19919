# tests/conformance/test_quantum_classifiers.py
"""What every classifier of the quantum registry keeps to: hybrids, circuits and their controls."""

import pytest
import torch

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.contracts import Classifier
from classical_baselines.harness.unencoded import Unencoded
from quantum.backends import BACKENDS
from quantum.classifiers import CLASSIFIERS
from quantum.classifiers.circuits_of import built_by, has_circuit
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.classifiers.state_classifier import StateClassifier
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.phase import PhaseEncoder

FRONT = {"widths": (4,), "grid": (2, 2, 4)}
SENSES = {  # the eight rows of an image, and as many of a sound before them
    "sound_rows": 8,
    "sound_widths": (4,),
    "sound_grid": (2, 2, 2),
    "image_widths": (4,),
    "image_grid": (2, 2, 2),
}
SYSTEMS = {
    "qft-circuit": [({}, AmplitudeEncoder())],
    "qft-hybrid": [(FRONT, Unencoded())],
    "qcnn": [
        ({}, AmplitudeEncoder()),
        ({"n_stages": 2, "shared": False, "fourier_register": "all"}, AmplitudeEncoder()),
    ],
    "two-sense-hybrid": [(SENSES, Unencoded())],
    "two-senses-removed": [(SENSES, Unencoded())],
    "two-senses-same-size": [(SENSES, Unencoded())],
    "data-reuploading": [
        ({"n_qubits": 4, "n_layers": 16}, Unencoded()),
        ({"n_qubits": 4, "n_layers": 3, **FRONT}, Unencoded()),
    ],
    "quanvolution": [
        ({"n_layers": 2, "frozen": False}, Unencoded()),
        ({"pool": (1, 2), "run_as": "circuit"}, Unencoded()),
    ],
    "fidelity-kernel": [({}, AmplitudeEncoder()), ({}, PhaseEncoder(pool=(4, 4)))],
    "patch-map": [({}, Unencoded())],
    "circuit-removed": [(FRONT, Unencoded()), ({"widths": ()}, AmplitudeEncoder())],
    "same-size-layer": [(FRONT, Unencoded()), ({"widths": ()}, AmplitudeEncoder())],
    "fourier-features": [(FRONT, Unencoded()), ({"widths": (), "fourier_register": "mel+frame"}, AmplitudeEncoder())],
    "quadratic-surrogate": [(FRONT, Unencoded()), ({"widths": ()}, AmplitudeEncoder())],
    "kernel-surrogate": [({"ridge": 1e-3}, AmplitudeEncoder()), ({"ridge": 1e-3}, PhaseEncoder(pool=(4, 4)))],
}
TARGETS = torch.tensor([0, 1, 2, 3, 4, 0])
CASES = [(name, options, encoder) for name in sorted(CLASSIFIERS) for options, encoder in SYSTEMS[name]]


def size_for(name):
    """Mel and frame of the pictures: of two senses, more rows."""
    return (16, 16) if name.startswith("two-sense") else (8, 16)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{type(case[2]).__name__}")
def system(request):
    name, options, encoder = request.param

    intensity = torch.rand(6, *size_for(name), generator=torch.Generator().manual_seed(0))
    encoded = encoder(intensity, torch.Generator())

    def new():
        torch.manual_seed(0)
        made = CLASSIFIERS[name]()(**options).build(encoder.shape(*size_for(name)), 5)
        made.fit_directly(encoded, TARGETS, 0)  # does nothing where gradients train
        return made

    return new, encoded


def test_it_gives_finite_logits_for_each_class_and_changes_no_input(system):
    new, encoded = system
    classifier = new().eval()
    before = encoded.clone()

    logits = classifier(encoded)

    assert isinstance(classifier, Classifier)
    assert logits.shape == (6, 5)
    assert torch.isfinite(logits).all()
    assert torch.equal(encoded, before)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{type(case[2]).__name__}")
def test_its_options_say_what_they_build_and_the_backends_what_they_run(case):
    name, options, encoder = case
    made = CLASSIFIERS[name]()(**options).build(encoder.shape(*size_for(name)), 5)

    assert isinstance(made, built_by(CLASSIFIERS[name]()))
    assert has_circuit(CLASSIFIERS[name]()) == isinstance(made, StateClassifier | ManyCircuits)
    for backend in BACKENDS.values():
        of_one_kind = StateClassifier if backend().runs is StateClassifier else ManyCircuits
        assert issubclass(built_by(CLASSIFIERS[name]()), backend().runs) == isinstance(made, of_one_kind)


def test_a_seed_gives_one_network(system):
    new, encoded = system

    assert torch.equal(new().eval()(encoded), new().eval()(encoded))


def test_a_clip_is_classified_alone_as_in_a_batch(system):
    new, encoded = system
    classifier = new().eval()

    torch.testing.assert_close(classifier(encoded[2:3])[0], classifier(encoded)[2], atol=1e-5, rtol=1e-5)


def test_it_learns_six_clips_by_heart(system):
    new, encoded = system
    classifier = new()
    parameters = list(classifier.parameters())

    if parameters:  # none where it was fitted directly
        optimiser = torch.optim.Adam(parameters, lr=0.03)
        for _ in range(120):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(classifier(encoded), TARGETS).backward()
            optimiser.step()

    assert torch.equal(classifier.eval()(encoded).argmax(1), TARGETS)


def test_its_state_holds_all_that_was_trained(system):
    new, encoded = system
    first, second = new(), new()
    first(encoded)  # batch norm has moved
    second.load_state_dict(first.state_dict())

    assert torch.equal(first.eval()(encoded), second.eval()(encoded))


def test_its_operations_are_counted(system):
    new, encoded = system
    counts = classifier_operations(new().eval(), encoded)

    assert counts.total("mac_fp32") > 0
    assert counts.total("sram_bytes") > 0
