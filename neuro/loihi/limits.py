# neuro/loihi/limits.py
"""Widths of the chip's integers, and the error for what does not fit them.

Sources: the precisions that Lava 0.10 notes in its fixed-point models (BSD-3), and Davies et al., IEEE Micro 38(1),
2018. Lava enforces none of them: what is too wide changes silently there, and is refused here.
"""

MEMBRANE_LIMIT = 2**23 - 1  # a membrane potential saturates here
WRAP = 2**23  # a current beyond it comes back from the other side, once
FRACTION_BITS = 6  # the chip shifts synaptic input and thresholds left by these
DECAY_BITS = 12
DECAY_UNITY = 2**DECAY_BITS
LARGEST_DECAY = DECAY_UNITY - 1
LARGEST_THRESHOLD = 2**17 - 1
LARGEST_DELAY = 63
LARGEST_WEIGHT_EXPONENT = 7


class NotMappableError(ValueError):
    """A network that the chip cannot hold; the message says which limit."""


def check_fits(name: str, value: float, low: float, high: float) -> None:
    """NotMappableError unless low <= value <= high."""
    if not low <= value <= high:
        raise NotMappableError(f"{name} of {value:g} does not fit the chip: {low:g} to {high:g}.")
