# neuro/classifiers/convolutional.py
"""Convolutional LIF network over the mel x frame picture of a picture code, then a dense integrating readout.

    spikes   [step, batch, channel = mel * frame]   ->   logits   [batch, class]

Every layer is a 3 x 3 convolution (padding 1) with a stride in place of pooling, so that each spike is one that the
chip routes.
"""

from dataclasses import dataclass

from torch import nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from neuro.classifiers.options import ChipOptions, check_code
from neuro.classifiers.readout import Readout
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.classifiers.synapses import Synapses

KERNEL = 3


@dataclass(frozen=True)
class ConvolutionalSnn(ChipOptions):
    """The options of a convolutional LIF network."""

    channels: tuple[int, ...] = (16, 32, 64)  # of each LIF layer
    strides: tuple[int, ...] = (2, 2, 2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.channels or len(self.channels) != len(self.strides):
            raise InputError(f"channels and strides need one entry per layer; got {self.channels} and {self.strides}.")
        if min(*self.channels, *self.strides) < 1:
            raise InputError(f"channels and strides must be of at least 1; got {self.channels} and {self.strides}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "convolutional-snn")
        if len(shape.grid) != 2 or shape.n_steps < 1:
            raise InputError(
                "convolutional-snn reads a picture code (mel x frame). Choose latency, rate or direct-current."
            )
        n_mels, n_frames = shape.grid
        layers, n_in = [], 1
        for n_out, stride in zip(self.channels, self.strides, strict=True):
            layers.append(Synapses(nn.Conv2d(n_in, n_out, KERNEL, stride, KERNEL // 2, bias=False)))
            n_in, n_mels, n_frames = n_out, -(-n_mels // stride), -(-n_frames // stride)
        return SpikingNetwork(
            shape,
            layers,
            Readout(n_in * n_mels * n_frames, n_classes),
            self.neuron,
            picture=(1, *shape.grid),
            **self.for_network(),
        )
