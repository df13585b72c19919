# quantum/controls/fourier_features.py
"""Control: the power spectrum that the QFT would give, by a classical FFT, with the values of its readout.

    encoded    [batch, mel, frame] with widths, [batch, amplitude] without
    spectrum   |FFT|**2 of the unit vector along the register of the hybrid, the others kept: [batch, outcome]
    logits     [batch, class]: the hybrid's own readout and head on the spectrum

It is the hybrid with no trainable layer: the QFT of a state followed by a measurement has exactly this spectrum, so
what the hybrid is ahead of it is owed to its trainable layers. Nothing here is quantum, and it is paid as an FFT.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit, Fourier
from quantum.circuits.description import registers_of
from quantum.classifiers.front import OptionalFront
from quantum.classifiers.head import Readout, ReadoutHead, check_circuit_options
from quantum.controls.circuit_removed import front_of
from quantum.encoders.amplitude import unit_states
from quantum.engine.amplitudes import qubits_of
from quantum.operations import simulation_operations


class SpectrumClassifier(Classifier):
    """Front (where there is one), unit vector, FFT along registers, readout and head."""

    def __init__(
        self, front: nn.Module | None, registers: tuple[tuple[int, int], ...], readout: Readout, n_classes: int,
        dropout: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.front = front
        self.registers = registers
        self.transforms = Circuit(readout.n_qubits, tuple(Fourier(*register) for register in registers))
        self.head = ReadoutHead(readout, n_classes, dropout)

    def spectrum(self, encoded: Tensor) -> Tensor:
        """[batch, outcome]: non-negative, sums to 1."""
        vectors = (
            encoded if encoded.is_complex() else unit_states(encoded if self.front is None else self.front(encoded))
        )
        shape = vectors.shape
        for first, n_qubits in self.registers:
            axes = vectors.reshape(len(vectors), -1, 2**n_qubits, 2**first)
            vectors = torch.fft.ifft(axes, dim=2, norm="ortho")  # the quantum transform has the sign +
        return vectors.reshape(shape).abs().square()

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.head(self.spectrum(encoded))
        return logits

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip."""
        n = 2**self.head.readout.n_qubits
        counts = simulation_operations(self.transforms) + self.head.readout.simulation() + self.head.operations()
        if self.front is not None:
            counts += count_modules(self.front, encoded[:1])
            counts += OperationCounts.of(
                "network", "unit-vector", mac_fp32=n, multiply_fp32=n, transcendental_fp32=2, sram_bytes=8 * n
            )
        return counts


@dataclass(frozen=True)
class FourierFeatures(OptionalFront):
    """The options of the control; give it those of the hybrid or the circuit that it belongs to."""

    fourier_register: str = "all"  # all, channel, mel, frame, or two in turn: "mel+frame"
    readout: str = "probabilities"
    n_readout_qubits: int | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_circuit_options(0, 0, self.readout, self.n_readout_qubits, self.dropout)

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        front, _ = front_of(shape, self.widths, self.grid, "fourier-features")
        grid = self.grid if front is not None else shape.grid
        n_qubits = qubits_of(self.grid[0] * self.grid[1] * self.grid[2] if front is not None else shape.n_channels)
        readout = Readout(self.readout, n_qubits, self.n_readout_qubits or n_qubits)
        registers = registers_of(self.fourier_register, grid)
        return SpectrumClassifier(front, registers, readout, n_classes, self.dropout)
