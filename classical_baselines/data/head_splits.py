"""The protocol of localisation: ears that were never heard, and sounds that were never heard.

The groups of the clips are heads, the folds are units of sources (speakers, folds of recordings), dealt to P parts by
falling number of clips. Fold h, of heads in the order of their names, h = 0, 1, ...:

    test         head h,              sources of part h mod P
    validation   the head v after h,  sources of the next part after v mod P that is not h mod P   (both cyclic)
    training     all other heads,     all other sources; with scaled copies of these heads, where `scaled_heads`

A fold is a head, not a set of responses: whoever holds the dummy head of Surrey out holds out both its rooms, and two
folds of it would train the same networks twice. The report parts what was tested by responses. Validation is on a
further head, though training loses it: what is chosen there is chosen for ears that were not trained on, which is
what is asked; and with sources that no fold tests that head with, so that no clip is validated on and tested.
Tested and validated are heads as they were measured. All other clips are in no part.
"""

from collections import Counter

import numpy as np

from classical_baselines.data.balanced_parts import balanced_parts
from classical_baselines.data.binaural.directions import placed_of
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

PROTOCOL = "unseen-head-and-source"
FEWEST = 3  # heads, and parts of sources: one to test, one to validate, one to train


def unseen_head_and_source(clips: Clips, n_source_parts: int = 5, scaled_heads: bool = True) -> list[Fold]:
    """One fold for each head, named after it."""
    placed = [placed_of(name) for name in clips.names]
    if any(one is None for one in placed):
        wrong = next(name for name, one in zip(clips.names, placed, strict=True) if one is None)
        raise InputError(
            f"{PROTOCOL} is for binaural clips, whose names say where a source stands; got {wrong!r}. Take "
            "fsdd-binaural or esc-10-binaural, or another protocol."
        )
    measured = np.array([one is not None and one.is_measured for one in placed])
    heads = sorted(set(clips.groups))
    if len(heads) < FEWEST:
        raise InputError(
            f"{PROTOCOL} needs at least {FEWEST} heads as groups; this set has {', '.join(map(repr, heads))}."
        )
    part_of = _parts_of_units(clips, n_source_parts)
    group, part = np.array(clips.groups), np.array([part_of[unit] for unit in clips.folds])
    folds = []
    for number, head in enumerate(heads):
        after = (number + 1) % len(heads)
        other_head, own = heads[after], number % n_source_parts
        later = ((after + step) % n_source_parts for step in range(1, n_source_parts))
        other = next(part for part in later if part != own)
        test = (group == head) & (part == own) & measured
        validation = (group == other_head) & (part == other) & measured
        train = ~np.isin(group, (head, other_head)) & ~np.isin(part, (own, other)) & (measured | scaled_heads)
        for said, members in (("test", test), ("validation", validation), ("training", train)):
            if not members.any():
                raise InputError(
                    f"{PROTOCOL}: the {said} part of fold {head} is empty. Every head needs sources of every part: "
                    "take fewer n_source_parts."
                )
        parts = [tuple(np.flatnonzero(members).tolist()) for members in (train, validation, test)]
        folds.append(Fold(head, parts[0], parts[1], parts[2], group_disjoint=True))
    return folds


def _parts_of_units(clips: Clips, n_parts: int) -> dict[str, int]:
    units = Counter(clips.folds)
    if not FEWEST <= n_parts <= len(units):
        raise InputError(
            f"{PROTOCOL} needs n_source_parts of {FEWEST} to the number of units of sources, which is {len(units)} in "
            f"this set; got {n_parts}."
        )
    return balanced_parts(units, n_parts)
