# classical_baselines/data/sets/arabic_digits_copies.py
"""Real and vocoded Arabic digits, made of the recordings of `arabic-digits`."""

from classical_baselines.data.sets.arabic_digits import ARABIC_DIGITS
from classical_baselines.data.sets.vocoded import vocoded

ARABIC_DIGITS_COPIES = vocoded(
    "arabic-digits",
    ARABIC_DIGITS,
    "Real and vocoded Arabic digits",
    "The recordings are brought from 16 to 8 kHz before they are copied.",
)
