"""The handwritten digits that scikit-learn bundles: 1,797 images of 8 x 8 pixels.

    pixels   [image, row, column]   0 to 16, whole: how many of 4 x 4 points of the scan were ink; row 0 is the top
    labels   [image]                0 to 9

They are the test part of the Optical Recognition of Handwritten Digits of the UCI repository, written by 13 people.
Neither file says who wrote which, so no split can hold a writer out.

Reference: Kaynak, Methods of Combining Multiple Classifiers and Their Applications to Handwritten Digit Recognition,
MSc thesis, Bogazici University, 1995; Alpaydin & Kaynak, Cascading Classifiers, Kybernetika 34(4), 1998, 369-374.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

SIDE = 8  # pixels
N_PIXELS = SIDE * SIDE
LARGEST = 16  # value of a pixel
# Of pixels, then labels, a byte each: another bundle would be other data under the same name.
SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


@dataclass(frozen=True, eq=False)
class DigitImages:
    """All images and what they show."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]


@cache
def digit_images() -> DigitImages:
    """The images in the order of the bundle. They are shared: do not write into them."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    return checked_images(np.asarray(bundle.images), np.asarray(bundle.target))


def checked_images(images: NDArray[np.float64], targets: NDArray[np.int64]) -> DigitImages:
    """The same as bytes; InputError where they are not the images that are known here."""
    pixels = images.astype(np.uint8)
    found = hashlib.sha256(pixels.tobytes() + targets.astype(np.uint8).tobytes()).hexdigest()
    if found != SHA256:
        raise InputError(
            f"The handwritten digits of this scikit-learn have the SHA-256 {found[:12]}..., and {SHA256[:12]}... is "
            "expected. Install a scikit-learn that bundles the 1,797 images of load_digits."
        )
    return DigitImages(pixels, targets.astype(np.int64))
