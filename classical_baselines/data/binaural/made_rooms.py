"""A room that is made: a response with a tail of noise, for training alone.

    tail_ear(t)   noise_ear(t) exp(-3 ln 10 t / T60), from `FIRST_ECHO_SECONDS` after the response begins; the noise of
                  the two ears is drawn apart, as sound that comes from all sides is nearly uncorrelated between ears
                  above 500 Hz; its energy over both ears is that of the response less the drawn ratio in decibels

Of the measured sets one alone has echoes, so who holds that head out would train without any. Reverberation times and
ratios are those of furnished rooms at one to three metres: chosen here, not fitted to a measured one.

Reference: Polack, Applied Acoustics 38 (1993), 235-244 (a late response is noise that decays exponentially).
"""

import numpy as np
from numpy.typing import NDArray

FIRST_ECHO_SECONDS = 0.003  # a wall at half a metre
T60_SECONDS = (0.2, 0.6)
DIRECT_TO_ECHOES_DB = (0.0, 12.0)


def in_made_room(ir: NDArray[np.float64], sample_rate_hz: int, draw: np.random.Generator) -> NDArray[np.float64]:
    """[ear, tap] with a tail of drawn length and strength, until it has fallen by 60 dB."""
    t60, ratio_db = draw.uniform(*T60_SECONDS), draw.uniform(*DIRECT_TO_ECHOES_DB)
    n_first, n_tail = round(FIRST_ECHO_SECONDS * sample_rate_hz), round(t60 * sample_rate_hz)
    tail = draw.standard_normal((len(ir), n_tail)) * 10 ** (-3 * np.arange(n_tail) / n_tail)
    tail *= np.sqrt((ir**2).sum() / (tail**2).sum()) * 10 ** (-ratio_db / 20)
    made = np.zeros((len(ir), max(ir.shape[1], n_first + n_tail)))
    made[:, : ir.shape[1]] = ir
    made[:, n_first : n_first + n_tail] += tail
    return made
