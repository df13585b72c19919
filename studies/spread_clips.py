# studies/spread_clips.py
"""Which clips stand for all: some, equally far apart."""

import numpy as np


def spread_clips(n_clips: int, n_wanted: int) -> list[int]:
    """Which of `n_clips` are taken: `n_wanted` of them, equally far apart, so that no class or speaker leads.

    >>> spread_clips(10, 4), spread_clips(2, 4)
    ([0, 3, 6, 9], [0, 1])
    """
    if n_wanted >= n_clips:
        return list(range(n_clips))
    return [round(place) for place in np.linspace(0, n_clips - 1, n_wanted)]
