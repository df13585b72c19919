# classical_baselines/harness/protocol.py
"""The leak audit: what a fold must fulfil before anything is trained on it. It runs in every cell and fails it.

Three leaks are looked for between training, validation and test clips: the same clip on two sides, the same
group (speaker, patient, source recording) on two sides where the protocol promises that groups are apart, and
recordings that are equal sample for sample under different names.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch

from classical_baselines.harness.contracts import Clips

CLIPS_AT_ONCE = 512  # read together: of a set that streams, clip by clip would take the square of their number


class LeakError(ValueError):
    """Clips that are trained on stand among those that are tested on."""


@dataclass(frozen=True)
class LeakAudit:
    """What was compared; stored with the cell, as evidence that the audit ran."""

    n_training: int
    n_validation: int
    n_test: int
    groups_apart: bool
    n_equal_recordings: int  # pairs of sides x recordings that are equal sample for sample; 0 where groups are apart


def audit_fold(
    clips: Clips, training: Sequence[int], validation: Sequence[int], test: Sequence[int], *, groups_apart: bool
) -> LeakAudit:
    """Refuse a fold that leaks; `groups_apart` says that the protocol promises disjoint groups."""
    sides = {"training": set(training), "validation": set(validation), "test": set(test)}
    empty = [name for name, side in sides.items() if not side]
    if empty:
        raise LeakError(f"the {' and '.join(empty)} part of the fold is empty. Choose another protocol or more folds.")
    fingerprints = _fingerprints(clips, sorted(set().union(*sides.values())))
    n_equal = 0
    for (name, side), (other_name, other) in combinations(sides.items(), 2):
        if side & other:
            raise LeakError(f"clip {clips.names[min(side & other)]!r} is in the {name} and the {other_name} part.")
        shared = {clips.groups[i] for i in side} & {clips.groups[i] for i in other}
        if groups_apart and shared:
            raise LeakError(f"group {sorted(shared)[0]!r} is in the {name} and the {other_name} part of the fold.")
        equal = {fingerprints[i] for i in side} & {fingerprints[i] for i in other}
        if groups_apart and equal:
            twins = [clips.names[i] for i in sorted(side | other) if fingerprints[i] in equal][:2]
            raise LeakError(
                f"{' and '.join(map(repr, twins))} are the same recording, in the {name} and the {other_name} part. "
                "Give them one group, or remove one."
            )
        n_equal += len(equal)
    return LeakAudit(len(sides["training"]), len(sides["validation"]), len(sides["test"]), groups_apart, n_equal)


def _fingerprints(clips: Clips, indices: Sequence[int]) -> dict[int, bytes]:
    """SHA-256 of the own samples of each of the clips."""
    found: dict[int, bytes] = {}
    for rows in torch.tensor(indices).split(CLIPS_AT_ONCE):
        lengths = clips.n_samples[rows].tolist()
        for index, samples, n_own in zip(rows.tolist(), clips.waveform[rows], lengths, strict=True):
            found[index] = hashlib.sha256(samples[:n_own].contiguous().numpy().tobytes()).digest()
    return found
