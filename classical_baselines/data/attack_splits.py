# classical_baselines/data/attack_splits.py
"""The protocol of detection: an attack that was never heard, in voices that were never heard.

Fold (a, s): attack a of A, in the order of their names, and part s of S parts of the speakers.

    test         fold a,               speakers of part s
    validation   the attack after a,   speakers of the part after s     (both cyclic)
    training     all other attacks,    all other speakers

An attack's fold holds its spoofs and the bona fide clips beside them, so bona fide clips are unseen too. Other clips
(the attack of the test part, said by a speaker who is trained on) are in no part.
Whole speakers are dealt by falling number of clips, each to the part with the fewest.
"""

from collections import Counter

from classical_baselines.data.balanced_parts import balanced_parts
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

PROTOCOL = "unseen-attack-and-speaker"
BONA_FIDE, SPOOF = "bonafide", "spoof"
FEWEST = 3  # attacks, and parts of speakers: one to test, one to validate, one to train


def unseen_attack_and_speaker(clips: Clips, n_speaker_folds: int = 3) -> list[Fold]:
    """One fold for each attack and each part of the speakers, in that order; folds are named ATTACK/PART."""
    attacks = _attacks_of(clips)
    part_of = _parts_of_speakers(clips, n_speaker_folds)
    folds = []
    for number, attack in enumerate(attacks):
        for part in range(n_speaker_folds):
            other_attack, other_part = attacks[(number + 1) % len(attacks)], (part + 1) % n_speaker_folds
            test, validation, train = [], [], []
            for clip, (of, group) in enumerate(zip(clips.folds, clips.groups, strict=True)):
                if of == attack and part_of[group] == part:
                    test.append(clip)
                elif of == other_attack and part_of[group] == other_part:
                    validation.append(clip)
                elif of not in (attack, other_attack) and part_of[group] not in (part, other_part):
                    train.append(clip)
            name = f"{attack}/{part + 1}"
            for said, members in (("test", test), ("validation", validation), ("training", train)):
                _check_both(clips, members, f"the {said} part of fold {name}")
            folds.append(Fold(name, tuple(train), tuple(validation), tuple(test), group_disjoint=True))
    return folds


def _attacks_of(clips: Clips) -> list[str]:
    """The attacks, sorted: each fold of the set is one."""
    if set(clips.label_names) != {BONA_FIDE, SPOOF}:
        raise InputError(
            f"{PROTOCOL} is for the labels {BONA_FIDE} and {SPOOF}; this set has {len(clips.label_names)}, "
            f"{', '.join(map(repr, clips.label_names[:FEWEST]))} among them. Take fsdd-copies, arabic-digits-copies or "
            "a folder in which fold_or_split names the attack, or leave-one-group-out."
        )
    attacks = sorted(set(clips.folds))
    if len(attacks) < FEWEST:
        raise InputError(
            f"{PROTOCOL} needs at least {FEWEST} attacks, named by the folds (fold_or_split) of the clips; this set "
            f"has {', '.join(map(repr, attacks))}. Name them, or choose leave-one-group-out."
        )
    for attack in attacks:
        _check_both(clips, [i for i, fold in enumerate(clips.folds) if fold == attack], f"the fold {attack!r}")
    return attacks


def _parts_of_speakers(clips: Clips, n_parts: int) -> dict[str, int]:
    speakers = Counter(clips.groups)
    if "" in speakers:
        raise InputError(f"{PROTOCOL} needs the speaker of every clip as its group (speaker_or_group); some have none.")
    if not FEWEST <= n_parts <= len(speakers):
        raise InputError(
            f"{PROTOCOL} needs n_speaker_folds of {FEWEST} to the number of speakers, which is {len(speakers)} in this "
            f"set; got {n_parts}."
        )
    return balanced_parts(speakers, n_parts)


def _check_both(clips: Clips, members: list[int], what: str) -> None:
    absent = {BONA_FIDE, SPOOF} - {clips.label_names[int(clips.targets[clip])] for clip in members}
    if absent:
        raise InputError(
            f"{PROTOCOL}: {what} has no clip of {sorted(absent)[0]}. Each attack needs spoofs and, in the same fold, "
            "bona fide clips, of enough speakers: fold_or_split must name the attack of both. Mend it, or take fewer "
            "n_speaker_folds."
        )
