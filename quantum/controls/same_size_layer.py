# quantum/controls/same_size_layer.py
"""Control: a classical layer with exactly the circuit's parameters in the circuit's place, read by the same head.

    encoded   [batch, mel, frame] with widths, [batch, amplitude] without
    logits    [batch, class]

The circuit mixes all amplitudes by few angles and squares them. The layer mixes all elements of the same vector by as
many weights, shared around a ring, and squares or rectifies:

    mixed[i]  = sum_t weight[t] * vector[(i + t * spacing) mod n]            spacing = floor(n / n_weights), at least 1
    values[r] = mean of f(mixed) over the r-th of n_values runs of elements

Batch norm and linear head follow, with as many values as the circuit's readout has.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from quantum.circuits.description import CircuitDescription
from quantum.classifiers.front import OptionalFront
from quantum.classifiers.head import Readout, check_circuit_options
from quantum.controls.circuit_removed import VectorClassifier, front_of
from quantum.engine.amplitudes import qubits_of

NONLINEARITIES = ("square", "rectify")


class RingLayer(nn.Module):
    """A circular convolution whose taps are spread over the vector, and a pointwise nonlinearity."""

    taps: Tensor

    def __init__(self, n_amplitudes: int, n_weights: int, nonlinearity: str) -> None:
        super().__init__()
        self.nonlinearity = nonlinearity
        self.weight = nn.Parameter(torch.randn(n_weights) / math.sqrt(n_weights))
        spacing = max(1, n_amplitudes // n_weights)
        taps = (torch.arange(n_amplitudes)[:, None] - spacing * torch.arange(n_weights)) % n_amplitudes
        self.register_buffer("taps", taps, persistent=False)

    def forward(self, vectors: Tensor) -> Tensor:
        n = vectors.shape[-1]
        # One matrix product with the circulant matrix of the taps: weight t stands at row j, column j - t * spacing.
        circulant = vectors.new_zeros(n, n).scatter_add(1, self.taps, self.weight.expand(n, -1))
        mixed = vectors @ circulant
        return mixed.square() if self.nonlinearity == "square" else torch.relu(mixed)

    def layer_operations(self, inputs: tuple[Tensor, ...], output: Tensor) -> dict[str, float]:
        """One multiply-accumulate per element and tap, and the nonlinearity."""
        del inputs
        own = "multiply_fp32" if self.nonlinearity == "square" else "compare_fp32"
        return {"mac_fp32": float(output.numel() * self.weight.numel()), own: float(output.numel())}


class RunMeans(nn.Module):
    """Means over neighbouring elements: `n_values` of them."""

    def __init__(self, n_values: int) -> None:
        super().__init__()
        self.mean = nn.AdaptiveAvgPool1d(n_values)

    def forward(self, mixed: Tensor) -> Tensor:
        means: Tensor = self.mean(mixed[:, None])
        return means[:, 0]


@dataclass(frozen=True)
class SameSizeLayer(OptionalFront):
    """The options of the control; give it those of the hybrid or the circuit that it belongs to."""

    n_layers_before: int = 1
    n_layers_after: int = 1
    readout: str = "probabilities"
    n_readout_qubits: int | None = None
    nonlinearity: str = "square"  # or rectify
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nonlinearity not in NONLINEARITIES:
            known = ", ".join(NONLINEARITIES)
            raise InputError(f"No nonlinearity is called {self.nonlinearity!r}. Choose one of: {known}.")
        check_circuit_options(
            self.n_layers_before, self.n_layers_after, self.readout, self.n_readout_qubits, self.dropout
        )
        if self.n_layers_before + self.n_layers_after < 1:
            raise InputError("A layer of the size of no circuit does not exist. Choose the classifier circuit-removed.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        front, n = front_of(shape, self.widths, self.grid, "same-size-layer")
        n_qubits = qubits_of(n // 2 if shape.code == "complex-state" else n)
        n_weights = CircuitDescription(n_qubits, self.n_layers_before, self.n_layers_after).n_parameters
        n_values = Readout(self.readout, n_qubits, self.n_readout_qubits or n_qubits).n_values
        network = nn.Sequential(
            RingLayer(n, n_weights, self.nonlinearity),
            RunMeans(n_values),
            nn.BatchNorm1d(n_values),
            nn.Dropout(self.dropout),
            nn.Linear(n_values, n_classes),
        )
        return VectorClassifier(front, network, n)
