"""A set of one channel made into one of two ears (`data/binaural`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from classical_baselines.data.binaural.directions import sector_labels
from classical_baselines.data.sets.data_set import DataSet

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

FOLDER = "SPATIAL_HRIR"
SAMPLE_RATE_HZ, CLIP_SECONDS = 32_000, 0.5  # both ears at 16 kHz


def heard_by_two_ears(
    name: str,
    origin: DataSet,
    title: str,
    units: Literal["groups", "folds"],
    n_sets: int,
    warnings: tuple[str, ...],
) -> DataSet:
    """The recordings of the set `name`, each through `n_sets` of five sets of responses and twice as many scaled heads.

    `units` are what is never on two sides: the set's groups (speakers) or its folds (of sources).
    """

    def clips(data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None) -> "Clips":
        from classical_baselines.data.binaural.binaural_clips import binaural_clips
        from classical_baselines.data.binaural.responses import SAMPLE_RATE_HZ as OF_AN_EAR
        from classical_baselines.data.binaural.responses import read_responses
        from classical_baselines.data.loading import load_clips

        responses = read_responses(data_root)
        recordings = load_clips(name, data_root, origin.clip_seconds, OF_AN_EAR)
        seconds = CLIP_SECONDS if clip_seconds is None else clip_seconds
        return binaural_clips(recordings, getattr(recordings, units), responses, n_sets, seconds, sample_rate_hz)

    clips.reads = (FOLDER,)  # type: ignore[attr-defined]  # of the data root, beside recordings
    return DataSet(
        title=title,
        folders=(),
        makes=clips,
        made_from=(name,),
        sample_rate_hz=SAMPLE_RATE_HZ,
        clip_seconds=CLIP_SECONDS,
        protocols=("unseen-head-and-source",),
        label_names=sector_labels(),
        licence=f"that of the recordings: {origin.licence}; of the responses: MIT (surrey), CC BY-SA 3.0 (ari, fhk)",
        citation=(
            f"{origin.citation}; C. Hummersone, R. Mason, T. Brookes, IEEE TASLP 18(7), 2010 (surrey); B. Bernschütz, "
            "AIA-DAGA 2013 (fhk); ARI HRTF database, Austrian Academy of Sciences (ari)"
        ),
        source=f"classical_baselines/data/binaural, of {origin.source} and the folder {FOLDER} of the data root",
        warnings=(
            "Four heads, two of them dummies, in five sets of responses: what holds of unseen heads is known of four.",
            "Both sets of surrey are one head and cover the front half alone: front and back are untested there.",
            "The two ears take turns in the waveform: 32,000 samples are a second of both at 16 kHz.",
            "One source that stands still in the plane of the ears: no head turns, and no second source sounds.",
            *warnings,
        ),
    )
