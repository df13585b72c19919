"""What every circuit that a classifier of the registry holds keeps to: one description, one answer, whoever runs it."""

import numpy as np
import pytest
import torch
from qiskit import transpile
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap
from torch.func import functional_call

from classical_baselines.harness.contracts import Trained
from quantum.backends.aer_exact import AerExact
from quantum.backends.clip_circuit import clip_circuit_of
from quantum.backends.exact_states import ExactStates
from quantum.backends.repeated_circuits import RepeatedCircuits
from quantum.backends.shots import Shots
from quantum.backends.states import engine_probabilities, prepare
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.classifiers import CLASSIFIERS
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.classifiers.state_classifier import StateClassifier
from quantum.encoders.circuit_code import CircuitCode
from quantum.export import in_standard_gates, openqasm_3
from quantum.transpiled import GENERIC_SEED
from tests.conformance.test_quantum_classifiers import CASES, size_for


def built(case):
    name, options, encoder = case
    torch.manual_seed(0)
    pictures = torch.rand(3, *size_for(name), generator=torch.Generator().manual_seed(0))
    return CLASSIFIERS[name]()(**options).build(encoder.shape(*size_for(name)), 3).eval(), encoder, pictures


WITH_CIRCUIT = [case for case in CASES if isinstance(built(case)[0], StateClassifier)]
OF_MANY = [case for case in CASES if isinstance(built(case)[0], ManyCircuits)]


@pytest.fixture(params=WITH_CIRCUIT, ids=lambda case: f"{case[0]}-{'-'.join(map(str, case[1]))}")
def system(request):
    return built(request.param)


def test_aer_finds_the_outcomes_of_the_engine(system):
    classifier, encoder, pictures = system
    outcome = AerExact(device="cpu").run(Trained(encoder, classifier, pictures), pictures, torch.Generator())

    (check,) = outcome.checks
    assert check.name == "aer-equality"
    assert check.details["largest_difference"] <= 1e-10
    logits = ExactStates(device="cpu").run(Trained(encoder, classifier, pictures), pictures, torch.Generator()).logits
    torch.testing.assert_close(outcome.logits, logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits, classifier(encoder(pictures, torch.Generator())), atol=1e-4, rtol=1e-4)


def test_every_gradient_is_that_of_finite_differences(system):
    classifier, encoder, pictures = system
    classifier = classifier.double()
    encoded = encoder(pictures[:2], torch.Generator())
    encoded = encoded.to(torch.complex128) if encoded.is_complex() else encoded.double()
    of_circuit = {name: value for name, value in classifier.named_parameters() if not name.startswith("front")}

    def probabilities(*values):
        held = dict(zip(of_circuit, values, strict=True))
        return functional_call(classifier, held, (encoded,))

    assert any(name.startswith("circuit") or name == "factors" for name in of_circuit)
    inputs = tuple(value.detach().clone().requires_grad_() for value in of_circuit.values())
    assert torch.autograd.gradcheck(probabilities, inputs, fast_mode=True)


def test_a_clips_circuit_is_exported_whole(system):
    classifier, encoder, pictures = system
    clips = prepare(Trained(encoder, classifier, pictures), pictures, torch.Generator())
    circuit = clip_circuit_of(clips).of_clip(1)

    assert circuit.num_parameters == 0
    assert openqasm_3(in_standard_gates(circuit)).startswith("OPENQASM 3")
    found = Statevector(in_standard_gates(circuit).remove_final_measurements(inplace=False)).probabilities()
    torch.testing.assert_close(torch.from_numpy(found), engine_probabilities(clips)[1], atol=1e-10, rtol=0)


def test_shots_are_paid_for_the_gates_of_the_circuit(system):
    classifier, encoder, pictures = system
    backend = Shots(n_shots=100, coupling="all-to-all", device="cpu")
    counts = backend.run(Trained(encoder, classifier, pictures), pictures, torch.Generator()).counts

    assert counts.total("shots") == 100
    assert counts.total("gates_1q", stage="network") > 0
    assert counts.total("machine_seconds") > 0


