# quantum/classifiers/data_reuploading.py
"""Data re-uploading: a clip's values turn the qubits again and again; no state is prepared.

    encoded    [batch, mel, frame]     in [0, 1], from the encoder `none` (which may pool)
    values     [batch, value]          the pooled picture; or, with widths, tanh of a small convolutional front
    features   [batch, gate]           radians: gate g is given factor[g] * values[g mod n_values]
    logits     [batch, class]

With `widths` it is a dressed circuit: a trained classical network before the angles and a linear head behind (Mari,
Bromley, Izaac, Schuld & Killoran, Quantum 4, 340 (2020), arXiv 1912.08278, with several uploads for one).
The circuit: `quantum/circuits/reuploading.py`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit
from quantum.circuits.reuploading import ROTATIONS_OF_A_QUBIT, reuploading_circuit
from quantum.classifiers.front import ConvolutionalFront, FrontOptions, check_grid_of_front, check_picture
from quantum.classifiers.head import MOST_LAYERS, Readout, check_dropout
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.sampled import check_training_shots


class ReuploadingClassifier(StateClassifier):
    """Front (where there is one), factors, circuit, readout and head."""

    place: Tensor  # [gate]: which value a gate is given

    def __init__(
        self,
        circuit: Circuit,
        readout: Readout,
        n_classes: int,
        *,
        n_values: int,
        factor_radians: float,
        front: nn.Module | None,
        frozen: bool,
        dropout: float,
        training_shots: int | None = None,
    ) -> None:
        super().__init__(
            circuit, readout, n_classes, front=front, frozen=frozen, dropout=dropout, training_shots=training_shots
        )
        self.factors = nn.Parameter(torch.full((circuit.n_features,), factor_radians), requires_grad=not frozen)
        self.register_buffer("place", torch.arange(circuit.n_features) % n_values, persistent=False)

    def states(self, encoded: Tensor) -> Tensor:
        """|0...0> for each clip."""
        start = self.factors.new_zeros(len(encoded), 2**self.circuit.structure.n_qubits)
        start[:, 0] = 1
        return start

    def features(self, encoded: Tensor) -> Tensor:
        encoded = encoded.to(self.factors.dtype)
        values = encoded.flatten(1) if self.front is None else torch.tanh(self.front(encoded))
        return values.index_select(1, self.place) * self.factors

    def preparation(self) -> Circuit:
        """None is needed: a processor starts in |0...0>."""
        return Circuit(self.circuit.structure.n_qubits, ())

    def classical_operations(self, encoded: Tensor) -> OperationCounts:
        """The front and its tanh, one product for each gate that follows the clip, and the head."""
        n_gates = len(self.factors)
        counts = OperationCounts.of("network", "features", multiply_fp32=n_gates, sram_bytes=3 * 4 * n_gates)
        if self.front is not None:
            counts += count_modules(self.front, encoded[:1].to(self.factors.dtype))
            n_values = int(self.place.max()) + 1
            counts += OperationCounts.of(
                "network", "features", transcendental_fp32=n_values, sram_bytes=2 * 4 * n_values
            )
        return counts + self.head.operations()


@dataclass(frozen=True)
class DataReuploading:
    """The options of the classifier; `entangler = "none"` and `frozen` take parts of it away, as controls."""

    n_qubits: int = 8
    n_layers: int = 8  # each takes up two values a qubit
    entangler: str = "cz-ring"  # cz-ring, cx-ring or none
    factor_radians: float = math.pi  # of a value of 1, before training
    widths: tuple[int, ...] = ()  # of convolutions in front; (): the picture itself is taken up
    grid: tuple[int, int, int] = (1, 4, 8)  # values that the front gives: channel, mel, frame, powers of two
    readout: str = "expectations"  # or probabilities, of all qubits
    dropout: float = 0.0  # of the values that the head reads
    frozen: bool = False  # True: random angles and equal factors, not trained
    training_shots: int | None = None  # of each clip in each step, with unbiased gradients; None: exact

    def __post_init__(self) -> None:
        check_dropout(self.dropout)
        check_training_shots(self.training_shots)
        if not 1 <= self.n_layers <= MOST_LAYERS:
            raise InputError(f"n_layers must lie in 1 to {MOST_LAYERS}; got {self.n_layers}.")
        check_grid_of_front(self.widths, self.grid, type(self).grid)
        if not 0 < self.factor_radians <= 2 * math.pi:
            raise InputError(f"factor_radians must lie in (0, 2 pi]; got {self.factor_radians}.")
        # Only what differs from its default is taken for given.
        if self.entangler != type(self).entangler and min(self.n_layers, self.n_qubits) == 1:
            raise InputError(
                f"entangler = {self.entangler!r} is of the two-qubit gates between two layers, and n_layers = "
                f"{self.n_layers} of n_qubits = {self.n_qubits} have none: give 2 or more of both, or leave entangler "
                f"out ({type(self).entangler!r})."
            )

    def build(self, shape: EncodedShape, n_classes: int) -> ReuploadingClassifier:
        circuit = reuploading_circuit(self.n_qubits, self.n_layers, self.entangler)
        front = None
        if self.widths:
            options = FrontOptions(self.widths, self.grid)
            check_picture(shape, options, "data-reuploading")
            front, n_values = ConvolutionalFront(options), math.prod(self.grid)
        else:
            if shape.code != "intensity":
                raise InputError(
                    f"data-reuploading reads a picture, got the code {shape.code!r}. Choose the encoder none."
                )
            n_values = shape.n_channels
        n_gates = len(ROTATIONS_OF_A_QUBIT) * self.n_qubits * self.n_layers
        if n_gates < n_values:
            raise InputError(
                f"{self.n_layers} layers of {self.n_qubits} qubits take up {n_gates} values, and a clip has "
                f"{n_values}. Give more n_layers or n_qubits, or pool more (encoder none, option pool)."
            )
        return ReuploadingClassifier(
            circuit,
            Readout(self.readout, self.n_qubits, self.n_qubits),
            n_classes,
            n_values=n_values,
            factor_radians=self.factor_radians,
            front=front,
            frozen=self.frozen,
            dropout=self.dropout,
            training_shots=self.training_shots,
        )
