"""Environmental sounds from a direction, made of the recordings of ESC-10."""

from classical_baselines.data.sets.esc_10 import ESC_10
from classical_baselines.data.sets.heard_by_two_ears import heard_by_two_ears

ESC_10_BINAURAL = heard_by_two_ears(
    "esc-10",
    ESC_10,
    "Environmental sounds heard by two ears",
    units="folds",
    n_sets=5,
    warnings=("Each recording is heard through all five sets of responses: its copies stay in one part.",),
)
