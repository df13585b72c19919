"""Networks drawn over everything that a layer of the chip can be, and input that makes them fire."""

from dataclasses import replace

import numpy as np
import torch

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, NotMappableError, Recurrence, SigmaDelta, TernaryLif
from neuro.loihi.emulator import emulate
from neuro.loihi.limits import LARGEST_THRESHOLD
from neuro.loihi.neurons.resonate_and_fire import resonator

NEURONS = ("lif", "current-lif", "periodic-lif", "ternary", "sigma-delta", "resonate-and-fire")
SIGN_MODES = ("mixed", "excitatory", "inhibitory")


def weights(rng, shape, sign_mode, bits):
    """On the grid of the mode and the width, extremes among them."""
    unit = 2 ** (8 - bits + (sign_mode == "mixed"))
    low, high = {"mixed": (-256, 256), "excitatory": (0, 256), "inhibitory": (-256 + unit, unit)}[sign_mode]
    return unit * rng.integers(low // unit, high // unit, shape)


def neuron(rng, name, n_neurons, scale):
    """Parameters that let a layer fire whose input is about `scale`."""
    threshold = int(np.clip(scale * rng.uniform(0.2, 1.2), 1, LARGEST_THRESHOLD))
    decay = int(rng.choice([0, 1, 410, 2048, 4095]))
    if name == "lif":
        return Lif(decay, threshold)
    if name == "current-lif":
        return Lif(decay, threshold, current_decay=int(rng.choice([0, 1, 800, 3000, 4094])))
    if name == "periodic-lif":
        return Lif(decay, threshold, reset_interval=3, reset_offset=int(rng.integers(3)))
    if name == "ternary":
        return TernaryLif(decay, threshold, -threshold // 2, current_decay=int(rng.choice([700, 4095])))
    if name == "sigma-delta":
        return SigmaDelta(threshold, int(rng.integers(2)), int(rng.integers(3)), str(rng.choice(["relu", "unit"])))
    period = rng.uniform(3, 9, n_neurons) if rng.random() < 0.5 else np.full(n_neurons, rng.uniform(3, 9))
    return resonator(period, rng.uniform(0, 0.2), max(1, threshold), state_exponent=int(rng.integers(3)))


def dense(rng, n_in, name, scale, *, delays=False, recurrent=False, sign_mode=None):
    n_out = int(rng.integers(3, 10))
    mode = sign_mode or str(rng.choice(SIGN_MODES, p=[0.6, 0.3, 0.1]))
    bits, exponent = int(rng.integers(3, 9)), int(rng.integers(-4, 0 if name == "sigma-delta" else 4))
    drawn = weights(rng, (n_out, n_in), mode, bits)
    made = neuron(rng, name, n_out, max(1.0, float(np.abs(drawn).mean()) * scale * n_in**0.5 * 2.0**exponent * 0.4))
    back = None
    if recurrent:
        back = Recurrence(weights(rng, (n_out, n_out), "mixed", 8) // 4 * 2, int(rng.integers(-3, 2)))
    bias = rng.integers(-4095, 4096, n_out) if made.takes_bias else np.zeros(n_out, int)
    return LoihiLayer(
        kind="dense",
        weights=drawn,
        bias_mantissa=bias,
        bias_exponent=int(rng.integers(0, 3)) if name != "sigma-delta" else 0,
        neuron=made,
        input_grid=(n_in,),
        output_grid=(n_out,),
        weight_exponent=exponent,
        weight_bits=bits,
        sign_mode=mode,
        delays=rng.integers(0, int(rng.choice([2, 7, 64])), (n_out, n_in)) if delays else None,
        recurrence=back,
    )


def convolution(rng, grid, name, scale):
    stride, padding, size = int(rng.integers(1, 4)), int(rng.integers(0, 2)), (int(rng.integers(1, 4)), 3)
    sizes = zip(grid[1:], size, strict=True)
    output = (int(rng.integers(1, 4)), *((n + 2 * padding - k) // stride + 1 for n, k in sizes))
    drawn = weights(rng, (output[0], grid[0], *size), "mixed", 8)
    exponent = int(rng.integers(0, 3))
    made = neuron(rng, name, int(np.prod(output)), float(np.abs(drawn).mean()) * scale * 2.0**exponent)
    bias = rng.integers(-900, 900, output[0]) if made.takes_bias else np.zeros(output[0], int)
    return LoihiLayer(
        "convolution", drawn, bias, 1, made, grid, output, stride, padding, weight_exponent=exponent
    )  # fmt: skip


def random_network(rng, number):
    """(network, input [step, clip, channel]) that the chip can hold; `number` walks through neuron models and kinds."""
    while True:
        network, inputs = drawn_network(rng, number)
        try:
            emulate(network, inputs, engine="torch")
        except NotMappableError:
            continue
        return network, inputs


def drawn_network(rng, number):
    name, graded = NEURONS[number % len(NEURONS)], bool(rng.random() < 0.3)
    kind = ("dense", "convolution", "delays", "recurrent")[number // len(NEURONS) % 4]
    scale = 20.0 if graded else 1.0
    if kind == "convolution":
        grid = (int(rng.integers(1, 3)), int(rng.integers(4, 8)), int(rng.integers(4, 8)))
        first = convolution(rng, grid, name, scale)
    else:
        recurrent = kind == "recurrent" and "lif" in name
        first = dense(rng, int(rng.integers(5, 20)), name, scale, delays=kind == "delays", recurrent=recurrent)
    last = dense(rng, first.n_neurons, "sigma-delta" if name == "sigma-delta" else "lif", 1.0, sign_mode="mixed")
    if name == "sigma-delta":
        last = replace(last, neuron=replace(last.neuron, activation="unit"), weight_exponent=-3)
    network = LoihiNetwork((first, last), graded, 1.0)
    n_steps, n_channels = 14, int(np.prod(first.input_grid))
    fired = rng.random((n_steps, 2, n_channels)) < rng.choice([0.1, 0.5])
    highest = {"current-lif": 4, "ternary": 4, "sigma-delta": 4}.get(name, 100)
    levels = rng.integers(-highest // 2, highest, fired.shape) if graded else 1
    return network, torch.from_numpy((fired * levels).astype(np.int32))
