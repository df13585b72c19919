# classical_baselines/data/speakers.py
"""Clips of speech whose labels are the speakers: some are known by name, all others are `unknown`.

    label    known-01, known-02, ...   the speakers with the most clips; of equal ones, the first by name
             unknown                   every other speaker
    group    the speaker
    fold     train, val or test        of a clip of a known speaker: of five in order of word and name, three, one, one
             others                    of a clip of an unknown one
    name     WORD/FILE                 what is said, and the recording (`said_of`)

This is open-set identification: who is it, or is it nobody known? A network that learns it places voices that it never
heard beside those it knows, by its outputs for these (anchor models: Sturim et al., Speaker indexing in large audio
databases using anchor models, ICASSP 2001); whether two clips of unknown speakers are of one voice is then a
comparison of two such places (`studies/speaker_trials.py`).

Recordings that are equal sample for sample are taken once, the first by name: a pair of them would be no trial.
"""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

UNKNOWN = "unknown"
OTHERS = "others"
PARTS = ("train", "train", "train", "val", "test")  # of a known speaker's clips, in turn
CLIPS_AT_ONCE = 512  # hashed together
FEWEST_OTHERS = 6  # speakers: two to test, two to validate, two to be trained on as unknown


def known_labels(n_known: int) -> tuple[str, ...]:
    """The labels of a set with so many known speakers, in their order.

    >>> known_labels(2)
    ('known-01', 'known-02', 'unknown')
    """
    return (*(f"known-{number:02d}" for number in range(1, n_known + 1)), UNKNOWN)


def are_speakers(label_names: Collection[str]) -> bool:
    """Whether labels are those of known and unknown speakers."""
    return UNKNOWN in label_names and set(label_names) == set(known_labels(len(label_names) - 1))


def said_of(name: str) -> str:
    """The word of a clip, from its name.

    >>> said_of("seven/audio/7_00000001_01.flac")
    'seven'
    """
    return name.partition("/")[0]


def speaker_clips(recordings: Clips, n_known: int, without: Collection[str] = ()) -> Clips:
    """The recordings with their speakers as labels; those of the labels `without` (silence) are left out."""
    words = [recordings.label_names[int(target)] for target in recordings.targets]
    spoken = [index for index, word in enumerate(words) if word not in without]
    kept = _first_of_equal(recordings, sorted(spoken, key=lambda index: recordings.names[index]))
    sizes = Counter(recordings.groups[index] for index in kept)
    if "" in sizes:
        raise InputError("speakers: some recordings have no speaker. Fill speaker_or_group of their table.")
    if len(sizes) < n_known + FEWEST_OTHERS:
        raise InputError(
            f"speakers: {n_known} known and at least {FEWEST_OTHERS} unknown ones are needed; these recordings have "
            f"{len(sizes)}. Copy the whole set."
        )
    labels = known_labels(n_known)
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    label_of = dict(zip(order, labels[:-1], strict=False))
    kept.sort(key=lambda index: (recordings.groups[index], words[index], recordings.names[index]))
    counted: Counter[str] = Counter()
    folds = []
    for index in kept:
        speaker = recordings.groups[index]
        folds.append(PARTS[counted[speaker] % len(PARTS)] if speaker in label_of else OTHERS)
        counted[speaker] += 1
    chosen = recordings.subset(kept)
    names = tuple(f"{words[index]}/{recordings.names[index]}" for index in kept)
    label_of_clip = [label_of.get(speaker, UNKNOWN) for speaker in chosen.groups]
    digest = hashlib.sha256(f"speakers/1\x1f{recordings.content_hash}".encode())
    for told in zip(names, label_of_clip, chosen.groups, folds, strict=True):
        digest.update(b"\x1e" + "\x1f".join(told).encode())
    return replace(
        chosen,
        targets=torch.tensor([labels.index(label) for label in label_of_clip]),
        folds=tuple(folds),
        names=names,
        label_names=labels,
        content_hash=digest.hexdigest(),
    )


def _first_of_equal(recordings: Clips, indices: list[int]) -> list[int]:
    """The indices without those whose own samples an earlier one has."""
    seen: set[bytes] = set()
    kept = []
    for rows in torch.tensor(indices, dtype=torch.long).split(CLIPS_AT_ONCE):
        lengths = recordings.n_samples[rows].tolist()
        for index, samples, n_own in zip(rows.tolist(), recordings.waveform[rows], lengths, strict=True):
            digest = hashlib.sha256(samples[:n_own].contiguous().numpy().tobytes()).digest()
            if digest not in seen:
                seen.add(digest)
                kept.append(index)
    return kept
