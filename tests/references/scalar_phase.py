"""Front ends that read the phase, from their definitions, on numbers that count: see `scalar_spectrograms`."""

import cmath
import math

from tests.references.counting_scalars import complex_product
from tests.references.scalar_fourier import fourier
from tests.references.scalar_spectrograms import SMALLEST_POWER, half, levels, n_frames_of, squared, windowed


def of_unit_power(machine, samples, n_samples, n_bytes):
    """The clip at a mean power of 1, written with so many bytes a sample."""
    scaled = machine.memory(n_bytes)
    with machine.step("scale"):
        total = machine.scalar(0)
        for i in range(n_samples):
            value = samples[i]
            total = total.plus_product(value, value)
        power = (total / n_samples).at_least(SMALLEST_POWER)
        factor = machine.scalar(1 / math.sqrt(power.value))
        machine.count("transcendental_fp32")  # the inverse of a root is one operation
        for i in range(n_samples):
            scaled[i] = samples[i] * factor
    return scaled


def group_delay(machine, samples, n_samples, front_end, window):
    n_fft, scaled = front_end.n_fft, of_unit_power(machine, samples, n_samples, 2)
    before = (n_fft - len(window)) // 2
    ramped_window = [weight * (before + i) for i, weight in enumerate(window)]
    result = []
    for t in range(n_frames_of(n_samples, front_end.hop)):
        start = t * front_end.hop - n_fft // 2
        plain, ramped = (
            half(fourier(machine, windowed(machine, scaled, table, start, n_fft))) for table in (window, ramped_window)
        )
        power = squared(machine, plain)
        with machine.step("delay"):
            total = machine.scalar(0)
            for k in power.values:
                total = total + power[k]
            least = total * (1e-6 / len(plain))  # a share of the mean
            is_silent = least <= 1e-6 * SMALLEST_POWER
            held = {k: power[k].at_least(least).at_least(SMALLEST_POWER) for k in power.values}
        if front_end.kind == "modified":
            held = smoothed_by_cepstrum(machine, held, front_end)
        row = machine.memory()
        for k, ((a, b), (c, d)) in enumerate(zip(plain, ramped, strict=True)):
            with machine.step("delay"):
                machine.count("sram_bytes", 16)
                quotient = (a * c).plus_product(b, d) / held[k]
                row[k] = machine.scalar(0) if is_silent else quotient
            if front_end.kind == "modified":
                with machine.step("smoothing"):
                    u = row[k]
                    if u.value == 0:
                        machine.count("compare_fp32")
                        row[k] = u
                        continue
                    size = (u.size().log() * front_end.alpha).exp()
                    row[k] = -size if u < 0 else size
        result.append(row)
    return result


def smoothed_by_cepstrum(machine, power, front_end):
    """|S|^(2 gamma): the log spectrum with its first quefrencies alone, gamma and 1 / N within one factor."""
    n_fft = front_end.n_fft
    with machine.step("smoothing"):
        logarithms = machine.memory()
        for k, value in power.items():
            machine.count("sram_bytes", 4)
            logarithms[k] = value.log()
    whole = [logarithms.values[min(i, n_fft - i)] for i in range(n_fft)]
    cepstrum = [real for real, _ in fourier(machine, whole)]  # of an even spectrum, both directions are one
    kept = [
        q if min(i, n_fft - i) < front_end.lifter else machine.scalar(0)
        for i, q in enumerate(cepstrum)
    ]  # fmt: skip
    smooth = fourier(machine, kept)
    result = machine.memory()
    with machine.step("smoothing"):
        for k in power:
            machine.count("sram_bytes", 4)
            result[k] = (smooth[k][0] * (front_end.gamma / n_fft)).exp()
    return result.values  # in a register where the quotient is formed


