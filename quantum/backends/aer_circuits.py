# quantum/backends/aer_circuits.py
"""The circuits of a batch of clips on Qiskit Aer: the trained gates once, a state in front for each clip.

The trained circuit is transpiled once for Aer. A clip's circuit is Aer's own `set_statevector` and those gates, with
nothing to bind but the angles that follow the clip, where there are such. Aer sets the state without gates, so its run
shows what the circuit computes, not what preparing costs.
"""

from typing import Any

import numpy as np
import torch
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator
from torch import Tensor

from classical_baselines.harness.choices import InputError
from quantum.backends.states import PreparedClips, check_device
from quantum.export import trained_circuit

CLIPS_PER_JOB = 256  # bounds the memory of a job's results


def aer_simulator(device: str, **options: Any) -> AerSimulator:
    """A state-vector simulator on the device asked for; `auto` takes a GPU where Aer has one."""
    check_device(device)
    available = AerSimulator().available_devices()
    if device == "gpu" and "GPU" not in available:
        raise InputError(
            f"device is 'gpu', but Aer has {', '.join(available)}. Choose auto, or install qiskit-aer-gpu."
        )
    chosen = "GPU" if device != "cpu" and "GPU" in available else "CPU"
    return AerSimulator(method="statevector", device=chosen, max_parallel_threads=torch.get_num_threads(), **options)


def native_circuit(clips: PreparedClips, simulator: AerSimulator) -> QuantumCircuit:
    """The trained circuit in Aer's own gates; every angle is a number, but those that follow the clip."""
    circuit = transpile(trained_circuit(clips.classifier), simulator, optimization_level=1)
    n_open = 0 if clips.features is None else clips.features.shape[1]
    if circuit.num_parameters != n_open:
        raise AssertionError(f"the trained circuit has {circuit.num_parameters} open parameters; clips give {n_open}")
    return circuit


def clip_circuits(states: Tensor, features: Tensor | None, native: QuantumCircuit) -> list[QuantumCircuit]:
    """One circuit per clip, from [clip, amplitude] and [clip, feature]; without an instruction that reads it out."""
    circuits = []
    for clip, state in enumerate(states.numpy()):
        circuit = QuantumCircuit(native.num_qubits)
        circuit.set_statevector(state.astype(np.complex128))
        # A vector's parameters are sorted by their index, which is that of the feature.
        own = native if features is None else native.assign_parameters(features[clip].tolist())
        circuit.compose(own, inplace=True, copy=False)
        circuits.append(circuit)
    return circuits
