"""Spectra that adapt to the clip, from their definitions, on numbers that count: see `scalar_spectrograms`."""

from tests.references.counting_scalars import raised
from tests.references.scalar_fourier import fourier
from tests.references.scalar_phase import of_unit_power
from tests.references.scalar_spectrograms import half, levels, mel_frames, n_frames_of, squared


def levinson(machine, r, y):
    """(u, a, E): R u = y of the Toeplitz matrix R by orders, and the last predictor with its error.

    Sums run over the whole order, a[0] = 1 with them.
    """
    n = len(r)
    with machine.step("levinson"):
        predictor, solution, error = [machine.scalar(1)], [y[0] / r[0]], r[0]
        for order in range(1, n):
            correlation, residual = machine.scalar(0), y[order]
            for i in range(order):
                machine.count("sram_bytes", 4 * 4)  # a and r, u and r
                correlation = correlation.plus_product(predictor[i], r[order - i])
                residual = residual.plus_product(-solution[i], r[order - i])
            reflection = -correlation / error
            before = [*predictor, machine.scalar(0)]
            predictor = before[:1]
            for i in range(1, order):
                machine.count("sram_bytes", 4 * 3)
                predictor.append(before[i].plus_product(reflection, before[order - i]))
            predictor.append(reflection)
            error = error * machine.scalar(1).plus_product(-reflection, reflection)
            step = residual / error
            for i in range(order):
                machine.count("sram_bytes", 4 * 3)
                solution[i] = solution[i].plus_product(step, predictor[order - i])
            solution.append(step)
    return solution, predictor, error


def subdiagonal_sums(machine, predictor, error):
    """d[k] = 1/E sum_i (N - k - 2 i) a[i] a[i + k]."""
    n, sums = len(predictor), machine.memory()
    with machine.step("subdiagonals"):
        inverse = 1 / error
        for lag in range(n):
            total = machine.scalar(0)
            for i in range(n - lag):
                machine.count("sram_bytes", 4 * 2)
                total = total.plus_product(predictor[i] * (n - lag - 2 * i), predictor[i + lag])
            sums[lag] = total * inverse
    return [sums.values[lag] for lag in range(n)]


def padded(machine, values, n):
    return [*values, *(machine.scalar(0) for _ in range(n - len(values)))]


def rmmse(machine, samples, n_samples, front_end, exponent, triangles=None):
    n, m = front_end.n_window, front_end.n_points
    frames, before = [], None
    for t in range(n_frames_of(n_samples, front_end.hop)):
        start = t * front_end.hop - n // 2
        frame = [samples.values.get(start + i, machine.scalar(0)) for i in range(n)]
        power = squared(machine, half(fourier(machine, padded(machine, frame, m)))).values
        with machine.step("power"):
            power = {k: value * (1 / n**2) for k, value in power.items()}
        if front_end.warm_start and before is not None:
            with machine.step("warm-start"):
                machine.count("sram_bytes", 12 * len(power))
                power = {k: (value * 0.1).plus_product(0.9, before[k]) for k, value in power.items()}
        for _ in range(front_end.n_iterations):
            power = iterated(machine, frame, power, front_end, exponent)
        frames.append(machine.table(power))
        before = power
    return levels(machine, frames if triangles is None else mel_frames(machine, frames, triangles), front_end.top_db)


def iterated(machine, frame, power, front_end, exponent):
    m = front_end.n_points
    whole = [power[min(k, m - k)] for k in range(m)]
    lags = [real for real, _ in fourier(machine, whole, inverse=True)][: len(frame)]  # M times the inverse transform
    with machine.step("filter"):
        lags[0] = lags[0] * (1 + front_end.loading)
    solution, predictor, error = levinson(machine, lags, frame)
    matched = squared(machine, half(fourier(machine, padded(machine, solution, m)))).values
    result = {}
    for k in power:
        with machine.step("filter"):
            machine.count("sram_bytes", 12)
            result[k] = matched[k]
            if exponent:
                own = power[k] if exponent == 1 else raised(power[k], exponent)
                result[k] = own * own * matched[k]
    if exponent < 1:
        sums = subdiagonal_sums(machine, predictor, error)
        gains = half(fourier(machine, padded(machine, sums, m)))
        for k in power:
            with machine.step("gain"):
                machine.count("sram_bytes", 12)
                gain = (-sums[0]).plus_product(2, gains[k][0])
                gain = gain if exponent == 0 else raised(gain, 1 - exponent)
                result[k] = result[k] / (gain * gain)
    return result


def kalman_ar(machine, samples, n_samples, front_end):
    """Each sample takes two passes over P: its product with h, and its update, of which one half is computed."""
    p, hop = front_end.order, front_end.hop
    scaled = of_unit_power(machine, samples, n_samples, 4)
    a = [machine.scalar(0) for _ in range(p)]
    h = [machine.scalar(0) for _ in range(p)]
    noise = front_end.process_noise
    covariance = [[machine.scalar((1 + noise) if i == j else 0) for j in range(p)] for i in range(p)]
    frames = []
    for t in range(n_samples // hop):
        with machine.step("kalman"):
            total = machine.scalar(0)
            for n in range(t * hop, (t + 1) * hop):
                y = scaled[n]
                machine.count("sram_bytes", 4 * (p * p + 3 * p))  # reads P, h and a; writes the gain
                innovation, variance, gain = y, machine.scalar(front_end.measurement_noise), []
                for i in range(p):
                    innovation = innovation.plus_product(-h[i], a[i])
                    product = machine.scalar(0)
                    for j in range(p):
                        product = product.plus_product(covariance[i][j], h[j])
                    gain.append(product)
                    variance = variance.plus_product(h[i], product)
                # reads the gain and one half of P, writes P, a and h
                machine.count("sram_bytes", 4 * (p + p * (p + 1) // 2 + p * p + 2 * p))
                for i in range(p):
                    share = gain[i] / variance
                    a[i] = a[i].plus_product(share, innovation)
                    for j in range(i + 1):
                        covariance[i][j] = covariance[i][j].plus_product(-share, gain[j])
                        covariance[j][i] = covariance[i][j]
                for i in range(p):
                    covariance[i][i] = covariance[i][i] + noise  # the Q of the next sample
                h = [y, *h[:-1]]
                total = total.plus_product(innovation, innovation)
        whitening = padded(machine, [machine.scalar(1), *(-value for value in a)], front_end.n_points)
        power = squared(machine, half(fourier(machine, whitening)))
        row = machine.memory()
        with machine.step("spectrum"):
            mean = total * (1 / hop)
            for k in power.values:
                row[k] = mean / power[k].at_least(1e-12)
        frames.append(row)
    return levels(machine, frames, front_end.top_db)
