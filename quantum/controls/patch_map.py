# quantum/controls/patch_map.py
"""Control of quanvolution: the 81 features of each patch, and any linear map of them in the circuit's place.

    encoded   [batch, mel, frame]   in [0, 1]
    logits    [batch, class]

Every circuit of `quanvolution` is one such map (`quantum/circuits/patch_circuit.py`), and most maps are no circuit.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pooling import Pool, check_pool
from quantum.circuits.patch_circuit import N_FEATURES, N_QUBITS, patch_features
from quantum.classifiers.head import check_dropout
from quantum.classifiers.quanvolution import MapsHead, check_patches, map_operations, patches_of


class PatchMapClassifier(Classifier):
    """The map, and the head."""

    def __init__(self, options: "PatchMap", head: MapsHead) -> None:
        super().__init__()
        self.scale_radians = options.scale_radians
        # The rows of a circuit's map have norms of at most 1: the sum of the squares of Tr(P O) / 16 is Tr(O O) / 16.
        self.map = nn.Parameter(torch.randn(N_QUBITS, N_FEATURES) / math.sqrt(N_FEATURES))
        self.head = head

    def forward(self, encoded: Tensor) -> Tensor:
        features = patch_features(patches_of(encoded.to(self.map.dtype)) * self.scale_radians)
        logits: Tensor = self.head(features @ self.map.mT)
        return logits

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip."""
        patches = patches_of(encoded[:1].to(self.map.dtype))
        n = patches[0].numel()
        angles = OperationCounts.of("network", "angles", multiply_fp32=n, sram_bytes=8 * n)
        head = count_modules(nn.Sequential(*self.head), self.head.maps(patches), stage="readout")
        return angles + map_operations(n // N_QUBITS) + head


@dataclass(frozen=True)
class PatchMap:
    """The options of the control; give it those of the quanvolution that it belongs to."""

    scale_radians: float = math.pi  # of an intensity of 1
    pool: Pool = (2, 2)  # means over patches (mel, frame) before the head
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_dropout(self.dropout)
        check_pool(self.pool)
        if not 0 < self.scale_radians <= 2 * math.pi:
            raise InputError(f"scale_radians must lie in (0, 2 pi]; got {self.scale_radians}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        grid = check_patches(shape, self.pool, "patch-map")
        return PatchMapClassifier(self, MapsHead(grid, self.pool, n_classes, self.dropout))
