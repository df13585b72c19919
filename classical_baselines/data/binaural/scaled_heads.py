"""A head of another size: a measured response stretched in time.

Sound that meets a head s times as large does what it does at the first with waves of s times the frequency, so that

    response of the scaled head at time t  =  response of the measured head at time t / s   (but for a constant factor)

holds exactly for a body without losses and a source that is far away. Delays between the ears grow by s and every
notch moves down by it: a system that trains on such heads cannot take one size for granted. Of a room the echoes are
stretched too, as if it had grown with the head.

Reference: Middlebrooks, J. Acoust. Soc. Am. 106 (1999), 1480-1492: responses of different listeners come nearer to each
other by scaling in frequency.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from classical_baselines.harness.choices import InputError

SCALES = (
    0.8,
    0.9,
    1.1,
    1.2,
)  # sizes over the measured one: the largest delays of the four heads lie 12 % apart (below 1.5 kHz)
SMALLEST, LARGEST = 0.5, 2.0
FINEST = 100  # a scale is a share of so many parts


def scaled(ir: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """[.., tap] of a head `scale` times the size, by scipy's polyphase filter."""
    if not SMALLEST <= scale <= LARGEST:
        raise InputError(f"a head is scaled by {SMALLEST:g} to {LARGEST:g}; got {scale:g}.")
    ratio = Fraction(scale).limit_denominator(FINEST)
    if ratio == 1:
        return ir
    return np.asarray(resample_poly(ir, ratio.numerator, ratio.denominator, axis=-1))
