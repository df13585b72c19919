"""Degrees of a study whose labels are the sectors of a circle: lateral error, azimuth, front and back.

    p_k       probability of the sector with centre theta_k, of a network of any kind
    lateral   the median of the lateral angle asin(sin theta) under p: sectors with one lateral angle (30 and 150
              degrees) together, and within a step of the distribution in proportion
    side      front where the sectors in front hold more of p than those behind
    azimuth   the lateral angle on that side

The vector sum of p, which is the mean direction of a circle, would be wrong here: a delay leaves 30 and 150 degrees
equally likely, and their sum points to 90. Truth is the azimuth of the response itself, not the centre of its sector,
and counts from the median plane of the head, which its responses tell (`median_plane`). Beside it stands the lateral
error against the azimuth as it was measured, whatever way the head sat.

A row is read for each set of responses. Errors are means over the recordings that were played (a recording's seeds
and places averaged first), with t intervals over them: what other heads would change is not in them, and no number of
recordings can say it. Confusions are the share of clips heard on the wrong side of the ears, of those that stand more
than `BESIDE_DEG` off them, where front and back are one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.binaural.directions import between_deg, is_sectors, lateral_deg, placed_of
from classical_baselines.harness.evaluation import probabilities
from studies.intervals import t_interval
from studies.probe_curves import probed_runs
from studies.results import Members, Row, StudyResults
from studies.specification import System

DELAY_ALONE = "interaural-delay"  # the front end of the floor
BESIDE_DEG = 10.0  # from the line through both ears: a sector, within which front and back are not told apart
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeanError:
    """Degrees, with an interval over recordings; none where there is one recording."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Localisation:
    """One system on one set of responses."""

    responses: str
    lateral: MeanError
    azimuth: float  # mean error, degrees
    confused: float | None  # share of clips, 0 to 1; None where the sources stand in one half alone
    as_measured: MeanError  # lateral error against azimuths as they were measured
    n_clips: int
    n_recordings: int
    beyond_delay: MeanError | None = None  # of the best delay alone, less this one, on the same recordings


def is_localised(results: StudyResults) -> bool:
    """Whether the labels of the study are the sectors of a circle and its clips say where they stand."""
    members = results.fits or results.tests
    first = next(iter(members.values()), None)
    return first is not None and is_sectors(first.label_names) and placed_of(first.clip_names[0]) is not None


def lateral_and_azimuth(p: Floats) -> tuple[Floats, Floats]:
    """Estimates in degrees [clip] of probabilities [clip, sector]."""
    n_sectors = p.shape[1]
    centre = 360 * np.arange(n_sectors) / n_sectors
    angles, place = np.unique(lateral_deg(centre).round(9), return_inverse=True)
    by_angle = p @ np.eye(len(angles))[place]
    middle = np.cumsum(by_angle, axis=1) - by_angle / 2
    lateral = np.array([np.interp(0.5, below, angles) for below in middle])
    ahead = np.cos(np.radians(centre)).round(9)
    in_front = p[:, ahead > 0].sum(axis=1) >= p[:, ahead < 0].sum(axis=1)
    return lateral, np.where(in_front, lateral, 180 - lateral) % 360


def localisations_of(row: Row, results: StudyResults) -> list[Localisation]:
    """One for each set of responses, by name; none of a row without logits."""
    members = results.members(row.system.name, row.run.backend.name, row.protocol)
    if row.ece is None:
        return []
    heard = _heard(members)
    floor = _floor(row, results)
    return [_of_one_set(name, clips, floor.get(name, {})) for name, clips in sorted(heard.items())]


@dataclass(frozen=True)
class NoisyLocalisation:
    """Lateral error of one system on one set of responses, by the ratio of signal to noise."""

    system: System
    responses: str
    unchanged: MeanError | None  # without noise; None where no test cell stands beside those that were probed
    at_snr_db: Mapping[float, MeanError]


def localisations_in_noise(results: StudyResults) -> list[NoisyLocalisation]:
    """One for each system that was put through noise, in the order of the study, and each set of responses, by name."""
    probed = probed_runs(results, "snr_db")
    found = []
    for system in results.study.systems:
        of_system = {value: members for (name, value), members in probed.items() if name == system.name}
        if not of_system:
            continue
        cells = {cell for members in of_system.values() for cell, _, _ in members}
        tested = [
            (cell, results.tests[cell], run)
            for cell in sorted(cells & results.tests.keys())
            for run in results.tests[cell].runs
            if run.backend == system.headline_run.backend.name
        ]
        without = _lateral_by_set(tested)
        in_noise = {value: _lateral_by_set(of_system[value]) for value in sorted(of_system, reverse=True)}
        found += [
            NoisyLocalisation(
                system, name, without.get(name), {value: sets[name] for value, sets in in_noise.items() if name in sets}
            )
            for name in sorted({name for sets in in_noise.values() for name in sets})
        ]
    return found


