# classical_baselines/data/balanced_parts.py
"""Units (speakers, recordings) dealt to parts of nearly equal size: by falling size, each to the emptiest part."""

from collections.abc import Mapping


def balanced_parts(sizes: Mapping[str, int], n_parts: int) -> dict[str, int]:
    """The part, from 0, of each unit of so many clips; units of one size go by their names.

    >>> balanced_parts({"a": 3, "b": 2, "c": 2, "d": 1}, 2)
    {'a': 0, 'b': 1, 'c': 1, 'd': 0}
    """
    filled = [0] * n_parts
    part_of: dict[str, int] = {}
    for unit in sorted(sizes, key=lambda name: (-sizes[name], name)):
        part_of[unit] = filled.index(min(filled))
        filled[part_of[unit]] += sizes[unit]
    return part_of
