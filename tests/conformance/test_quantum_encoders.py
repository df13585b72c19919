# tests/conformance/test_quantum_encoders.py
"""What every state encoder of the registry keeps to."""

import numpy as np
import pytest
import torch
from qiskit import transpile
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Encoder
from quantum.circuits.circuit import Circuit
from quantum.circuits.qiskit_form import qiskit_circuit
from quantum.circuits.real_state import real_state_angles, real_state_circuit
from quantum.encoders import ENCODERS
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.circuit_code import CircuitCode
from quantum.engine.execution import Engine
from quantum.noise.machines import calibration_called
from quantum.noise.native import native_circuit_of
from quantum.transpiled import circuit_cost

SMALL = {  # of pictures of 4 x 4; all codes by circuits but the deep ones, with as few gates as show everything
    "amplitude": {"pool": (1, 1)},
    "matrix-product": {"pool": (1, 1), "bond_dimension": 2},
    "frqi": {"pool": (2, 1)},
    "basis": {"pool": (2, 1)},
    "angle": {"pool": (2, 2)},
    "dense-angle": {"pool": (2, 2)},
    "phase": {"pool": (2, 2)},
    "iqp": {"pool": (2, 2)},
}
N_GATES_2Q = {  # between any two qubits, by the rules of the codes: n qubits, N positions, F features, T steps
    "amplitude": 2**4 - 4 - 1,
    "matrix-product": 2 * 4 - 3,
    "frqi": 8 - 1,
    "basis": 2 * (4 - 1),
    "angle": 0,
    "dense-angle": 0,
    "phase": 0,
    "iqp": 2 * 4 * 3,
}
NATIVE = {"basis_gates": ["rz", "sx", "x", "cx"], "optimization_level": 2, "seed_transpiler": 7}
AER = AerSimulator(method="statevector")


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request):
    return ENCODERS[request.param]()()


@pytest.fixture(params=sorted(ENCODERS))
def small(request):
    return request.param, ENCODERS[request.param]()(**SMALL[request.param])


def pictures(n_clips=3):
    return torch.rand(n_clips, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def circuit_of(encoder, intensity):
    """The circuit that prepares an encoder's states, and its features."""
    if isinstance(encoder, CircuitCode):
        return encoder.preparation(*intensity.shape[1:]), encoder.angles(intensity)
    states = encoder(intensity, torch.Generator())
    return real_state_circuit(states.shape[1].bit_length() - 1), real_state_angles(states)


def test_it_gives_unit_states_of_its_shape_and_the_same_for_the_same_seed(encoder):
    intensity = torch.rand(4, 32, 63, generator=torch.Generator().manual_seed(0))
    before = intensity.clone()

    states = encoder(intensity, torch.Generator().manual_seed(1))

    shape = encoder.shape(32, 63)
    assert isinstance(encoder, Encoder)
    assert shape.code == ("complex-state" if states.is_complex() else "state")
    assert states.shape == (4, shape.n_channels)
    torch.testing.assert_close(states.abs().square().sum(1), torch.ones(4))
    assert torch.equal(states, encoder(intensity, torch.Generator().manual_seed(1)))
    assert torch.equal(intensity, before)


def test_its_classical_work_is_counted_in_its_stage(encoder):
    intensity = torch.rand(2, 32, 64)
    counts = encoder.operations(intensity, encoder(intensity, torch.Generator()))

    assert counts.stages() == ("encoder",)
    assert counts.total("mac_fp32") + counts.total("multiply_fp32") > 0


def test_its_states_are_those_of_its_circuit_on_the_engine_and_exported_on_aer(small):
    _, encoder = small
    intensity = pictures()
    circuit, features = circuit_of(encoder, intensity)
    start = torch.eye(2**circuit.n_qubits, dtype=torch.float64)[:1].repeat(3, 1)
    exported = [qiskit_circuit(circuit, (), one.tolist()) for one in features]
    for one in exported:
        one.save_statevector()

    states = encoder(intensity, torch.Generator()).numpy()
    run = Engine(circuit)(start, torch.zeros(0, dtype=torch.float64), features).numpy()
    result = AER.run([transpile(one, AER, optimization_level=0) for one in exported], shots=1).result()
    aers = np.stack([np.asarray(result.get_statevector(number)) for number in range(3)])

    np.testing.assert_allclose(states, aers, atol=1e-10)
    np.testing.assert_allclose(run, aers, atol=1e-10)


def test_the_gradients_of_its_circuit_are_those_of_finite_differences(small):
    _, encoder = small
    circuit, features = circuit_of(encoder, pictures(1))
    engine, start = Engine(circuit), torch.eye(2**circuit.n_qubits, dtype=torch.complex128)[:1]

    assert torch.autograd.gradcheck(
        lambda own: engine(start, torch.zeros(0, dtype=torch.float64), own), features.clone().requires_grad_()
    )


def test_its_counted_gates_are_those_of_its_transpiled_circuit(small):
    name, encoder = small
    circuit, features = circuit_of(encoder, pictures(1))
    alone = qiskit_circuit(circuit, (), (features[0] + 0.1).tolist())  # generic: no angle of a spike is 0 or pi
    alone.measure_all()
    native = transpile(alone, **NATIVE)

    cost = circuit_cost(
        Circuit(circuit.n_qubits, ()), "all-to-all", circuit if isinstance(encoder, CircuitCode) else None
    )

    assert cost.preparation.n_gates_2q == native.count_ops().get("cx", 0) == N_GATES_2Q[name]
    assert cost.circuit.n_gates_2q == 0


def test_on_a_calibrated_machine_it_prepares_the_same_along_its_couplings(small):
    _, encoder = small
    circuit, features = circuit_of(encoder, pictures(1))
    angles = list(ParameterVector("preparation", circuit.n_features))
    columns = {angle.name: column for column, angle in enumerate(angles)}

    native = native_circuit_of(qiskit_circuit(circuit, (), angles), columns, calibration_called("ibm-torino"))

    bound = native.qiskit.assign_parameters(dict(zip(angles, features[0].tolist(), strict=True)))
    two_qubit = [gate for gate in native.gates if len(gate.qubits) == 2]
    assert len(two_qubit) == bound.count_ops().get("cz", 0)
    assert all(set(gate.qubits) in [set(edge) for edge in native.part.coupling] for gate in two_qubit)
    bound.remove_final_measurements()
    found = Statevector(bound).probabilities(list(native.measured))
    expected = encoder(pictures(1), torch.Generator())[0].abs().square().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_a_picture_with_nan_is_refused(encoder):
    intensity = torch.rand(2, 32, 64)
    intensity[1, 3, 5] = torch.nan

    with pytest.raises(ValueError, match=r"holds NaN or infinite values|must lie in \[0, 1\]; got nan"):
        encoder(intensity, torch.Generator())


def test_silence_has_a_state_or_is_refused_with_its_number(encoder):
    intensity = torch.rand(3, 32, 64)
    intensity[1] = 0

    if isinstance(encoder, AmplitudeEncoder):
        with pytest.raises(InputError, match=r"1 of 3 clips have no contrast.* \(number 1 of those given, from 0\)"):
            encoder(intensity, torch.Generator())
    else:
        norms = encoder(intensity, torch.Generator()).abs().square().sum(1)
        torch.testing.assert_close(norms, torch.ones(3))
