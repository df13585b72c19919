# quantum/engine/tile_kernels.py
"""What each step of a program does to a tile: the states of as many clips as one vector of the processor holds.

    tile      [amplitude, real and imaginary part, lane]     one axis in memory; a lane is a clip
    matrix    [entry, real and imaginary part, lane]         of a qubit: 2 x 2 entries, row by row

A gate on one qubit takes each pair of amplitudes that differ in its bit: 16 multiplications, where a Kronecker block of
four qubits has 64 for the four of them on one amplitude (kernels.py), and a tile stays in the processor's cache.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from classical_baselines.compiled.lanes import load, spread, store

Array = NDArray[Any]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def rotate(tile: Array, matrix: Array, qubit: Any, n_qubits: Any, n_lanes: Any) -> None:
    """The matrix times the qubit's amplitudes."""
    a_r, a_i, b_r, b_i = _row(matrix, 0, n_lanes)
    c_r, c_i, d_r, d_i = _row(matrix, 1, n_lanes)
    bit = 1 << qubit
    for above in range(0, 1 << n_qubits, 2 * bit):
        for amplitude in range(above, above + bit):
            low, high = 2 * amplitude * n_lanes, 2 * (amplitude + bit) * n_lanes
            x_r, x_i = load(tile, low), load(tile, low + n_lanes)
            y_r, y_i = load(tile, high), load(tile, high + n_lanes)
            store(tile, low, a_r * x_r - a_i * x_i + b_r * y_r - b_i * y_i)
            store(tile, low + n_lanes, a_r * x_i + a_i * x_r + b_r * y_i + b_i * y_r)
            store(tile, high, c_r * x_r - c_i * x_i + d_r * y_r - d_i * y_i)
            store(tile, high + n_lanes, c_r * x_i + c_i * x_r + d_r * y_i + d_i * y_r)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def rotate_back(
    states: Array, gradients: Array, matrix: Array, qubit: Any, n_qubits: Any, n_lanes: Any, of_matrix: Array
) -> None:
    """Undo the matrix on the states, carry the conjugate gradients back through it, and write its own."""
    a_r, a_i, b_r, b_i = _row(matrix, 0, n_lanes)
    c_r, c_i, d_r, d_i = _row(matrix, 1, n_lanes)
    aa_r = aa_i = bb_r = bb_i = cc_r = cc_i = dd_r = dd_i = a_r - a_r
    bit = 1 << qubit
    for above in range(0, 1 << n_qubits, 2 * bit):
        for amplitude in range(above, above + bit):
            low, high = 2 * amplitude * n_lanes, 2 * (amplitude + bit) * n_lanes
            u_r, u_i = load(states, low), load(states, low + n_lanes)
            v_r, v_i = load(states, high), load(states, high + n_lanes)
            x_r = a_r * u_r + a_i * u_i + c_r * v_r + c_i * v_i
            x_i = a_r * u_i - a_i * u_r + c_r * v_i - c_i * v_r
            y_r = b_r * u_r + b_i * u_i + d_r * v_r + d_i * v_i
            y_i = b_r * u_i - b_i * u_r + d_r * v_i - d_i * v_r
            store(states, low, x_r)
            store(states, low + n_lanes, x_i)
            store(states, high, y_r)
            store(states, high + n_lanes, y_i)
            p_r, p_i = load(gradients, low), load(gradients, low + n_lanes)
            q_r, q_i = load(gradients, high), load(gradients, high + n_lanes)
            aa_r, aa_i = aa_r + p_r * x_r - p_i * x_i, aa_i + p_r * x_i + p_i * x_r
            bb_r, bb_i = bb_r + p_r * y_r - p_i * y_i, bb_i + p_r * y_i + p_i * y_r
            cc_r, cc_i = cc_r + q_r * x_r - q_i * x_i, cc_i + q_r * x_i + q_i * x_r
            dd_r, dd_i = dd_r + q_r * y_r - q_i * y_i, dd_i + q_r * y_i + q_i * y_r
            store(gradients, low, a_r * p_r - a_i * p_i + c_r * q_r - c_i * q_i)
            store(gradients, low + n_lanes, a_r * p_i + a_i * p_r + c_r * q_i + c_i * q_r)
            store(gradients, high, b_r * p_r - b_i * p_i + d_r * q_r - d_i * q_i)
            store(gradients, high + n_lanes, b_r * p_i + b_i * p_r + d_r * q_i + d_i * q_r)
    store(of_matrix, 0, aa_r)
    store(of_matrix, n_lanes, aa_i)
    store(of_matrix, 2 * n_lanes, bb_r)
    store(of_matrix, 3 * n_lanes, bb_i)
    store(of_matrix, 4 * n_lanes, cc_r)
    store(of_matrix, 5 * n_lanes, cc_i)
    store(of_matrix, 6 * n_lanes, dd_r)
    store(of_matrix, 7 * n_lanes, dd_i)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _row(matrix: Array, row: Any, n_lanes: Any) -> Any:
    first = 4 * row * n_lanes
    return (
        load(matrix, first),
        load(matrix, first + n_lanes),
        load(matrix, first + 2 * n_lanes),
        load(matrix, first + 3 * n_lanes),
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def move(tile: Array, moved: Array, source: Array, n_lanes: Any) -> None:
    """moved[i] = tile[source[i]]."""
    for amplitude in range(len(source)):
        to, of = 2 * amplitude * n_lanes, 2 * source[amplitude] * n_lanes
        store(moved, to, load(tile, of))
        store(moved, to + n_lanes, load(tile, of + n_lanes))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def turn(tile: Array, factors: Array, n_lanes: Any) -> None:
    """Each amplitude times the factor of its own, a tile too."""
    for first in range(0, len(tile), 2 * n_lanes):
        x_r, x_i = load(tile, first), load(tile, first + n_lanes)
        f_r, f_i = load(factors, first), load(factors, first + n_lanes)
        store(tile, first, x_r * f_r - x_i * f_i)
        store(tile, first + n_lanes, x_r * f_i + x_i * f_r)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def turn_back(states: Array, gradients: Array, factors: Array, n_lanes: Any) -> None:
    """Undo the factors on the states, carry the conjugate gradients back, and leave those of the factors in them."""
    for first in range(0, len(states), 2 * n_lanes):
        u_r, u_i = load(states, first), load(states, first + n_lanes)
        f_r, f_i = load(factors, first), load(factors, first + n_lanes)
        p_r, p_i = load(gradients, first), load(gradients, first + n_lanes)
        x_r, x_i = u_r * f_r + u_i * f_i, u_i * f_r - u_r * f_i
        store(states, first, x_r)
        store(states, first + n_lanes, x_i)
        store(gradients, first, p_r * f_r - p_i * f_i)
        store(gradients, first + n_lanes, p_r * f_i + p_i * f_r)
        store(factors, first, p_r * x_r - p_i * x_i)
        store(factors, first + n_lanes, p_r * x_i + p_i * x_r)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def fourier(
    tile: Array, behind: Array, first: Any, size: Any, is_inverse: Any, turns: Array, n_qubits: Any, n_lanes: Any
) -> None:
    """The transform of the register of `size` qubits from `first` on, radix 2: reversed bits, then butterflies.

    turns   [2**n_qubits / 2, real and imaginary part]     exp(2 pi i k / 2**n_qubits): the quantum transform has a +
    """
    scale = spread(tile.dtype.type(1 / np.sqrt(1 << size)))
    below, register = 1 << first, ((1 << size) - 1) << first
    for amplitude in range(1 << n_qubits):
        value, reversed_bits = (amplitude & register) >> first, 0
        for _ in range(size):
            reversed_bits = (reversed_bits << 1) | (value & 1)
            value >>= 1
        to, of = 2 * amplitude * n_lanes, 2 * ((amplitude & ~register) | (reversed_bits << first)) * n_lanes
        store(behind, to, scale * load(tile, of))
        store(behind, to + n_lanes, scale * load(tile, of + n_lanes))
    sign = tile.dtype.type(-1 if is_inverse else 1)
    for stage in range(size):
        half = below << stage
        step = 1 << (n_qubits - 1 - stage)
        for above in range(0, 1 << n_qubits, 2 * half):
            for number in range(1 << stage):
                w_r, w_i = spread(turns[number * step, 0]), spread(sign * turns[number * step, 1])
                for amplitude in range(above + number * below, above + (number + 1) * below):
                    low, high = 2 * amplitude * n_lanes, 2 * (amplitude + half) * n_lanes
                    x_r, x_i = load(behind, low), load(behind, low + n_lanes)
                    y_r, y_i = load(behind, high), load(behind, high + n_lanes)
                    t_r, t_i = w_r * y_r - w_i * y_i, w_r * y_i + w_i * y_r
                    store(behind, low, x_r + t_r)
                    store(behind, low + n_lanes, x_i + t_i)
                    store(behind, high, x_r - t_r)
                    store(behind, high + n_lanes, x_i - t_i)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def gather(numbers: Array, first: Any, step: Any, count: Any, imaginary: Any, tile: Array, n_lanes: Any) -> None:
    """Lane by lane the rows numbers[first], numbers[first + step], ... of [row, amplitude, 2], `count` of them; the
    rest of the lanes is zero. `imaginary` is the sign of imaginary parts."""
    for amplitude in range(numbers.shape[1]):
        to = 2 * amplitude * n_lanes
        for lane in range(count):
            row = first + lane * step
            tile[to + lane] = numbers[row, amplitude, 0]
            tile[to + n_lanes + lane] = imaginary * numbers[row, amplitude, 1]
        for lane in range(count, n_lanes):
            tile[to + lane] = 0
            tile[to + n_lanes + lane] = 0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def scatter(tile: Array, n_lanes: Any, imaginary: Any, numbers: Array, first: Any, step: Any, count: Any) -> None:
    """The way back of `gather`."""
    for amplitude in range(numbers.shape[1]):
        of = 2 * amplitude * n_lanes
        for lane in range(count):
            row = first + lane * step
            numbers[row, amplitude, 0] = tile[of + lane]
            numbers[row, amplitude, 1] = imaginary * tile[of + n_lanes + lane]
