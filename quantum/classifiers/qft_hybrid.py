# quantum/classifiers/qft_hybrid.py
"""The hybrid: a small convolutional front -> state -> trainable layers -> QFT -> trainable layers -> readout -> head.

    encoded   [batch, mel, frame]   in [0, 1], from the encoder `none`
    logits    [batch, class]

The front and the circuit are trained together, through the state. The controls of the circuit are the options
`fourier`, `random_unitary`, `entangle` and `frozen`, and the classifiers of `quantum.controls`.
"""

import math
from dataclasses import dataclass

from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.front import ConvolutionalFront, FrontOptions, check_picture
from quantum.classifiers.layers_around_fourier import LayersAroundFourier
from quantum.classifiers.state_classifier import StateClassifier
from quantum.engine.amplitudes import qubits_of


@dataclass(frozen=True)
class QftHybrid(LayersAroundFourier):
    """The options of the hybrid; `fourier`, `random_unitary`, `entangle` and `frozen` make controls of it."""

    n_layers_before: int = 1
    n_layers_after: int = 1
    entangler: str = "cx-ring"  # cx-ring or cz-ring
    fourier_register: str = "all"  # all, channel, mel, frame: what the QFT acts on; "mel+frame": both in turn
    dropout: float = 0.0  # of the values that the head reads
    widths: tuple[int, ...] = (16, 32, 32)  # of the convolutions in front
    grid: tuple[int, int, int] = (8, 4, 8)  # amplitudes: channel, mel, frame; 256 are 8 qubits

    def build(self, shape: EncodedShape, n_classes: int) -> StateClassifier:
        options = FrontOptions(self.widths, self.grid)
        check_picture(shape, options, "qft-hybrid")
        n_qubits = qubits_of(math.prod(self.grid))
        return self.classifier(n_qubits, self.grid, n_classes, ConvolutionalFront(options))
