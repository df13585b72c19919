# quantum/classifiers/qft_circuit.py
"""The circuit alone: amplitude state -> trainable layers -> QFT -> trainable layers -> readout -> linear head.

    encoded   [batch, amplitude]   unit norm, real from the encoder `amplitude`, complex from the codes by a circuit
    logits    [batch, class]

Nothing is trained before the state. The logits are linear in outcome probabilities, so they are a quadratic form of
the amplitudes: c + x' A x with the few angles and the head to choose A.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.circuits.description import CircuitDescription, described_circuit, registers_of
from quantum.classifiers.head import Readout, check_circuit_options
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of
from quantum.engine.sampled import check_training_shots


@dataclass(frozen=True)
class QftCircuit:
    """The options of the circuit alone; `fourier`, `random_unitary`, `entangle` and `frozen` make controls of it."""

    n_layers_before: int = 2
    n_layers_after: int = 2
    entangler: str = "cz-ring"  # cz-ring or cx-ring
    fourier_register: str = "frame"  # all, mel or frame: what the QFT acts on; "mel+frame": both in turn
    readout: str = "probabilities"  # or expectations
    n_readout_qubits: int | None = None  # leading qubits told apart by "probabilities"; None: all
    dropout: float = 0.3  # of the values that the head reads
    fourier: bool = True  # False: no Fourier transform
    fourier_degree: int = 0  # of approximation: how many of the smallest controlled phases are left out
    random_unitary: int | None = None  # a seed: a random unitary, as many gates, in place of the Fourier transform
    entangle: bool = True  # False: no two-qubit gates in the layers
    frozen: bool = False  # True: random angles, not trained
    training_shots: int | None = None  # of each clip in each step, with unbiased gradients; None: exact

    def __post_init__(self) -> None:
        check_circuit_options(self.n_layers_before, self.n_layers_after, self.n_readout_qubits, self.dropout)
        check_training_shots(self.training_shots)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(
                f"qft-circuit reads states, got the code {shape.code!r}. Choose a state code, such as amplitude."
            )
        n_qubits = qubits_of(shape.n_channels)
        circuit = described_circuit(
            CircuitDescription(
                n_qubits,
                self.n_layers_before,
                self.n_layers_after,
                self.entangler if self.entangle else "none",
                registers_of(self.fourier_register, shape.grid) if self.fourier else (),
                self.fourier_degree,
                self.random_unitary,
            )
        )
        readout = Readout(self.readout, n_qubits, self.n_readout_qubits or n_qubits)
        return StateClassifier(
            circuit, readout, n_classes, frozen=self.frozen, dropout=self.dropout, training_shots=self.training_shots
        )
