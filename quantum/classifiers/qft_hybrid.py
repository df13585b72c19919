# quantum/classifiers/qft_hybrid.py
"""The hybrid: a small convolutional front -> state -> trainable layers -> QFT -> trainable layers -> readout -> head.

    encoded   [batch, mel, frame]   in [0, 1], from the encoder `none`
    logits    [batch, class]

The front and the circuit are trained together, through the state. The controls of the circuit are the options
`fourier`, `random_unitary`, `entangle` and `frozen`, and the classifiers of `quantum.controls`.
"""

from dataclasses import dataclass

from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.circuits.description import CircuitDescription, described_circuit, registers_of
from quantum.classifiers.front import ConvolutionalFront, FrontOptions, check_picture
from quantum.classifiers.head import Readout, check_circuit_options
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of
from quantum.engine.sampled import check_training_shots


@dataclass(frozen=True)
class QftHybrid:
    """The options of the hybrid; `fourier`, `random_unitary`, `entangle` and `frozen` make controls of it."""

    widths: tuple[int, ...] = (16, 32, 32)  # of the convolutions in front
    grid: tuple[int, int, int] = (8, 4, 8)  # amplitudes: channel, mel, frame; 256 are 8 qubits
    n_layers_before: int = 1
    n_layers_after: int = 1
    entangler: str = "cx-ring"  # cx-ring or cz-ring
    fourier_register: str = "all"  # all, channel, mel, frame: what the QFT acts on; "mel+frame": both in turn
    readout: str = "probabilities"  # or expectations
    n_readout_qubits: int | None = None  # leading qubits told apart by "probabilities"; None: all
    dropout: float = 0.0  # of the values that the head reads
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
        options = FrontOptions(self.widths, self.grid)
        check_picture(shape, options, "qft-hybrid")
        n_qubits = qubits_of(self.grid[0] * self.grid[1] * self.grid[2])
        circuit = described_circuit(
            CircuitDescription(
                n_qubits,
                self.n_layers_before,
                self.n_layers_after,
                self.entangler if self.entangle else "none",
                registers_of(self.fourier_register, self.grid) if self.fourier else (),
                self.fourier_degree,
                self.random_unitary,
            )
        )
        readout = Readout(self.readout, n_qubits, self.n_readout_qubits or n_qubits)
        front = ConvolutionalFront(options)
        return StateClassifier(
            circuit,
            readout,
            n_classes,
            front=front,
            frozen=self.frozen,
            dropout=self.dropout,
            training_shots=self.training_shots,
        )
