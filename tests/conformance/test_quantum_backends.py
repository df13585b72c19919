# tests/conformance/test_quantum_backends.py
"""What every backend of circuits keeps to."""

from dataclasses import fields, replace

import pytest
import torch

from classical_baselines.harness.choices import InputError, build_options
from classical_baselines.harness.contracts import Trained
from quantum.backends import BACKENDS
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder

GENERIC = {"num_qubits": 4, "seed": 1, "noise_info": False}
OPTIONS = {
    "aer-shots": {"n_shots": 64},
    "measured-fourier": {"n_shots": 64},
    "aer-measured-fourier": {"n_shots": 64},
    "shots": {"n_shots": 64},
    "noisy": {"n_shots": 64, "also_n_shots": [0], "also_calibrations": ["none"]},
    "aer-noisy": {"n_shots": 64, "calibration": "ibm-sherbrooke"},
    "qiskit-backend": {
        "n_shots": 64,
        "provider": "qiskit.providers.fake_provider:GenericBackendV2",
        "provider_options": GENERIC,
    },
}


# What runs many circuits for a clip has classifiers of its own: tests/quantum/backends/test_repeated_circuits.py.
NAMES = sorted(set(BACKENDS) - {"repeated-circuits"})


def built(name):
    found = build_options(BACKENDS[name](), OPTIONS.get(name, {}), what="backend")
    if hasattr(found, "check_here"):
        try:
            found.check_here()
        except InputError as error:
            if name != "aer-gpu":  # a GPU alone may be absent; any other refusal is a failure
                raise
            pytest.skip(str(error))
    return found


@pytest.fixture(params=NAMES)
def backend(request):
    return built(request.param)


@pytest.fixture(params=[name for name in NAMES if "n_clips" in {field.name for field in fields(BACKENDS[name]())}])
def backend_of_some_clips(request):
    return built(request.param)


def system():
    torch.manual_seed(0)
    encoder = AmplitudeEncoder()
    classifier = QftCircuit(n_layers_after=0).build(encoder.shape(4, 8), 3)
    return Trained(encoder, classifier.eval(), torch.rand(4, 4, 8))


def test_it_gives_an_outcome_and_leaves_the_network_and_the_clips_as_they_were(backend):
    trained = system()
    weights = {name: value.clone() for name, value in trained.classifier.state_dict().items()}
    intensity = torch.rand(5, 4, 8)
    before = intensity.clone()

    outcome = backend.run(trained, intensity, torch.Generator().manual_seed(0), n_exhibits=1)

    assert outcome.logits.shape == (5, 3)
    assert outcome.logits.dtype == torch.float32
    assert outcome.wall_seconds > 0
    assert outcome.counts.stages() == ("encoder", "network", "readout")
    assert all(exhibit.array.ndim == 2 for exhibit in outcome.exhibits)
    assert len(outcome.exhibits) == 2
    assert outcome.notes["n_qubits"] == 4
    assert torch.equal(intensity, before)
    after = trained.classifier.state_dict()
    assert all(torch.equal(weights[name], after[name]) and after[name].dtype == weights[name].dtype for name in weights)


def test_the_same_seed_gives_the_same_logits(backend):
    intensity = torch.rand(3, 4, 8, generator=torch.Generator().manual_seed(1))
    runs = [backend.run(system(), intensity, torch.Generator().manual_seed(7)) for _ in range(2)]

    assert torch.equal(runs[0].logits, runs[1].logits)


def test_no_clip_is_an_error(backend):
    with pytest.raises(ValueError, match="Give at least one"):
        backend.run(system(), torch.zeros(0, 4, 8), torch.Generator())


def test_some_clips_are_spread_over_the_given_ones_and_say_which_they_are(backend_of_some_clips):
    backend = backend_of_some_clips
    intensity = torch.rand(7, 4, 8, generator=torch.Generator().manual_seed(1))

    some = replace(backend, n_clips=3).run(system(), intensity, torch.Generator().manual_seed(7))
    those = replace(backend, n_clips=None).run(system(), intensity[[0, 3, 6]], torch.Generator().manual_seed(7))

    assert some.clip_indices == (0, 3, 6) and those.clip_indices is None
    assert torch.equal(some.logits, those.logits)
    assert dict(some.counts.counts) == dict(those.counts.counts)
