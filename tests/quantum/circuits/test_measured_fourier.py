"""The measured transform: the distribution of the unitary one, exactly, and in shots of Aer's dynamic circuits."""

from itertools import product

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from scipy.stats import chisquare

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape, Trained
from quantum.backends.measured_fourier import AerMeasuredFourier, MeasuredFourier, measured_cost
from quantum.backends.states import prepare
from quantum.circuits.circuit import Circuit, Fourier, Gate
from quantum.circuits.measured_fourier import measured_parts, measured_transform
from quantum.circuits.qiskit_form import measured_circuit, qiskit_circuit
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.transpiled import circuit_cost

TRANSFORMS = [
    Fourier(0, 3),
    Fourier(1, 3),
    Fourier(0, 4, inverse=True),
    Fourier(0, 4, degree=2),
    Fourier(1, 3, inverse=True, degree=1),
    Fourier(0, 3, swaps=False),
    Fourier(0, 3, inverse=True, swaps=False),
]
N_QUBITS = 4


def random_state(seed=0):
    draw = np.random.default_rng(seed)
    state = draw.normal(size=2**N_QUBITS) + 1j * draw.normal(size=2**N_QUBITS)
    return state / np.linalg.norm(state)


def outcomes_by_projection(transform, state):
    """Every branch of the measurements, its probability on paper: project, rotate, go on."""
    found = np.zeros(2**N_QUBITS)
    steps = measured_transform(transform)
    for results in product((0, 1), repeat=len(steps)):
        branch = Statevector(state)
        bits = {}
        for step, result in zip(steps, results, strict=True):
            turn = QuantumCircuit(N_QUBITS)
            turn.p(sum(angle for bit, angle in step.phases if bits[bit]), step.qubit)
            turn.h(step.qubit)
            branch = branch.evolve(turn)
            projector = np.diag([1 - result, result]).astype(complex)
            branch = Statevector(branch.evolve(projector, [step.qubit]).data)  # its norm is the probability so far
            bits[step.bit] = result
        register = {step.qubit for step in steps}
        others = [qubit for qubit in range(N_QUBITS) if qubit not in register]
        weights = np.abs(branch.data.reshape([2] * N_QUBITS)) ** 2  # axis of qubit q is N - 1 - q
        for values in product((0, 1), repeat=len(others)):
            place = [0] * N_QUBITS
            for step, result in zip(steps, results, strict=True):
                place[N_QUBITS - 1 - step.qubit] = result
            for qubit, value in zip(others, values, strict=True):
                place[N_QUBITS - 1 - qubit] = value
            outcome = sum(bits[bit] << bit for bit in bits) + sum(
                value << qubit for qubit, value in zip(others, values, strict=True)
            )
            found[outcome] += weights[tuple(place)]
    return found


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
def test_its_outcomes_are_distributed_as_those_of_the_unitary_transform(transform):
    state = random_state()
    unitary = Statevector(state).evolve(qiskit_circuit(Circuit(N_QUBITS, (transform,))))

    np.testing.assert_allclose(outcomes_by_projection(transform, state), unitary.probabilities(), atol=1e-12)


def test_it_has_no_two_qubit_gate_and_a_test_for_every_controlled_phase():
    counts = measured_circuit(Circuit(4, (Fourier(0, 4),))).count_ops()

    assert counts == {"h": 4, "measure": 4, "if_else": 6}


def classifier(**options):
    torch.manual_seed(0)
    network = QftCircuit(n_layers_after=0, **options).build(EncodedShape("state", (4, 8)), 3)
    return network.eval()


@pytest.mark.parametrize("register", ["all", "frame", "mel+frame"])
def test_aer_draws_from_the_dynamic_circuit_what_the_unitary_one_gives(register):
    trained = Trained(AmplitudeEncoder((1, 1)), classifier(fourier_register=register), torch.rand(2, 4, 8))
    intensity = torch.rand(2, 4, 8, generator=torch.Generator().manual_seed(3))
    n_shots = 4000
    clips = prepare(trained, intensity, torch.Generator())

    drawn = AerMeasuredFourier(n_shots).frequencies(clips, torch.Generator().manual_seed(0))

    for clip in range(2):
        exported = qiskit_circuit(clips.classifier.circuit.structure, clips.classifier.circuit.angles.tolist())
        exact = Statevector(clips.states[clip].numpy()).evolve(exported).probabilities()
        assert chisquare(drawn[clip].numpy() * n_shots, exact / exact.sum() * n_shots).pvalue > 1e-3


def test_the_engine_and_aer_are_paid_alike_and_no_gate_of_two_qubits_is_in_the_transform():
    description = classifier(fourier_register="all", n_layers_before=1).circuit.structure
    cost = measured_cost(description, "all-to-all")
    unitary = circuit_cost(description, "all-to-all")
    without = circuit_cost(measured_parts(description)[0], "all-to-all")

    assert unitary.circuit.n_gates_2q - cost.circuit.n_gates_2q == 2 * 10  # two CX for each of 5 * 4 / 2 phases
    assert cost.circuit.n_gates_2q == 5  # the ring of the one layer
    # five Hadamards, a readout of 1560 ns between each and the next
    assert cost.circuit.seconds - without.circuit.seconds == pytest.approx(5 * 32e-9 + 4 * 1560e-9)


def test_a_shot_waits_for_every_bit_but_the_last():
    trained = Trained(AmplitudeEncoder((1, 1)), classifier(fourier_register="mel+frame"), torch.rand(2, 4, 8))
    slow, fast = (
        MeasuredFourier(10, feed_forward_seconds=seconds).run(trained, torch.rand(2, 4, 8), torch.Generator()).counts
        for seconds in (2e-6, 0.0)
    )

    # registers of 2 and 3 qubits side by side: two waits
    assert slow.total("machine_seconds") - fast.total("machine_seconds") == pytest.approx(10 * 2 * 2e-6)


def test_notes_say_that_the_transform_is_not_transpiled_and_that_aer_is_given_the_state():
    trained = Trained(AmplitudeEncoder((1, 1)), classifier(fourier_register="mel"), torch.rand(2, 4, 8))
    engine, aer = (
        backend(16, coupling="linear").run(trained, torch.rand(2, 4, 8), torch.Generator()).notes
        for backend in (MeasuredFourier, AerMeasuredFourier)
    )

    assert engine["counted_path"] == aer["counted_path"]
    assert engine["counted_path"].endswith("the measured transform by its steps, not transpiled")
    assert "aer_path" not in engine
    assert aer["aer_path"].startswith("the state given to Aer, no preparation run")


def test_a_circuit_that_does_not_end_in_a_transform_is_refused():
    with pytest.raises(InputError, match="Set n_layers_after = 0"):
        measured_parts(Circuit(2, (Fourier(0, 2), Gate("h", (0,)))))
    network = QftCircuit().build(EncodedShape("state", (4, 4)), 2)
    for backend in (MeasuredFourier(), AerMeasuredFourier()):  # before any training
        with pytest.raises(InputError, match="Set n_layers_after = 0"):
            backend.check_network(network)
    overlapping = Circuit(3, (Fourier(0, 2), Fourier(1, 2)))
    assert measured_parts(overlapping) == (Circuit(3, (Fourier(0, 2),)), (Fourier(1, 2),))


def test_a_feed_forward_of_negative_time_is_refused():
    with pytest.raises(InputError, match=r"feed_forward_seconds must lie in 0 to 0\.001; got -1"):
        MeasuredFourier(feed_forward_seconds=-1.0)
