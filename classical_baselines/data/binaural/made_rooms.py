"""A room that is made: echoes of a source that come from all around, each through the head's own response from there.

    echo k    the head's response from a drawn position, of a drawn sign, after t_k
    t_k       `FIRST_ECHO_SECONDS` after the response begins and later, points of a Poisson process until T60
    size      exp(-3 ln 10 t_k / T60); the energy of all echoes over both ears is that of the response less the drawn
              ratio in decibels

So an echo has the delay and the level between the ears of the side it comes from, and many together are as alike at
both ears as sound from all around this head is: alike below 500 Hz, apart above. Noise that is drawn for each ear has
neither. All echoes come in the plane of the ears, and from the front half where no other was measured.

Of the measured sets one alone has echoes, so who holds that head out would train without any. Reverberation times and
ratios are those of furnished rooms at one to three metres: chosen here, not fitted to a measured one.

References: Polack, Applied Acoustics 38 (1993), 235-244 (a late response decays exponentially); Kuttruff, Room
Acoustics (2009), chapter 4 (in a room of volume V, 4 pi c^3 t^2 / V echoes a second come at time t, from all around).
"""

import numpy as np
from numpy.typing import NDArray

FIRST_ECHO_SECONDS = 0.003  # a wall at half a metre
T60_SECONDS = (0.2, 0.6)
DIRECT_TO_ECHOES_DB = (0.0, 12.0)
ECHOES_PER_SECOND = 1000.0  # of those that can be told apart: a room of 60 m3 has as many from 11 ms on
Floats = NDArray[np.float64]


def in_made_room(ir: Floats, around: Floats, sample_rate_hz: int, draw: np.random.Generator) -> Floats:
    """[ear, tap] with echoes through `around` [position, ear, tap], the head's responses, until they fell by 60 dB."""
    t60, ratio_db = draw.uniform(*T60_SECONDS), draw.uniform(*DIRECT_TO_ECHOES_DB)
    n_first, n_tail = round(FIRST_ECHO_SECONDS * sample_rate_hz), round(t60 * sample_rate_hz)
    n_echoes = 1 + int(draw.poisson(ECHOES_PER_SECOND * t60))
    starts = draw.integers(0, n_tail, n_echoes)
    sizes = draw.choice((-1.0, 1.0), n_echoes) * 10 ** (-3 * starts / n_tail)
    echoes = np.zeros((len(ir), n_tail + around.shape[-1]))
    for start, size, position in zip(starts, sizes, draw.integers(0, len(around), n_echoes), strict=True):
        echoes[:, start : start + around.shape[-1]] += size * around[position]
    echoes *= np.sqrt((ir**2).sum() / (echoes**2).sum()) * 10 ** (-ratio_db / 20)
    made = np.zeros((len(ir), max(ir.shape[1], n_first + echoes.shape[1])))
    made[:, : ir.shape[1]] = ir
    made[:, n_first : n_first + echoes.shape[1]] += echoes
    return made
