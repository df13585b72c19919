# quantum/controls/circuit_removed.py
"""Control: the circuit removed. The same unit vector that the state would be, straight into a linear head.

    encoded   [batch, mel, frame] with widths, [batch, amplitude] without
    logits    [batch, class]

With `widths` the front is that of `qft-hybrid`; without, the encoder `amplitude` gives the vector. The vector is scaled
by sqrt(n) so that its elements are of order 1, as a constant factor that the head absorbs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from quantum.classifiers.front import ConvolutionalFront, FrontOptions, OptionalFront, check_picture
from quantum.classifiers.head import check_dropout
from quantum.encoders.amplitude import unit_states


class VectorClassifier(Classifier):
    """Front (where there is one), unit vector, a classical network on it."""

    def __init__(self, front: nn.Module | None, network: nn.Module, n_amplitudes: int) -> None:
        super().__init__()
        self.front = front
        self.network = network
        self.n_amplitudes = n_amplitudes

    def vectors(self, encoded: Tensor) -> Tensor:
        """[batch, amplitude]: what the circuit would be given, times sqrt(amplitudes)."""
        if encoded.is_complex():
            encoded = torch.view_as_real(encoded).mT.flatten(1)
        unscaled = encoded if self.front is None else self.front(encoded)
        return unit_states(unscaled) * self.n_amplitudes**0.5

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.network(self.vectors(encoded))
        return logits

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip."""
        counts = count_modules(self.network, self.vectors(encoded[:1]), stage="readout")
        if self.front is None:
            return counts
        n = self.n_amplitudes
        unit_vector = OperationCounts.of(
            "network", "unit-vector", mac_fp32=n, multiply_fp32=n, transcendental_fp32=2, sram_bytes=8 * n
        )
        return count_modules(self.front, encoded[:1]) + unit_vector + counts


def front_of(
    shape: EncodedShape, widths: tuple[int, ...], grid: tuple[int, int, int], name: str
) -> tuple[ConvolutionalFront | None, int]:
    """The front and the number of values that it gives; without widths, no front and the amplitudes of the encoder (of
    a complex state the real parts, then the imaginary parts)."""
    if not widths:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(
                f"{name} without widths reads states; got the code {shape.code!r}. Choose a state code, as amplitude."
            )
        return None, shape.n_channels * (1 if shape.code == "state" else 2)
    options = FrontOptions(widths, grid)
    check_picture(shape, options, name)
    return ConvolutionalFront(options), grid[0] * grid[1] * grid[2]


@dataclass(frozen=True)
class CircuitRemoved(OptionalFront):
    """The options of the control; give it the `widths` and `grid` of the hybrid that it belongs to."""

    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_dropout(self.dropout)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        front, n = front_of(shape, self.widths, self.grid, "circuit-removed")
        return VectorClassifier(front, nn.Sequential(nn.Dropout(self.dropout), nn.Linear(n, n_classes)), n)
