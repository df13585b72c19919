# quantum/backends/aer_noisy.py
"""Shots under a machine's noise by Qiskit Aer: its density matrix with a noise model of the same calibration.

It runs some of the clips that `noisy` runs, from the same native circuit. Aer draws the shots, readout errors among
them. Check `aer-noise-equality`: the largest difference of an outcome probability, before readout, between Aer and the
density engine, over its clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from qiskit_aer import AerSimulator
from torch import Tensor

from classical_baselines.harness.contracts import Check
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.aer_circuits import PATH, frequencies_of, results_of_clips
from quantum.backends.clip_circuit import ClipCircuit
from quantum.backends.noisy_run import N_CLIPS, NativeMachine, NoisyRun
from quantum.backends.shot_options import Sampled
from quantum.backends.states import PreparedClips, spread_clips
from quantum.noise.aer_model import noise_model_of
from quantum.noise.native import NativeCircuit

LARGEST_DIFFERENCE = 1e-10  # of an outcome probability; both sides compute in double precision


@dataclass(frozen=True)
class AerNoisy(NoisyRun):
    """The options of shots that Aer draws under noise."""

    n_clips: int | None = field(default=20, kw_only=True)  # of those that `noisy` runs by default; None: all clips

    def chosen(self, n_given: int) -> tuple[int, ...] | None:
        if self.n_clips is None:
            return None
        of_noisy = spread_clips(n_given, max(N_CLIPS, self.n_clips)) or tuple(range(n_given))
        some = spread_clips(len(of_noisy), self.n_clips)
        if some is None:
            return of_noisy if len(of_noisy) < n_given else None
        return tuple(of_noisy[place] for place in some)

    def sampled(
        self, native: NativeCircuit, whole: ClipCircuit, clips: PreparedClips, generator: torch.Generator
    ) -> Sampled:
        simulator = AerSimulator(
            method="density_matrix",
            noise_model=noise_model_of(native.part),
            max_parallel_threads=torch.get_num_threads(),
            runtime_parameter_bind_enable=True,
        )
        machine = _AerMachine(native, whole, simulator)
        sampled = self.mitigated(machine, len(whole.angles), generator, machine.notes)
        before_readout = native.qiskit.remove_final_measurements(inplace=False)
        before_readout.save_probabilities([before_readout.qubits[qubit] for qubit in native.measured])
        exact = torch.stack(
            [
                torch.from_numpy(data["probabilities"])
                for data in results_of_clips(before_readout, whole, simulator, shots=1)
            ]
        )
        difference = float((exact - native.outcome_probabilities(whole.angles)).abs().max())
        check = Check(
            "aer-noise-equality",
            difference <= LARGEST_DIFFERENCE,
            {
                "largest_difference": difference,
                "allowed": LARGEST_DIFFERENCE,
                "n_clips": len(exact),
                "n_probabilities": exact.numel(),
            },
        )
        return replace(sampled, checks=(check,))


@dataclass(frozen=True, eq=False)
class _AerMachine(NativeMachine):
    simulator: AerSimulator

    def draw(self, native: NativeCircuit, n_shots: int, generator: torch.Generator) -> Tensor:
        results = results_of_clips(native.qiskit, self.whole, self.simulator, shots=n_shots, generator=generator)
        return frequencies_of(results, self.n_qubits)

    def draw_each(self, natives: Sequence[NativeCircuit], n_shots: int, generator: torch.Generator) -> Tensor:
        seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
        result = self.simulator.run([one.qiskit for one in natives], shots=n_shots, seed_simulator=seed).result()
        return frequencies_of((result.data(number) for number in range(len(natives))), self.n_qubits)

    def notes(self, of_a_shot: OperationCounts) -> dict[str, Any]:
        return super().notes(of_a_shot) | {"aer_method": "density_matrix", "aer_path": PATH}
