# neuro/loihi/engines/compiled_lif.py
"""A layer of LIF neurons compiled for the CPU, driven by events: what does not fire costs nothing.

A spike adds a row of the transposed weights (16-bit integers) to the sums of its step; the neurons of the step follow
while the sums lie in the cache. A clip is run through all its steps before the next is begun, so clips divide among
threads. Arithmetic is that of `neuro/loihi/neurons/lif.py` in 32 bits: every value that is cast here fits by
`check_sums`, and the product of a decay is taken apart,

    (|x| * k) >> 12 = (|x| >> 12) * k + (((|x| & 4095) * k) >> 12)          exact for |x| < 2^30, k <= 4096

Casts after each operation keep numba from widening to 64 bits, which would halve the vectors. Arrays that a layer does
without have no elements.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neuro.loihi.limits import MEMBRANE_LIMIT, WRAP

i32 = np.int32
HIGHEST, LOWEST = i32(MEMBRANE_LIMIT), i32(-MEMBRANE_LIMIT)
OVER, UNDER, TURN = i32(WRAP), i32(-WRAP), i32(2 * WRAP)
BYTES_AT_ONCE = 8  # of a 64-bit word, which skips eight silent channels
ROWS_AT_ONCE = 4

Array = NDArray[Any]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def shrunk(x: Any, kept: Any) -> Any:
    """x * kept / 4096 towards zero."""
    sign = i32(x >> i32(31))
    size = i32(i32(x ^ sign) - sign)
    low = i32(i32(i32(size & i32(4095)) * kept) >> i32(12))
    result = i32(i32(i32(size >> i32(12)) * kept) + low)
    return i32(i32(result ^ sign) - sign)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def wrapped(u: Any) -> Any:
    """The 24-bit current, whose overflow comes back once from the other side."""
    over = TURN if u > OVER else i32(0)
    under = TURN if u <= UNDER else i32(0)
    return i32(i32(u - over) + under)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def lif_step(
    sums: Array, current: Array, potential: Array, bias: Array, kept: Any, current_kept: Any, threshold: Any, out: Array
) -> None:
    """One step of neurons; the current is left alone where it decays within the step."""
    if current_kept == 0:
        for n in range(len(sums)):
            u = wrapped(i32(i32(sums[n]) << i32(6)))
            v = i32(i32(shrunk(potential[n], kept) + u) + bias[n])
            v = HIGHEST if v > HIGHEST else v
            v = LOWEST if v < LOWEST else v
            fired = v > threshold
            out[n] = fired
            potential[n] = i32(0) if fired else v
    else:
        for n in range(len(sums)):
            u = wrapped(i32(shrunk(current[n], current_kept) + i32(i32(sums[n]) << i32(6))))
            current[n] = u
            v = i32(i32(shrunk(potential[n], kept) + u) + bias[n])
            v = HIGHEST if v > HIGHEST else v
            v = LOWEST if v < LOWEST else v
            fired = v > threshold
            out[n] = fired
            potential[n] = i32(0) if fired else v


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def active_channels(words: Array, fired: Array, step: int, clip: int, channels: Array) -> int:
    """Write the channels that fired, in their order; their number."""
    n = 0
    for word in range(words.shape[2]):
        if words[step, clip, word] != 0:
            first = word * BYTES_AT_ONCE
            for channel in range(first, first + BYTES_AT_ONCE):
                channels[n] = channel
                n += fired[step, clip, channel] != 0
    return n


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def add_rows(sums: Array, short: Array, rows: Array, channels: Array, n: int, most: int) -> None:
    """Add the rows of n channels, up to `most` at a time in 16 bits, which that many cannot leave."""
    begun = 0
    while begun < n:
        end = min(n, begun + most)
        for neuron in range(len(short)):
            short[neuron] = 0
        k = begun
        while k + ROWS_AT_ONCE <= end:
            a, b, c, d = channels[k], channels[k + 1], channels[k + 2], channels[k + 3]
            for neuron in range(len(short)):
                of_four = rows[a, neuron] + rows[b, neuron] + rows[c, neuron] + rows[d, neuron]
                short[neuron] = np.int16(short[neuron] + of_four)
            k += ROWS_AT_ONCE
        while k < end:
            a = channels[k]
            for neuron in range(len(short)):
                short[neuron] = np.int16(short[neuron] + rows[a, neuron])
            k += 1
        for neuron in range(len(short)):
            sums[neuron] = i32(sums[neuron] + i32(short[neuron]))
        begun = end


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def add_scaled_rows(sums: Array, rows: Array, values: Array, channels: Array, n: int) -> None:
    """Add the rows of n channels, each times the value of its channel."""
    for k in range(n):
        channel = channels[k]
        value = values[channel]
        for neuron in range(len(sums)):
            sums[neuron] = i32(sums[neuron] + i32(value * i32(rows[channel, neuron])))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def shift(sums: Array, exponent: int) -> None:
    """Integers times 2^exponent, rounded down, in place."""
    if exponent > 0:
        for n in range(len(sums)):
            sums[n] = i32(sums[n] << i32(exponent))
    elif exponent < 0:
        for n in range(len(sums)):
            sums[n] = i32(sums[n] >> i32(-exponent))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sum_events(
    sums: Array, short: Array, rows: Array, most: int, exponent: int, values: Array, channels: Array, n: int
) -> None:
    """The sums of a step without delays: of spikes, or of events that have values."""
    for neuron in range(len(sums)):
        sums[neuron] = 0
    if len(values):
        add_scaled_rows(sums, rows, values, channels, n)
    else:
        add_rows(sums, short, rows, channels, n, most)
    shift(sums, exponent)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def active_neurons(spikes: Array, neurons: Array) -> int:
    """Write the neurons that fired, in their order; their number."""
    n = 0
    for neuron in range(len(spikes)):
        neurons[n] = neuron
        n += spikes[neuron]
    return n


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def take_due(due: Array, due_met: Array, sums: Array, met: Array) -> None:
    """What is due in this step; its slot is empty afterwards."""
    for neuron in range(len(sums)):
        sums[neuron] = due[neuron]
        met[neuron] = due_met[neuron] != 0
    due[:] = 0
    due_met[:] = 0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def send_delayed(
    due: Array, due_met: Array, groups: Array, rows: Array, delays: Array, values: Array, channels: Array, n: int,
    exponent: int, step: int,
) -> None:  # fmt: skip
    """Put what n channels send into the slots [step mod depth, neuron] in which it is due."""
    depth = len(due)
    groups[:] = 0
    for k in range(n):
        channel = channels[k]
        value = values[channel] if len(values) else i32(1)
        for neuron in range(groups.shape[1]):
            delay = delays[channel, neuron]
            groups[delay, neuron] += value * i32(rows[channel, neuron])
            due_met[(step + delay) % depth, neuron] = 1
    if n > 0:
        for delay in range(depth):
            shift(groups[delay], exponent)  # each delay's sum is rounded by itself
            slot = due[(step + delay) % depth]
            for neuron in range(groups.shape[1]):
                slot[neuron] += groups[delay, neuron]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def run_dense(
    fired: Array,  # uint8 [step, clip, channel], channels filled up to whole words
    words: Array,  # the same bytes as uint64
    values: Array,  # int32 [step, clip, channel] of graded events
    given: Array,  # int32 [step, clip, neuron]: sums that are known already, in place of events
    rows: Array,  # int16 [channel, neuron]
    most: int,
    exponent: int,
    delays: Array,  # int32 [channel, neuron]
    recurrent: Array,  # int16 [neuron, neuron]: from, to
    most_recurrent: int,
    recurrent_exponent: int,
    bias: Array,  # int32 [neuron]
    parameters: Array,  # int32: kept, current kept, threshold, reset interval, reset offset
    first: int,
    end: int,
    spikes: Array,  # bool [step, clip, neuron]
    met: Array,  # bool [step, clip, 1], or of delays [step, clip, neuron]
    final: Array,  # int32 [clip, neuron]
    potentials: Array,  # int32 [step, clip, neuron]
) -> None:
    """Clips `first` to `end` of a dense layer."""
    n_steps, n_neurons, graded, recurs = len(spikes), len(bias), values.size > 0, recurrent.size > 0
    kept, current_kept, threshold, interval, offset = parameters
    channels = np.empty(fired.shape[2] + 1, np.int32)
    own = np.empty(n_neurons + 1, np.int32)
    sums, again, short = np.empty(n_neurons, np.int32), np.empty(n_neurons, np.int32), np.empty(n_neurons, np.int16)
    current, potential = np.empty(n_neurons, np.int32), np.empty(n_neurons, np.int32)
    depth = 1 + delays.max() if delays.size else 0
    due, due_met = np.zeros((depth, n_neurons), np.int32), np.zeros((depth, n_neurons), np.uint8)
    groups, none = np.zeros((depth, n_neurons), np.int32), np.empty(0, np.int32)
    for clip in range(first, end):
        current[:] = 0
        potential[:] = 0
        due[:] = 0
        due_met[:] = 0
        for step in range(n_steps):
            if interval > 0 and step % interval == offset:
                current[:] = 0
                potential[:] = 0
            n_active = active_channels(words, fired, step, clip, channels)
            row = values[step, clip] if graded else none
            if delays.size:
                send_delayed(due, due_met, groups, rows, delays, row, channels, n_active, exponent, step)
                take_due(due[step % depth], due_met[step % depth], sums, met[step, clip])
            else:
                met[step, clip, 0] = n_active > 0
                if given.size:
                    sums[:] = given[step, clip]
                else:
                    sum_events(sums, short, rows, most, exponent, row, channels, n_active)
            if recurs and step > 0:
                n_own = active_neurons(spikes[step - 1, clip], own)
                sum_events(again, short, recurrent, most_recurrent, recurrent_exponent, none, own, n_own)
                sums += again
                met[step, clip] |= n_own > 0
            lif_step(sums, current, potential, bias, kept, current_kept, threshold, spikes[step, clip])
            if potentials.size:
                potentials[step, clip] = potential
        final[clip] = potential