def test_the_two_qubit_gates_that_are_paid_for_are_those_of_a_clips_circuit_transpiled(system):
    classifier, encoder, pictures = system
    trained = Trained(encoder, classifier, pictures)
    of_clip = clip_circuit_of(prepare(trained, pictures, torch.Generator())).of_clip(1)
    native = transpile(
        in_standard_gates(of_clip), basis_gates=["rz", "sx", "x", "cx"], optimization_level=2, seed_transpiler=1
    )

    counts = Shots(n_shots=10, coupling="all-to-all", device="cpu").run(trained, pictures, torch.Generator()).counts

    assert counts.total("gates_2q") == 10 * native.count_ops()["cx"]


def executed_gates(circuit, coupling):
    """Gates of two qubits and of one of a circuit whose open angles are transpiled as such: on a coupling, angles that
    were numbers would be merged into gates that no other clip could take. A virtual RZ is none."""
    circuit = circuit.copy()
    circuit.measure_all()
    of_two = "cx" if coupling == "all-to-all" else "cz"
    native = transpile(
        circuit,
        basis_gates=["rz", "sx", "x", of_two],
        coupling_map=None if coupling == "all-to-all" else CouplingMap.from_heavy_hex(3),
        optimization_level=2,
        seed_transpiler=GENERIC_SEED,
    )
    counts = native.count_ops()
    assert counts.keys() <= {"rz", "sx", "x", of_two, "barrier", "measure"}
    return {"gates_2q": counts.get(of_two, 0), "gates_1q": counts.get("sx", 0) + counts.get("x", 0)}


@pytest.mark.parametrize("coupling", ["all-to-all", "heavy-hex"])
def test_the_gates_of_one_and_of_two_qubits_are_those_of_the_clips_circuit_transpiled_anew(system, coupling):
    classifier, encoder, pictures = system
    trained = Trained(encoder, classifier, pictures)
    clips = prepare(trained, pictures, torch.Generator())
    counts = Shots(n_shots=10, coupling=coupling, device="cpu").run(trained, pictures, torch.Generator()).counts
    paid = {name: counts.total(name) / 10 for name in ("gates_2q", "gates_1q")}

    # A rotation by a special angle takes fewer gates of one qubit than one by a generic angle, which is what is paid.
    own = executed_gates(clip_circuit_of(clips).circuit, coupling)
    assert own["gates_2q"] == paid["gates_2q"]
    assert own["gates_1q"] == pytest.approx(paid["gates_1q"], rel=0.02, abs=2)

    angles = clips.classifier.circuit.double().angles
    generic = np.random.default_rng(GENERIC_SEED).uniform(0.3, 1.2, size=len(angles))
    angles.detach().copy_(torch.from_numpy(generic))
    assert executed_gates(clip_circuit_of(clips).circuit, coupling) == paid


@pytest.mark.parametrize("coupling", ["all-to-all", "heavy-hex"])
@pytest.mark.parametrize("case", OF_MANY, ids=lambda case: f"{case[0]}-{type(case[2]).__name__}")
def test_the_gates_of_many_circuits_are_those_of_one_of_them_transpiled_times_their_number(case, coupling):
    classifier, encoder, pictures = built(case)
    encoded = encoder(pictures, torch.Generator())
    classifier.fit_directly(encoded, torch.arange(3), 0)  # does nothing where gradients train
    preparation = encoder.preparation(*pictures.shape[1:]) if isinstance(encoder, CircuitCode) else None
    circuit = classifier.circuit(preparation)
    weights = np.random.default_rng(1).uniform(0.3, 1.2, circuit.n_weights).tolist()
    opened = list(ParameterVector("clip", circuit.n_features))
    trained = Trained(encoder, classifier, pictures)

    outcome = RepeatedCircuits(n_shots=10, coupling=coupling).run(trained, pictures, torch.Generator())

    n_circuits = classifier.n_circuits(encoded)
    assert n_circuits == outcome.notes["n_circuits"] > 0
    for name, n in executed_gates(qiskit_circuit(circuit, weights, opened), coupling).items():
        assert outcome.counts.total(name) == 10 * n_circuits * n, name
