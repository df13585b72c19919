# quantum/classifiers/qcnn.py
"""The quantum convolutional network: state -> convolutions and pooling -> readout of the kept qubits -> linear head.

    encoded   [batch, amplitude]   unit norm, real from the encoder `amplitude`, complex from the codes by a circuit
    logits    [batch, class]

The head reads the outcome probabilities (or Z and ZZ) of the kept qubits alone.
The circuit: `quantum/circuits/qcnn.py`.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.circuits.description import registers_of
from quantum.circuits.qcnn import QcnnDescription, qcnn_circuit
from quantum.classifiers.head import Readout, check_dropout
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of
from quantum.engine.sampled import check_training_shots


@dataclass(frozen=True)
class Qcnn:
    """The options of the network; `entangle` and `frozen` take parts of it away, as controls."""

    n_stages: int = 1  # each keeps every second qubit
    n_convolutions: int = 2  # before each pooling
    shared: bool = True  # one unitary for all pairs of a convolution; False: one for each pair
    fourier_register: str | None = None  # all, mel, frame or mel+frame: transformed first; None: no transform
    readout: str = "probabilities"  # or expectations
    dropout: float = 0.0  # of the values that the head reads
    entangle: bool = True  # False: no two-qubit gates
    frozen: bool = False  # True: random angles, not trained
    training_shots: int | None = None  # of each clip in each step, with unbiased gradients; None: exact

    def __post_init__(self) -> None:
        check_dropout(self.dropout)
        check_training_shots(self.training_shots)

    def build(self, shape: EncodedShape, n_classes: int) -> StateClassifier:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(f"qcnn reads states, got the code {shape.code!r}. Choose a state code, such as amplitude.")
        description = QcnnDescription(
            qubits_of(shape.n_channels),
            self.n_stages,
            self.n_convolutions,
            self.shared,
            self.entangle,
            () if self.fourier_register is None else registers_of(self.fourier_register, shape.grid),
        )
        kept = description.kept
        readout = Readout(self.readout, len(kept), len(kept), (description.n_qubits, kept))
        return StateClassifier(
            qcnn_circuit(description),
            readout,
            n_classes,
            frozen=self.frozen,
            dropout=self.dropout,
            spread_radians=1.0,
            training_shots=self.training_shots,
        )
