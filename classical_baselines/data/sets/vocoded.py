# classical_baselines/data/sets/vocoded.py
"""A set of speech made into one of real and vocoded speech (`data/copy_synthesis`), at 8 kHz."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.sets.data_set import DataSet

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

SAMPLE_RATE_HZ, CLIP_SECONDS = 8000, 1.008


def vocoded(name: str, origin: DataSet, title: str, warning: str) -> DataSet:
    """Half of the recordings of the set `name` bona fide, and half copied by five attacks."""

    def copies(data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None) -> "Clips":
        from classical_baselines.data.copy_synthesis.copies import copies_of
        from classical_baselines.data.loading import load_clips
        from classical_baselines.data.refitting import refitted

        recordings = load_clips(name, data_root, CLIP_SECONDS, SAMPLE_RATE_HZ)
        return refitted(copies_of(recordings), clip_seconds, sample_rate_hz)

    return DataSet(
        title=title,
        folders=(),
        makes=copies,
        made_from=(name,),
        sample_rate_hz=SAMPLE_RATE_HZ,
        clip_seconds=CLIP_SECONDS,
        protocols=("unseen-attack-and-speaker", "leave-one-group-out"),
        label_names=("bonafide", "spoof"),
        licence=f"that of the recordings: {origin.licence}",
        citation=f"{origin.citation}; copied by Trichord, see CITATION.cff",
        source=f"classical_baselines/data/copy_synthesis, of {origin.source}",
        warnings=(
            "The spoofs are copies by vocoders of five kinds: nothing follows for cloned voices or neural vocoders.",
            "Each recording is used once, as it is or copied: no clip stands beside its own copy.",
            "Skewness alone, or the levels at both ends, tell some attacks at up to 78 %: see docs/deepfake_data.md.",
            warning,
        ),
    )
