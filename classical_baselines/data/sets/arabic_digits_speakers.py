# classical_baselines/data/sets/arabic_digits_speakers.py
"""Who says an Arabic digit, of the recordings of `arabic-digits`."""

from classical_baselines.data.sets.arabic_digits import ARABIC_DIGITS
from classical_baselines.data.sets.speakers_of_a_set import speakers_of_a_set

ARABIC_DIGITS_SPEAKERS = speakers_of_a_set(
    "arabic-digits",
    ARABIC_DIGITS,
    "Speakers of Arabic digits",
    n_known=18,  # as many as the set's own training part has
    without=(),
    warnings=("Twelve unknown speakers, four in a part: an error rate of such few voices is known to several points.",),
)
