# studies/fold_checks.py
"""Whether the folds of a protocol can be trained on and say what they claim to, tried before any work.

    published    a set whose publisher asks for his folds alone has them (PUBLISHED)
    different    no two folds are the same clips
    classes      the training part has every class; a validation or test part may lack some, as that of a patient with
                 one diagnosis, and a note says where
    apart        the leak audit of every cell (`harness/protocol.py`), on all folds at once; a user's own official split
                 with a group on both sides is refused too, that of a publisher is told

The audit compares samples by their SHA-256. Here the hash of a clip is taken once, however many folds there are, and
stands in for its samples: two clips have equal hashes where their samples are equal.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from classical_baselines.data.catalogue import known_data_set
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.protocol import CLIPS_AT_ONCE, LeakError, audit_fold
from studies import pipeline
from studies.specification import Study

MOST_NAMED = 3  # classes or groups in a message
OFFICIAL_SPLIT = "official-split"


@dataclass(frozen=True)
class Published:
    """The one split that results of a data set stand on."""

    protocol: str
    folds: tuple[str, ...]
    why: str


PUBLISHED: Mapping[str, Published] = {
    "urbansound8k": Published(
        "official-folds",
        tuple(str(number) for number in range(1, 11)),
        # UrbanSound8K_README.txt of the archive, and DOI 10.35377/saucis...1830726, as in `sets/urbansound8k.py`
        "the publisher asks for his ten folds and not to deal them anew, by which one model gained 14 points (98.06 % "
        "for 83.94 %)",
    ),
}


def checked_folds(study: Study, protocol: str, clips: Clips) -> list[Fold]:
    """The folds of a protocol; InputError, with study and protocol, where one of them is no sound split.

    A splitter may be built on another, and name that one in its error.
    """
    try:
        _check_published(study, protocol, clips)
        folds = pipeline.folds_of(study, protocol, clips)
        _check_different(folds)
        _check_classes(folds, clips)
        _check_apart(folds, clips)
        if protocol == OFFICIAL_SPLIT and (study.data.folder is not None or known_data_set(study.data.name) is None):
            _refuse_shared_groups(folds, clips)
    except InputError as error:
        raise InputError(f"study {study.name!r}, protocol {protocol!r}: {error}") from error
    return folds


def _check_published(study: Study, protocol: str, clips: Clips) -> None:
    """Refuse another split of a set that is published with the only one."""
    published = PUBLISHED.get(study.data.name) if study.data.folder is None else None
    if published is None:
        return
    if protocol != published.protocol:
        raise InputError(
            f"{study.data.name} is not split so: {published.why}. Choose the protocol {published.protocol!r}."
        )
    found = sorted(set(clips.folds), key=lambda name: (len(name), name))
    if found != list(published.folds):
        raise InputError(
            f"{study.data.name} has the folds {', '.join(found)} here, and is published with {published.folds[0]} to "
            f"{published.folds[-1]}: {published.why}. Restore the publisher's table, and take away any meta.csv."
        )


def notes_on_folds(protocol: str, folds: Sequence[Fold], clips: Clips) -> list[str]:
    """What is allowed of the folds of a protocol, and should be known."""
    notes = (
        classes_not_tested(protocol, folds, clips),
        classes_not_validated(protocol, folds, clips),
        groups_on_both_sides(protocol, folds, clips),
    )
    return [note for note in notes if note]


def classes_not_tested(protocol: str, folds: Sequence[Fold], clips: Clips) -> str:
    """A note of classes that no test clip has; "" where each has one in some fold."""
    absent = _absent([index for fold in folds for index in fold.test], clips)
    return f"{protocol}: no test part has a clip of {_named(absent)}" if absent else ""


def classes_not_validated(protocol: str, folds: Sequence[Fold], clips: Clips) -> str:
    """A note of validation parts that lack a class, for which nothing is chosen or fitted there; "" for none."""
    lacking = [(fold.name, absent) for fold in folds if (absent := _absent(fold.validation, clips))]
    if not lacking:
        return ""
    name, absent = lacking[0]
    others = f", nor have {len(lacking) - 1} others every class" if len(lacking) > 1 else ""
    return f"{protocol}: the validation part of fold {name} has no clip of {_named(absent)}{others}"


def _absent(part: Sequence[int], clips: Clips) -> list[str]:
    """The classes that a part has no clip of."""
    there = {int(clips.targets[index]) for index in part}
    return [name for number, name in enumerate(clips.label_names) if number not in there]


def groups_on_both_sides(protocol: str, folds: Sequence[Fold], clips: Clips) -> str:
    """A note of groups that stand in training and in test of a protocol that does not keep them apart; "" for none."""
    shared = sorted({group for fold in folds for group in _shared_groups(fold, clips)})
    if not shared:
        return ""
    number = "1 group stands" if len(shared) == 1 else f"{len(shared)} groups stand"
    return f"{protocol}: {number} in training and in test ({_named(shared)}), so that it measures memory for them too"


def _shared_groups(fold: Fold, clips: Clips) -> set[str]:
    """Groups of the test part that were trained on or chosen by, where the fold does not keep them apart."""
    if fold.group_disjoint:
        return set()
    tested = {clips.groups[index] for index in fold.test}
    return tested & {clips.groups[index] for index in (*fold.train, *fold.validation)} - {""}


def _refuse_shared_groups(folds: Sequence[Fold], clips: Clips) -> None:
    """A table of the user's own that puts a group on both sides is a mistake."""
    for fold in folds:
        shared = sorted(_shared_groups(fold, clips))
        if shared:
            raise InputError(
                f"the group {shared[0]!r} ({len(shared)} of {len(set(clips.groups))} groups) stands in the test part "
                "and in training or validation: what is remembered of it would count as recognised. Mend the columns "
                "fold_or_split and speaker_or_group, or split by groups: leave-one-group-out, grouped-k-fold."
            )


