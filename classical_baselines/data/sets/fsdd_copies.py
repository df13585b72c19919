# classical_baselines/data/sets/fsdd_copies.py
"""Real and vocoded English digits, made of the recordings of FSDD (`data/copy_synthesis`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.fsdd import FSDD

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

COPIES_WARNINGS = (
    "The spoofs are copies by vocoders of five kinds: nothing follows for cloned voices or neural vocoders.",
    "Each recording is used once, as it is or copied: no clip stands beside its own copy.",
    "A linear model of RMS, length, mean, zeros and peak still tells some attacks: see docs/deepfake_data.md.",
)


def fsdd_copies(data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None) -> "Clips":
    """Half of FSDD bona fide and half copied by five attacks, at this length and rate."""
    from classical_baselines.data.copy_synthesis.copies import copies_of
    from classical_baselines.data.loading import load_clips
    from classical_baselines.data.refitting import refitted

    recordings = load_clips("fsdd", data_root, FSDD_COPIES.clip_seconds, FSDD_COPIES.sample_rate_hz)
    return refitted(copies_of(recordings), clip_seconds, sample_rate_hz)


FSDD_COPIES = DataSet(
    title="Real and vocoded English digits",
    folders=(),
    makes=fsdd_copies,
    made_from=("fsdd",),
    sample_rate_hz=8000,
    clip_seconds=1.008,
    protocols=("unseen-attack-and-speaker", "leave-one-group-out"),
    label_names=("bonafide", "spoof"),
    licence=f"that of the recordings: {FSDD.licence}",
    citation=f"{FSDD.citation}; copied by Trichord, see CITATION.cff",
    source=f"classical_baselines/data/copy_synthesis, of {FSDD.source}",
    warnings=(*COPIES_WARNINGS, "All six speakers are male; nothing follows for other voices, and six groups are few."),
)
