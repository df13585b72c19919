# quantum/backends/measured_fourier.py
"""Shots of a circuit whose last Fourier transform is measured as it goes: no two-qubit gates in it, but feed-forward.

The outcomes are distributed as those of the unitary transform (`quantum.circuits.measured_fourier`), so
`MeasuredFourier` draws them from the engine's probabilities; `AerMeasuredFourier` runs the dynamic circuit itself, shot
by shot: about a second of one core for each clip. What is counted is that of the dynamic circuit: what stands before
the transform is transpiled, the transform is counted step by step, as Qiskit does not estimate the time of one:

    network    layers, and of each qubit of a register a Hadamard, with a readout between two of them
    readout    the last readout; reset, delay, and the feed-forward between a readout and the Hadamard that waits for it

Registers are measured side by side. A phase that a bit decides is a virtual RZ of no time. The times are those of
`quantum.machine_time`; that of a feed-forward no calibration data say, so it is assumed, and the table says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.shot_options import ShotOptions
from quantum.backends.shots import Shots
from quantum.backends.states import PreparedClips
from quantum.circuits.circuit import Circuit, Fourier
from quantum.circuits.measured_fourier import measured_parts
from quantum.classifiers.state_classifier import StateClassifier
from quantum.machine_time import FEED_FORWARD_SECONDS, READOUT_SECONDS, ShotTimes
from quantum.operations import processor_operations
from quantum.transpiled import ONE_QUBIT_GATE_SECONDS, CircuitCost, PartCost, circuit_cost

LONGEST_FEED_FORWARD_SECONDS = 1e-3
MEASURED_PATH = (
    "what stands before the transform as one transpiled circuit, preparation by gates, its angles bound for each clip; "
    "the measured transform by its steps, not transpiled"
)
AER_PATH = "the state given to Aer, no preparation run; the dynamic circuit behind it, shot by shot"


@dataclass(frozen=True)
class MeasuredFourier(ShotOptions):
    """The options of shots with a measured transform."""

    feed_forward_seconds: float = FEED_FORWARD_SECONDS  # from the end of a readout to the phase that it decides

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.feed_forward_seconds <= LONGEST_FEED_FORWARD_SECONDS:
            raise InputError(
                f"feed_forward_seconds must lie in 0 to {LONGEST_FEED_FORWARD_SECONDS:g}; "
                f"got {self.feed_forward_seconds}. Superconducting processors take about 1e-6."
            )

    def check_network(self, classifier: Any) -> None:
        """Refuse a circuit that does not end in a transform."""
        if isinstance(classifier, StateClassifier):
            measured_parts(classifier.circuit.structure)

    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        measured_parts(clips.classifier.circuit.structure)  # refuses a circuit that does not end in a transform
        return Shots(self.n_shots, device=self.device).frequencies(clips, generator)

    def costs(self, clips: PreparedClips) -> tuple[OperationCounts, dict[str, Any]]:
        structure = clips.classifier.circuit.structure
        cost = measured_cost(structure, self.coupling, clips.preparation)
        times = ShotTimes(
            self.repetition_delay_seconds,
            feed_forward_seconds=self.feed_forward_seconds,
            n_feed_forward=n_waits(measured_parts(structure)[1]),
        )
        counts = processor_operations(cost, structure.n_qubits, self.n_shots, times=times)
        return counts, {
            "counted_path": MEASURED_PATH,
            "coupling": self.coupling,
            "preparation_gates_2q": cost.preparation.n_gates_2q,
            "circuit_gates_2q": cost.circuit.n_gates_2q,
            "seconds_per_shot": counts.total("machine_seconds") / self.n_shots,
            "feed_forward": f"assumed to take {self.feed_forward_seconds:g} s",
        }


@dataclass(frozen=True)
class AerMeasuredFourier(MeasuredFourier):
    """The options of the dynamic circuit on Aer, behind a state that Aer is given; on the CPU, shot by shot."""

    device: str = field(init=False, default="cpu")

    def costs(self, clips: PreparedClips) -> tuple[OperationCounts, dict[str, Any]]:
        counts, notes = super().costs(clips)
        return counts, notes | {"aer_path": AER_PATH}

    def frequencies(self, clips: PreparedClips, generator: torch.Generator) -> Tensor:
        from qiskit import QuantumCircuit, transpile
        from qiskit_aer import AerSimulator

        from quantum.export import trained_measured_circuit

        simulator = AerSimulator(method="statevector", max_parallel_threads=torch.get_num_threads())
        frequencies = torch.zeros(clips.states.shape, dtype=torch.float64)
        native = transpile(trained_measured_circuit(clips.classifier), simulator, optimization_level=1)
        for clip, state in enumerate(clips.states.to(torch.complex128).numpy()):
            circuit = QuantumCircuit(*native.qregs, *native.cregs)
            circuit.set_statevector(state)
            own = native if clips.features is None else native.assign_parameters(clips.features[clip].tolist())
            circuit.compose(own, inplace=True)
            seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
            counts = simulator.run(circuit, shots=self.n_shots, seed_simulator=seed).result().data(0)["counts"]
            outcomes = [int(outcome, 16) for outcome in counts]
            frequencies[clip, outcomes] = torch.tensor(list(counts.values()), dtype=torch.float64) / self.n_shots
        return frequencies


def n_waits(transforms: Sequence[Fourier]) -> int:
    """Feed-forwards that a shot waits for, one after another."""
    return max(transform.n_qubits for transform in transforms) - 1


def measured_cost(circuit: Circuit, coupling: str, preparation: Circuit | None = None) -> CircuitCost:
    """Gates and seconds of an execution with the last transforms measured, up to the last readout; its feed-forward is
    left to `ShotTimes`."""
    before, transforms = measured_parts(circuit)
    cost = circuit_cost(before, coupling, preparation)
    part = cost.circuit
    n_measured = sum(transform.n_qubits for transform in transforms)
    longest = max(transform.n_qubits for transform in transforms)
    return replace(
        cost,
        circuit=PartCost(
            part.n_gates_1q + n_measured,
            part.n_gates_2q,
            part.depth + 2 * longest,  # phase and Hadamard
            part.seconds + longest * ONE_QUBIT_GATE_SECONDS + (longest - 1) * READOUT_SECONDS,
        ),
    )
