# quantum/engine/tile_kernels.py
"""A program on tiles, forwards and backwards, compiled for the CPU; a tile is the states of as many clips as one vector
of the processor holds.

    tile      [amplitude, real and imaginary part, lane]     one axis in memory; a lane is a clip
    matrix    [entry, real and imaginary part, lane]         of a qubit: 2 x 2 entries, row by row

A gate on one qubit takes each pair of amplitudes that differ in its bit: 8 real products for an amplitude, 32 for four
qubits where a Kronecker block of them (kernels.py) has 64; and a tile stays in the processor's cache. Numba keeps what
it compiled by the file that a function stands in, so the passes stand beside the kernels that are compiled into them.

    gates     [row, 4, 2]              the matrices of qubits, real and imaginary parts side by side
    phases    [row, amplitude, 2]      factors
    places    [step, 2]                the first row of a step, and how many rows on those of the next clip are:
                                       0 where all clips share them
    of_...    [row, ...]               torch's gradients of them: rows for each clip, for each tile where all clips
                                       share them; `first_of_...` [step] is a step's first, -1 where none is asked for
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from classical_baselines.compiled.lanes import load, spread, store

Array = NDArray[Any]

ROTATION, MOVE, TURN, FOURIER, INVERSE_FOURIER = range(5)  # kinds of the rows of a plan (tile_run.py)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def forwards(
    states: Array,
    behind: Array,
    rows: Array,
    tables: Array,
    twiddles: Array,
    gates: Array,
    gate_places: Array,
    phases: Array,
    phase_places: Array,
    n_qubits: int,
    n_lanes: int,
    first_clip: int,
    end: int,
) -> None:
    """Write the states [clip, amplitude, 2] behind the program, for the clips from `first_clip` to `end`."""
    tile = np.empty((2 << n_qubits) * n_lanes, states.dtype)
    other, matrix = np.empty_like(tile), np.empty(8 * n_lanes, states.dtype)
    one = states.dtype.type(1)
    for clip in range(first_clip, end, n_lanes):
        count = min(n_lanes, end - clip)
        gather(states, clip, 1, count, one, tile, n_lanes)
        for row in range(len(rows)):
            kind, number, first, size = rows[row]
            if kind == ROTATION:
                gather_own(gates, gate_places[number], first, clip, count, matrix, n_lanes)
                rotate(tile, matrix, first, n_qubits, n_lanes)
            elif kind == MOVE:
                move(tile, other, tables[number, 0], n_lanes)
                tile, other = other, tile
            elif kind == TURN:
                gather_own(phases, phase_places[number], 0, clip, count, other, n_lanes)
                turn(tile, other, n_lanes)
            else:
                fourier(tile, other, first, size, kind == INVERSE_FOURIER, twiddles, n_qubits, n_lanes)
                tile, other = other, tile
        scatter(tile, n_lanes, one, behind, clip, 1, count)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def backwards(
    behind: Array,
    arriving: Array,
    leaving: Array,
    rows: Array,
    tables: Array,
    twiddles: Array,
    gates: Array,
    gate_places: Array,
    phases: Array,
    phase_places: Array,
    of_gates: Array,
    first_of_gates: Array,
    of_phases: Array,
    first_of_phases: Array,
    learns: bool,
    n_qubits: int,
    n_lanes: int,
    first_clip: int,
    end: int,
) -> None:
    """Write torch's gradients before the program, `leaving`, of those behind it, `arriving`, and those of gates and
    phases. Within, gradients are conjugated, so that a transpose carries them back. Where nothing learns, the states
    are not worked out."""
    states = np.empty((2 << n_qubits) * n_lanes, behind.dtype)
    gradients, other = np.empty_like(states), np.empty_like(states)
    matrix, of_matrix = np.empty(8 * n_lanes, behind.dtype), np.empty(8 * n_lanes, behind.dtype)
    one = behind.dtype.type(1)
    for clip in range(first_clip, end, n_lanes):
        count, tile = min(n_lanes, end - clip), clip // n_lanes
        gather(behind, clip, 1, count, one, states, n_lanes)
        gather(arriving, clip, 1, count, -one, gradients, n_lanes)
        for row in range(len(rows) - 1, -1, -1):
            kind, number, first, size = rows[row]
            if kind == ROTATION:
                gather_own(gates, gate_places[number], first, clip, count, matrix, n_lanes)
                if learns:
                    rotate_back(states, gradients, matrix, first, n_qubits, n_lanes, of_matrix)
                    follows = gate_places[number, 1] > 0
                    scatter_own(
                        of_matrix,
                        of_gates,
                        first_of_gates[number],
                        follows,
                        n_qubits,
                        first,
                        clip,
                        tile,
                        count,
                        n_lanes,
                    )
                else:
                    transpose(matrix, n_lanes)
                    rotate(gradients, matrix, first, n_qubits, n_lanes)
            elif kind == MOVE:
                move(gradients, other, tables[number, 1], n_lanes)
                gradients, other = other, gradients
                if learns:
                    move(states, other, tables[number, 1], n_lanes)
                    states, other = other, states
            elif kind == TURN:
                gather_own(phases, phase_places[number], 0, clip, count, other, n_lanes)
                if learns:
                    turn_back(states, gradients, other, n_lanes)
                    follows = phase_places[number, 1] > 0
                    scatter_own(other, of_phases, first_of_phases[number], follows, 1, 0, clip, tile, count, n_lanes)
                else:
                    turn(gradients, other, n_lanes)
            else:
                is_inverse = kind == INVERSE_FOURIER  # a symmetric matrix: its transpose is itself
                fourier(gradients, other, first, size, is_inverse, twiddles, n_qubits, n_lanes)
                gradients, other = other, gradients
                if learns:
                    fourier(states, other, first, size, not is_inverse, twiddles, n_qubits, n_lanes)
                    states, other = other, states
        scatter(gradients, n_lanes, -one, leaving, clip, 1, count)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def rotate(tile: Array, matrix: Array, qubit: int, n_qubits: int, n_lanes: int) -> None:
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
    states: Array, gradients: Array, matrix: Array, qubit: int, n_qubits: int, n_lanes: int, of_matrix: Array
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
def _row(matrix: Array, row: int, n_lanes: int) -> Any:
    """The two entries of a row, each as real and imaginary part."""
    first = 4 * row * n_lanes
    return (
        load(matrix, first),
        load(matrix, first + n_lanes),
        load(matrix, first + 2 * n_lanes),
        load(matrix, first + 3 * n_lanes),
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def move(tile: Array, moved: Array, source: Array, n_lanes: int) -> None:
    """moved[i] = tile[source[i]]."""
    for amplitude in range(len(source)):
        to, of = 2 * amplitude * n_lanes, 2 * source[amplitude] * n_lanes
        store(moved, to, load(tile, of))
        store(moved, to + n_lanes, load(tile, of + n_lanes))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def turn(tile: Array, factors: Array, n_lanes: int) -> None:
    """Each amplitude times the factor of its own, a tile too."""
    for first in range(0, len(tile), 2 * n_lanes):
        x_r, x_i = load(tile, first), load(tile, first + n_lanes)
        f_r, f_i = load(factors, first), load(factors, first + n_lanes)
        store(tile, first, x_r * f_r - x_i * f_i)
        store(tile, first + n_lanes, x_r * f_i + x_i * f_r)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def turn_back(states: Array, gradients: Array, factors: Array, n_lanes: int) -> None:
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
    tile: Array, behind: Array, first: int, size: int, is_inverse: bool, twiddles: Array, n_qubits: int, n_lanes: int
) -> None:
    """The transform of the register of `size` qubits from `first` on, radix 2: reversed bits, then butterflies.

    twiddles   [2**n_qubits / 2, real and imaginary part]     exp(2 pi i k / 2**n_qubits): the quantum transform has a +
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
                w_r, w_i = spread(twiddles[number * step, 0]), spread(sign * twiddles[number * step, 1])
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
def gather(numbers: Array, first: int, step: int, count: int, imaginary: float, tile: Array, n_lanes: int) -> None:
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
def scatter(tile: Array, n_lanes: int, imaginary: float, numbers: Array, first: int, step: int, count: int) -> None:
    """The way back of `gather`."""
    for amplitude in range(numbers.shape[1]):
        of = 2 * amplitude * n_lanes
        for lane in range(count):
            row = first + lane * step
            numbers[row, amplitude, 0] = tile[of + lane]
            numbers[row, amplitude, 1] = imaginary * tile[of + n_lanes + lane]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def gather_own(numbers: Array, place: Array, number: int, clip: int, count: int, tile: Array, n_lanes: int) -> None:
    """What a step reads, number `number` of those beside each other: the clips' own, or what all share."""
    gather(numbers, place[0] + clip * place[1] + number, place[1], count, numbers.dtype.type(1), tile, n_lanes)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def scatter_own(
    gradients: Array,
    numbers: Array,
    first: int,
    follows: bool,
    width: int,
    number: int,
    clip: int,
    tile: int,
    count: int,
    n_lanes: int,
) -> None:
    """Torch's gradients of what `gather_own` reads, from the conjugate ones of a tile: by clip, or their sum."""
    if first < 0:
        return
    minus = -numbers.dtype.type(1)
    if follows:
        scatter(gradients, n_lanes, minus, numbers, first + clip * width + number, width, count)
        return
    total = numbers[first + tile * width + number]
    for amplitude in range(len(total)):
        for part in range(2):
            start = (2 * amplitude + part) * n_lanes
            total[amplitude, part] = gradients[start : start + count].sum()
        total[amplitude, 1] *= minus


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def transpose(matrix: Array, n_lanes: int) -> None:
    """Exchange the entries beside the diagonal."""
    for place in range(2 * n_lanes):
        upper, lower = 2 * n_lanes + place, 4 * n_lanes + place
        matrix[upper], matrix[lower] = matrix[lower], matrix[upper]
