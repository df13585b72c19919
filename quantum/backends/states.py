# quantum/backends/states.py
"""What the quantum backends share: the states of the clips, the engine's answer, and the pictures of a circuit.

states          [clip, amplitude]   float64 or complex128, unit norm
angles          [clip, feature]     float64, radians, of the circuit that prepares the states by gates
probabilities   [clip, outcome]     float64, of the engine in complex128
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Exhibit, Trained
from classical_baselines.harness.macs import evaluating
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit
from quantum.circuits.real_state import real_state_angles, real_state_circuit
from quantum.classifiers.state_classifier import StateClassifier
from quantum.encoders.circuit_code import CircuitCode
from quantum.engine.readout import probabilities

DEVICES = ("auto", "cpu", "gpu")


@dataclass(frozen=True)
class PreparedClips:
    """The states that a circuit is given, and what they cost classically."""

    classifier: StateClassifier  # in evaluation mode, double precision, a copy
    states: Tensor  # [clip, amplitude], float64, or complex128 where a circuit makes them
    features: Tensor | None  # [clip, feature], float64, radians, where the trained circuit's own angles follow the clip
    preparation: Circuit | None  # that circuit
    code_angles: Tensor | None  # [clip, feature], float64: what its angles follow
    fidelities: Tensor | None  # [clip], of the states to those that the code approximates
    encoder_counts: OperationCounts
    classical_counts: OperationCounts  # front and head

    def parts(self, n_clips: int) -> Iterator[tuple[Tensor, Tensor | None]]:
        """States and features of `n_clips` at a time."""
        states = self.states.split(n_clips)
        features = [None] * len(states) if self.features is None else self.features.split(n_clips)
        return zip(states, features, strict=True)


def prepare(trained: Trained, intensity: Tensor, generator: torch.Generator, batch_size: int = 256) -> PreparedClips:
    """Encode the clips and run the classical front, in the network's own precision."""
    if not isinstance(trained.classifier, StateClassifier):
        raise InputError(
            f"This backend runs circuits; {type(trained.classifier).__name__} has none. Choose the backend torch-float."
        )
    if len(intensity) == 0:
        raise InputError("intensity holds no clip. Give at least one.")
    classifier, encoder = trained.classifier, trained.encoder
    parts: list[Tensor] = []
    of_circuits: list[Tensor] = []
    angles: list[Tensor] = []
    fidelities: list[Tensor] = []
    encoder_counts = OperationCounts()
    encoded = intensity[:0]
    with evaluating(classifier), torch.no_grad():
        # In double precision a code's state is that of its angles, as whoever runs their circuit finds it.
        given = intensity.double() if isinstance(encoder, CircuitCode) else intensity
        for batch in given.split(batch_size):
            if isinstance(encoder, CircuitCode):
                angles.append(encoder.angles(batch))
            encoded = encoder(batch, generator)
            if isinstance(encoder, CircuitCode) and (found := encoder.fidelities(batch, encoded)) is not None:
                fidelities.append(found)
            states = encoded if isinstance(encoder, CircuitCode) else classifier.states(encoded)
            parts.append(states.to(torch.complex128 if states.is_complex() else torch.float64))
            features = classifier.features(encoded)
            if features is not None:
                of_circuits.append(features.double())
            encoder_counts += encoder.operations(batch, encoded).scaled(len(batch) / len(intensity))
        classical = classifier.classical_operations(encoded)
    preparation = classifier.preparation()
    code_angles = None
    if preparation is None and isinstance(encoder, CircuitCode):
        preparation, code_angles = encoder.preparation(*intensity.shape[1:]), torch.cat(angles)
    double = copy.deepcopy(classifier).double().eval()
    states = torch.cat(parts)
    _check_states(states)
    # Single precision leaves the norm 1 to about 1e-7; Aer wants it closer.
    states = states / torch.linalg.vector_norm(states, dim=1, keepdim=True)
    features = torch.cat(of_circuits) if of_circuits else None
    approximated = torch.cat(fidelities) if fidelities else None
    return PreparedClips(double, states, features, preparation, code_angles, approximated, encoder_counts, classical)


def _check_states(states: Tensor) -> None:
    """Refuse states with NaN, which no norm makes states of."""
    broken = (~torch.isfinite(states.abs().sum(1))).nonzero().flatten().tolist()
    if broken:
        raise InputError(
            f"The states of {len(broken)} of {len(states)} clips hold NaN or infinite amplitudes (first of them: "
            f"{broken[0]}, from 0). A network that has diverged gives such: train it again at a lower learning_rate."
        )


