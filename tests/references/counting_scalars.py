"""Numbers that count what is done with them, and memory that counts what is read and written.

A `Machine` has the counts; its scalars are plain Python numbers that leave a mark in them at every +, -, *, /, root,
logarithm, comparison. A program written with them from a definition gives the result of the definition, so that it can
be seen to be right, and what it took.

Conventions of all programs:
- Sums, maxima and sums of products begin from an accumulator that has been set: n terms take n additions, comparisons,
  multiply-accumulates. A multiply-accumulate (`plus_product`) is named by whoever writes the program.
- A change of sign, an address, and arithmetic on constants alone cost nothing: tables are there before the clip.
- A division, root, logarithm, exponential or angle is one transcendental operation.
- What a step holds between a load and a store is in registers. Only `Memory` has bytes.
"""

import math
from collections import defaultdict
from contextlib import contextmanager

SAMPLE_BYTES, FLOAT_BYTES = 2, 4


class Machine:
    """Counts {layer: {operation: number}}, in the layer of the innermost `step`."""

    def __init__(self):
        self.counts = defaultdict(lambda: defaultdict(float))
        self.layer, self.share = None, 1.0

    def count(self, operation, n=1):
        self.counts[self.layer][operation] += n * self.share

    @contextmanager
    def step(self, layer, share=1.0):
        """What is done within belongs to `layer`; at a `share` of its price."""
        before = self.layer, self.share
        self.layer, self.share = layer, share * self.share
        yield
        self.layer, self.share = before

    def scalar(self, value):
        """A number, or an accumulator that begins at it."""
        return Scalar(self, float(value))

    def samples(self, values, n_bytes=SAMPLE_BYTES):
        """A clip as it arrives, in memory."""
        return Memory(self, n_bytes, {i: self.scalar(value) for i, value in enumerate(values)})

    def table(self, values, n_bytes=FLOAT_BYTES):
        """Constants in memory, by the keys of a dictionary or the places of a list."""
        return Memory(self, n_bytes, dict(values if isinstance(values, dict) else enumerate(values)))

    def memory(self, n_bytes=FLOAT_BYTES):
        return Memory(self, n_bytes, {})


class Memory:
    """Values by key; each reading and each writing counts its bytes. What was never written reads as 0."""

    def __init__(self, machine, n_bytes, values):
        self.machine, self.n_bytes, self.values = machine, n_bytes, values

    def __getitem__(self, key):
        self.machine.count("sram_bytes", self.n_bytes)
        return self.values[key] if key in self.values else self.machine.scalar(0)

    def __setitem__(self, key, value):
        self.machine.count("sram_bytes", self.n_bytes)
        self.values[key] = value

    def __len__(self):
        return len(self.values)


class Scalar:
    """A number of one machine."""

    __slots__ = ("machine", "value")

    def __init__(self, machine, value):
        self.machine, self.value = machine, value

    def _made(self, operation, value):
        self.machine.count(operation)
        return Scalar(self.machine, value)

    def __add__(self, other):
        return self._made("add_fp32", self.value + number(other))

    def __sub__(self, other):
        return self._made("add_fp32", self.value - number(other))

    def __rsub__(self, other):
        return self._made("add_fp32", number(other) - self.value)

    def __mul__(self, other):
        return self._made("multiply_fp32", self.value * number(other))

    def __truediv__(self, other):
        return self._made("transcendental_fp32", self.value / number(other))

    def __rtruediv__(self, other):
        return self._made("transcendental_fp32", number(other) / self.value)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return Scalar(self.machine, -self.value)

    def plus_product(self, one, other):
        """self + one * other, as a multiply-accumulate."""
        return self._made("mac_fp32", self.value + number(one) * number(other))

    def at_least(self, other):
        return self._made("compare_fp32", max(self.value, number(other)))

    def at_most(self, other):
        return self._made("compare_fp32", min(self.value, number(other)))

    def __lt__(self, other):
        self.machine.count("compare_fp32")
        return self.value < number(other)

    def __le__(self, other):
        self.machine.count("compare_fp32")
        return self.value <= number(other)

    def sqrt(self):
        return self._made("transcendental_fp32", math.sqrt(self.value))

    def log(self):
        return self._made("transcendental_fp32", math.log(self.value) if self.value > 0 else -math.inf)

    def log10(self):
        return self._made("transcendental_fp32", math.log10(self.value))

    def exp(self):
        return self._made("transcendental_fp32", math.exp(self.value))

    def angle(self, imaginary):
        """Of self + i imaginary."""
        return self._made("transcendental_fp32", math.atan2(number(imaginary), self.value))

    def size(self):
        """Without its sign, which costs nothing."""
        return Scalar(self.machine, abs(self.value))


def number(x):
    return x.value if isinstance(x, Scalar) else x


def complex_product(one, other):
    """Product of two complex numbers (real, imaginary): two products, two multiply-accumulates."""
    (a, b), (c, d) = one, other
    return (a * c).plus_product(-b, d), (a * d).plus_product(b, c)


def raised(value, exponent):
    """A power: a logarithm, a product, an exponential."""
    return (value.log() * exponent).exp()
