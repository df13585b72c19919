# quantum/noise/aer_model.py
"""A calibration as Qiskit Aer's `NoiseModel`, composed by Aer's own functions.

Behind each gate stands a depolarising channel, then the thermal relaxation of its qubits over the gate's time; the
depolarising part is what the gate's error leaves once relaxation has had its share. A measurement is confused qubit by
qubit, without relaxation. A qubit that waits does not relax, and neither crosstalk nor leakage is in it.
"""

from functools import lru_cache

from qiskit_aer.noise import NoiseModel
from qiskit_aer.noise.device import basic_device_gate_errors, basic_device_readout_errors

from quantum.noise.calibration import Calibration
from quantum.noise.target import target_of


@lru_cache(maxsize=16)
def noise_model_of(calibration: Calibration) -> NoiseModel:
    """The noise of every gate and measurement of the calibration's qubits."""
    target = target_of(calibration)
    model = NoiseModel(basis_gates=list(calibration.basis))
    for qubits, error in basic_device_readout_errors(target=target):
        model.add_readout_error(error, qubits)
    for name, qubits, error in basic_device_gate_errors(target=target):
        model.add_quantum_error(error, name, qubits)
    return model
