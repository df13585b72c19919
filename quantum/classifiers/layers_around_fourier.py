# quantum/classifiers/layers_around_fourier.py
"""The options of a circuit of trainable layers around a Fourier transform, and the classifier that they make."""

from dataclasses import dataclass, fields

from torch import nn

from classical_baselines.harness.choices import InputError
from quantum.circuits.description import CircuitDescription, described_circuit, registers_of
from quantum.classifiers.head import Readout, check_circuit_options
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.sampled import check_training_shots


@dataclass(frozen=True)
class LayersAroundFourier:
    """Of the circuit, whatever gives it its states."""

    n_layers_before: int
    n_layers_after: int
    entangler: str  # cx-ring or cz-ring
    fourier_register: str  # all, channel, mel, frame: what the QFT acts on; "mel+frame": both in turn
    dropout: float  # of the values that the head reads
    readout: str = "probabilities"  # or expectations
    n_readout_qubits: int | None = None  # leading qubits told apart by "probabilities"; None: all
    fourier: bool = True  # False: no Fourier transform
    fourier_degree: int = 0  # of approximation: how many of the smallest controlled phases are left out
    random_unitary: int | None = None  # a seed: a random unitary, as many gates, in place of the Fourier transform
    entangle: bool = True  # False: no two-qubit gates in the layers
    frozen: bool = False  # True: random angles, not trained
    training_shots: int | None = None  # of each clip in each step, with unbiased gradients; None: exact

    def __post_init__(self) -> None:
        check_circuit_options(
            self.n_layers_before, self.n_layers_after, self.readout, self.n_readout_qubits, self.dropout
        )
        check_training_shots(self.training_shots)
        self._check_that_options_act()

    def _check_that_options_act(self) -> None:
        """Refuse options of what others leave out; only what differs from its default is taken for given."""
        if not self.fourier:
            self._check_left_out(
                ("fourier_degree", "fourier_register", "random_unitary"),
                "is of the Fourier transform, or of what stands in place of the Fourier transform: leave fourier on",
            )
        if not self.entangle:
            self._check_left_out(
                ("entangler",), "is of the two-qubit gates, which entangle = False takes away: leave entangle on"
            )
        if self.n_layers_before + self.n_layers_after == 0:
            self._check_left_out(
                ("frozen", "entangle", "entangler"),
                "is of the layers, and n_layers_before = n_layers_after = 0 are no layer: give one",
            )

    def _check_left_out(self, names: tuple[str, ...], why: str) -> None:
        defaults = {one.name: one.default for one in fields(self)}
        for name in names:
            value = getattr(self, name)
            if value != defaults[name]:
                raise InputError(f"{name} = {value!r} {why}, or leave {name} out ({defaults[name]!r}).")

    def classifier(
        self, n_qubits: int, grid: tuple[int, ...], n_classes: int, front: nn.Module | None = None
    ) -> StateClassifier:
        """Of states of `n_qubits` qubits, whose amplitudes are a grid, the last axis fastest."""
        circuit = described_circuit(
            CircuitDescription(
                n_qubits,
                self.n_layers_before,
                self.n_layers_after,
                self.entangler if self.entangle else "none",
                registers_of(self.fourier_register, grid) if self.fourier else (),
                self.fourier_degree,
                self.random_unitary,
            )
        )
        return StateClassifier(
            circuit,
            Readout(self.readout, n_qubits, self.n_readout_qubits or n_qubits),
            n_classes,
            front=front,
            frozen=self.frozen,
            dropout=self.dropout,
            training_shots=self.training_shots,
        )
