# classical_baselines/data/sets/whole_groups.py
"""Groups that stay whole: a publisher's parts are checked for it, and a validation part is made of whole groups."""

import hashlib
from collections.abc import Iterable, Sequence

from classical_baselines.data.manifest import ManifestError, ManifestRow


def check_groups_apart(listed: Sequence[tuple[str, ManifestRow]], what: str) -> None:
    """Refuse a group that stands in two folds or parts; `what` is the publisher's word for a group ("fsID")."""
    first_of: dict[str, tuple[str, str]] = {}
    for place, row in listed:
        fold, first_place = first_of.setdefault(row.speaker_or_group, (row.fold_or_split, place))
        if fold != row.fold_or_split:
            raise ManifestError(
                f"{place}: {what} {row.speaker_or_group!r} stands in {row.fold_or_split!r}, and in {fold!r} by "
                f"{first_place}. The publisher keeps each in one: was the set dealt anew? Copy the table from the "
                "publisher's archive."
            )


def held_for_validation(groups: Iterable[str], one_in: int) -> set[str]:
    """One group in `one_in`, at least one, chosen by the SHA-256 of their names.

    Publishers who name no validation part leave it to the user; this choice depends on the groups' names alone.

    >>> sorted(held_for_validation(["p1", "p2", "p3", "p4"], one_in=2))
    ['p2', 'p3']
    """
    order = sorted(set(groups), key=lambda name: hashlib.sha256(name.encode()).digest())
    return set(order[: max(1, len(order) // one_in)])
