"""English digits spoken and written, made of the recordings of FSDD and the images that scikit-learn bundles."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.fsdd import FSDD

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ, CLIP_SECONDS = 8000, 1.016  # 8,128 samples: 8,064 of sound, as FSDD has them, and 64 pixels


def spoken_and_written(data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None) -> "Clips":
    """The clips; `clip_seconds` is of sound and pixels together."""
    from classical_baselines.data.loading import load_clips
    from classical_baselines.data.two_senses.digit_images import N_PIXELS, digit_images
    from classical_baselines.data.two_senses.pairing import clips_of_two_senses
    from classical_baselines.harness.choices import InputError

    rate = SAMPLE_RATE_HZ if sample_rate_hz is None else sample_rate_hz
    n_samples = round((CLIP_SECONDS if clip_seconds is None else clip_seconds) * rate) - N_PIXELS
    if n_samples < 1:
        raise InputError(
            f"clip_seconds of spoken and written digits holds {N_PIXELS} pixels behind the sound, {N_PIXELS / rate:g} "
            f"s at {rate} Hz; got {clip_seconds}. Choose a longer one."
        )
    return clips_of_two_senses(load_clips("fsdd", data_root, n_samples / rate, rate), digit_images())


FSDD_IMAGES = DataSet(
    title="English digits spoken and written",
    folders=(),
    makes=spoken_and_written,
    made_from=("fsdd",),
    sample_rate_hz=SAMPLE_RATE_HZ,
    clip_seconds=CLIP_SECONDS,
    protocols=("leave-one-group-out",),
    label_names=FSDD.label_names,
    licence=f"that of the recordings: {FSDD.licence}; of the images: CC BY 4.0 (UCI), bundled with scikit-learn",
    citation=(
        f"{FSDD.citation}; E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning "
        "Repository, 1998; F. Pedregosa et al., JMLR 12, 2011, 2825-2830 (scikit-learn)"
    ),
    source=f"classical_baselines/data/two_senses, of {FSDD.source} and sklearn.datasets.load_digits",
    warnings=(
        "The images have no writer ids: 13 people wrote them, and a writer stands on both sides of every fold. What is "
        "read of an image holds for known hands, where what is heard holds for unknown voices.",
        "Nobody spoke and wrote at once: recording and image share the digit and nothing else, so that given the digit "
        "one tells nothing of the other.",
        "An image belongs to one speaker, and stands beside one or two recordings of that speaker.",
        "The image is the last 64 samples of the window, which would be 8 ms of sound.",
        "All six speakers are male; nothing follows for other voices, and six groups are few.",
        "The median level differs by 22 dB between speakers: a fixed log floor encodes the speaker.",
        "The sounds last 0.14 to 2.28 s, and their length is a feature.",
    ),
)
