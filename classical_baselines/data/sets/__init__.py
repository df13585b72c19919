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


def _esc_50() -> "DataSet":
    from classical_baselines.data.sets.esc_50 import ESC_50

    return ESC_50


def _urbansound8k() -> "DataSet":
    from classical_baselines.data.sets.urbansound8k import URBANSOUND8K

    return URBANSOUND8K


def _speech_commands_35() -> "DataSet":
    from classical_baselines.data.sets.speech_commands_35 import SPEECH_COMMANDS_35

    return SPEECH_COMMANDS_35


def _physionet_2016() -> "DataSet":
    from classical_baselines.data.sets.physionet_2016 import PHYSIONET_2016

    return PHYSIONET_2016


def _icbhi_2017() -> "DataSet":
    from classical_baselines.data.sets.icbhi_2017 import ICBHI_2017

    return ICBHI_2017


def _asvspoof_2019_la() -> "DataSet":
    from classical_baselines.data.sets.asvspoof_2019_la import ASVSPOOF_2019_LA

    return ASVSPOOF_2019_LA


def _asvspoof_2021_la() -> "DataSet":
    from classical_baselines.data.sets.asvspoof_2021_la import ASVSPOOF_2021_LA

    return ASVSPOOF_2021_LA


def _tau_urban_2020_mobile() -> "DataSet":
    from classical_baselines.data.sets.tau_urban_2020_mobile import TAU_URBAN_2020_MOBILE

    return TAU_URBAN_2020_MOBILE


def _fsdd_copies() -> "DataSet":
    from classical_baselines.data.sets.fsdd_copies import FSDD_COPIES

    return FSDD_COPIES


def _arabic_digits_copies() -> "DataSet":
    from classical_baselines.data.sets.arabic_digits_copies import ARABIC_DIGITS_COPIES

    return ARABIC_DIGITS_COPIES


def _synthetic_heart() -> "DataSet":
    from classical_baselines.data.sets.synthetic_heart import SYNTHETIC_HEART

    return SYNTHETIC_HEART


def _synthetic_lung() -> "DataSet":
    from classical_baselines.data.sets.synthetic_lung import SYNTHETIC_LUNG

    return SYNTHETIC_LUNG


def _fsdd_binaural() -> "DataSet":
    from classical_baselines.data.sets.fsdd_binaural import FSDD_BINAURAL

    return FSDD_BINAURAL


def _esc_10_binaural() -> "DataSet":
    from classical_baselines.data.sets.esc_10_binaural import ESC_10_BINAURAL

    return ESC_10_BINAURAL


def _fsdd_images() -> "DataSet":
    from classical_baselines.data.sets.fsdd_images import FSDD_IMAGES

    return FSDD_IMAGES


def _arabic_digits_speakers() -> "DataSet":
    from classical_baselines.data.sets.arabic_digits_speakers import ARABIC_DIGITS_SPEAKERS

    return ARABIC_DIGITS_SPEAKERS


def _speech_commands_12_speakers() -> "DataSet":
    from classical_baselines.data.sets.speech_commands_12_speakers import SPEECH_COMMANDS_12_SPEAKERS

    return SPEECH_COMMANDS_12_SPEAKERS


def _synthetic_notes() -> "DataSet":
    from classical_baselines.data.sets.synthetic_notes import SYNTHETIC_NOTES

    return SYNTHETIC_NOTES


DATA_SETS: Mapping[str, Callable[[], "DataSet"]] = {
    "synthetic": _synthetic,
    "fsdd": _fsdd,
    "esc-10": _esc_10,
    "arabic-digits": _arabic_digits,
    "speech-commands-12": _speech_commands_12,
    "keystrokes": _keystrokes,
    "esc-50": _esc_50,
    "urbansound8k": _urbansound8k,
    "speech-commands-35": _speech_commands_35,
    "physionet-2016": _physionet_2016,
    "icbhi-2017": _icbhi_2017,
    "asvspoof-2019-la": _asvspoof_2019_la,
    "asvspoof-2021-la": _asvspoof_2021_la,
    "tau-urban-2020-mobile": _tau_urban_2020_mobile,
    "fsdd-copies": _fsdd_copies,
    "arabic-digits-copies": _arabic_digits_copies,
    "synthetic-heart": _synthetic_heart,
    "synthetic-lung": _synthetic_lung,
    "fsdd-binaural": _fsdd_binaural,
    "esc-10-binaural": _esc_10_binaural,
    "fsdd-images": _fsdd_images,
    "arabic-digits-speakers": _arabic_digits_speakers,
    "speech-commands-12-speakers": _speech_commands_12_speakers,
    "synthetic-notes": _synthetic_notes,
}
