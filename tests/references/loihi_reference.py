"""Loihi's integer neurons in plain Python, one synapse and one step at a time; written for clarity, not for speed.

The rules are those of Lava 0.10's fixed-point models. For one neuron and step, with >> and << the shifts of integers
and M = 2^23:

    a    sum of weight * input over the synapses; of a convolution ((a + M) mod 2M) - M
    u    wrap(a << 6): above M less 2M, at or below -M plus 2M, once
    v    clip(decayed(v) + u + (mantissa << exponent), -(M - 1), M - 1);
         decayed(v) = sign(v) * ((|v| * (4096 - dv)) >> 12)
    s    1 where v > (vth << 6), and then v = 0

A network is a list of dictionaries with the keys of `LoihiLayer`, its arrays as nested lists of int.
"""

from itertools import product

M = 2**23


def wrapped(value):
    if value > M:
        return value - 2 * M
    if value <= -M:
        return value + 2 * M
    return value


def decayed(value, decay):
    size = (abs(value) * (4096 - decay)) >> 12
    return size if value >= 0 else -size


def dense_input(layer, values):
    return [sum(w * x for w, x in zip(row, values, strict=True)) for row in layer["weights"]]


def convolution_input(layer, values):
    _, n_rows, n_columns = layer["input_grid"]
    stride, padding, sums = layer["stride"], layer["padding"], []
    for out_map, out_row, out_column in product(*map(range, layer["output_grid"])):
        total = 0
        for in_map, kernel in enumerate(layer["weights"][out_map]):
            for i, j in product(range(len(kernel)), range(len(kernel[0]))):
                row, column = out_row * stride - padding + i, out_column * stride - padding + j
                if 0 <= row < n_rows and 0 <= column < n_columns:
                    total += kernel[i][j] * values[(in_map * n_rows + row) * n_columns + column]
        sums.append((total + M) % (2 * M) - M)
    return sums


def run(layers, steps):
    """(spikes [layer][step][neuron], membrane potentials of the last layer) for one clip's steps [step][channel]."""
    all_spikes, potentials = [], []
    for layer in layers:
        synaptic = dense_input if layer["kind"] == "dense" else convolution_input
        n_neurons = 1
        for size in layer["output_grid"]:
            n_neurons *= size
        n_per_bias = n_neurons // len(layer["bias_mantissa"])
        potentials, spikes = [0] * n_neurons, []
        for values in steps:
            fired = []
            for neuron, arriving in enumerate(synaptic(layer, values)):
                bias = layer["bias_mantissa"][neuron // n_per_bias] << layer["bias_exponent"]
                v = decayed(potentials[neuron], layer["decay"]) + wrapped(arriving << 6) + bias
                v = max(-(M - 1), min(M - 1, v))
                fires = v > layer["threshold"] << 6
                potentials[neuron] = 0 if fires else v
                fired.append(int(fires))
            spikes.append(fired)
        all_spikes.append(spikes)
        steps = spikes
    return all_spikes, potentials
