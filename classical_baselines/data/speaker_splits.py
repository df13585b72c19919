# classical_baselines/data/speaker_splits.py
"""The protocol of speaker verification: whoever is verified was never heard.

The unknown speakers are dealt to P parts, whole, by falling number of clips, each to the part with the fewest. Fold p:

    test         unknown speakers of part p,                 and the clips `test` of the known ones
    validation   unknown speakers of the part after it,      and the clips `val` of the known ones     (cyclic)
    training     unknown speakers of all other parts,        and the clips `train` of the known ones

The known speakers stand on all sides, with other clips, since who they are is what is learnt; no unknown one does.
"""

from collections import Counter

from classical_baselines.data.balanced_parts import balanced_parts
from classical_baselines.data.speakers import OTHERS, UNKNOWN, are_speakers
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

PROTOCOL = "unseen-speakers"
FEWEST = 3  # parts: one to test, one to validate, one to train
SPEAKERS_IN_A_PART = 2  # with one, no two clips are of different unknown speakers


def unseen_speakers(clips: Clips, n_speaker_parts: int = 3) -> list[Fold]:
    """One fold for each part of the unknown speakers, named 1, 2, ..."""
    if not are_speakers(clips.label_names):
        raise InputError(
            f"{PROTOCOL} is for clips whose labels are known speakers and {UNKNOWN!r}; this set has "
            f"{clips.label_names[0]!r} among its labels. Take arabic-digits-speakers or speech-commands-12-speakers."
        )
    others = Counter(group for group, fold in zip(clips.groups, clips.folds, strict=True) if fold == OTHERS)
    most = len(others) // SPEAKERS_IN_A_PART
    if not FEWEST <= n_speaker_parts <= most:
        raise InputError(
            f"{PROTOCOL} needs n_speaker_parts of {FEWEST} to {most}, as this set has {len(others)} unknown speakers "
            f"and a part takes {SPEAKERS_IN_A_PART} of them or more; got {n_speaker_parts}."
        )
    part_of = balanced_parts(others, n_speaker_parts)
    folds = []
    for part in range(n_speaker_parts):
        sides: dict[str, list[int]] = {"train": [], "val": [], "test": []}
        where = {part: "test", (part + 1) % n_speaker_parts: "val"}
        for clip, (fold, group) in enumerate(zip(clips.folds, clips.groups, strict=True)):
            sides[where.get(part_of[group], "train") if fold == OTHERS else fold].append(clip)
        parts = [tuple(sides[name]) for name in ("train", "val", "test")]
        folds.append(Fold(str(part + 1), parts[0], parts[1], parts[2], group_disjoint=False))
    return folds
