# quantum/backends/repeated_circuits.py
"""Shots of classifiers that run many circuits for a clip: one for each patch, or for each support vector.

Every circuit is sampled `n_shots` times from its exact outcomes, and paid as a processor's: gates of one of them,
transpiled once with its angles bound afterwards, and the time of a shot, times circuits and shots. Notes: `n_circuits`
of a clip, `circuit_executions` of a clip, and of a kernel the circuits that its fit takes.
"""

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.macs import evaluating
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.shot_options import MOST_SHOTS
from quantum.circuits.circuit import Circuit
from quantum.classifiers.fidelity_kernel import FidelityClassifier
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.encoders.circuit_code import CircuitCode
from quantum.machine_time import ShotTimes
from quantum.operations import processor_operations
from quantum.transpiled import COUNTED_PATH, COUPLINGS, circuit_cost

CLIPS_AT_ONCE = 64


@dataclass(frozen=True)
class RepeatedCircuits:
    """The options of such shots."""

    runs: ClassVar[type[Any]] = ManyCircuits
    n_shots: int = 1024  # of each circuit
    coupling: str = "heavy-hex"  # of the processor that is counted: heavy-hex, linear or all-to-all

    def __post_init__(self) -> None:
        choose({name: name for name in COUPLINGS}, self.coupling, what="coupling")
        if not 1 <= self.n_shots <= MOST_SHOTS:
            raise InputError(f"n_shots must lie in 1 to {MOST_SHOTS}; got {self.n_shots}.")

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits and counts for [batch, mel, frame]; there is no picture of so many circuits."""
        del n_exhibits
        classifier = trained.classifier
        if not isinstance(classifier, ManyCircuits):
            raise InputError(
                f"repeated-circuits runs quanvolution and quantum kernels; {type(classifier).__name__} is neither. "
                "Choose the backend shots."
            )
        if len(intensity) == 0:
            raise InputError("intensity holds no clip. Give at least one.")
        started = time.perf_counter()
        draw = np.random.default_rng(int(torch.randint(2**31 - 1, (1,), generator=generator)))
        logits, counts = [], OperationCounts()
        encoded = intensity[:0]
        with evaluating(classifier), torch.no_grad():
            for part in intensity.split(CLIPS_AT_ONCE):
                encoded = trained.encoder(part, generator)
                logits.append(classifier.logits_in_shots(encoded, self.n_shots, draw).float())
                counts += trained.encoder.operations(part, encoded).scaled(len(part) / len(intensity))
            counts += classifier.classical_operations(encoded[:1])
            n_circuits = classifier.n_circuits(encoded)
        wall_seconds = time.perf_counter() - started
        encoder = trained.encoder
        preparation = encoder.preparation(*intensity.shape[1:]) if isinstance(encoder, CircuitCode) else None
        circuit = classifier.circuit(preparation)
        # The whole circuit stands in the network: nothing is prepared before it.
        cost = circuit_cost(circuit, self.coupling, Circuit(circuit.n_qubits, ()))
        paid = processor_operations(cost, circuit.n_qubits, self.n_shots, times=ShotTimes()).scaled(n_circuits)
        tally = OperationCounts.of("readout", "tally", add_int32=n_circuits * self.n_shots)
        notes = {
            "n_parameters": classifier.n_parameters(),
            "n_qubits": circuit.n_qubits,
            "n_shots": self.n_shots,
            "counted_path": COUNTED_PATH,
            "coupling": self.coupling,
            "n_circuits": n_circuits,
            "circuit_executions": n_circuits * self.n_shots,
            "circuit_gates_2q": cost.circuit.n_gates_2q,
        }
        if isinstance(classifier, FidelityClassifier):
            notes["circuit_executions_of_the_fit"] = classifier.n_circuits_of_fit * self.n_shots
        return Outcome(torch.cat(logits), counts + paid + tally, wall_seconds, notes=notes)
