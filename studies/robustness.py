# studies/robustness.py
"""What is left of a system's accuracy when the sound of the test clips is disturbed: a row per system.

    clean    the test cells of the same folds and seeds
    area     of noise of one kind, probed at ratios s_1 < ... < s_n in dB: what the accuracy a(s) is on average between
             the first and the last of them, by the trapezoidal rule,
             sum over k of (s_(k+1) - s_k) (a_k + a_(k+1)) / 2, over s_n - s_1; clean clips do not enter
    point    the accuracy at one cut-off or gain

An area is linear in the accuracies, so its interval is that of a mean over units (`statistics.py`) whose scores are the
areas of their own curves. Areas compare where the ratios are the same, as they are within a study.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.augment import NOISE_KINDS
from studies.intervals import mean_interval
from studies.probe_curves import curves, probed_runs
from studies.results import StudyResults, trials_of
from studies.specification import System
from studies.statistics import Interval, clipped, interval_method
from studies.unit_scores import UnitScores
from studies.wording import interval_text

AREA_NEEDS = 2  # ratios


@dataclass(frozen=True)
class Condition:
    """What the test clips were put through: a kind of noise over all its ratios, a cut-off, a gain, or nothing."""

    probe: str  # "clean", "snr_db", "low_pass_hz" or "gain_db"
    of: str  # the kind of noise, or the value

    @property
    def title(self) -> str:
        """As the heading of a column."""
        if self.probe == "clean":
            return "clean"
        if self.probe == "snr_db":
            return f"{self.of}, area"
        return f"below {float(self.of):,.0f} Hz" if self.probe == "low_pass_hz" else f"{float(self.of):+g} dB"


@dataclass(frozen=True)
class RobustnessRow:
    """One system over all conditions; None where it was not put through one."""

    system: System
    accuracies: tuple[Interval | None, ...]  # one per condition of the table


@dataclass(frozen=True)
class RobustnessTable:
    """Systems by conditions, and whether all of them were given the same recordings."""

    conditions: tuple[Condition, ...]
    rows: tuple[RobustnessRow, ...]
    snr_db: tuple[float, ...]  # over which the areas are taken
    n_recordings: int  # sets of disturbed test clips whose sum is stored: by fold, probe and value
    n_unlike: int  # of them, those that were not the same for all systems and seeds


def trapezoid_weights(values: Sequence[float]) -> NDArray[np.float64]:
    """What each value's accuracy counts for in the area; they sum to 1.

    >>> trapezoid_weights([0.0, 5.0, 10.0, 20.0]).tolist()
    [0.125, 0.25, 0.375, 0.25]
    """
    gaps = np.diff(np.asarray(values, dtype=np.float64))
    return np.asarray((np.append(gaps, 0) + np.append(0, gaps)) / 2 / gaps.sum())


def area_interval(of_values: Sequence[tuple[float, UnitScores]], shape: Interval) -> Interval:
    """The area under the accuracies of units at ascending values; `shape` is the interval at one of them, and its
    bounds are the area's where no unit differs from another."""
    weights = trapezoid_weights([value for value, _ in of_values])
    first = of_values[0][1]
    by_seed = np.sum([w * scores.by_seed for w, (_, scores) in zip(weights, of_values, strict=True)], axis=0)
    scores = UnitScores(first.names, by_seed, first.blocks)
    unit = "group" if shape.n_groups else "clip"
    low, high, method = shape.low, shape.high, shape.method
    if np.ptp(scores.means) > 0:
        low, high = map(clipped, mean_interval(scores))
        method = f"{interval_method(scores.spread, unit)}, of their areas"
    return Interval(
        estimate=float(scores.means.mean()),
        low=low,
        high=high,
        method=method,
        n_groups=shape.n_groups,
        n_clips=shape.n_clips,
        n_seeds=shape.n_seeds,
        n_folds=shape.n_folds,
        sd_seeds=None,
        sd_folds=None,
    )


