# quantum/backends/noisy.py
"""Shots under a machine's noise: the density matrices of all clips at once, readout errors, then multinomial draws.

    |0...0>  ->  noisy native gates (`quantum.engine.density`)  ->  probabilities  ->  confusion  ->  draws  ->  logits

Beside the run itself, the same clips may be drawn at other numbers of shots and under other calibrations, "none" among
them. Of each the note `conditions` keeps the decisions and how far outcomes are from those of the circuit without
noise and with an exact Fourier transform, of the same weights:

    total_variation    mean over clips of the largest difference of the probability of any event, before sampling
    predictions        [clip], by the trained head; at n_shots = 0 on the probabilities themselves
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.evaluation import predictions
from classical_baselines.harness.operations import OperationCounts
from quantum.backends.clip_circuit import ClipCircuit
from quantum.backends.noisy_run import NativeMachine, NoisyRun, total_variation
from quantum.backends.shot_options import MOST_SHOTS, Sampled
from quantum.backends.shots import drawn
from quantum.backends.states import PreparedClips, check_device, engine_probabilities, logits_of, torch_device
from quantum.circuits.circuit import Circuit, Fourier
from quantum.engine.execution import Engine
from quantum.engine.readout import probabilities
from quantum.noise.machines import calibration_called
from quantum.noise.native import NativeCircuit, native_circuit_of
from quantum.noise.readout import confused, confusion_of

WITHOUT_NOISE = "none"


@dataclass(frozen=True)
class Noisy(NoisyRun):
    """The options of shots under noise."""

    also_calibrations: tuple[str, ...] = field(default=(), kw_only=True)  # shipped ones, or "none"; kept in the notes
    also_n_shots: tuple[int, ...] = field(default=(), kw_only=True)  # under every calibration; 0: no sampling
    device: str = field(default="auto", kw_only=True)  # of the simulation: auto, cpu or gpu

    def __post_init__(self) -> None:
        super().__post_init__()
        check_device(self.device)
        for name in self.also_calibrations:
            if name != WITHOUT_NOISE:
                calibration_called(name)
        named = (self.calibration, *self.also_calibrations)
        if len(set(named)) != len(named):
            raise InputError(f"A calibration is run twice: {', '.join(named)}. Name each once in also_calibrations.")
        if (self.also_calibrations or self.also_n_shots) and (self.noise_factors or self.readout_mitigation != "none"):
            raise InputError(
                "also_calibrations and also_n_shots are run without mitigation. Leave them out, or leave out "
                "noise_factors and readout_mitigation."
            )
        if not all(0 <= n_shots <= MOST_SHOTS for n_shots in self.also_n_shots):
            raise InputError(f"also_n_shots must lie in 0 to {MOST_SHOTS}; got {list(self.also_n_shots)}.")

    def check_here(self) -> None:
        """Refuse a device that this machine lacks."""
        torch_device(self.device)

    def sampled(
        self, native: NativeCircuit, whole: ClipCircuit, clips: PreparedClips, generator: torch.Generator
    ) -> Sampled:
        read = self._read(native, whole.angles)
        machine = _DensityMachine(native, whole, read, self._read)
        sampled = self.mitigated(machine, len(whole.angles), generator, machine.notes)
        if not (self.also_calibrations or self.also_n_shots):
            return sampled
        conditions = list(self._conditions(read, sampled.frequencies, whole, clips, generator))
        return replace(sampled, costs=partial(_with_conditions, sampled.costs, conditions))

    def _read(self, native: NativeCircuit, angles: Tensor) -> Tensor:
        """[clip, outcome], as it is read out; on the CPU."""
        behind = native.outcome_probabilities(angles.to(torch_device(self.device))).cpu()
        return confused(behind, confusion_of(native.part, native.measured))

    def _conditions(
        self,
        read: Tensor,
        frequencies: Tensor,
        whole: ClipCircuit,
        clips: PreparedClips,
        generator: torch.Generator,
    ) -> Iterator[dict[str, Any]]:
        ideal = exact_transform_probabilities(clips)
        for name in (self.calibration, *self.also_calibrations):
            if name == WITHOUT_NOISE:
                under = engine_probabilities(clips)
            elif name == self.calibration:
                under = read
            else:
                under = self._read(
                    native_circuit_of(whole.circuit, whole.columns, calibration_called(name)), whole.angles
                )
            distance = total_variation(under, ideal)
            for n_shots in sorted({self.n_shots, *self.also_n_shots}):
                if (name, n_shots) == (self.calibration, self.n_shots):
                    given = frequencies
                else:
                    given = drawn(under, n_shots, generator) if n_shots else under
                yield {
                    "calibration": name,
                    "n_shots": n_shots,
                    "total_variation": distance,
                    "predictions": predictions(logits_of(clips, given).numpy()).tolist(),
                }


@dataclass(frozen=True, eq=False)
class _DensityMachine(NativeMachine):
    plain: Tensor  # [clip, outcome], as the unfolded circuit is read out
    reading: Callable[[NativeCircuit, Tensor], Tensor]  # a circuit and features -> [clip, outcome]

    def draw(self, native: NativeCircuit, n_shots: int, generator: torch.Generator) -> Tensor:
        read = self.plain if native is self.native else self.reading(native, self.whole.angles)
        return drawn(read, n_shots, generator)

    def draw_each(self, natives: Sequence[NativeCircuit], n_shots: int, generator: torch.Generator) -> Tensor:
        no_features = torch.zeros(1, 0, dtype=torch.float64)
        return drawn(torch.cat([self.reading(one, no_features) for one in natives]), n_shots, generator)


def _with_conditions(
    costs: Callable[[], tuple[OperationCounts, dict[str, Any]]], conditions: list[dict[str, Any]]
) -> tuple[OperationCounts, dict[str, Any]]:
    counts, notes = costs()
    return counts, notes | {"conditions": conditions}


@torch.no_grad()
def exact_transform_probabilities(clips: PreparedClips) -> Tensor:
    """[clip, outcome] of the trained circuit with its Fourier transforms exact, without noise."""
    circuit = clips.classifier.circuit
    operations = tuple(
        replace(one, degree=0) if isinstance(one, Fourier) else one for one in circuit.structure.operations
    )
    exact = Engine(Circuit(circuit.structure.n_qubits, operations))
    return probabilities(exact(clips.states, circuit.angles.detach().flatten(), clips.features))
