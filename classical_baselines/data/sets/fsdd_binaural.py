"""English digits from a direction, made of the recordings of FSDD."""

from classical_baselines.data.sets.fsdd import FSDD
from classical_baselines.data.sets.heard_by_two_ears import heard_by_two_ears

FSDD_BINAURAL = heard_by_two_ears(
    "fsdd",
    FSDD,
    "English digits heard by two ears",
    units="groups",
    n_sets=1,
    warnings=("The recordings hold nothing above 4 kHz, where ears tell front from back.",),
)
