"""Front ends of two ears, from their definitions, on numbers that count: see `scalar_spectrograms`."""

import math

from tests.references.counting_scalars import complex_product
from tests.references.scalar_fourier import fourier
from tests.references.scalar_spectrograms import SMALLEST_POWER, half, n_frames_of, squared, windowed


def of_an_ear(samples, ear, n_samples):
    """The samples of one ear, at their places among those of both."""
    part = samples.machine.samples([])
    part.values = {i: samples.values[2 * i + ear] for i in range(n_samples // 2)}
    return part


def spectra(machine, samples, n_samples, front_end, window):
    """By ear, by frame: (spectrum, power)."""
    found = []
    for ear in (0, 1):
        own = of_an_ear(samples, ear, n_samples)
        frames = []
        for t in range(n_frames_of(n_samples // 2, front_end.hop)):
            start = t * front_end.hop - front_end.n_fft // 2
            spectrum = half(fourier(machine, windowed(machine, own, window, start, front_end.n_fft)))
            frames.append((spectrum, squared(machine, spectrum)))
        found.append(frames)
    return found


def phase_sums(machine, left, right, front_end, ear_rate):
    """By bin, the sum of phases over the frames that are heard, real and imaginary, in memory."""
    by_onsets = front_end.onset_seconds > 0
    kept = math.exp(-front_end.hop / ear_rate / front_end.onset_seconds) if by_onsets else 0
    real, imaginary = machine.memory(), machine.memory()
    n_bins = front_end.n_fft // 2 + 1
    with machine.step("phase"):
        loudest = machine.scalar(0)
        for (_, power), (_, other) in zip(left, right, strict=True):
            for k in range(n_bins):
                loudest = loudest.at_least(power[k] + other[k])
        weakest = loudest * 10 ** (-front_end.floor_db / 10)
        for k in range(n_bins):
            sum_real, sum_imaginary, reached = (machine.scalar(0) for _ in range(3))
            for (spectrum, power), (other_spectrum, other) in zip(left, right, strict=True):
                machine.count("sram_bytes", 16)
                one, two = power[k], other[k]
                both = one + two
                is_heard = not both <= weakest
                (a, b), (c, d) = spectrum[k], other_spectrum[k]
                p, q = complex_product((a, -b), (c, d))
                size = (one * two).at_least(SMALLEST_POWER)
                inverse = machine.scalar(1 / math.sqrt(size.value))
                machine.count("transcendental_fp32")  # the inverse of a root is one operation
                if by_onsets:
                    rise = (1 - reached / both.at_least(SMALLEST_POWER)).at_least(0)
                    inverse = inverse * rise
                    reached = (reached * kept).at_least(both)
                p, q = p * inverse, q * inverse
                sum_real = sum_real + (p if is_heard else 0)
                sum_imaginary = sum_imaginary + (q if is_heard else 0)
            real[k], imaginary[k] = sum_real, sum_imaginary
    return real, imaginary


def correlation(machine, real, imaginary, weights, lag_seconds, ear_rate, n_fft):
    """Sum over the bins that have a weight, by tables of the weighted cosine and sine."""
    total = machine.scalar(0)
    angle = {k: 2 * math.pi * k * ear_rate / n_fft * lag_seconds for k in weights}
    cosine = machine.table({k: weight * math.cos(angle[k]) for k, weight in weights.items()})
    sine = machine.table({k: -weight * math.sin(angle[k]) for k, weight in weights.items()})
    for k in weights:
        total = total.plus_product(cosine[k], real[k]).plus_product(sine[k], imaginary[k])
    return total


def lags_of(front_end):
    longest, n_lags = front_end.longest_seconds, front_end.n_lags
    return [longest * (2 * i / (n_lags - 1) - 1) for i in range(n_lags)]


def interaural(machine, samples, n_samples, front_end, window, triangles):
    ear_rate = 4000
    left, right = spectra(machine, samples, n_samples, front_end, window)
    real, imaginary = phase_sums(machine, left, right, front_end, ear_rate)
    with machine.step("level"):
        powers = [machine.memory(), machine.memory()]
        for of_ear, frames in zip(powers, (left, right), strict=True):
            for k in range(front_end.n_fft // 2 + 1):
                total = machine.scalar(0)
                for _, power in frames:
                    total = total + power[k]
                of_ear[k] = total
    rows = []
    for triangle in triangles:
        weights = {k: weight for k, weight in enumerate(triangle) if weight > 1e-9}
        row = machine.memory()
        with machine.step("lags"):
            totals, most = machine.memory(), machine.scalar(0)
            for i, lag in enumerate(lags_of(front_end)):
                total = correlation(machine, real, imaginary, weights, lag, ear_rate, front_end.n_fft)
                most = most.at_least(total.size())
                totals[i] = total
            is_heard = not most <= 0
            inverse = machine.scalar(0.5) / most if is_heard else machine.scalar(0)
            if not is_heard:
                machine.count("transcendental_fp32")  # computed without a branch
            for i in range(front_end.n_lags):
                row[i] = machine.scalar(0.5).plus_product(totals[i], inverse).at_least(0).at_most(1)
        with machine.step("level"):
            table, sums = machine.table(weights), [machine.scalar(0), machine.scalar(0)]
            for k in weights:
                weight = table[k]
                sums = [one.plus_product(weight, of_ear[k]) for one, of_ear in zip(sums, powers, strict=True)]
            quotient = sums[0].at_least(SMALLEST_POWER) / sums[1].at_least(SMALLEST_POWER)
            level = machine.scalar(0.5).plus_product(quotient.log10(), 5 / front_end.most_db)
            row[front_end.n_lags] = level.at_least(0).at_most(1)
        rows.append([row.values[i].value for i in range(front_end.n_lags + 1)])
    return rows


def interaural_delay(machine, samples, n_samples, front_end, window, rate):
    left, right = spectra(machine, samples, n_samples, front_end, window)
    real, imaginary = phase_sums(machine, left, right, front_end, rate / 2)
    ear_rate, high_hz = rate / 2, front_end.high_hz or math.inf
    bins = range(front_end.n_fft // 2 + 1)
    weights = {k: 1.0 for k in bins if front_end.low_hz <= k * ear_rate / front_end.n_fft <= high_hz}
    best, place = machine.scalar(0), (front_end.n_lags - 1) / 2
    for i, lag in enumerate(lags_of(front_end)):
        with machine.step("lags"):
            total = correlation(machine, real, imaginary, weights, lag, ear_rate, front_end.n_fft)
        with machine.step("peak"):
            if best < total:
                best, place = total, i
    result = machine.memory()
    with machine.step("peak"):
        result[0] = machine.scalar(place) * (1 / (front_end.n_lags - 1))
    return [[result.values[0].value]]


def two_ears(machine, samples, n_samples):
    floats = machine.memory()
    with machine.step("read"):
        for i in range(n_samples):
            floats[i] = samples[i]
    with machine.step("level"):
        largest = machine.scalar(0)
        for i in range(n_samples):
            largest = largest.at_least(floats[i].size())
        is_silent = largest <= 0
        inverse = machine.scalar(1.0) if is_silent else 1 / largest
        result = machine.memory()
        for i in range(n_samples):
            result[i] = floats[i] * inverse
    return [[result.values[2 * i + ear].value for i in range(n_samples // 2)] for ear in (0, 1)]
