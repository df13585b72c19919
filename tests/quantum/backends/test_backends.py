# tests/quantum/backends/test_backends.py
"""The backends of circuits: Aer against the engine, and the statistics of shots."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.choices import InputError
from quantum.backends.aer_exact import AerExact, AerMps
from quantum.backends.aer_shots import AerShots
from quantum.backends.exact_states import ExactStates
from quantum.backends.shots import Shots
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.controls.circuit_removed import CircuitRemoved
from quantum.encoders.iqp import IqpEncoder
from tests.quantum.backends.systems import generator, intensity, trained


def test_a_circuit_that_differs_fails_the_check(monkeypatch):
    system = trained()
    from quantum.backends import clip_circuit

    def without_last_gate(classifier):
        circuit = original(classifier)
        circuit.data.pop()
        circuit.x(0)
        return circuit

    original = clip_circuit.trained_circuit
    monkeypatch.setattr(clip_circuit, "trained_circuit", without_last_gate)

    (check,) = AerExact().run(system, intensity(), generator()).checks

    assert not check.passed
    assert check.details["largest_difference"] > 1e-3


def test_exact_states_are_the_classifier_itself_and_cost_its_arithmetic():
    system = trained()
    exact = ExactStates(batch_size=2).run(system, intensity(), generator())
    plain = TorchFloat().run(system, intensity(), generator())

    torch.testing.assert_close(exact.logits, plain.logits, atol=1e-5, rtol=1e-5)
    for operation in ("mac_fp32", "add_fp32", "multiply_fp32", "sram_bytes"):
        assert exact.counts.total(operation) == pytest.approx(plain.counts.total(operation))


def test_exact_runs_have_nothing_that_a_quantum_processor_is_paid_for():
    for backend in (ExactStates(), AerExact()):
        counts = backend.run(trained(), intensity(), generator()).counts
        for operation in ("shots", "gates_1q", "gates_2q", "measurements", "machine_seconds"):
            assert counts.total(operation) == 0


def frequencies(backend, n_clips=400):
    """Relative frequencies of outcome 0 of one clip in many runs, and its probability."""
    from quantum.backends.states import engine_probabilities, prepare

    system = trained()
    same = intensity(1).expand(n_clips, -1, -1)
    clips = prepare(system, same, generator())
    sampled = backend.frequencies(clips, generator(5))
    return sampled, engine_probabilities(clips)[0]


@pytest.mark.parametrize("n_shots", [64, 1024])
@pytest.mark.parametrize("backend", [AerShots, Shots])
def test_shots_scatter_about_the_probability_as_a_binomial_does(backend, n_shots):
    sampled, exact = frequencies(backend(n_shots))
    spread = (exact * (1 - exact) / n_shots).sqrt()

    np.testing.assert_allclose(sampled.sum(1).numpy(), 1, atol=1e-12)
    standardised = (sampled.mean(0) - exact) / (spread / 400**0.5)
    assert standardised.abs().max() < 4.5  # 16 outcomes; one in 10,000 runs is beyond
    # the standard deviation of 400 draws is known to 1 / sqrt(800) = 3.5 %
    np.testing.assert_allclose(sampled.std(0).numpy(), spread.numpy(), rtol=0.2)


@pytest.mark.parametrize("backend", [AerShots, Shots])
def test_shots_depend_on_the_generator_alone(backend):
    system = trained()

    def run(seed):
        return backend(128).run(system, intensity(), generator(seed)).logits

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


@pytest.mark.parametrize("backend", [AerShots, Shots])
def test_the_counts_of_shots_are_those_of_a_processor(backend):
    outcome = backend(128, coupling="all-to-all").run(trained(QftCircuit(entangle=False)), intensity(), generator())

    assert outcome.counts.total("shots") == 128
    assert outcome.counts.total("measurements") == 128 * 4
    assert outcome.counts.total("gates_2q", stage="encoder") == 128 * 11  # 2**4 - 4 - 1
    assert outcome.notes["preparation_gates_2q"] == 11
    assert outcome.counts.total("gates_2q", stage="network") == 128 * 2  # the transform of the 2 frame qubits
    assert outcome.counts.total("mac_fp32", stage="network") == 0


def test_a_state_that_a_circuit_prepares_is_paid_for_its_own_gates():
    system = trained(QftCircuit(fourier_register="all"), IqpEncoder(pool=(2, 4), n_repeats=1))
    notes = Shots(128, coupling="all-to-all").run(system, intensity(), generator()).notes

    assert notes["preparation_gates_2q"] == 4 * 3  # an RZZ of two CX for each of 6 pairs of 4 features


def test_pictures_show_the_state_before_and_behind_the_circuit():
    first, second = ExactStates().run(trained(), intensity(), generator(), n_exhibits=1).exhibits

    assert first.array.shape == second.array.shape == (4, 4)
    np.testing.assert_allclose([first.array.sum(), second.array.sum()], 1, atol=1e-6)
    assert first.title == "prepared state, clip 0"


def test_a_network_without_a_circuit_is_refused():
    system = trained(CircuitRemoved(widths=()))
    with pytest.raises(InputError, match="Choose the backend torch-float"):
        ExactStates().run(system, intensity(), generator())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AerShots(0), "n_shots must lie in 1 to 10000000; got 0"),
        (lambda: AerShots(10_000_001), "n_shots must lie in 1 to 10000000; got 10000001"),
        (lambda: AerShots(coupling="grid"), "No coupling is called 'grid'"),
        (lambda: AerShots(repetition_delay_seconds=250.0), r"must lie in \[0, 1\)"),
        (lambda: ExactStates(device="tpu"), "No device is called 'tpu'"),
        (lambda: AerExact(device="cuda"), "No device is called 'cuda'"),
        (lambda: AerExact(n_clips=0), "n_clips must be 1 or more, or be left out for all clips; got 0"),
        (lambda: Shots(n_clips=0), "n_clips must be 1 or more, or be left out for all clips; got 0"),
        (lambda: AerShots(method="stabilizer"), "No method of Aer is called 'stabilizer'"),
        (lambda: AerShots(bond_dimension=4), "bond_dimension is of matrix_product_state; the method is 'statevector'"),
        (lambda: AerMps(bond_dimension=0), "bond_dimension must be 1 or more, or be left out for all of it; got 0"),
        (
            lambda: AerShots(method="matrix_product_state", device="gpu"),
            "Aer runs matrix_product_state on the CPU alone",
        ),
    ],
)
def test_wrong_options_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()
