"""Layers of learnt front ends from their definitions, on numbers that count: see `counting_scalars`.

A weight that is 0 is not multiplied. Each program takes a machine, the layer and its inputs without the axis of the
batch, and gives nested lists of scalars in the shape of the output. What the layer has learnt is constant: kernels and
windows are tables.
"""

import math

from tests.references.counting_scalars import raised
from tests.references.scalar_fourier import fourier
from tests.references.scalar_spectrograms import SMALLEST_POWER, half


def scalars(machine, tensor):
    """A tensor as nested lists of scalars."""
    return each(tensor.tolist(), machine.scalar)


def each(values, function):
    """Nested lists of what a function makes of each value."""
    return [each(value, function) for value in values] if isinstance(values, list) else function(values)


def framed(machine, clip, n_fft, hop, windows):
    """Samples around 0, hop, ... times a window, or one for each frame, where that is not 0."""
    frames = []
    for t in range(1 + len(clip) // hop):
        window = windows[t if len(windows) > 1 else 0]
        start = t * hop - n_fft // 2
        samples = [clip[start + i] if 0 <= start + i < len(clip) else machine.scalar(0) for i in range(n_fft)]
        frames.append([x * w if w else machine.scalar(0) for x, w in zip(samples, window, strict=True)])
    return frames


def fixed_frames(machine, layer, clip):
    return framed(machine, clip, layer.n_fft, layer.hop, [layer.window.tolist()])


def windowed_frames(machine, layer, clip):
    """At a whole number of samples from frame to frame."""
    windows = layer.windows(layer.n_frames(len(clip)))[:, 0].tolist()
    return framed(machine, clip, layer.options.n_fft, int(layer.hop()), windows)


def windowed_transform(machine, layer, clip):
    """Each bin by cosines and sines under its own window, every tap within it."""
    n_fft, hop = layer.options.n_fft, layer.options.hop
    windows = layer.windows(layer.n_frames(len(clip))).tolist()
    result = []
    for t in range(1 + len(clip) // hop):
        own, start = windows[t if len(windows) > 1 else 0], t * hop - n_fft // 2
        samples = [clip[start + i] if 0 <= start + i < len(clip) else machine.scalar(0) for i in range(n_fft)]
        bins = []
        for m in range(n_fft // 2 + 1):
            window, real, imaginary = own[m if len(own) > 1 else 0], machine.scalar(0), machine.scalar(0)
            for i, (x, w) in enumerate(zip(samples, window, strict=True)):
                turns = m * (i - n_fft // 2) % n_fft / n_fft
                cosine, sine = w * math.cos(2 * math.pi * turns), -w * math.sin(2 * math.pi * turns)
                real = real.plus_product(cosine, x) if w and turns not in (0.25, 0.75) else real
                imaginary = imaginary.plus_product(sine, x) if w and turns not in (0, 0.5) else imaginary
            bins.append([real, imaginary])
        result.append(bins)
    return result


def transform(machine, layer, frames):
    return [[list(pair) for pair in half(fourier(machine, frame, layer=machine.layer))] for frame in frames]


def power(machine, layer, spectra):
    return [[real * real + imaginary * imaginary for real, imaginary in spectrum] for spectrum in spectra]


def mel_bands(machine, layer, powers):
    bands = []
    for triangle in layer.filters.tolist():
        row = []
        for frame in powers:
            total = machine.scalar(0)
            for weight, value in zip(triangle, frame, strict=True):
                total = total.plus_product(weight, value) if weight > 1e-9 else total  # but for rounding of a corner
            row.append(total)
        bands.append(row)
    return bands


def relative_intensity(machine, layer, picture):
    loudest, logarithms = machine.scalar(-math.inf), []
    for row in picture:
        logarithms.append([value.at_least(SMALLEST_POWER).log10() for value in row])
        for value in logarithms[-1]:
            loudest = loudest.at_least(value)
    top = layer.top_db
    return each(logarithms, lambda value: ((value - loudest) * 10).at_least(-top) * (1 / top) + 1)


def correlated(machine, signal, kernel, step, n_places, before):
    """Every tap that is not 0 at every place, beyond the ends with zeros."""
    places = []
    for place in range(n_places):
        total = machine.scalar(0)
        for i, weight in enumerate(kernel):
            at = place * step + i - before
            total = total.plus_product(weight, signal[at] if 0 <= at < len(signal) else 0.0) if weight else total
        places.append(total)
    return places


def gabor_filters(machine, layer, clip):
    centres, widths = (values.tolist() for values in layer.limited())
    middle, n_places = layer.kernel // 2, 1 + (len(clip) - 1) // layer.step
    rows = {math.cos: [], math.sin: []}
    for eta, sigma in zip(centres, widths, strict=True):
        for wave, of_wave in rows.items():
            kernel = [
                math.exp(-0.5 * (t / sigma) ** 2) / (math.sqrt(2 * math.pi) * sigma) * wave(eta * t)
                for t in range(-middle, middle + 1)
            ]
            of_wave.append(correlated(machine, clip, kernel, layer.step, n_places, middle))
    return rows[math.cos] + rows[math.sin]


def squared_modulus(machine, layer, responses):
    n = len(responses) // 2
    pairs = zip(responses[:n], responses[n:], strict=True)
    return [[a * a + b * b for a, b in zip(real, imaginary, strict=True)] for real, imaginary in pairs]


def gaussian_pooling(machine, layer, energies, n_frames):
    middle = layer.window // 2
    scales = layer.scales.clamp(layer.least_scale, 0.5).tolist()
    rows = []
    for scale, energy in zip(scales, energies, strict=True):
        kernel = [math.exp(-0.5 * (t / (scale * middle)) ** 2) for t in range(-middle, middle + 1)]
        rows.append(correlated(machine, energy, kernel, layer.hop, n_frames, middle))
    return rows


def lower_limit(machine, layer, values):
    return each(values, lambda value: value.at_least(layer.limit))


def trainable_pcen(machine, layer, energies):
    constants = {name: values.tolist() for name, values in layer.constants().items()}
    result = []
    for band, row in enumerate(energies):
        alpha, share, delta, root = (constants[name][band] for name in ("alpha", "smoothing", "delta", "root"))
        mean, outputs = row[0], []
        for t, energy in enumerate(row):
            mean = mean.plus_product(share, energy - mean) if t else mean
            normalised = energy * raised(mean + layer.floor, -alpha)
            outputs.append(raised(normalised + delta, 1 / root) - delta ** (1 / root))
        result.append(outputs)
    return result


def log_compression(machine, layer, energies):
    factors = [10**exponent for exponent in layer.exponents.tolist()]
    return [[(value * factor + 1).log() for value in row] for row, factor in zip(energies, factors, strict=True)]


def without_median(machine, layer, picture):
    """The lower median of each row, found by sorting it."""
    rows = []
    for row in picture:
        median = merge_sorted(row)[(len(row) - 1) // 2]
        rows.append([value - median for value in row])
    return picture + rows


def merge_sorted(values):
    """By halves, of which the first is no shorter."""
    if len(values) < 2:
        return list(values)
    split = (len(values) + 1) // 2
    one, other, merged = merge_sorted(values[:split]), merge_sorted(values[split:]), []
    while one and other:
        merged.append((other if other[0] < one[0] else one).pop(0))
    return merged + one + other


def weighted_sum(machine, layer, levels, weights):
    """[resolution][mel][frame] and [resolution][frame]."""
    result = []
    for m in range(len(levels[0])):
        row = []
        for t in range(len(levels[0][0])):
            products = [level[m][t] * weight[t] for level, weight in zip(levels, weights, strict=True)]
            total = products[0]
            for product in products[1:]:
                total = total + product
            row.append(total)
        result.append(row)
    return result
