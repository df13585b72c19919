# quantum/classifiers/quanvolution.py
"""Quanvolution: a small circuit on every patch of 2 x 2 intensities, a linear head on the four maps that come of it.

    encoded   [batch, mel, frame]              in [0, 1], from the encoder `none`; an odd last row or column is left out
    maps      [batch, 4, mel / 2, frame / 2]   <Z> of the four qubits of each patch, in [-1, 1]
    logits    [batch, class]                   batch norm, means over `pool`, dropout, linear map

The circuit is an exact linear map of 81 features of its patch (`quantum/circuits/patch_circuit.py`). `run_as = "map"`
works with the map, `run_as = "circuit"` with the states; they are equal to rounding and train alike. The control
`patch-map` has the same features and a map of its own.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool
from quantum.circuits.circuit import Circuit
from quantum.circuits.patch_circuit import (
    N_FEATURES,
    N_QUBITS,
    PATCH,
    layers_circuit,
    patch_circuit,
    patch_features,
    patch_map,
)
from quantum.circuits.variational import VariationalCircuit
from quantum.classifiers.head import check_dropout
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.engine.execution import Engine
from quantum.engine.readout import probabilities, z_expectations
from quantum.operations import simulation_operations

RUNS = ("map", "circuit")


def patches_of(pictures: Tensor) -> Tensor:
    """[batch, mel, frame] -> [batch, patch, 4], patches row by row; of a patch the upper row first."""
    return nn.functional.unfold(pictures[:, None], PATCH, stride=PATCH).mT


class MapsHead(nn.Sequential):
    """Batch norm of the four maps, means over a pool, dropout, linear map."""

    def __init__(self, grid: tuple[int, int], pool: Pool, n_classes: int, dropout: float) -> None:
        self.grid = grid
        n = N_QUBITS * (grid[0] // pool[0]) * (grid[1] // pool[1])
        super().__init__(
            nn.BatchNorm2d(N_QUBITS),
            nn.AvgPool2d(pool),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(n, n_classes),
        )

    def forward(self, values: Tensor) -> Tensor:
        """[batch, patch, 4] -> logits."""
        logits: Tensor = super().forward(self.maps(values))
        return logits

    def maps(self, values: Tensor) -> Tensor:
        """[batch, 4, mel / 2, frame / 2]."""
        return values.mT.unflatten(2, self.grid)


class Quanvolver(ManyCircuits):
    """Layers with their angles, and the head."""

    def __init__(self, options: "Quanvolution", head: MapsHead) -> None:
        super().__init__()
        self.options = options
        self.layers = VariationalCircuit(layers_circuit(options.n_layers), frozen=options.frozen, spread_radians=1.0)
        self.engine = Engine(patch_circuit(options.n_layers))
        self.head = head

    def angles(self, encoded: Tensor) -> Tensor:
        """[batch, patch, 4] radians."""
        return patches_of(encoded.to(self.layers.angles.dtype)) * self.options.scale_radians

    def map(self) -> Tensor:
        """M [4, 81] of the present angles."""
        basis = torch.eye(2**N_QUBITS, dtype=self.layers.angles.dtype, device=self.layers.angles.device)
        return patch_map(self.layers(basis).mT)  # row b of what the layers give is column b of the unitary

    def behind(self, angles: Tensor) -> Tensor:
        """[patch, 4] -> states [patch, 16] of the circuit."""
        start = angles.new_zeros(len(angles), 2**N_QUBITS)
        start[:, 0] = 1
        states: Tensor = self.engine(start, self.layers.angles, angles)
        return states

    def values(self, encoded: Tensor) -> Tensor:
        """<Z> of each qubit of each patch: [batch, patch, 4]."""
        angles = self.angles(encoded)
        if self.options.run_as == "map":
            return patch_features(angles) @ self.map().mT
        return z_expectations(self.behind(angles.flatten(0, 1))).view_as(angles)

    def forward(self, encoded: Tensor) -> Tensor:
        logits: Tensor = self.head(self.values(encoded))
        return logits

    def n_circuits(self, encoded: Tensor) -> int:
        return math.prod(self.head.grid)

    def circuit(self, preparation: Circuit | None) -> Circuit:
        return self.engine.circuit

    def logits_in_shots(self, encoded: Tensor, n_shots: int, draw: np.random.Generator) -> Tensor:
        angles = self.angles(encoded)
        exact = probabilities(self.behind(angles.flatten(0, 1))).double().cpu().numpy()
        drawn = torch.from_numpy(draw.multinomial(n_shots, exact / exact.sum(axis=1, keepdims=True)) / n_shots)
        outcome = torch.arange(2**N_QUBITS)
        signs = 1 - 2 * ((outcome[:, None] >> torch.arange(N_QUBITS)) & 1)
        logits: Tensor = self.head((drawn @ signs.double()).to(angles).view_as(angles))
        return logits

    def classical_operations(self, encoded: Tensor) -> OperationCounts:
        """An angle for each intensity, and the head."""
        n = N_QUBITS * self.n_circuits(encoded)
        angles = OperationCounts.of("network", "angles", multiply_fp32=n, sram_bytes=8 * n)
        maps = self.head.maps(self.angles(encoded[:1]))
        return angles + count_modules(nn.Sequential(*self.head), maps, stage="readout")

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip, on a classical machine: by the map, or by the states."""
        n = self.n_circuits(encoded)
        if self.options.run_as == "map":
            counts = map_operations(n)
        else:
            n_outcomes = 2**N_QUBITS
            z = OperationCounts.of(
                "network",
                "z",
                multiply_fp32=2 * n_outcomes,
                add_fp32=n_outcomes + N_QUBITS * (n_outcomes - 1),
                sram_bytes=8 * n_outcomes + 4 * N_QUBITS,
            )
            counts = (simulation_operations(self.engine.circuit) + z).scaled(n)
        return self.classical_operations(encoded) + counts


