# neuro/loihi/engines/compiled_neurons.py
"""Neurons other than LIF compiled for the CPU, driven by the sums of all steps: [step, clip, neuron].

The equations are those of `neuro/loihi/neurons`, one file each, in 64 bits. A clip is run through all its steps before
the next, so clips divide among threads: each function does clips `first` to `end`, writes spikes and potentials (all
steps, or one that is overwritten), and returns the largest absolute state.
"""

from typing import Any

from numba import njit
from numpy.typing import NDArray

from neuro.loihi.limits import DECAY_BITS, FRACTION_BITS, MEMBRANE_LIMIT, WRAP

Array = NDArray[Any]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _shrunk(x: int, kept: int, bits: int) -> int:
    """x * kept / 2^bits towards zero; kept is not negative."""
    size = (abs(x) * kept) >> bits
    return -size if x < 0 else size


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def ternary_lif(
    inputs: Array, bias: Array, parameters: Array, first: int, end: int, state: Array, spikes: Array, potentials: Array
) -> int:
    """Leaky integrate-and-fire with spikes of either sign; state [clip, 2, neuron]."""
    kept, current_kept, upper, lower = parameters
    largest = 0
    for clip in range(first, end):
        current, potential = state[clip, 0], state[clip, 1]
        for step in range(len(inputs)):
            for n in range(inputs.shape[2]):
                u = _shrunk(current[n], current_kept, DECAY_BITS) + (inputs[step, clip, n] << FRACTION_BITS)
                u = u - 2 * WRAP if u > WRAP else u + 2 * WRAP if u <= -WRAP else u
                v = _shrunk(potential[n], kept, DECAY_BITS) + u + bias[n]
                v = min(max(v, -MEMBRANE_LIMIT), MEMBRANE_LIMIT)
                sent = 1 if v > upper else -1 if v < lower else 0
                largest = max(largest, abs(u))
                current[n], potential[n] = u, 0 if sent != 0 else v
                spikes[step, clip, n] = sent
            potentials[step % len(potentials), clip] = potential
    return largest


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sigma_delta(
    inputs: Array, bias: Array, parameters: Array, first: int, end: int, state: Array, spikes: Array, potentials: Array
) -> int:
    """Sums of changes, and changes of the activation; state [clip, 3, neuron]; the bias is shifted already."""
    threshold, state_exponent, rectified = parameters
    largest = 0
    for clip in range(first, end):
        sigma, before, residue = state[clip, 0], state[clip, 1], state[clip, 2]
        for step in range(len(inputs)):
            for n in range(inputs.shape[2]):
                total = sigma[n] + inputs[step, clip, n]
                activation = total + bias[n]
                if rectified != 0 and activation < 0:
                    activation = 0
                delta = activation - before[n] + residue[n]
                sent = delta if abs(delta) >= threshold else 0
                largest = max(largest, abs(total), abs(activation), abs(delta))
                sigma[n], before[n], residue[n] = total, activation, delta - sent
                spikes[step, clip, n] = sent >> state_exponent
            potentials[step % len(potentials), clip] = before
    return largest


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def resonate_and_fire(
    inputs: Array, cosine: Array, sine: Array, parameters: Array,
    first: int, end: int, state: Array, spikes: Array, potentials: Array,
) -> int:  # fmt: skip
    """Damped oscillators driven in their real part; state [clip, 2, neuron]."""
    threshold, exponent, bits = parameters
    for clip in range(first, end):
        real, imaginary = state[clip, 0], state[clip, 1]
        for step in range(len(inputs)):
            for n in range(inputs.shape[2]):
                x, y, c, q = real[n], imaginary[n], cosine[n], sine[n]
                re = _product(c, x, bits) - _product(q, y, bits) + (inputs[step, clip, n] << exponent)
                im = _product(q, x, bits) + _product(c, y, bits)
                re = min(max(re, -MEMBRANE_LIMIT), MEMBRANE_LIMIT)
                im = min(max(im, -MEMBRANE_LIMIT), MEMBRANE_LIMIT)
                spikes[step, clip, n] = re >= threshold and im >= 0 and y < 0
                real[n], imaginary[n] = re, im
            potentials[step % len(potentials), clip] = real
    return 0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _product(factor: int, x: int, bits: int) -> int:
    size = abs(factor * x) >> bits
    return -size if (factor < 0) != (x < 0) else size
