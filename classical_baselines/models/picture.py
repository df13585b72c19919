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


LARGEST_WIDTH = 4096  # channels of a convolution, features of a token
LARGEST_HIDDEN = 16_384  # neurons of a dense layer
LARGEST_STEP = 1024  # of a kernel, a stride, a padding


def check_sizes(name: str, values: int | tuple[int, ...], least: int, most: int) -> None:
    """Refuse a size, or a size of several, that is too small to build or fills the memory."""
    if not all(least <= value <= most for value in (values if isinstance(values, tuple) else (values,))):
        raise InputError(f"{name} must lie in {least} to {most}; got {values}.")


def check_training_shares(dropout: float, quantise_from: float) -> None:
    """Refuse a dropout that leaves nothing, and what is no share of the epochs."""
    if not 0 <= dropout < 1:
        raise InputError(f"dropout must lie in [0, 1); got {dropout}.")
    if not 0 <= quantise_from <= 1:
        raise InputError(f"quantise_from must lie in [0, 1], a share of the epochs; got {quantise_from}.")


def check_bits(bits: int, allowed: tuple[int, ...]) -> None:
    """Refuse a width of the arithmetic that the classifier does not have."""
    if bits not in allowed:
        raise InputError(f"bits must be one of {', '.join(map(str, allowed))}; got {bits}.")
