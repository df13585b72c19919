"""One circuit on one coupling has one number of gates, whichever backend counts it."""

import hashlib
import json

import pytest

from quantum.backends.aer_noisy import AerNoisy
from quantum.backends.aer_shots import AerShots
from quantum.backends.measured_fourier import MeasuredFourier
from quantum.backends.noisy import Noisy
from quantum.backends.qiskit_backend import QiskitBackend
from quantum.backends.shots import Shots
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from quantum.encoders.angle import AngleEncoder
from quantum.transpiled import COUNTED_PATH
from tests.quantum.backends.systems import generator, intensity, trained

N_QUBITS = 5
BASIS = ["rz", "sx", "x", "cz"]
CHAIN = [[qubit, qubit + 1] for qubit in range(N_QUBITS - 1)]


@pytest.fixture
def chain(tmp_path):
    """A calibration of five like qubits on a chain."""
    gate = {"seconds": 5e-8, "error": 1e-3}
    qubit = {
        "t1_seconds": 1e-4,
        "t2_seconds": 1e-4,
        "readout": {"seconds": 1e-6, "p1_given_0": 0.01, "p0_given_1": 0.01},
        "gates": {name: gate for name in BASIS if name != "cz"},
    }
    document = {
        "schema": 1,
        **dict.fromkeys(("name", "title", "date", "source"), "a chain"),
        "basis": BASIS,
        "repetition_delay_seconds": 1e-4,
        "qubits": [{"label": str(number), **qubit} for number in range(N_QUBITS)],
        "coupling": CHAIN,
        "edges": [{"qubits": pair, "gate": "cz", **gate} for pair in CHAIN],
    }
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(document))
    return {"calibration": str(path), "calibration_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def backends(chain):
    line = {"num_qubits": N_QUBITS, "coupling_map": CHAIN, "basis_gates": BASIS, "noise_info": False}
    provider = "qiskit.providers.fake_provider:GenericBackendV2"
    return {
        "shots": Shots(16, coupling="linear"),
        "aer-shots": AerShots(16, coupling="linear"),
        "noisy": Noisy(16, n_clips=None, **chain),
        "aer-noisy": AerNoisy(16, **chain),
        "qiskit-backend": QiskitBackend(16, provider=provider, provider_options=line),
    }


@pytest.mark.parametrize("encoder", [AmplitudeEncoder((1, 2)), AngleEncoder((2, 4))], ids=["exact", "angle"])
def test_backends_count_the_gates_of_a_circuit_alike_and_say_how(chain, encoder):
    options = QftCircuit(n_layers_before=1, n_layers_after=1, fourier_register="all")
    n_mels, n_frames = (4, 16) if isinstance(encoder, AmplitudeEncoder) else (10, 4)
    system = trained(options, encoder, n_mels, n_frames)

    found = {
        name: backend.run(system, intensity(2, n_mels, n_frames), generator()).notes
        for name, backend in backends(chain).items()
    }

    assert len({(one["preparation_gates_2q"], one["circuit_gates_2q"]) for one in found.values()}) == 1, found
    assert {one["counted_path"] for one in found.values()} == {COUNTED_PATH}
    assert found["shots"]["n_qubits"] == N_QUBITS


def test_exact_preparation_on_a_chain_takes_the_gates_of_the_circuit_whose_angles_are_bound(chain):
    system = trained(QftCircuit(0, 0, fourier_register="all"), AmplitudeEncoder((1, 2)), 4, 16)

    for backend in (Shots(16, coupling="linear"), MeasuredFourier(16, coupling="linear"), Noisy(16, **chain)):
        notes = backend.run(system, intensity(2, 4, 16), generator()).notes
        assert notes["preparation_gates_2q"] == 62  # 48 where the angles of one clip are numbers
