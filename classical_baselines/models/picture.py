# classical_baselines/models/picture.py
"""What the models that read a spectrogram as a picture ask of their options and of the encoder before them."""

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape


def picture_size(shape: EncodedShape, classifier: str) -> tuple[int, int]:
    """(n_mels, n_frames) of an encoded picture; anything else is refused by the classifier's name."""
    if shape.code != "intensity" or len(shape.grid) != 2:
        raise InputError(
            f"{classifier} reads an intensity [mel, frame]; the encoder gives {shape.code} of shape {shape.grid}. "
            "Choose encoder 'none'."
        )
    n_mels, n_frames = shape.grid
    return n_mels, n_frames


def check_bits(bits: int, allowed: tuple[int, ...]) -> None:
    """Refuse a width of the arithmetic that the classifier does not have."""
    if bits not in allowed:
        raise InputError(f"bits must be one of {', '.join(map(str, allowed))}; got {bits}.")
