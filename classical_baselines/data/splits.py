# classical_baselines/data/splits.py
"""How clips are split into training, validation and test parts: one function per protocol, each giving named folds.

Every protocol is nested: the validation part comes out of what is left when the test part is taken away, so nothing is
chosen by test clips. `group_disjoint` says whether the protocol promises that no group (speaker, source) stands on two
sides; the leak audit holds it to that.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips


@dataclass(frozen=True)
class Fold:
    """Clip indices of one split."""

    name: str
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    group_disjoint: bool


def leave_one_group_out(clips: Clips) -> list[Fold]:
    """Each group in turn is the test part; the next one in alphabetical order (cyclic) is the validation part."""
    groups = _groups_of(clips, "leave-one-group-out", at_least=3)
    following = dict(zip(groups, groups[1:] + groups[:1], strict=True))
    return [_by_part(clips.groups, name, {following[name]}, {name}) for name in groups]


def official_split(clips: Clips) -> list[Fold]:
    """The data set's own parts train, val and test.

    Where there is no val, a tenth of the training clips is, taken evenly from each label in order of file name. Whether
    groups are apart is up to the data set: it is promised where it holds.
    """
    parts: dict[str, list[int]] = defaultdict(list)
    for index, part in enumerate(clips.folds):
        parts[part].append(index)
    found = sorted(parts)
    if not {"train", "test"} <= set(found) <= {"train", "val", "test"}:
        raise InputError(
            f"official-split needs each clip marked train, val (may be absent) or test; this set has: "
            f"{', '.join(map(repr, found))}. Mend fold_or_split, or choose another protocol."
        )
    train, validation = parts["train"], parts["val"]
    if not validation:
        validation = _stratified_tenth(clips, train)
        held = set(validation)
        train = [index for index in train if index not in held]
    sides = [{clips.groups[i] for i in side} for side in (train, validation, parts["test"])]
    apart = "" not in set.union(*sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    return [Fold("official", tuple(train), tuple(validation), tuple(parts["test"]), apart)]


def official_folds(clips: Clips) -> list[Fold]:
    """The data set's own numbered folds: test fold k, validation fold (k mod K) + 1, the others are trained on."""
    names = sorted(set(clips.folds), key=lambda name: (len(name), name))
    if len(names) < 3 or not all(name.isdigit() for name in names):
        raise InputError(
            f"official-folds needs at least three numbered folds; this set has: {', '.join(names) or 'none'}."
        )
    following = dict(zip(names, names[1:] + names[:1], strict=True))
    return [_by_part(clips.folds, name, {following[name]}, {name}) for name in names]


def grouped_k_fold(clips: Clips, n_folds: int = 5) -> list[Fold]:
    """Whole groups dealt to `n_folds` folds: by falling size, each to the fold with the fewest clips so far."""
    groups = _groups_of(clips, "grouped-k-fold", at_least=max(3, n_folds))
    if n_folds < 3:
        raise InputError(f"grouped-k-fold needs n_folds of at least 3 (train, validation, test); got {n_folds}.")
    sizes = Counter(clips.groups)
    filled = [0] * n_folds
    fold_of: dict[str, str] = {}
    for group in sorted(groups, key=lambda name: (-sizes[name], name)):
        emptiest = filled.index(min(filled))
        fold_of[group] = str(emptiest + 1)
        filled[emptiest] += sizes[group]
    return _numbered([fold_of[group] for group in clips.groups], n_folds, group_disjoint=True)


def stratified_k_fold(clips: Clips, n_folds: int = 5) -> list[Fold]:
    """For sets without groups: the clips of each label dealt in turn. Clips of one speaker may stand on both sides."""
    if n_folds < 3:
        raise InputError(f"stratified-k-fold needs n_folds of at least 3 (train, validation, test); got {n_folds}.")
    counts: Counter[int] = Counter()
    dealt = []
    for target in clips.targets.tolist():
        dealt.append(str(counts[target] % n_folds + 1))
        counts[target] += 1
    if min(counts.values()) < n_folds:
        raise InputError(f"stratified-k-fold: a label has {min(counts.values())} clips for {n_folds} folds; use fewer.")
    return _numbered(dealt, n_folds, group_disjoint=False)


def few_groups(clips: Clips, n_groups: int = 4, n_draws: int = 3) -> list[Fold]:
    """`n_groups` groups of the training part, drawn `n_draws` times; validation and test parts stay as they are.

    A draw puts the groups in an order of its own, and takes the first ones: with more groups it keeps those it had.
    """
    if n_groups < 1 or n_draws < 1:
        raise InputError(f"few-groups needs n_groups and n_draws of at least 1; got {n_groups} and {n_draws}.")
    _groups_of(clips, "few-groups", at_least=3)
    whole = official_split(clips)[0]
    groups = {clips.groups[index] for index in whole.train}
    if not whole.group_disjoint or len(groups) < n_groups:
        raise InputError(
            f"few-groups draws {n_groups} of the groups of a training part that stand in no other part; this set has "
            f"{len(groups) if whole.group_disjoint else 'groups on both sides'}. Take fewer, or leave-one-group-out."
        )
    folds = []
    for draw in range(n_draws):
        order = sorted(groups, key=lambda name: hashlib.sha256(f"{draw}/{name}".encode()).digest())
        drawn = set(order[:n_groups])
        train = tuple(index for index in whole.train if clips.groups[index] in drawn)
        folds.append(Fold(f"draw-{draw + 1}", train, whole.validation, whole.test, group_disjoint=True))
    return folds


def _numbered(fold_of_clip: Sequence[str], n_folds: int, *, group_disjoint: bool) -> list[Fold]:
    return [
        _by_part(fold_of_clip, str(k + 1), {str((k + 1) % n_folds + 1)}, {str(k + 1)}, group_disjoint=group_disjoint)
        for k in range(n_folds)
    ]


def _by_part(
    part_of_clip: Sequence[str], name: str, validation: set[str], test: set[str], *, group_disjoint: bool = True
) -> Fold:
    """The fold whose validation and test parts are the clips of the named parts."""
    sides: tuple[list[int], list[int], list[int]] = ([], [], [])
    for index, part in enumerate(part_of_clip):
        sides[2 if part in test else 1 if part in validation else 0].append(index)
    return Fold(name, tuple(sides[0]), tuple(sides[1]), tuple(sides[2]), group_disjoint)


def _groups_of(clips: Clips, protocol: str, *, at_least: int) -> list[str]:
    groups = sorted(set(clips.groups))
    if "" in groups:
        raise InputError(f"{protocol} needs a group for every clip, and this set names none. Use stratified-k-fold.")
    if len(groups) < at_least:
        raise InputError(f"{protocol} needs at least {at_least} groups; this set has {len(groups)}.")
    return groups


def _stratified_tenth(clips: Clips, indices: Sequence[int]) -> list[int]:
    by_label: dict[int, list[int]] = defaultdict(list)
    for index in sorted(indices, key=lambda i: clips.names[i]):
        by_label[int(clips.targets[index])].append(index)
    return sorted(index for members in by_label.values() for index in members[::10])


SPLITTERS: Mapping[str, Callable[..., list[Fold]]] = {
    "leave-one-group-out": leave_one_group_out,
    "official-split": official_split,
    "official-folds": official_folds,
    "few-groups": few_groups,
    "grouped-k-fold": grouped_k_fold,
    "stratified-k-fold": stratified_k_fold,
}
