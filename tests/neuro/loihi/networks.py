"""Random integer networks for the tests."""

from itertools import pairwise

import numpy as np
import torch

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork

READOUT_THRESHOLD = 2**17 - 1


def even(rng, shape, largest=60):
    return 2 * rng.integers(-largest // 2, largest // 2 + 1, shape)


def made(options, decay=410, threshold=70, **changes):
    """A layer of LIF neurons unless another neuron is among the changes."""
    return LoihiLayer(**{**options, "neuron": Lif(decay, threshold), **changes})


def dense_layer(rng, n_in, n_out, **changes):
    options = {
        "kind": "dense",
        "weights": even(rng, (n_out, n_in)),
        "bias_mantissa": rng.integers(-500, 900, n_out),
        "bias_exponent": 1,
        "input_grid": (n_in,),
        "output_grid": (n_out,),
    }
    return made(options, **changes)


def convolution_layer(rng, grid, n_maps, stride=2, **changes):
    options = {
        "kind": "convolution",
        "weights": even(rng, (n_maps, grid[0], 3, 3)),
        "bias_mantissa": rng.integers(-500, 900, n_maps),
        "bias_exponent": 1,
        "input_grid": grid,
        "output_grid": (n_maps, -(-grid[1] // stride), -(-grid[2] // stride)),
        "stride": stride,
        "padding": 1,
    }
    return made(options, **changes)


def readout(rng, n_in, n_classes=4):
    return dense_layer(rng, n_in, n_classes, decay=0, threshold=READOUT_THRESHOLD)


def dense_network(rng, widths=(12, 9, 8), graded=False):
    layers = [dense_layer(rng, n, m) for n, m in pairwise(widths)]
    return LoihiNetwork((*layers, readout(rng, widths[-1])), graded, 1.0)


def convolutional_network(rng, grid=(1, 6, 7), graded=False):
    first = convolution_layer(rng, grid, 3)
    second = convolution_layer(rng, first.output_grid, 4, stride=1)
    return LoihiNetwork((first, second, readout(rng, second.n_neurons)), graded, 1.0)


def random_input(rng, network, n_steps=12, n_clips=3, share=0.3):
    """Spikes, or for graded input levels of 0 to 255, float [step, clip, channel]."""
    shape = (n_steps, n_clips, int(np.prod(network.layers[0].input_grid)))
    fired = rng.random(shape) < share
    return torch.from_numpy(fired * (rng.integers(0, 256, shape) if network.graded_input else 1)).float()