def _check_different(folds: Sequence[Fold]) -> None:
    """Equal folds would be trained on twice, and count as two."""
    first: dict[tuple[tuple[int, ...], ...], str] = {}
    for fold in folds:
        earlier = first.setdefault((fold.train, fold.validation, fold.test), fold.name)
        if earlier != fold.name:
            raise InputError(
                f"its folds {earlier} and {fold.name}, of {len(folds)}, are the same clips, and one result would "
                "count as two. Each fold must be another split: take fewer groups into a draw (n_groups), or draw "
                "less often (n_draws)."
            )


def _check_classes(folds: Sequence[Fold], clips: Clips) -> None:
    """A class that no training clip has can be learnt by nothing, and every clip of it counts as an error."""
    for fold in folds:
        absent = _absent(fold.train, clips)
        if absent:
            raise InputError(
                f"the training part of its fold {fold.name}, of {len(folds)}, has no clip of {_named(absent)} "
                f"({len(absent)} of {len(clips.label_names)} classes). Every class must stand in every training part: "
                "choose another protocol, add recordings, or leave the class out of the set."
            )


def _check_apart(folds: Sequence[Fold], clips: Clips) -> None:
    """What the audit of a cell would refuse, once the study is running, of any fold."""
    promised = [fold for fold in folds if fold.group_disjoint]
    if any(not clips.groups[index] for fold in promised for index in (*fold.train, *fold.validation, *fold.test)):
        raise InputError(
            "it keeps groups apart, and not every clip has one. Fill the column speaker_or_group (patient, speaker or "
            "source recording), or choose stratified-k-fold."
        )
    hashed = _hashed(clips) if promised else clips
    for fold in promised:
        try:
            audit_fold(hashed, fold.train, fold.validation, fold.test, groups_apart=True)
        except LeakError as error:
            raise InputError(
                f"its fold {fold.name}, of {len(folds)}, leaks: {error} Mend the columns fold_or_split and "
                "speaker_or_group, or split by groups: leave-one-group-out, grouped-k-fold."
            ) from error


def _hashed(clips: Clips) -> Clips:
    """The clips with the SHA-256 of each one's own samples, as 32 numbers, in place of its samples."""
    hashes = np.empty((len(clips), 32), dtype=np.float32)
    for rows in torch.arange(len(clips)).split(CLIPS_AT_ONCE):
        lengths = clips.n_samples[rows].tolist()
        for row, samples, n_own in zip(rows.tolist(), clips.waveform[rows], lengths, strict=True):
            digest = hashlib.sha256(samples[:n_own].contiguous().numpy().tobytes()).digest()
            hashes[row] = np.frombuffer(digest, dtype=np.uint8)
    n_samples = torch.full((len(clips),), 32)
    return replace(clips, inputs={"waveform": torch.from_numpy(hashes)}, n_samples=n_samples)


def _named(classes: Sequence[str]) -> str:
    more = f" and {len(classes) - MOST_NAMED} more" if len(classes) > MOST_NAMED else ""
    return ", ".join(map(repr, classes[:MOST_NAMED])) + more
