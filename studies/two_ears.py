"""Whether systems hear with as many ears as the clips have, refused before any work.

The two ears of a binaural clip take turns in its waveform (`data/binaural/ears.py`). A front end of one ear would take
them for one sound of twice the rate, and one of two ears would take every second sample of a sound for the other ear.
What shifts, filters or resamples a waveform would mix the ears, so such clips are varied as pictures alone.
"""

from typing import Any

from classical_baselines.augment import Augmentation
from classical_baselines.data.binaural.directions import is_sectors, placed_of
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from studies.specification import Study, System

OF_TWO_EARS = "interaural, interaural-delay and two-ears"


def are_binaural(clips: Clips) -> bool:
    """Whether two ears take turns in the waveforms: such clips say in their names where a sound stands."""
    return is_sectors(clips.label_names) and placed_of(clips.names[0]) is not None


def check_ears_of_front_end(name: str, front_end: Any, clips: Clips) -> None:
    """Refuse a front end of one ear for two, and of two for one."""
    n_ears, n_heard = (2 if are_binaural(clips) else 1), getattr(front_end, "n_ears", 1)
    if n_heard == n_ears:
        return
    if n_ears == 2:
        raise InputError(
            f"the front end {name!r} hears with one ear, and the clips have two, whose samples take turns. Choose one "
            f"of two ears: {OF_TWO_EARS}."
        )
    raise InputError(
        f"the front end {name!r} hears with two ears, and the clips have one. Choose another front end, or clips of "
        "two ears: fsdd-binaural, esc-10-binaural."
    )


def check_probes_of_ears(study: Study, clips: Clips) -> None:
    """Refuse probes that would mix two ears: a low-pass, and noise that is not drawn sample by sample."""
    mixing = "low_pass_hz" if study.probes.low_pass_hz else ""
    if study.probes.snr_db and set(study.probes.noise) != {"white"}:
        mixing = "noise"
    if mixing and are_binaural(clips):
        raise InputError(
            f"study {study.name!r}: probes.{mixing} filters a waveform in which two ears take turns, and would mix "
            "them. Leave it out; white noise and gain_db change each ear by itself."
        )


def check_augmentation_of_ears(system: System, augmentation: Augmentation, clips: Clips) -> None:
    """Refuse sound that is varied where two ears take turns in it."""
    if are_binaural(clips) and (augmentation.waveform_copies or set(augmentation.speeds or ()) - {1.0}):
        raise InputError(
            f"the augmentation of {system.name!r} varies the sound (speeds, waveform_copies), in which two ears take "
            "turns: it would mix them. Leave these out; scaled heads and mirrored ears vary directions."
        )