def map_operations(n_patches: int) -> OperationCounts:
    """Sines and cosines, their products (9, 27 and 81), and the map."""
    n_products = sum(3**k for k in range(2, N_QUBITS + 1))
    return OperationCounts.of(
        "network",
        "patch-map",
        transcendental_fp32=2 * N_QUBITS,
        multiply_fp32=n_products,
        mac_fp32=N_FEATURES * N_QUBITS,
        sram_bytes=4 * (N_QUBITS + n_products + N_FEATURES * N_QUBITS + N_QUBITS),
    ).scaled(n_patches)


def check_patches(shape: EncodedShape, pool: Pool, name: str) -> tuple[int, int]:
    """(rows, columns) of patches, or why the picture has none."""
    if shape.code != "intensity" or len(shape.grid) != 2:
        raise InputError(f"{name} reads a picture (mel x frame), got the code {shape.code!r}. Choose the encoder none.")
    grid = shape.grid[0] // PATCH, shape.grid[1] // PATCH
    if min(grid) < 1 or grid[0] < pool[0] or grid[1] < pool[1]:
        raise InputError(f"{name} has {grid[0]} x {grid[1]} patches; a pool of {pool} is too large. Pool less.")
    return grid


@dataclass(frozen=True)
class Quanvolution:
    """The options of quanvolution."""

    n_layers: int = 1
    frozen: bool = True  # random angles, as published; False: trained
    scale_radians: float = math.pi  # of an intensity of 1
    pool: Pool = (2, 2)  # means over patches (mel, frame) before the head
    dropout: float = 0.0
    run_as: str = "map"  # or circuit

    def __post_init__(self) -> None:
        check_dropout(self.dropout)
        check_pool(self.pool)
        choose({name: name for name in RUNS}, self.run_as, what="way to run quanvolution")
        if not 0 < self.scale_radians <= 2 * math.pi:
            raise InputError(f"scale_radians must lie in (0, 2 pi]; got {self.scale_radians}.")
        if not 1 <= self.n_layers <= 100:
            raise InputError(f"n_layers must lie in 1 to 100; got {self.n_layers}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Quanvolver:
        grid = check_patches(shape, self.pool, "quanvolution")
        return Quanvolver(self, MapsHead(grid, self.pool, n_classes, self.dropout))
