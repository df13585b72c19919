# quantum/backends/aer_exact.py
"""Qiskit Aer without shots: the exported circuit's exact outcome probabilities, compared with the engine's.

Check `aer-equality`: the largest difference of an outcome probability between Aer and the torch engine, over all clips.

The counts are of what Aer does, gate by gate: a one-qubit gate sweeps the state with two complex multiply-accumulates
per amplitude, a controlled phase multiplies a quarter of it; CX and swap move amplitudes, CZ changes signs. As with all
exact states there are no shots, and a quantum processor is charged nothing that could be called a price.
"""

import time
from dataclasses import dataclass

import torch
from qiskit import QuantumCircuit
from torch import Tensor

from classical_baselines.harness.contracts import Check, Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.aer_circuits import CLIPS_PER_JOB, aer_simulator, clip_circuits, native_circuit
from quantum.backends.states import (
    check_device,
    engine_probabilities,
    exhibits_of,
    logits_of,
    notes_of,
    prepare,
)

LARGEST_DIFFERENCE = 1e-6  # of an outcome probability; both sides compute in double precision
BYTES_PER_AMPLITUDE = 16  # complex128
MOVES = ("cx", "cz", "swap")  # no arithmetic


@dataclass(frozen=True)
class AerExact:
    """The options of Aer without shots."""

    device: str = "auto"  # auto, cpu or gpu

    def __post_init__(self) -> None:
        check_device(self.device)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame], with the comparison of Aer and engine."""
        started = time.perf_counter()
        clips = prepare(trained, intensity, generator)
        simulator = aer_simulator(self.device)
        native = native_circuit(clips, simulator)
        parts = [_aer_probabilities(*part, native, simulator) for part in clips.parts(CLIPS_PER_JOB)]
        behind = torch.cat(parts)
        logits = logits_of(clips, behind)
        wall_seconds = time.perf_counter() - started
        difference = float((behind - engine_probabilities(clips)).abs().max())
        check = Check(
            "aer-equality",
            difference <= LARGEST_DIFFERENCE,
            {
                "largest_difference": difference,
                "allowed": LARGEST_DIFFERENCE,
                "n_clips": len(behind),
                "n_probabilities": behind.numel(),
            },
        )
        return Outcome(
            logits=logits,
            counts=clips.encoder_counts
            + clips.classical_counts
            + gatewise_operations(native)
            + clips.classifier.head.readout.simulation(),
            wall_seconds=wall_seconds,
            checks=(check,),
            exhibits=exhibits_of(clips, n_exhibits, behind),
            notes=notes_of(clips) | {"aer_device": simulator.options.device},
        )


def _aer_probabilities(states: Tensor, features: Tensor | None, native: QuantumCircuit, simulator: object) -> Tensor:
    circuits = clip_circuits(states, features, native)
    for circuit in circuits:
        circuit.save_probabilities()
    result = simulator.run(circuits, shots=1).result()  # type: ignore[attr-defined]
    return torch.stack([torch.from_numpy(result.data(index)["probabilities"]) for index in range(len(circuits))])


def gatewise_operations(circuit: QuantumCircuit) -> OperationCounts:
    """Arithmetic and memory traffic of a state swept by every gate of a circuit, one after the other."""
    n = 2**circuit.num_qubits
    macs = multiplies = 0.0
    n_gates = 0
    for instruction in circuit.data:
        name = instruction.operation.name
        if name == "barrier":
            continue
        n_gates += 1
        if len(instruction.qubits) == 1:
            macs += 8 * n  # two complex multiply-accumulates of four real ones
        elif name not in MOVES:
            multiplies += n  # four real multiplications of a quarter of the amplitudes
    traffic = 2.0 * BYTES_PER_AMPLITUDE * n * n_gates
    return OperationCounts.of("network", "gates", mac_fp32=macs, multiply_fp32=multiplies, sram_bytes=traffic)
