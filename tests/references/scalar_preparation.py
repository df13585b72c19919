"""What is done to a clip before its picture, from its definition, on numbers that count: see `scalar_spectrograms`."""

import math

from tests.references.scalar_fourier import fourier
from tests.references.scalar_spectrograms import half, n_frames_of, windowed

SMALLEST_MAGNITUDE = 2.0**-52


def band_passed(machine, samples, n_samples, sections, n_extension):
    """Second-order sections forward and backward over the clip and its odd reflections, each from its steady state."""
    result = machine.memory()
    with machine.step("band-pass"):
        clip = [samples.values[i] for i in range(n_samples)]  # what is read of them, the first section counts
        first, last = clip[0] + clip[0], clip[-1] + clip[-1]
        before = [first - clip[i] for i in range(n_extension, 0, -1)]
        after = [last - clip[-1 - i] for i in range(1, n_extension + 1)]
        clip = [*before, *clip, *after]
        for n_bytes in (samples.n_bytes, 4):
            clip = filtered(machine, clip, sections, n_bytes)[::-1]
        result.values = dict(enumerate(clip[n_extension : n_extension + n_samples]))
    return result


def filtered(machine, clip, sections, n_bytes):
    first, gain = clip[0], 1.0  # gain: of a constant through the sections so far
    for b0, b1, b2, _, a1, a2 in sections:
        through = (b0 + b1 + b2) / (1 + a1 + a2)
        second = b2 - a2 * through
        one, two = (first * (gain * state) for state in (b1 - a1 * through + second, second))
        gain *= through
        passed = []
        for x in clip:
            machine.count("sram_bytes", n_bytes + 4 * (1 + 2 + 2))
            y = one.plus_product(b0, x)
            one, two = two.plus_product(b1, x).plus_product(-a1, y), (x * b2).plus_product(-a2, y)
            passed.append(y)
        clip, n_bytes = passed, 4
    return clip


def gated(machine, samples, n_samples, gate, proportion, n_fft, window, triangles):
    """A clip whose cells are turned down by a mask: `gate` makes it, `triangles` (bins, frames) smooth it."""
    hop, n_frames = n_fft // 4, n_frames_of(n_samples, n_fft // 4)
    n_bins = n_fft // 2 + 1
    spectra = [
        half(fourier(machine, windowed(machine, samples, window, t * hop - n_fft // 2, n_fft))) for t in range(n_frames)
    ]
    with machine.step("magnitude"):
        sizes = {
            (k, t): (a * a).plus_product(b, b).sqrt()
            for t, spectrum in enumerate(spectra)
            for k, (a, b) in enumerate(spectrum)
        }
    with machine.step("gate"):
        machine.count("sram_bytes", 4 * 4 * len(sizes))  # the magnitude and the mask, twice read and written
        mask = {"stationary": stationary, "non-stationary": non_stationary}[gate](machine, sizes, n_bins, n_frames)
    with machine.step("gate-smoothing"):
        machine.count("sram_bytes", 4 * (2 + 4) * len(mask))  # the mask before and after; X before and after
        mask = {cell: value * proportion + (1 - proportion) for cell, value in mask.items()}
        for axis in (1, 0):
            mask = smoothed(machine, mask, triangles[axis], axis)
        masked = [
            [(a * mask[k, t], b * mask[k, t]) for k, (a, b) in enumerate(spectrum)]
            for t, spectrum in enumerate(spectra)
        ]
    return overlapped(machine, masked, n_samples, window, n_fft, hop)


def stationary(machine, sizes, n_bins, n_frames):
    mask = {}
    for k in range(n_bins):
        levels = [(sizes[k, t] + SMALLEST_MAGNITUDE).log10() * 20 for t in range(n_frames)]
        loudest = machine.scalar(-math.inf)
        for level in levels:
            loudest = loudest.at_least(level)
        floor = loudest - 40
        total, squares = machine.scalar(0), machine.scalar(0)
        levels = [level.at_least(floor) for level in levels]
        for level in levels:
            total, squares = total + level, squares.plus_product(level, level)
        mean = total * (1 / n_frames)
        variance = squares.plus_product(-total, mean) * (1 / (n_frames - 1))
        threshold = mean.plus_product(1.5, variance.at_least(0).sqrt())
        for t, level in enumerate(levels):
            mask[k, t] = machine.scalar(threshold < level)
    return mask


def non_stationary(machine, sizes, n_bins, n_frames):
    """Against a mean of 20 frames, as a sum that runs."""
    mask = {}
    for k in range(n_bins):
        row = {t: sizes[k, t] for t in range(n_frames)}
        total = machine.scalar(0)
        for t in range(10):  # what lies before the first place of the sum
            total.value += row[t].value if t in row else 0
        for t in range(n_frames):
            zero = machine.scalar(0)
            total = total + row.get(t + 10, zero) - row.get(t - 10, zero)
            mean = total * (1 / 20)
            ratio = (row[t] - mean) / mean.at_least(1e-30)
            steep = (ratio - 1.3) * (1 / 0.1)
            mask[k, t] = 1 / ((-steep).exp() + 1)
    return mask


def smoothed(machine, mask, triangle, axis):
    """Along the bins (0) or the frames (1), zeros outside: they are multiplied too."""
    reach, result = len(triangle) // 2, {}
    for cell in mask:
        total = machine.scalar(0)
        for i, weight in enumerate(triangle):
            neighbour = [*cell]
            neighbour[axis] += i - reach
            machine.count("sram_bytes", 4 * 2)  # the weight and the cell
            total = total.plus_product(weight, mask.get(tuple(neighbour), 0.0))
        result[cell] = total
    return result


def overlapped(machine, spectra, n_samples, window, n_fft, hop):
    """Frames back from their spectra, under the window once more, added up and divided by the sum of its squares."""
    sums = {i: machine.scalar(0) for i in range(n_samples)}
    weights = dict.fromkeys(sums, 0.0)
    for t, spectrum in enumerate(spectra):
        whole = spectrum + [(a, -b) for a, b in spectrum[-2:0:-1]]
        with machine.step("fourier", share=0.5):  # to real numbers
            back = [real for real, _ in fourier(machine, whole, real=False, inverse=True)]
        table, frame = machine.table([weight / n_fft for weight in window]), machine.memory()
        with machine.step("window"):
            stored = machine.table(dict(enumerate(back)))
            for i in (i for i in range(n_fft) if window[i]):
                frame[i] = stored[i] * table[i]
        with machine.step("overlap"):
            for i in frame.values:
                machine.count("sram_bytes", 8)  # the sum before and after
                place = t * hop - n_fft // 2 + i
                total = sums.get(place, machine.scalar(0)) + frame[i]
                if place in sums:
                    sums[place] = total
                    weights[place] += window[i] ** 2
    result = machine.memory()
    with machine.step("overlap"):
        for i in range(n_samples):
            machine.count("sram_bytes", 4)
            result[i] = sums[i] * (1 / weights[i])
    return result


def levelled(machine, samples, n_samples, level):
    result = machine.memory()
    with machine.step("level-of-clip"):
        size = machine.scalar(0)
        for i in range(n_samples):
            value = samples[i]
            size = size.plus_product(value, value) if level == "rms" else size.at_least(value.size())
        if level == "rms":
            size = (size * (1 / (0.1**2 * n_samples))).sqrt()
        inverse = 1 / size.at_least(1e-30)
        for i in range(n_samples):
            result[i] = samples[i] * inverse
    return result
