"""Spectrograms of one clip from their definitions, on numbers that count.

Each takes a `Machine`, samples in memory and the options of the front end, and gives scalars [band][frame]. Tables
(windows, triangles) are given by the test from an independent source or by the front end itself: they are constants.
"""

import math

from tests.references.scalar_fourier import fourier

SMALLEST_POWER = 1e-30


def n_frames_of(n_samples, hop):
    return 1 + n_samples // hop


def windowed(machine, samples, window, start, n_fft, layer="window"):
    """A frame from `start` on under a window in the middle of n_fft; where the window is 0, so is the frame."""
    table, buffer = machine.table(window), machine.memory()
    before = (n_fft - len(window)) // 2
    with machine.step(layer):
        for i in (i for i, weight in enumerate(window) if weight):
            buffer[before + i] = samples[start + before + i] * table[i]
    return [buffer.values.get(i, machine.scalar(0)) for i in range(n_fft)]


def squared(machine, spectrum, layer="power"):
    """|X|^2 of the bins of a spectrum, into memory."""
    power = machine.memory()
    with machine.step(layer):
        for k, (real, imaginary) in enumerate(spectrum):
            machine.count("sram_bytes", 8)
            power[k] = real * real + imaginary * imaginary
    return power


def half(spectrum):
    return spectrum[: len(spectrum) // 2 + 1]


def power_frames(machine, samples, n_samples, window, n_fft, hop):
    """|X|^2 of centred frames, a memory of bins for each."""
    frames = []
    for t in range(n_frames_of(n_samples, hop)):
        frame = windowed(machine, samples, window, t * hop - n_fft // 2, n_fft)
        frames.append(squared(machine, half(fourier(machine, frame))))
    return frames


def mel_frames(machine, powers, triangles, layer="mel"):
    """Sums of each frame's bins under the triangles, by their weights that are not 0 but for rounding of a corner."""
    frames = []
    for power in powers:
        bands = machine.memory()
        with machine.step(layer):
            for m, triangle in enumerate(triangles):
                table = machine.table({k: weight for k, weight in enumerate(triangle) if weight > 1e-9})
                total = machine.scalar(0)
                for k in table.values:
                    total = total.plus_product(table[k], power[k])
                bands[m] = total
        frames.append(bands)
    return frames


def dense_mel_frames(machine, powers, triangles):
    """The same by every weight, those too that are 0."""
    for power in powers:
        for triangle in triangles:
            total = machine.scalar(0)
            for k, weight in enumerate(triangle):
                total = total.plus_product(weight, power[k])


def levels(machine, frames, top_db, reference=None, smallest=SMALLEST_POWER):
    """10 log10(power / r) limited to [-top_db, 0]; r is the clip's maximum, or a fixed power. Two passes."""
    stored, result = [], []
    with machine.step("level"):
        loudest = machine.scalar(-math.inf)
        for frame in frames:
            row = machine.memory()
            for k in frame.values:
                value = frame[k].at_least(smallest).log10()
                if reference is None:
                    loudest = loudest.at_least(value)
                row[k] = value
            stored.append(row)
        for row in stored:
            levelled = machine.memory()
            for k in row.values:
                against = loudest if reference is None else math.log10(reference)
                value = ((row[k] - against) * 10).at_least(-top_db)
                levelled[k] = value if reference is None else value.at_most(0)
            result.append(levelled)
    return result


def by_band(frames):
    """[band][frame] values of a list of memories."""
    return [[frame.values[k].value for frame in frames] for k in frames[0].values]


def trimmed(machine, frames, mel, below_db, top_db):
    """Frames of an utterance moved to the start, silence behind it: limits by the summed power of frames."""
    with machine.step("trim"):
        powers, loudest = machine.memory(), machine.scalar(0)
        for t, bands in enumerate(mel):
            keys = list(bands.values)
            total = bands[keys[0]]
            for m in keys[1:]:
                total = total + bands[m]
            powers[t] = total
            loudest = loudest.at_least(total)
        limit = loudest * 10 ** (-below_db / 10)
        spoken = [t for t in range(len(mel)) if not powers[t] < limit]
        moved = []
        for t in range(len(frames)):
            source = t + spoken[0]
            row = machine.memory()
            for m in frames[0].values:
                value = frames[min(source, len(frames) - 1)][m]
                row[m] = value if source <= spoken[-1] else machine.scalar(-top_db)
            moved.append(row)
    return moved, spoken[-1] - spoken[0] + 1


def stretched(machine, frames, n_own, n_frames):
    """Frames read at j (n_own - 1) / (n_frames - 1), between two neighbours."""
    with machine.step("stretch"):
        step = machine.scalar(n_own - 1) * (1 / (n_frames - 1))
        result = []
        for j in range(n_frames):
            place = step * j
            machine.count("compare_fp32")  # rounding down
            before = min(math.floor(place.value + 1e-9), n_own - 1)
            share = place - before
            row = machine.memory()
            for m in frames[0].values:
                early, late = frames[before][m], frames[min(before + 1, n_own - 1)][m]
                row[m] = early.plus_product(share, late - early)
            result.append(row)
    return result


def log_mel(machine, samples, n_samples, front_end, window, triangles):
    mel = mel_frames(
        machine, power_frames(machine, samples, n_samples, window, front_end.n_fft, front_end.hop), triangles
    )
    reference = None if front_end.relative_to == "clip-maximum" else (front_end.n_fft / 4) ** 2
    frames = levels(machine, mel, front_end.top_db, reference)
    n_own = len(frames)
    if front_end.trim_below_db is not None:
        frames, n_own = trimmed(machine, frames, mel, front_end.trim_below_db, front_end.top_db)
    if front_end.stretch_to_frames is not None:
        frames = stretched(machine, frames, n_own, front_end.stretch_to_frames)
    return frames


def magnitudes(machine, powers):
    frames = []
    for power in powers:
        row = machine.memory()
        with machine.step("magnitude"):
            for k in power.values:
                row[k] = power[k].sqrt()
        frames.append(row)
    return frames


def librosa_mel(machine, samples, n_samples, front_end, window, triangles):
    powers = power_frames(machine, samples, n_samples, window, front_end.n_fft, front_end.hop)
    mel = mel_frames(machine, powers if front_end.power == 2 else magnitudes(machine, powers), triangles)
    if front_end.relative_to == "clip-maximum":
        return levels(machine, mel, front_end.top_db, None, front_end.amin)
    stored, result = [], []
    with machine.step("level"):  # relative to 1, whose logarithm is 0: nothing is taken away, but for the floor once
        loudest = machine.scalar(-math.inf)
        for frame in mel:
            row = machine.memory()
            for m in frame.values:
                row[m] = value = frame[m].at_least(front_end.amin).log10() * 10
                loudest = loudest.at_least(value)
            stored.append(row)
        floor = loudest - front_end.top_db
        for row in stored:
            levelled = machine.memory()
            for m in row.values:
                levelled[m] = row[m].at_least(floor)
            result.append(levelled)
    return result


def kaldi_fbank(machine, samples, n_samples, front_end, window, triangles, sizes):
    length, shift, n_fft = sizes
    mel = []
    for start in range(0, n_samples - length + 1, shift):
        frame = machine.memory()
        with machine.step("pre-emphasis"):
            total = machine.scalar(0)
            for i in range(length):
                total = total + samples[start + i]
            mean, before = total * (1 / length), None
            for i in range(length):
                centred = samples[start + i] - mean
                before = centred if before is None else before
                frame[i] = centred.plus_product(-0.97, before)
                before = centred
        powers = squared(machine, half(fourier(machine, windowed(machine, frame, window, 0, len(window)) + [
            machine.scalar(0) for _ in range(n_fft - length)
        ])))  # fmt: skip
        mel += mel_frames(machine, [powers], triangles)
    result = []
    with machine.step("level"):
        for bands in mel:
            row = machine.memory()
            for m in bands.values:
                row[m] = bands[m].at_least(2.0**-23).log()
            result.append(row)
    return result


def ast_fbank(machine, samples, n_samples, front_end, *kaldi):
    with machine.step("centre"):
        centred = machine.memory(2)
        total = machine.scalar(0)
        for i in range(n_samples):
            total = total + samples[i]
        mean = total * (1 / n_samples)
        for i in range(n_samples):
            centred[i] = samples[i] - mean
    length, shift, _ = kaldi[-1]
    seen = min(n_samples, length + (front_end.n_frames - 1) * shift)
    frames = kaldi_fbank(machine, centred, seen, front_end, *kaldi)
    result = []
    with machine.step("normalise"):
        for t in range(front_end.n_frames):
            row = machine.memory()
            for m in frames[0].values:
                source = frames[t] if t < len(frames) else machine.memory()
                row[m] = (source[m] - front_end.mean) * (1 / (2 * front_end.sd))
            result.append(row)
    return result


def pcen(machine, samples, n_samples, front_end, window, triangles, coefficient):
    powers = power_frames(machine, samples, n_samples, window, front_end.n_fft, front_end.hop)
    mel = mel_frames(machine, magnitudes(machine, powers), triangles)
    result, past = [], machine.memory()
    with machine.step("pcen"):
        for bands in mel:
            row = machine.memory()
            for m in bands.values:
                energy = bands[m] * front_end.scale
                if front_end.start == "first-frame" and not result:
                    smooth = energy
                else:
                    before = past[m] if result else machine.scalar(1)
                    smooth = before.plus_product(coefficient, energy - before)
                past[m] = smooth
                normalised = energy * ((smooth + front_end.eps).log() * -front_end.gain).exp()
                rooted = ((normalised + front_end.bias).log() * front_end.power).exp()
                row[m] = rooted - front_end.bias**front_end.power
            result.append(row)
    return result


def waveform(machine, samples, n_samples, front_end):
    with machine.step("read"):
        row = machine.memory()
        for i in range(n_samples):
            row[i] = samples[i]
    if front_end.relative_to == "fixed":
        return [row]
    with machine.step("level"):
        largest = machine.scalar(0)
        for i in range(n_samples):
            largest = largest.at_least(row[i].size())
        inverse = 1 / largest.at_least(1e-30)
        for i in range(n_samples):
            row[i] = row[i] * inverse
    return [row]