def preparation_by_gates(clips: PreparedClips) -> tuple[Circuit, Tensor]:
    """One circuit that prepares the states of all clips, and its angles [clip, feature] in radians."""
    if clips.preparation is None:
        return real_state_circuit(clips.classifier.circuit.structure.n_qubits), real_state_angles(clips.states)
    if clips.code_angles is None:
        return clips.preparation, clips.states.new_zeros(len(clips.states), 0, dtype=torch.float64)
    return clips.preparation, clips.code_angles


def spread_clips(n_given: int, n_wanted: int | None) -> tuple[int, ...] | None:
    """Which of the given clips are run where only some are: evenly spread, and None where that is all of them.

    Clips stand in the order of their manifest, so that labels and groups that lie there in runs are each drawn from in
    their proportion, up to one clip.

    >>> spread_clips(10, 4), spread_clips(10, None), spread_clips(3, 5)
    ((0, 3, 6, 9), None, None)
    """
    if n_wanted is None or n_wanted >= n_given:
        return None
    return tuple(np.linspace(0, n_given - 1, n_wanted).round().astype(int).tolist())


def check_n_clips(n_clips: int | None) -> None:
    """Refuse a number of clips that is none."""
    if n_clips is not None and n_clips < 1:
        raise InputError(f"n_clips must be 1 or more, or be left out for all clips; got {n_clips}.")


@torch.no_grad()
def engine_probabilities(clips: PreparedClips, batch_size: int = 256, device: torch.device | None = None) -> Tensor:
    """[clip, outcome], float64, on the CPU, from the engine on a device."""
    where = device or torch.device("cpu")
    classifier = clips.classifier.to(where)
    behind = [
        classifier.outcome_probabilities(states.to(where), None if features is None else features.to(where)).cpu()
        for states, features in clips.parts(batch_size)
    ]
    clips.classifier.cpu()
    return torch.cat(behind)


@torch.no_grad()
def logits_of(clips: PreparedClips, outcome_probabilities: Tensor) -> Tensor:
    """[clip, class] of the trained head on probabilities or relative frequencies."""
    logits: Tensor = clips.classifier.head(outcome_probabilities.double())
    return logits.float()


def notes_of(clips: PreparedClips) -> dict[str, Any]:
    """Facts for the table."""
    structure = clips.classifier.circuit.structure
    notes: dict[str, Any] = {
        "n_parameters": clips.classifier.n_parameters(),
        "n_circuit_parameters": structure.n_weights,
        "n_qubits": structure.n_qubits,
    }
    if clips.fidelities is not None:
        notes["preparation_fidelity"] = float(clips.fidelities.mean())
        notes["preparation_fidelity_lowest"] = float(clips.fidelities.min())
        notes["preparation_fidelity_by_clip"] = [round(one, 6) for one in clips.fidelities.tolist()]
    return notes


@torch.no_grad()
def exhibits_of(clips: PreparedClips, n_exhibits: int, behind: Tensor) -> tuple[Exhibit, ...]:
    """Probabilities of the prepared state and of the outcomes, as pictures, for the first clips."""
    n_qubits = clips.classifier.circuit.structure.n_qubits
    n_columns = 2 ** (n_qubits // 2)
    axes = ("upper qubits", "lower qubits")
    pictures: list[Exhibit] = []
    for index in range(min(n_exhibits, len(behind))):
        for title, values in (
            ("prepared state", probabilities(clips.states[index])),
            ("outcomes behind the circuit", behind[index]),
        ):
            array = values.reshape(-1, n_columns).numpy()
            pictures.append(Exhibit(f"{title}, clip {index}", array, axes, "probability"))
    return tuple(pictures)


def check_device(device: str) -> None:
    """Refuse a device that has no name here."""
    if device not in DEVICES:
        raise InputError(f"No device is called {device!r}. Choose one of: {', '.join(DEVICES)}.")


def torch_device(device: str) -> torch.device:
    """The device that states are evolved on: a GPU where `auto` finds one."""
    check_device(device)
    if device == "gpu" and not torch.cuda.is_available():
        raise InputError("device is 'gpu', but torch sees none. Choose auto or cpu.")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
