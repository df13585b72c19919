# neuro/loihi/engines/compiled_convolution.py
"""A convolution into LIF neurons compiled for the CPU, driven by events.

A spike adds the kernels of its map, turned about, to its neighbours. Sums and states lie with the map last, so that the
maps of one place, and those of a whole row of the kernel, are one run of numbers. The sums are those of the
full convolution, borders included: no spike asks where the picture ends. With a kernel of K places and padding p,

    sum of the full convolution at y + K - 1 - i += w[i] * input[y];      output o is the sum at o * stride + K - 1 - p

Spikes are few, so they are brought back to [map, mel, frame] one by one.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neuro.loihi.engines.compiled_lif import BYTES_AT_ONCE, active_channels, lif_step, shift

i32 = np.int32

Array = NDArray[Any]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def scatter(
    sums: Array, rows: Array, values: Array, channels: Array, n: int, grid: Array, stride: int, phases: Array
) -> None:
    """Add what n channels send to the sums [row, column * map]; rows [map_in, kernel row, kernel column * map]."""
    n_mels, n_frames, n_maps = grid
    for k in range(n):
        channel = channels[k]
        from_map, place = channel // (n_mels * n_frames), channel % (n_mels * n_frames)
        mel, frame = place // n_frames, place % n_frames
        for i in range(rows.shape[1]):
            if stride > 1 and (mel + i - phases[0]) % stride != 0:
                continue
            row, first = mel + i, np.uint64(frame * n_maps)
            if len(values):
                value = values[channel]
                for m in range(rows.shape[2]):
                    sums[row, first + np.uint64(m)] += value * rows[from_map, i, m]
            else:
                for m in range(rows.shape[2]):
                    sums[row, first + np.uint64(m)] += rows[from_map, i, m]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def mark_reached(
    reached: Array, fired: Array, step: int, clip: int, under: Array, grid: Array, kernel: Array, stride: int,
    phases: Array,
) -> None:  # fmt: skip
    """reached [mel, frame] of the output: whether a spike of any map lies under the kernel there.

    `under` is the same for every place of the full convolution.
    """
    n_mels, n_frames, n_places = grid[0], grid[1], grid[0] * grid[1]
    anywhere = np.zeros(n_places, np.uint8)
    for first in range(0, fired.shape[2] - n_places + 1, n_places):
        for place in range(n_places):
            anywhere[place] |= fired[step, clip, first + place]
    under[:] = 0
    for mel in range(n_mels):
        begin = np.uint64(mel * n_frames)
        for i in range(kernel[0]):
            row = mel + i
            for j in range(kernel[1]):
                right = np.uint64(j)
                for frame in range(n_frames):
                    under[row, right + np.uint64(frame)] |= anywhere[begin + np.uint64(frame)]
    for row in range(reached.shape[0]):
        for column in range(reached.shape[1]):
            reached[row, column] = under[row * stride + phases[0], column * stride + phases[1]]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def to_maps_first(potential: Array, into: Array, n_maps: int) -> None:
    """[mel, frame * map] to [map * mel * frame]."""
    flat = potential.reshape(-1)
    n_places = len(flat) // n_maps
    for place in range(n_places):
        for to_map in range(n_maps):
            into[to_map * n_places + place] = flat[place * n_maps + to_map]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def pick_row(source: Array, row_sums: Array, n_maps: int, stride: int, phase: int) -> None:
    """One row of outputs [column * map] from a row of the full convolution."""
    if stride == 1:
        begin = phase * n_maps
        for m in range(len(row_sums)):
            row_sums[m] = source[begin + m]
        return
    for column in range(len(row_sums) // n_maps):
        begin = (column * stride + phase) * n_maps
        for m in range(n_maps):
            row_sums[column * n_maps + m] = source[begin + m]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def spread_spikes(out: Array, words: Array, spikes: Array, n_maps: int, n_places: int) -> None:
    """Set what fired in out [mel, frame * map] in spikes [map * mel * frame]."""
    for word in range(len(words)):
        if words[word] != 0:
            for byte in range(word * BYTES_AT_ONCE, (word + 1) * BYTES_AT_ONCE):
                if out[byte] != 0:
                    spikes[byte % n_maps * n_places + byte // n_maps] = 1


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def run_convolution(
    fired: Array,  # uint8 [step, clip, channel], channels filled up to whole words
    words: Array,  # the same bytes as uint64
    values: Array,  # int32 [step, clip, channel] of graded events; of spikes none
    rows: Array,  # [map_in, kernel row, kernel column * map], turned about
    sums: Array,  # work space: [row, column * map] of the full convolution, of integers that hold every sum
    exponent: int,
    grid: Array,  # mels and frames of the input, maps of the output
    output: Array,  # mels and frames of the output
    kernel: Array,  # its rows and columns
    stride: int,
    phases: Array,  # of rows and of columns: kernel - 1 - padding
    bias: Array,  # int32 [frame * map]: of one row
    parameters: Array,  # int32: kept, current kept, threshold, reset interval, reset offset
    first: int,
    end: int,
    spikes: Array,  # uint8 [step, clip, neuron], zero
    met: Array,  # uint8 [step, clip, neuron]
    final: Array,  # int32 [clip, neuron]
    potentials: Array,  # int32 [step, clip, neuron]
) -> None:
    """Clips `first` to `end` of a convolution."""
    n_maps, n_places = grid[2], output[0] * output[1]
    width = output[1] * n_maps
    kept, current_kept, threshold, interval, offset = parameters
    channels, no_values = np.empty(fired.shape[2] + 1, np.int32), np.empty(0, np.int32)
    current, potential = np.empty((output[0], width), np.int32), np.empty((output[0], width), np.int32)
    row_sums = np.empty(width, np.int32)
    out = np.zeros(-(-n_places * n_maps // BYTES_AT_ONCE) * BYTES_AT_ONCE, np.uint8)
    out_words = out.view(np.uint64)
    under = np.empty((grid[0] + kernel[0] - 1, grid[1] + kernel[1] - 1), np.uint8)
    reached = np.empty((output[0], output[1]), np.uint8)
    for clip in range(first, end):
        current[:] = 0
        potential[:] = 0
        for step in range(len(spikes)):
            if interval > 0 and step % interval == offset:
                current[:] = 0
                potential[:] = 0
            n_active = active_channels(words, fired, step, clip, channels)
            sums[:] = 0
            row_values = values[step, clip] if values.size else no_values
            scatter(sums, rows, row_values, channels, n_active, grid, stride, phases)
            for row in range(output[0]):
                pick_row(sums[row * stride + phases[0]], row_sums, n_maps, stride, phases[1])
                shift(row_sums, exponent)
                into = out[row * width : (row + 1) * width]
                lif_step(row_sums, current[row], potential[row], bias, kept, current_kept, threshold, into)
            spread_spikes(out, out_words, spikes[step, clip], n_maps, n_places)
            mark_reached(reached, fired, step, clip, under, grid, kernel, stride, phases)
            for to_map in range(n_maps):
                met[step, clip, to_map * n_places : (to_map + 1) * n_places] = reached.reshape(-1)
            if potentials.size:
                to_maps_first(potential, potentials[step, clip], n_maps)
        to_maps_first(potential, final[clip], n_maps)
