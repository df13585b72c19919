# classical_baselines/data/sets/speech_commands_12_speakers.py
"""Who says a command word, of the recordings of `speech-commands-12`; `unknown` there is of many words."""

from classical_baselines.data.sets.speakers_of_a_set import speakers_of_a_set
from classical_baselines.data.sets.speech_commands_12 import SPEECH_COMMANDS_12

SPEECH_COMMANDS_12_SPEAKERS = speakers_of_a_set(
    "speech-commands-12",
    SPEECH_COMMANDS_12,
    "Speakers of command words",
    n_known=24,  # those with 29 clips or more; the next has 18
    without=("silence", "unknown"),
    warnings=(
        "89 unknown speakers with 1 to 18 clips each: few pairs of their clips hold one word, and three "
        "speakers have one clip, and no pair.",
        "Speakers are the publisher's hashes of contributors: that one voice has one hash was not checked.",
    ),
)