def phase_derivative(machine, samples, n_samples, front_end, window):
    n_fft, hop = front_end.n_fft, front_end.hop
    spectra, powers = [], []
    for t in range(n_frames_of(n_samples, hop)):
        spectra.append(half(fourier(machine, windowed(machine, samples, window, t * hop - n_fft // 2, n_fft))))
        powers.append(squared(machine, spectra[-1]))
    result = []
    with machine.step("phase"):
        loudest = machine.scalar(0)
        for power in powers:
            for value in power.values.values():  # while it is in a register still
                loudest = loudest.at_least(value)
        weakest = loudest * 10 ** (-front_end.floor_db / 10)
        for t, power in enumerate(powers):
            row = machine.memory()
            for k in power.values:
                is_weak = power[k] <= weakest
                if t == 0 or k in (0, n_fft // 2):
                    row[k] = machine.scalar(0)
                    continue
                machine.count("sram_bytes", 3 * 8)
                steady = cmath.exp(-2j * math.pi * (k * hop % n_fft) / n_fft)
                real, imaginary = spectra[t - 1][k]
                turned = complex_product(spectra[t][k], (real, -imaginary))
                real, imaginary = complex_product(turned, (steady.real, steady.imag))
                advance = real.angle(imaginary) * (n_fft / (2 * math.pi * hop))
                row[k] = machine.scalar(0) if is_weak else advance
            result.append(row)
    return result


def instantaneous_frequency(machine, samples, n_samples, front_end, n_fft):
    clip = [samples.values.get(i, machine.scalar(0)) for i in range(n_fft)]
    spectrum = fourier(machine, clip)
    with machine.step("analytic"):  # bins 0 and N / 2 are real and lie in one place
        machine.count("sram_bytes", 16 * (n_fft // 2))
        zero = machine.scalar(0)
        one_sided = [(spectrum[0][0] * (1 / n_fft), zero)]
        one_sided += [(a * (2 / n_fft), b * (2 / n_fft)) for a, b in spectrum[1 : n_fft // 2]]
        one_sided += [(spectrum[n_fft // 2][0] * (1 / n_fft), zero)] + [(zero, zero)] * (n_fft // 2 - 1)
    analytic = fourier(machine, one_sided, real=False, inverse=True)[:n_samples]
    powers = []
    with machine.step("energy"):
        for real, imaginary in analytic:
            machine.count("sram_bytes", 8)
            powers.append((real * real).plus_product(imaginary, imaginary))
    frequencies = machine.memory()
    with machine.step("frequency"):
        if front_end.kind == "hilbert":
            for n in range(n_samples - 1):
                machine.count("sram_bytes", 2 * 8)
                real, imaginary = analytic[n]
                turned, turned_imaginary = complex_product(analytic[n + 1], (real, -imaginary))
                frequencies[n] = turned.angle(turned_imaginary)
            frequencies.values[n_samples - 1] = frequencies.values[n_samples - 2]
        else:
            for n in range(1, n_samples - 1):
                machine.count("sram_bytes", 3 * 8)
                (a, b), (c, d), (e, f) = analytic[n + 1], analytic[n - 1], analytic[n]
                rise = ((b - d) * e).plus_product(-(a - c), f)  # Im of the difference times conj z
                frequencies[n] = rise / powers[n].at_least(SMALLEST_POWER)  # the half is in the factor of the band
            frequencies.values[0] = frequencies.values[1]
            frequencies.values[n_samples - 1] = frequencies.values[n_samples - 2]
    n_frames = n_samples // front_end.hop
    cells = machine.memory()
    cells.values = {(b, t): machine.scalar(0) for b in range(front_end.n_bands) for t in range(n_frames)}
    with machine.step("energy"):
        scale = 2 * front_end.n_bands / (2 * math.pi) * (1 if front_end.kind == "hilbert" else 0.5)
        for n in range(n_frames * front_end.hop):
            place = (frequencies[n] * scale).at_least(0).at_most(front_end.n_bands - 1)
            cell = (math.floor(place.value), n // front_end.hop)
            cells[cell] = cells[cell] + powers[n]
    frames = [machine.table({b: cells.values[b, t] for b in range(front_end.n_bands)}) for t in range(n_frames)]
    return levels(machine, frames, front_end.top_db)


def bicoherence(machine, samples, n_samples, front_end, window):
    """Sums over the frames by pair of bins in memory, then their scale, then the picture or the moments."""
    n_fft = front_end.n_fft
    both = [(k, low) for low in range(1, n_fft // 4 + 1) for k in range(low, n_fft // 2 - low + 1)]
    real, imaginary, products, powers = (machine.memory() for _ in range(4))
    for t in range(n_frames_of(n_samples, front_end.hop)):
        frame = windowed(machine, samples, window, t * front_end.hop - n_fft // 2, n_fft)
        spectrum = half(fourier(machine, frame))
        power = squared(machine, spectrum)
        with machine.step("pairs"):
            for k, low in both:
                machine.count("sram_bytes", 3 * 8)
                a, b = complex_product(spectrum[k], spectrum[low])
                c, d = spectrum[k + low]
                real[k, low] = real[k, low].plus_product(a, c).plus_product(b, d)
                imaginary[k, low] = imaginary[k, low].plus_product(b, c).plus_product(a, -d)
                products[k, low] = products[k, low].plus_product(power[k], power[low])
            for m in sorted({k + low for k, low in both}):
                powers[m] = powers[m] + power[m]
    scaled = machine.memory()
    with machine.step("scale"):
        for k, low in both:
            most = products[k, low] * powers[k + low]
            is_heard = not most <= SMALLEST_POWER
            scale = machine.scalar(1 / math.sqrt(most.value) if is_heard else 0)
            machine.count("transcendental_fp32")  # the inverse of a root is one operation
            scaled["real", k, low] = real[k, low] * scale
            scaled["imaginary", k, low] = imaginary[k, low] * scale
    if front_end.kind == "map":
        found = {name: value.value for name, value in scaled.values.items()}
        columns = range(1, n_fft // 2)
        rows = [(part, low) for part in ("real", "imaginary") for low in range(1, n_fft // 4 + 1)]
        return [[found.get((part, k, low), 0.0) for k in columns] for part, low in rows]
    with machine.step("moments"):
        sizes, angles = machine.memory(), machine.memory()
        for pair in both:
            a, b = scaled["real", *pair], scaled["imaginary", *pair]
            sizes[pair] = (a * a).plus_product(b, b).sqrt()
            angles[pair] = a.angle(b)
        return [moments_of(machine, one, both) for one in (sizes, angles)]


def moments_of(machine, values, places):
    """Mean, variance, skewness and kurtosis of values in memory."""
    written = machine.memory()
    mean = machine.scalar(0)
    for place in places:
        mean = mean + values[place]
    mean = mean * (1 / len(places))
    second, third, fourth = (machine.scalar(0) for _ in range(3))
    for place in places:
        distance = values[place] - mean
        square = distance * distance
        second = second + square
        third = third.plus_product(square, distance)
        fourth = fourth.plus_product(square, square)
    second, third, fourth = (one * (1 / len(places)) for one in (second, third, fourth))
    inverse = machine.scalar(0) if second <= 0 else machine.scalar(1 / second.value)
    machine.count("transcendental_fp32")
    results = mean, second, third * inverse * inverse.sqrt(), fourth * inverse * inverse
    for place, value in enumerate(results):
        written[place] = value
    return [one.value for one in results]
