# classical_baselines/data/sets/__init__.py
"""The data sets that Trichord knows by name: a file each, with what is known of it and the reader of its own layout."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classical_baselines.data.sets.data_set import DataSet


def _synthetic() -> "DataSet":
    from classical_baselines.data.sets.synthetic import SYNTHETIC

    return SYNTHETIC


def _fsdd() -> "DataSet":
    from classical_baselines.data.sets.fsdd import FSDD

    return FSDD


def _esc_10() -> "DataSet":
    from classical_baselines.data.sets.esc_10 import ESC_10

    return ESC_10


def _arabic_digits() -> "DataSet":
    from classical_baselines.data.sets.arabic_digits import ARABIC_DIGITS

    return ARABIC_DIGITS


def _speech_commands_12() -> "DataSet":
    from classical_baselines.data.sets.speech_commands_12 import SPEECH_COMMANDS_12

    return SPEECH_COMMANDS_12


def _keystrokes() -> "DataSet":
    from classical_baselines.data.sets.keystrokes import KEYSTROKES

    return KEYSTROKES


DATA_SETS: Mapping[str, Callable[[], "DataSet"]] = {
    "synthetic": _synthetic,
    "fsdd": _fsdd,
    "esc-10": _esc_10,
    "arabic-digits": _arabic_digits,
    "speech-commands-12": _speech_commands_12,
    "keystrokes": _keystrokes,
}
