# classical_baselines/data/named_draws.py
"""Random numbers of generated sounds: what is drawn depends on names alone, not on what was drawn before."""

import hashlib

import numpy as np


def generator_of(*names: str) -> np.random.Generator:
    """The generator that these names seed, in this order."""
    seed = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed[:16], "big")))
