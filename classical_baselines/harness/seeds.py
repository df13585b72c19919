# classical_baselines/harness/seeds.py
"""Every generator of a cell descends from its seed, by name: adding a stream never shifts another one.

The seed of a stream is the first 8 bytes of SHA-256("seed/purpose"), so it does not depend on the order in which
streams are asked for, on the platform, or on Python's hash seed.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def stream_seed(seed: int, purpose: str) -> int:
    """A 63-bit seed for the stream called `purpose`.

    >>> stream_seed(0, "weights") == stream_seed(0, "weights") != stream_seed(0, "batches")
    True
    """
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_for(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator for the stream called `purpose`."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))


@contextmanager
def seeded_globally(seed: int, purpose: str) -> Iterator[None]:
    """Seed torch's global generator inside the block (initial weights, dropout) and restore it afterwards."""
    state = torch.get_rng_state()
    torch.manual_seed(stream_seed(seed, purpose))
    try:
        yield
    finally:
        torch.set_rng_state(state)
