"""Which image stands beside which recording, so that speakers who are apart have images that are apart.

    dealt     the images of each digit, in an order that is drawn once for that digit, go to the speakers in turn, in
              the order of their names: image k of the order to speaker k mod S
    paired    the recordings of a digit by a speaker, in the order of their names, take that speaker's images of the
              digit in the order that was drawn, from the start again where there are more recordings

So an image belongs to one speaker, and a fold that holds whole speakers out holds their images out with them. What is
drawn depends on the digit alone. The name of a clip says both: `RECORDING+digit0123` stands beside image 123.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.data.named_draws import generator_of
from classical_baselines.data.two_senses.digit_images import LARGEST, N_PIXELS, SHA256, DigitImages
from classical_baselines.data.two_senses.image_behind import joined
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import StreamedRows, fits_in_memory

DRAWS = "two-senses/1"  # the seed
NAME = re.compile(r"^(?P<recording>.+)\+digit(?P<image>\d{4})$", re.DOTALL)


def image_of(name: str) -> int | None:
    """The number of the image beside a clip, by the clip's name; None where it names none.

    >>> image_of("audio/0_george_12.flac+digit0123"), image_of("audio/0_george_12.flac")
    (123, None)
    """
    match = NAME.match(name)
    return None if match is None else int(match["image"])


def images_beside(
    names: Sequence[str], digits: Sequence[int], speakers: Sequence[str], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """[recording]: the number of the image beside each, of images that show `labels`."""
    order_of_speakers = sorted(set(speakers))
    beside = np.full(len(names), -1, dtype=np.int64)
    for digit in sorted(set(digits)):
        order = generator_of(DRAWS, str(digit)).permutation(np.flatnonzero(labels == digit))
        if len(order) < len(order_of_speakers):
            raise InputError(
                f"{len(order_of_speakers)} speakers cannot have images of their own: there are {len(order)} of the "
                f"digit {digit}."
            )
        for number, speaker in enumerate(order_of_speakers):
            own = order[number :: len(order_of_speakers)]
            said = sorted(
                (i for i, one in enumerate(speakers) if one == speaker and digits[i] == digit), key=lambda i: names[i]
            )
            beside[said] = own[np.arange(len(said)) % len(own)]
    return beside


def clips_of_two_senses(recordings: Clips, images: DigitImages) -> Clips:
    """Each recording of a spoken digit with a handwritten one behind it; folds are the speakers."""
    digits = [int(recordings.label_names[int(target)]) for target in recordings.targets]
    beside = images_beside(recordings.names, digits, recordings.groups, images.labels)
    names = tuple(f"{name}+digit{image:04d}" for name, image in zip(recordings.names, beside, strict=True))
    pixels = torch.from_numpy(images.pixels[beside].astype(np.float32) / LARGEST)
    shape = (len(recordings), recordings.waveform.shape[1] + N_PIXELS)

    def read(rows: Tensor) -> Tensor:
        return joined(recordings.waveform[rows], pixels[rows])

    streamed = StreamedRows(read, shape)
    told = "\n".join([DRAWS, recordings.content_hash, SHA256, *names])
    return replace(
        recordings,
        inputs={"waveform": streamed[:] if fits_in_memory(shape) else streamed},
        folds=recordings.groups,
        names=names,
        content_hash=hashlib.sha256(told.encode()).hexdigest(),
    )
