# classical_baselines/models/samples.py
"""What the models that read a waveform ask of the front end and the encoder before them."""

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape


def check_samples(shape: EncodedShape, classifier: str, *, at_least: int = 1) -> int:
    """The samples of a clip; what is no waveform, or too short a one, is refused by the classifier's name."""
    if shape.code != "intensity" or len(shape.grid) != 2 or shape.grid[0] != 1:
        size = " x ".join(map(str, shape.grid))
        raise InputError(
            f"{classifier} reads samples [1, sample]; it is given {shape.code} of shape {size}. "
            "Choose the front end 'waveform' and the encoder 'none'."
        )
    if shape.grid[1] < at_least:
        raise InputError(
            f"{classifier} needs clips of at least {at_least} samples; got {shape.grid[1]}. Choose longer clip_seconds."
        )
    return shape.grid[1]
