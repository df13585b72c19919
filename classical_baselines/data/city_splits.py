# classical_baselines/data/city_splits.py
"""The protocol of acoustic scenes in a city that was never heard.

A clip of TAU Urban Acoustic Scenes says in its name where it was recorded: audio/airport-barcelona-0-0-a.wav is of
scene, city, place, segment and device. Whole cities are dealt to P parts, by falling number of clips, each to the part
with the fewest: part p is tested, the next one (cyclic) validates, the others are trained on. A place lies in one city,
so that places stay whole too, and with them what several devices recorded there at once.
"""

from collections import Counter
from pathlib import PurePosixPath

from classical_baselines.data.balanced_parts import balanced_parts
from classical_baselines.data.splits import Fold
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips

PROTOCOL = "unseen-city"
FEWEST = 3  # parts: one to test, one to validate, one to train
N_FIELDS = 5  # scene, city, place, segment, device


def city_of(name: str) -> str | None:
    """The city of a clip by its file name; None where the name is of another form.

    >>> city_of("audio/metro_station-paris-120-3592-s1.wav"), city_of("audio/1-100032-A-0.wav")
    ('paris', None)
    """
    fields = PurePosixPath(name).stem.split("-")
    return fields[1] if len(fields) == N_FIELDS and fields[1].isalpha() else None


def unseen_city(clips: Clips, n_city_parts: int = 3) -> list[Fold]:
    """One fold for each part of the cities, named 1, 2, ..."""
    cities = [city_of(name) for name in clips.names]
    if None in cities:
        raise InputError(
            f"{PROTOCOL} reads the city from names such as airport-barcelona-0-0-a.wav; this set has "
            f"{clips.names[cities.index(None)]!r}. Take tau-urban-2020-mobile, or another protocol."
        )
    sizes = Counter(city for city in cities if city is not None)
    if not FEWEST <= n_city_parts <= len(sizes):
        raise InputError(
            f"{PROTOCOL} needs n_city_parts of {FEWEST} to the number of cities, which is {len(sizes)} in this set; "
            f"got {n_city_parts}."
        )
    part_of = balanced_parts(sizes, n_city_parts)
    folds = []
    for part in range(n_city_parts):
        sides: tuple[list[int], list[int], list[int]] = ([], [], [])
        side_of = {part: 2, (part + 1) % n_city_parts: 1}
        for clip, city in enumerate(cities):
            sides[side_of.get(part_of[str(city)], 0)].append(clip)
        folds.append(Fold(str(part + 1), tuple(sides[0]), tuple(sides[1]), tuple(sides[2]), group_disjoint=True))
    return folds
