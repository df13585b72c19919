"""Shots of classifiers that run many circuits for a clip: executions counted, logits near the exact ones."""

import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.unencoded import Unencoded
from quantum.backends.repeated_circuits import RepeatedCircuits
from quantum.classifiers.fidelity_kernel import FidelityKernel
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.quanvolution import Quanvolution
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.angle import AngleEncoder

INTENSITY = torch.rand(9, 4, 8, generator=torch.Generator().manual_seed(0))


def quanvolution():
    torch.manual_seed(0)
    classifier = Quanvolution(pool=(1, 1)).build(Unencoded().shape(4, 8), 3).eval()
    return Trained(Unencoded(), classifier, INTENSITY)


def kernel(encoder):
    classifier = FidelityKernel().build(encoder.shape(4, 8), 3).eval()
    classifier.fit_directly(encoder(INTENSITY, torch.Generator()), torch.arange(9) % 3, seed=0)
    return Trained(encoder, classifier, INTENSITY)


@pytest.mark.parametrize(
    "make", [quanvolution, lambda: kernel(AmplitudeEncoder()), lambda: kernel(AngleEncoder((2, 4)))]
)
def test_with_many_shots_the_logits_are_the_exact_ones(make):
    trained = make()
    before = INTENSITY.clone()

    outcome = RepeatedCircuits(400_000, "all-to-all").run(trained, INTENSITY, torch.Generator().manual_seed(0))

    exact = trained.classifier(trained.encoder(INTENSITY, torch.Generator()))
    torch.testing.assert_close(outcome.logits, exact, atol=0.02, rtol=0.02)
    assert torch.equal(INTENSITY, before)
    assert outcome.logits.dtype == torch.float32
    assert set(outcome.counts.stages()) <= {"encoder", "network", "readout"}


def test_the_same_seed_gives_the_same_logits():
    first, second, other = (
        RepeatedCircuits(50).run(quanvolution(), INTENSITY, torch.Generator().manual_seed(seed)).logits
        for seed in (1, 1, 2)
    )

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_every_patch_is_a_circuit_and_every_circuit_is_paid_for_each_shot():
    outcome = RepeatedCircuits(100, "all-to-all").run(quanvolution(), INTENSITY, torch.Generator())

    assert outcome.notes["n_circuits"] == 2 * 4
    assert outcome.notes["circuit_executions"] == 800 == outcome.counts.total("shots")
    assert outcome.counts.total("gates_2q") == 800 * 4  # the ring of the one layer


def test_of_a_kernel_every_support_vector_is_a_circuit_and_of_its_fit_every_pair_of_clips():
    trained = kernel(AngleEncoder((2, 4)))
    outcome = RepeatedCircuits(100, "all-to-all").run(trained, INTENSITY, torch.Generator())

    n_support = len(trained.classifier.vectors)
    assert outcome.notes["circuit_executions"] == 100 * n_support
    assert outcome.notes["circuit_executions_of_the_fit"] == 100 * 9 * 8 // 2
    assert outcome.counts.total("gates_2q") == 0  # a code of rotations, there and back


def test_what_it_cannot_run_is_refused():
    encoder = AmplitudeEncoder()
    circuit = Trained(encoder, QftCircuit().build(encoder.shape(4, 8), 3), INTENSITY)
    with pytest.raises(InputError, match="StateClassifier is neither"):
        RepeatedCircuits().run(circuit, INTENSITY, torch.Generator())
    with pytest.raises(InputError, match="Give at least one"):
        RepeatedCircuits().run(quanvolution(), INTENSITY[:0], torch.Generator())
    with pytest.raises(InputError, match="n_shots must lie in 1 to"):
        RepeatedCircuits(0)
