# studies/recording_conditions.py
"""Accuracy by device and by city, of clips whose names say what recorded them, and where.

A clip of TAU Urban Acoustic Scenes is named audio/airport-barcelona-0-0-a.wav: scene, city, place, segment, device.

    accuracy      of the clips of a device or a city, with the interval of its sample, the places (`accuracy_interval`)
    by scene      mean over the scenes of the accuracy of each, the measure of DCASE's task 1; seeds together
    less          accuracy less that of device `REFERENCE`, place by place where both have clips: a t interval over
                  the places, each of them once
    heard         whether a clip of the validation part has it: that part is cut from the training places in the
                  official split, so what is not in it was most likely not trained on either

The devices s1 to s6 are made of recordings by device a, so that a fall from a to s4 is that of the device alone.

Source: Heittola, Mesaros & Virtanen, DCASE Workshop 2020, 56-60 (devices, measure).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.city_splits import N_FIELDS, city_of
from studies.intervals import t_interval
from studies.results import Members, Row, StudyResults, trials_of
from studies.statistics import Interval, Trials, accuracy_interval

REFERENCE = "a"  # the binaural recorder of which every place has clips
Kind = Literal["device", "city"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Fall:
    """Points of accuracy less those of the reference, with an interval over places; none where there is one place."""

    mean: float
    low: float | None
    high: float | None
    n_places: int


@dataclass(frozen=True, eq=False)
class Condition:
    """One system on the clips of one device or city."""

    kind: Kind
    name: str  # "s4", "milan"
    accuracy: Interval
    by_scene: float
    less_reference: Fall | None  # of devices other than the reference, where places are shared
    heard: bool
    n_clips: int  # different ones
    n_places: int


def device_of(name: str) -> str | None:
    """The device of a clip by its file name; None where the name is of another form.

    >>> device_of("audio/metro_station-paris-120-3592-s1.wav"), device_of("audio/1-100032-A-0.wav")
    ('s1', None)
    """
    fields = PurePosixPath(name).stem.split("-")
    return fields[N_FIELDS - 1] if len(fields) == N_FIELDS and city_of(name) is not None else None


READ = {"device": device_of, "city": city_of}


def has_recording_conditions(results: StudyResults) -> bool:
    """Whether the clips of the study say what recorded them, and where."""
    members = results.fits or results.tests
    first = next(iter(members.values()), None)
    return first is not None and all(device_of(name) is not None for name in first.clip_names)


def conditions_of(row: Row, results: StudyResults) -> list[Condition]:
    """Of a row: each device by name, then each city."""
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    trials = trials_of(members)
    scene = np.concatenate([result.targets for _, result, _ in members])
    return [
        _condition(kind, name, value, trials, scene, _validated(members, results, kind))
        for kind in KINDS
        for value in [np.array([READ[kind](clip) for clip in trials.clips], dtype=np.str_)]
        for name in sorted(set(value.tolist()))
    ]


def _validated(members: Members, results: StudyResults, kind: Kind) -> set[str | None]:
    fits = [results.fits[cell] for cell, _, _ in members if cell in results.fits]
    return {READ[kind](name) for fit in fits for name in fit.clip_names}


def _condition(
    kind: Kind,
    name: str,
    value: NDArray[np.str_],
    trials: Trials,
    scene: NDArray[np.int64],
    validated: set[str | None],
) -> Condition:
    own = _some(trials, value == name)
    by_scene = [own.correct[scene[value == name] == one].mean() for one in np.unique(scene[value == name])]
    compared = kind == "device" and name != REFERENCE
    return Condition(
        kind=kind,
        name=name,
        accuracy=accuracy_interval(own),
        by_scene=float(np.mean(by_scene)),
        less_reference=_fall(_by_place(own), _by_place(_some(trials, value == REFERENCE))) if compared else None,
        heard=name in validated,
        n_clips=own.n_clips,
        n_places=len(set(own.groups.tolist())),
    )


def _some(trials: Trials, chosen: NDArray[np.bool_]) -> Trials:
    arrays = {name: getattr(trials, name)[chosen] for name in ("correct", "groups", "clips", "seeds", "folds")}
    return replace(trials, **arrays)


def _by_place(trials: Trials) -> Mapping[str, float]:
    return {place: float(trials.correct[trials.groups == place].mean()) for place in set(trials.groups.tolist())}


def _fall(own: Mapping[str, float], reference: Mapping[str, float]) -> Fall | None:
    falls: Sequence[float] = [own[place] - reference[place] for place in sorted(own.keys() & reference.keys())]
    if not falls:
        return None
    low, high = t_interval(falls) if len(falls) > 1 else (None, None)
    return Fall(float(np.mean(falls)), low, high, len(falls))
