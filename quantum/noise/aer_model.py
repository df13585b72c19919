# quantum/noise/aer_model.py
"""A calibration as Qiskit Aer's `NoiseModel`: the noise of `quantum.noise.channels`, and single-qubit readout errors.

It holds the channels that Aer's own `basic_device_gate_errors` makes of the calibration's target, each as one set of
Kraus operators. Aer composes them as mixtures of circuits, and its simulator leaves out mixtures' terms that are less
likely than 1e-10, which after some hundred gates shows at 1e-9; it also takes seconds for them.

A qubit that waits does not relax, a measurement confuses without relaxation, and crosstalk and leakage are not in it.
"""

from functools import lru_cache

from qiskit.quantum_info import Kraus
from qiskit_aer.noise import NoiseModel, QuantumError
from qiskit_aer.noise.device import basic_device_readout_errors

from quantum.engine.pauli import kraus_of
from quantum.noise.calibration import SYMMETRIC_GATES, Calibration
from quantum.noise.channels import gate_noise
from quantum.noise.target import target_of


@lru_cache(maxsize=16)
def noise_model_of(calibration: Calibration) -> NoiseModel:
    """The noise of every gate and measurement of the calibration's qubits."""
    model = NoiseModel(basis_gates=list(calibration.basis))
    for qubits, error in basic_device_readout_errors(target=target_of(calibration)):
        model.add_readout_error(error, qubits)
    places: list[tuple[str, tuple[int, ...]]] = []
    for name in calibration.one_qubit_basis:
        places += [(name, (number,)) for number in range(calibration.n_qubits)]
    for name, first, second in calibration.edges:
        places.append((name, (first, second)))
        if name in SYMMETRIC_GATES and (name, second, first) not in calibration.edges:
            places.append((name, (second, first)))
    for name, qubits in places:
        values = calibration.gate(name, qubits)
        if values.seconds or values.error:
            operators = kraus_of(gate_noise(calibration, name, qubits))
            model.add_quantum_error(QuantumError(Kraus(list(operators.numpy()))), name, qubits)
    return model
