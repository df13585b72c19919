# classical_baselines/data/copy_synthesis/assignment.py
"""Which recordings stay bona fide, and by which attack the others are copied: each recording is used once.

The clips of a group, in order of label and then of the hash of their samples, are dealt to the slots

    slot 2 k          bona fide, in the fold of attack k
    slot 2 k + 1      copied by attack k, in its fold

in turn; each group begins at another slot, two after the one before. So a group has as many bona fide clips as spoofs,
one at most apart, in every fold; where the takes of a label are a multiple of the slots (FSDD: 50, Arabic digits: 10),
every label has equally many of each slot. The bona fide clips of a fold are other takes than those its spoofs are made
of: no detector can hold a copy against its original. The order by hash mixes takes, whatever their files are called.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """What becomes of a recording."""

    attack: str  # whose fold it is in
    is_spoof: bool


def roles_of(groups: Sequence[str], labels: Sequence[int], hashes: Sequence[str], attacks: Sequence[str]) -> list[Role]:
    """[clip], from each clip's group, label and hash of samples."""
    members: dict[str, list[int]] = defaultdict(list)
    for clip, group in enumerate(groups):
        members[group].append(clip)
    roles: dict[int, Role] = {}
    for number, group in enumerate(sorted(members)):
        ordered = sorted(members[group], key=lambda clip: (labels[clip], hashes[clip], clip))
        for place, clip in enumerate(ordered):
            slot = (place + 2 * number) % (2 * len(attacks))
            roles[clip] = Role(attacks[slot // 2], slot % 2 == 1)
    return [roles[clip] for clip in range(len(groups))]
