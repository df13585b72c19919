"""A quantised network in plain integers that count, layer by layer and number by number.

The layers are those of an `IntegerGraph` (`classical_baselines.twins.integer_graph`), whose arithmetic is written down
here from its docstring: with it come the logits, so that what is counted can be seen to be the network. Conventions:
- A sum of products begins from an accumulator that has been set: n terms are n multiply-accumulates. Zeros around a map
  are multiplied as any other value; a weight of 0 is too, as it stands in a dense table of integers. With
  `zeros_skipped` it is not, and is not loaded; any other is loaded with its place, 2 bytes.
- To add a bias to an accumulator is one addition, to add n values n - 1, to add two requantised values one.
- To requantise is one operation: scale, round, move by the zero point, clip. A zero point in what is read is part of
  the bias, and costs nothing.
- Every value of a map that a layer reads is loaded once and every one that it makes is stored once, a byte each, and 4
  bytes where it is real: of the input and of a logit, which is brought to the scale of all classes. Each weight is
  loaded once, in its bits; each bias and each multiplier once, 4 bytes.
"""

from collections import defaultdict

import numpy as np

from classical_baselines.twins.integer_graph import Mean, Sum


def counted_run(graph, clip, weight_bits, *, zeros_skipped=False):
    """(logits [class], {layer: {operation: number}}) of one clip [channel, mel, frame] of integers."""
    counts = defaultdict(lambda: defaultdict(float))
    maps = {id(graph.entry): clip.astype(np.int64)}
    counts[graph.entry.name]["requantise_int32"] += clip.size  # from real numbers, as they are read
    counts[graph.entry.name]["sram_bytes"] += 4 * clip.size + clip.size
    for layer in graph.layers:
        count = counts[layer.name]
        if isinstance(layer, Sum):
            steps = added(layer, maps, count)
        elif isinstance(layer, Mean):
            steps = summed(layer, maps, count)
        else:
            steps = convolved(layer, maps[id(layer.source)], weight_bits, count, zeros_skipped)
            count["requantise_int32"] += steps.size
            count["sram_bytes"] += 4 * len(layer.multipliers)
            if layer.result is None:
                count["sram_bytes"] += 4 * steps.size
                return steps[:, 0, 0], counts
            steps = np.float32(steps) * layer.multipliers[:, None, None]
        maps[id(layer.result)] = np.clip(np.rint(steps) + layer.result.zero_point, 0, layer.result.n_levels).astype(
            np.int64
        )
        count["sram_bytes"] += steps.size
    raise AssertionError("no readout")


def convolved(layer, source, weight_bits, count, zeros_skipped):
    (n_out, n_mels, n_frames), (n_in, *kernel) = layer.out_shape, layer.weights.shape[1:]
    up, before, down, after = layer.pads
    padded = np.pad(source - layer.source.zero_point, ((0, 0), (up, down), (before, after)))
    n_loaded = sum(weight != 0 for weight in layer.weights.flat) if zeros_skipped else layer.weights.size
    count["sram_bytes"] += source.size + n_loaded * (weight_bits / 8 + 2 * zeros_skipped) + 4 * len(layer.biases)
    result = np.zeros(layer.out_shape, dtype=np.int64)
    per_group = n_out // layer.groups
    for out in range(n_out):
        channels = padded[out // per_group * n_in :][:n_in]
        for m in range(n_mels):
            for t in range(n_frames):
                total = 0
                for i in range(kernel[0]):
                    for j in range(kernel[1]):
                        place = m * layer.stride[0] + i * layer.dilation[0], t * layer.stride[1] + j * layer.dilation[1]
                        for weight, value in zip(
                            layer.weights[out, :, i, j].tolist(), channels[:, place[0], place[1]].tolist(), strict=True
                        ):
                            if weight or not zeros_skipped:
                                total += weight * value
                                count["mac_int8"] += 1
                result[out, m, t] = layer.bias_steps * total + layer.biases[out]
                count["add_int32"] += 1
    return result


def added(layer, maps, count):
    parts = []
    for source, multiplier in zip((layer.one, layer.other), layer.multipliers, strict=True):
        values = maps[id(source)]
        parts.append(np.float32(values - source.zero_point) * np.float32(multiplier))
        count["requantise_int32"] += values.size  # to the scale of the sum
        count["sram_bytes"] += values.size + 4
    count["add_int32"] += parts[0].size
    return parts[0] + parts[1]


def summed(layer, maps, count):
    values = maps[id(layer.source)] - layer.source.zero_point
    count["sram_bytes"] += values.size
    totals = values[:, :1, :1] * 0
    for channel, of_channel in enumerate(values):
        total, *others = of_channel.flatten()
        for value in others:
            total += value
            count["add_int32"] += 1
        totals[channel] = total
    count["requantise_int32"] += len(totals)
    count["sram_bytes"] += 4
    return np.float32(totals) * np.float32(layer.multiplier)