def robustness(results: StudyResults) -> RobustnessTable | None:
    """The table of a study; None where no sound was disturbed."""
    found: dict[Condition, dict[str, Interval]] = {}
    clean: dict[str, Interval] = {}
    ratios: set[float] = set()
    for noise in NOISE_KINDS:
        runs = probed_runs(results, "snr_db", noise)
        for curve in curves(results, "snr_db", noise):
            name, values = curve.system.name, [point.value for point in curve.points]
            if curve.unchanged is not None:
                clean[name] = curve.unchanged
            if len(values) >= AREA_NEEDS:
                ratios |= set(values)
                of_values = [(value, trials_of(runs[name, value]).scores) for value in values]
                area = area_interval(of_values, curve.points[0].interval)
                found.setdefault(Condition("snr_db", noise), {})[name] = area
    for probe in ("low_pass_hz", "gain_db"):
        drawn = curves(results, probe)
        clean |= {curve.system.name: curve.unchanged for curve in drawn if curve.unchanged is not None}
        for value in sorted({point.value for curve in drawn for point in curve.points}, reverse=probe == "low_pass_hz"):
            points = {curve.system.name: p.interval for curve in drawn for p in curve.points if p.value == value}
            found[Condition(probe, f"{value:g}")] = points
    if not found:
        return None
    columns = {Condition("clean", ""): clean, **found}
    rows = tuple(
        RobustnessRow(system, tuple(of_systems.get(system.name) for of_systems in columns.values()))
        for system in results.study.systems
        if any(system.name in of_systems for of_systems in found.values())
    )
    n_recordings, n_unlike = _recordings(results)
    return RobustnessTable(tuple(columns), rows, tuple(sorted(ratios)), n_recordings, n_unlike)


def robustness_records(results: StudyResults) -> list[dict[str, float | str | None]]:
    """A row per system and condition, for other tools."""
    table = robustness(results)
    return [
        {
            "system": row.system.name,
            "probe": condition.probe,
            "of": condition.of or None,
            "quantity": "area over snr_db" if condition.probe == "snr_db" else "accuracy",
            "accuracy": interval.estimate,
            "low": interval.low,
            "high": interval.high,
            "interval": interval.method,
        }
        for row in (table.rows if table else ())
        for condition, interval in zip(table.conditions if table else (), row.accuracies, strict=True)
        if interval is not None
    ]


def cell_text(interval: Interval | None) -> str:
    """An accuracy as a table shows it; a dash where there is none."""
    return "–" if interval is None else interval_text(interval)


def table_note(table: RobustnessTable) -> str:
    """What an area of this table is, and whether the systems were given the same recordings."""
    said = ["Accuracy in %, with its 95 % interval, on test clips whose sound was changed."]
    if table.snr_db:
        low, high = table.snr_db[0], table.snr_db[-1]
        said.append(
            f"Area: accuracy averaged over the signal-to-noise ratio from {low:g} to {high:g} dB, by the trapezoidal "
            f"rule over {', '.join(f'{value:g}' for value in table.snr_db)} dB; clean clips do not enter."
        )
    if table.n_recordings:
        alike = "all" if not table.n_unlike else f"{table.n_recordings - table.n_unlike} of them"
        said.append(
            f"{table.n_recordings} sets of changed recordings have their SHA-256 in the store; {alike} were the same "
            "bytes for every system and seed."
        )
    return " ".join(said)


def _recordings(results: StudyResults) -> tuple[int, int]:
    """How many sets of disturbed recordings were noted, and how many of them were not the same throughout."""
    sums: dict[tuple[str, str, str, float], set[str]] = {}
    for (cell, probe), result in results.probes.items():
        for value, run in zip(probe.values, result.runs, strict=False):
            if "recordings_sha256" in run.notes:
                place = (cell.fold, probe.name, probe.noise, value)
                sums.setdefault(place, set()).add(str(run.notes["recordings_sha256"]))
    return len(sums), sum(len(of_place) > 1 for of_place in sums.values())
