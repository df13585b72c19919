# classical_baselines/data/copy_synthesis/attack.py
"""The contract of an attack: speech in, the same speech out of a vocoder, as long and at the same rate."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORTEST_SECONDS = 0.08  # no attack works on less: it is two pitch periods of the lowest voice, and a frame around them


class Attack(Protocol):
    """Copy synthesis by one vocoder; level and mean are its own, `making.copy_of` mends them."""

    def __call__(self, samples: Floats, rate_hz: int, draw: np.random.Generator) -> Floats:
        """[sample] in [-1, 1] -> [sample], equally many; `draw` gives all that is random."""
        ...
