# studies/augmentation_reach.py
"""How far an augmentation may move or hide a clip: never so far that nothing of it is left to train on.

    time_shift_frames, time_mask_frames        below the frames of the picture [mel, frame]
    frequency_offset, frequency_mask_bands     below its bands
    time_shift_seconds                         below the seconds of the clip

Each is the widest change of those that are drawn, so an option within its axis leaves something of every full clip.
"""

from classical_baselines.augment import Augmentation
from classical_baselines.harness.choices import InputError

OF_BANDS = ("frequency_offset", "frequency_mask_bands")
OF_FRAMES = ("time_shift_frames", "time_mask_frames")


def check_picture_stays(augmentation: Augmentation, n_bands: int, n_frames: int) -> None:
    """Refuse an option that may move or hide the whole of a picture."""
    for names, n_there, what in ((OF_BANDS, n_bands, "bands"), (OF_FRAMES, n_frames, "frames")):
        for name in names:
            if getattr(augmentation, name) >= n_there:
                raise InputError(
                    f"the augmentation's {name} = {getattr(augmentation, name):.9g} may leave nothing of its picture "
                    f"of {n_bands} bands x {n_frames} frames. Give fewer than {n_there} {what}, or 0 to turn it off."
                )


def check_sound_stays(augmentation: Augmentation, clip_seconds: float) -> None:
    """Refuse a shift that may move a whole clip out of its window."""
    shift = augmentation.time_shift_seconds
    if shift >= clip_seconds:
        raise InputError(
            f"the augmentation's time_shift_seconds = {shift:g} may leave nothing of a clip of {clip_seconds:g} s. "
            "Give less, or 0 to turn it off."
        )
