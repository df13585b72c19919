# quantum/backends/clip_circuit.py
"""One circuit for a batch of clips: what differs from clip to clip are the values of its parameters.

    preparation (angles of the clip)  ->  barrier  ->  trained circuit (numbers, and angles that follow the clip)

The state is prepared by gates: of a code by its own circuit, of a real state by multiplexed rotations (`real_state`).
So whoever runs the circuit transpiles it once, and binds the angles of each clip.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from torch import Tensor

from quantum.backends.states import PreparedClips, preparation_by_gates
from quantum.circuits.qiskit_form import prepared_circuit
from quantum.export import trained_circuit


@dataclass(frozen=True)
class ClipCircuit:
    """The circuit of all clips, and what its parameters are for each."""

    circuit: QuantumCircuit  # preparation, barrier, trained circuit; nothing that reads it out
    angles: Tensor  # [clip, parameter], float64, radians
    columns: Mapping[str, int]  # which of them a parameter of the circuit is bound to, by its name

    def of_clip(self, clip: int) -> QuantumCircuit:
        """The circuit of one clip, its angles as numbers, with every qubit measured: what a processor runs for it."""
        values = self.angles[clip].tolist()
        bound = self.circuit.assign_parameters({one: values[self.columns[one.name]] for one in self.circuit.parameters})
        bound.measure_all()
        return bound

    def binds(self, parameters: Iterable[Parameter], clips: slice) -> dict[Parameter, list[float]]:
        """The values of these parameters, for some clips."""
        return {one: self.angles[clips, self.columns[one.name]].tolist() for one in parameters}


def clip_circuit_of(clips: PreparedClips) -> ClipCircuit:
    """Preparation, barrier and trained circuit, parameters being the preparation's angles and those of the trained
    circuit that follow the clip."""
    preparation, angles = preparation_by_gates(clips)
    trained = trained_circuit(clips.classifier)
    circuit, opened = prepared_circuit(preparation, trained)
    if clips.features is not None:
        angles = torch.cat([angles, clips.features], 1)
    names = [one.name for one in (*opened, *trained.parameters)]  # a vector's stand in the order of their index
    if len(names) != angles.shape[1]:
        raise AssertionError(f"the clips' circuit has {len(names)} open angles; a clip gives {angles.shape[1]}")
    return ClipCircuit(circuit, angles, {name: column for column, name in enumerate(names)})
