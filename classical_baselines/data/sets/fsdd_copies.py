# classical_baselines/data/sets/fsdd_copies.py
"""Real and vocoded English digits, made of the recordings of FSDD."""

from classical_baselines.data.sets.fsdd import FSDD
from classical_baselines.data.sets.vocoded import vocoded

FSDD_COPIES = vocoded(
    "fsdd",
    FSDD,
    "Real and vocoded English digits",
    "All six speakers are male; nothing follows for other voices, and six groups are few.",
)
