"""Features and levels for a classifier, from their definitions, on numbers that count: see `scalar_spectrograms`."""

import math

from tests.references.scalar_fourier import fourier
from tests.references.scalar_spectrograms import (
    half,
    levels,
    magnitudes,
    mel_frames,
    n_frames_of,
    power_frames,
    squared,
)

REACH = 4


def intensity(machine, picture, low, high):
    """[cell] levels to [0, 1]."""
    source, result = machine.samples(picture, 4), machine.memory()
    with machine.step("intensity"):
        for i in range(len(picture)):
            result[i] = ((source[i] - low) * (1 / (high - low))).at_least(0).at_most(1)
    return [value.value for value in result.values.values()]


def limited_view(machine, frames, low, high, pool):
    """Bands of frames to [0, 1], the mean of so many neighbours."""
    result = []
    with machine.step("limits"):
        for frame in frames:
            row = machine.memory()
            for c in range(len(frame.values) // pool):
                cells = [((frame[c * pool + i] - low) * (1 / (high - low))).at_least(0).at_most(1) for i in range(pool)]
                total = cells[0]
                for cell in cells[1:]:
                    total = total + cell
                row[c] = total * (1 / pool) if pool > 1 else total
            result.append(row)
    return result


def part_of(t, n_frames, n_parts):
    """Which equal part a frame lies in, and how many frames the part has; enough frames for each."""
    starts = [(2 * p * n_frames + n_parts) // (2 * n_parts) for p in range(n_parts + 1)]
    part = max(p for p in range(n_parts) if starts[p] <= t)
    return part, starts[part + 1] - starts[part]


def handcrafted(machine, samples, n_samples, front_end, window, triangles, cosines, sample_rate_hz):
    """Rows of features [feature][part]."""
    n_fft, hop = front_end.n_fft, front_end.hop
    n_frames = n_frames_of(n_samples, hop)
    powers = power_frames(machine, samples, n_samples, window, n_fft, hop)
    mel = levels(machine, mel_frames(machine, powers, triangles), front_end.top_db)
    kept = range(front_end.first_coefficient, front_end.n_coefficients)
    cepstrum = {}
    with machine.step("cosine-transform"):
        for t, frame in enumerate(mel):
            for k in kept:
                total = machine.scalar(0)
                table = machine.table(cosines[k])
                for m in frame.values:
                    total = total.plus_product(table[m], frame[m])
                machine.count("sram_bytes", 4)
                cepstrum[k, t] = total
    rows = {f"c{k}": {t: cepstrum[k, t] for t in range(n_frames)} for k in kept}
    if front_end.with_deltas:
        rows |= deltas(machine, cepstrum, kept, n_frames)
    if front_end.with_shape:
        rows |= shapes(machine, samples, powers, n_samples, front_end)
    means = {}
    with machine.step("parts"):
        for name, row in rows.items():
            sums = {p: machine.scalar(0) for p in range(front_end.n_parts)}
            sizes = {}
            for t, value in row.items():
                machine.count("sram_bytes", 4)
                part, sizes[part] = part_of(t, n_frames, front_end.n_parts)
                sums[part] = sums[part] + value
            machine.count("sram_bytes", 4 * front_end.n_parts)
            means[name] = [(sums[p] * (1 / sizes[p])).value for p in sums]
    if front_end.with_duration:
        with machine.step("duration"):
            seconds = machine.scalar(n_samples / sample_rate_hz).log10()
            machine.count("sram_bytes", 4 * front_end.n_parts)
            means["log-duration"] = [seconds.value] * front_end.n_parts
    return list(means.values())


def deltas(machine, cepstrum, kept, n_frames):
    norm = 2 * sum(j * j for j in range(1, REACH + 1))
    rows = {}
    with machine.step("deltas"):
        for k in kept:
            for t in range(n_frames):
                machine.count("sram_bytes", 4 * (2 * REACH + 1))  # what is read, and the slope
                slope = machine.scalar(0)
                for j in range(1, REACH + 1):
                    rise = cepstrum[k, min(t + j, n_frames - 1)] - cepstrum[k, max(t - j, 0)]
                    slope = slope.plus_product(j / norm, rise)
                rows.setdefault(f"delta-{k}", {})[t] = slope
    return rows


def shapes(machine, samples, powers, n_samples, front_end):
    """Crossings, centroid and roll-off of each frame."""
    n_fft, hop = front_end.n_fft, front_end.hop
    rows = {"crossings": {}, "centroid": {}, "roll-off": {}}
    for t, sizes in enumerate(magnitudes(machine, powers)):
        with machine.step("zero-crossings"):
            crossed, start = machine.scalar(0), t * hop - n_fft // 2
            for i in range(n_fft - 1):  # of a pair the first was seen before
                one, other = (samples.values.get(start + i + j, machine.scalar(0)).value for j in (0, 1))
                machine.count("sram_bytes", 2)
                machine.count("compare_fp32")
                crossed = crossed + ((one < 0) != (other < 0))
            rows["crossings"][t] = machine.scalar(crossed.value / (n_fft - 1))  # one factor with that of the mean
        last = n_fft // 2
        with machine.step("centroid"):
            total, moment = machine.scalar(0), machine.scalar(0)
            for k in sizes.values:
                value = sizes[k]
                total, moment = total + value, moment.plus_product(k / last, value)
            rows["centroid"][t] = moment / total
        with machine.step("roll-off"):
            limit, so_far, below = total * 0.85, machine.scalar(0), 0
            for k in sizes.values:
                so_far = so_far + sizes[k]
                below += so_far < limit
            rows["roll-off"][t] = machine.scalar(below / last)
    return rows


def band_statistics(machine, samples, n_samples, front_end, window, triangles):
    """[mel][statistic]."""
    powers = power_frames(machine, samples, n_samples, window, front_end.n_fft, front_end.hop)
    mel = mel_frames(machine, powers, triangles)
    if front_end.relative_to == "clip-maximum":
        with machine.step("maximum"):
            loudest = machine.scalar(0)
            for frame in mel:
                for value in frame.values.values():  # in the register that it is written from
                    loudest = loudest.at_least(value)
            inverse = 1 / loudest.at_least(1e-30)
            for frame in mel:
                for m in frame.values:
                    frame[m] = frame[m] * inverse
    with machine.step("level"):
        logs = []
        for frame in mel:
            row = machine.memory()
            for m in frame.values:
                row[m] = (frame[m] + front_end.floor).log()
            logs.append(row)
    return [statistics(machine, [row.values[m] for row in logs], front_end.n_parts) for m in mel[0].values]


def statistics(machine, row, n_parts):
    """Of one band: three passes over its levels, and a fourth for the parts."""
    n = len(row)
    with machine.step("statistics"):
        machine.count("sram_bytes", 4 * (4 * n + 3 + n_parts))
        total = machine.scalar(0)
        for value in row:
            total = total + value
        mean = total * (1 / n)
        squares, change = machine.scalar(0), machine.scalar(0)
        for value in row:
            distance = value - mean
            squares = squares.plus_product(distance, distance)
        for one, other in zip(row[1:], row, strict=False):
            change = change + (one - other).size()
        sums, sizes = [machine.scalar(0) for _ in range(n_parts)], {}
        for t, value in enumerate(row) if n_parts else ():
            part, sizes[part] = part_of(t, n, n_parts)
            sums[part] = sums[part] + value
        deviation = (squares * (1 / n)).sqrt()
        parts = [total * (1 / sizes[p]) for p, total in enumerate(sums)]
        found = [mean, deviation, change * (1 / (n - 1)), *parts]
    return [value.value if not math.isnan(value.value) else 0.0 for value in found]


def plain_numbers(machine, samples, n_samples, front_end, sample_rate_hz):
    """[number][1]: skewness, its size, crest, both ends, the lowest and the highest band."""
    n, n_end = n_samples, min(n_samples, round(front_end.end_seconds * sample_rate_hz))
    written, distances = machine.memory(), machine.memory()
    with machine.step("mean"):
        total = machine.scalar(0)
        for i in range(n):
            total = total + samples[i]
        mean = total * (1 / n)
    with machine.step("moments"):
        second, third, largest = machine.scalar(0), machine.scalar(0), machine.scalar(0)
        for i in range(n):
            distance = samples[i] - mean
            distances[i] = distance
            square = distance * distance
            second = second + square
            third = third.plus_product(square, distance)
            largest = largest.at_least(square)
        second, third = second * (1 / n), third * (1 / n)
        inverse = machine.scalar(0) if second <= 0 else machine.scalar(1 / second.value)
        machine.count("transcendental_fp32")
        written["skewness"] = third * inverse * inverse.sqrt()
        written["size"] = written.values["skewness"].size()
        written["crest"] = ((largest * inverse) + 1e-12).log10() * 10
    with machine.step("ends"):
        for name, first in (("first", 0), ("last", n - n_end)):
            total = machine.scalar(0)
            for i in range(first, first + n_end):
                distance = distances[i]
                total = total.plus_product(distance, distance)
            written[name] = ((total * (1 / n_end) * inverse) + 1e-12).log10() * 10
    weights = [math.sin(math.pi * (i + 0.5) / n) ** 2 for i in range(n)]
    hann, frame = machine.table(weights), machine.memory()
    with machine.step("window"):
        total = machine.scalar(0)
        for i in range(n):
            weighed = distances[i] * hann[i]
            frame[i] = weighed
            total = total + weighed
        mean = total * (1 / sum(weights))
        for i in range(n):
            frame[i] = frame[i].plus_product(-mean, hann[i])
    n_fft = 2 ** math.ceil(math.log2(n))
    values = [frame.values.get(i, machine.scalar(0)) for i in range(n_fft)]
    power = squared(machine, half(fourier(machine, values)))
    with machine.step("bands"):
        total, low, high = machine.scalar(0), machine.scalar(0), machine.scalar(0)
        for k in range(n_fft // 2 + 1):
            value, hz = power[k], k * sample_rate_hz / n_fft
            total = total + value
            if hz < front_end.low_hz:
                low = low + value
            if hz >= front_end.high_share * sample_rate_hz / 2:
                high = high + value
        inverse = machine.scalar(0) if total <= 0 else machine.scalar(1 / total.value)
        machine.count("transcendental_fp32")
        written["low"] = ((low * inverse) + 1e-12).log10() * 10
        written["high"] = ((high * inverse) + 1e-12).log10() * 10
    return [[value.value] for value in written.values.values()]
