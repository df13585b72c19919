# classical_baselines/data/sets/arabic_digits_copies.py
"""Real and vocoded Arabic digits, made of the recordings of `arabic-digits` at 8 kHz (`data/copy_synthesis`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.sets.arabic_digits import ARABIC_DIGITS
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.sets.fsdd_copies import COPIES_WARNINGS

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips


def arabic_digits_copies(
    data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None
) -> "Clips":
    """Half of the Arabic digits bona fide and half copied by five attacks, at this length and rate."""
    from classical_baselines.data.copy_synthesis.copies import copies_of
    from classical_baselines.data.loading import load_clips
    from classical_baselines.data.refitting import refitted

    entry = ARABIC_DIGITS_COPIES
    recordings = load_clips("arabic-digits", data_root, entry.clip_seconds, entry.sample_rate_hz)
    return refitted(copies_of(recordings), clip_seconds, sample_rate_hz)


ARABIC_DIGITS_COPIES = DataSet(
    title="Real and vocoded Arabic digits",
    folders=(),
    makes=arabic_digits_copies,
    made_from=("arabic-digits",),
    sample_rate_hz=8000,
    clip_seconds=1.008,
    protocols=("unseen-attack-and-speaker", "leave-one-group-out"),
    label_names=("bonafide", "spoof"),
    licence=f"that of the recordings: {ARABIC_DIGITS.licence}",
    citation=f"{ARABIC_DIGITS.citation}; copied by Trichord, see CITATION.cff",
    source=f"classical_baselines/data/copy_synthesis, of {ARABIC_DIGITS.source}",
    warnings=(*COPIES_WARNINGS, "The recordings are brought from 16 to 8 kHz before they are copied."),
)
