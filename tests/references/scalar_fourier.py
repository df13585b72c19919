"""A Fourier transform of radix 2, butterfly by butterfly, on numbers that count.

Each butterfly reads two complex numbers and a twiddle, takes one complex product (4 products, 2 sums) and two complex
sums, and writes two numbers: all alike, those too whose twiddle is 1 or -i. A transform of real numbers is half the
price of one of complex numbers, as two of them fit into one; what it takes to part them is left out. In all 2.5 N
log2 N for real numbers (Frigo & Johnson, Proc. IEEE 93(2), 2005, 216-231), which every count of ours follows.
"""

import cmath
import math


def fourier(machine, values, *, real=True, inverse=False, layer="fourier"):
    """[(real, imaginary)] of N scalars, or of N pairs where they are not `real`; not scaled by 1 / N.

    What is put in and what comes out lies in memory, and the butterflies alone read and write it.
    """
    n = len(values)
    bits = n.bit_length() - 1
    memory = {}
    for i in range(n):
        pair = (values[i], machine.scalar(0)) if real else values[i]
        memory[int(f"{i:0{bits}b}"[::-1], 2)] = pair
    sign = 1 if inverse else -1
    with machine.step(layer, share=0.5 if real else 1.0):
        half = 1
        while half < n:
            for start in range(0, n, 2 * half):
                for k in range(half):
                    butterfly(machine, memory, start + k, start + k + half, cmath.exp(sign * 1j * math.pi * k / half))
            half *= 2
    return [memory[k] for k in range(n)]


def butterfly(machine, memory, one, other, twiddle):
    machine.count("sram_bytes", 8 + 8 + 8)
    (a, b), (c, d) = memory[one], memory[other]
    c, d = c * twiddle.real - d * twiddle.imag, c * twiddle.imag + d * twiddle.real
    memory[one], memory[other] = (a + c, b + d), (a - c, b - d)
    machine.count("sram_bytes", 8 + 8)


def real_fourier_operations(n):
    """Products and sums that a real transform takes where nothing is multiplied by 1, 0 or -i.

    By halves: even and odd samples are transformed, and joined by one complex product for each bin between 0 and N / 4,
    and for none of bins 0 and N / 4; bins N / 2 - k are conjugate.

    >>> real_fourier_operations(2), real_fourier_operations(4), real_fourier_operations(8)
    ((0, 2), (0, 6), (2, 20))
    """
    if n == 1:
        return 0, 0
    if n == 2:
        return 0, 2
    products, sums = real_fourier_operations(n // 2)
    n_full = n // 4 - 1  # bins with a product of their own
    is_eighth = n >= 8  # of those the one at N / 8 has a twiddle (1 - i) / sqrt 2: 2 products and 2 sums
    products_joining = 4 * (n_full - is_eighth) + 2 * is_eighth
    return 2 * products + products_joining, 2 * sums + 2 * n_full + 4 * n_full + 2