def _lateral_by_set(members: Members) -> dict[str, MeanError]:
    return {
        name: _mean_error(list(clips.by_recording(clips.truth).values())) for name, clips in _heard(members).items()
    }


@dataclass(frozen=True)
class _Heard:
    """The clips of one set of responses, all seeds."""

    recordings: Sequence[str]
    truth: Floats  # azimuth from the median plane, degrees
    measured: Floats  # azimuth as it was measured, degrees
    lateral: Floats
    azimuth: Floats

    def by_recording(self, truth: Floats) -> dict[str, float]:
        """Mean lateral error of each recording."""
        errors: dict[str, list[float]] = defaultdict(list)
        for name, error in zip(self.recordings, np.abs(self.lateral - lateral_deg(truth)), strict=True):
            errors[name].append(float(error))
        return {name: float(np.mean(some)) for name, some in errors.items()}


def _heard(members: Members) -> dict[str, _Heard]:
    gathered: dict[str, list[tuple[str, float, float, float, float]]] = defaultdict(list)
    for _, result, run in members:
        lateral, azimuth = lateral_and_azimuth(probabilities(run.logits))
        for name, one, other in zip(result.clip_names, lateral, azimuth, strict=True):
            placed = placed_of(name)
            assert placed is not None
            angles = (placed.azimuth_deg, placed.measured_azimuth_deg, float(one), float(other))
            gathered[placed.responses].append((placed.source, *angles))
    return {
        name: _Heard([clip[0] for clip in clips], *(np.array([clip[i] for clip in clips]) for i in (1, 2, 3, 4)))
        for name, clips in gathered.items()
    }


def _floor(row: Row, results: StudyResults) -> Mapping[str, Mapping[str, float]]:
    """By set and recording, the lateral error of what hears the delay alone, the best such system set by set.

    Empty for the rivals among them; of another system that hears the delay alone the rivals are the floor.
    """
    if _hears_delay_alone(row, results) and row.system.role == "rival":
        return {}
    floor: dict[str, Mapping[str, float]] = {}
    for other in results.rows:
        if not (_hears_delay_alone(other, results) and other.headline) or other.system.name == row.system.name:
            continue
        if _hears_delay_alone(row, results) and other.system.role != "rival":
            continue
        if (other.protocol, other.evidence) == (row.protocol, row.evidence) and other.ece is not None:
            members = results.members(other.system.name, other.run.backend.name, other.protocol)
            for name, clips in _heard(members).items():
                errors = clips.by_recording(clips.truth)
                floor[name] = min(errors, floor.get(name, errors), key=_mean)
    return floor


def _hears_delay_alone(row: Row, results: StudyResults) -> bool:
    return results.study.front_end_of(row.system).name == DELAY_ALONE


def _mean(errors: Mapping[str, float]) -> float:
    return float(np.mean(list(errors.values())))


def _of_one_set(name: str, clips: _Heard, floor: Mapping[str, float]) -> Localisation:
    errors = clips.by_recording(clips.truth)
    ahead = np.cos(np.radians(clips.truth))
    aside = np.abs(ahead) > np.sin(np.radians(BESIDE_DEG))
    both_halves = bool((ahead[aside] > 0).any() and (ahead[aside] < 0).any())
    wrong_side = (np.cos(np.radians(clips.azimuth)) > 0) != (ahead > 0)
    shared = sorted(errors.keys() & floor.keys())
    return Localisation(
        responses=name,
        lateral=_mean_error(list(errors.values())),
        azimuth=float(between_deg(clips.azimuth, clips.truth).mean()),
        confused=float(wrong_side[aside].mean()) if both_halves else None,
        as_measured=_mean_error(list(clips.by_recording(clips.measured).values())),
        n_clips=len(clips.truth),
        n_recordings=len(errors),
        beyond_delay=_mean_error([floor[one] - errors[one] for one in shared]) if shared else None,
    )


def _mean_error(values: Sequence[float]) -> MeanError:
    low, high = t_interval(values) if len(values) > 1 else (None, None)
    return MeanError(float(np.mean(values)), low, high)
