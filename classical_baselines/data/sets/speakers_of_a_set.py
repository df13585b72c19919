# classical_baselines/data/sets/speakers_of_a_set.py
"""A set of speech made into one of its speakers, some known and the others not (`data/speakers.py`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.data.speakers import known_labels

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips


def speakers_of_a_set(
    name: str, origin: DataSet, title: str, n_known: int, without: tuple[str, ...], warnings: tuple[str, ...]
) -> DataSet:
    """The recordings of the set `name` but those of the labels `without`, with `n_known` known speakers."""

    def clips(data_root: Path | str | None, clip_seconds: float | None, sample_rate_hz: int | None) -> "Clips":
        from classical_baselines.data.loading import load_clips
        from classical_baselines.data.speakers import speaker_clips

        return speaker_clips(load_clips(name, data_root, clip_seconds, sample_rate_hz), n_known, without)

    return DataSet(
        title=title,
        folders=(),
        makes=clips,
        made_from=(name,),
        sample_rate_hz=origin.sample_rate_hz,
        clip_seconds=origin.clip_seconds,
        protocols=("unseen-speakers",),
        label_names=known_labels(n_known),
        licence=f"that of the recordings: {origin.licence}",
        citation=origin.citation,
        source=f"classical_baselines/data/speakers.py, of {origin.source}",
        warnings=(
            "Voices are told apart within one set, where each speaker may have a room and a microphone of his own: "
            "what is told may be these.",
            "Known speakers stand in training and in test, with other clips; verification is of unknown ones alone.",
            *warnings,
        ),
    )
