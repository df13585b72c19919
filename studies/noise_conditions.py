# studies/noise_conditions.py
"""What runs on some clips under a machine's noise found: accuracy, gates, time and price, and the map of conditions.

    run         a backend that names a calibration in its notes (`noisy`, `aer-noisy`), on the clips that it took
    condition   one of its note `conditions`: a calibration or "none", and a number of shots (0: no sampling)
    degree      of approximation of the Fourier transform: controlled phases left out, from the smallest angle on

Systems that differ in nothing but the degree are a series. A degree is read against the exact transform of its series
under the same condition, on the same clips and paired: what was left out, and not what noise took from both.

    total variation   mean over clips: largest difference in the probability of any event, before sampling, from the
                      circuit of the same weights with its exact transform and without noise
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studies.budgets import EnergyRow
from studies.cell import CellResult, RunRecord, StudyCell
from studies.cell_key import canonical_json
from studies.results import Members, StudyResults
from studies.some_clips import (
    accuracy_on_some_clips,
    clips_of_a_cell,
    clips_per_second,
    energies_on_some_clips,
    members_with_some_clips,
    rate_text,
    trials_on_some_clips,
)
from studies.specification import Run, System
from studies.statistics import Comparison, Interval, Trials, accuracy_interval, paired_difference
from studies.wording import energy_text, interval_text, points_text

WITHOUT_NOISE = "none"
RUNS_HEADER = (
    *("system", "backend", "calibration", "shots", "clips of a cell", "accuracy"),
    *("two-qubit gates, preparation + circuit", "ms per shot", "clips simulated per second", "joules per decision"),
)


@dataclass(frozen=True)
class NoisyRow:
    """One system on one backend under noise."""

    system: System
    backend: str
    calibration: str
    n_shots: int
    n_clips: float  # of a cell
    interval: Interval
    gates_2q: tuple[float, float]  # preparation, circuit
    seconds_per_shot: float
    clips_per_second: float | None  # of the simulation
    energies: tuple[EnergyRow, ...]  # of the machine, always on, at the system boundary

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as RUNS_HEADER names them."""
        preparation, circuit = self.gates_2q
        prices = [f"{one.deployment}: {energy_text(one)}" for one in self.energies if not one.alternative_to]
        return (
            *(self.system.title or self.system.name, self.backend, self.calibration, f"{self.n_shots:,}"),
            *(f"{self.n_clips:.0f}", interval_text(self.interval), f"{preparation:.0f} + {circuit:.0f}"),
            f"{1000 * self.seconds_per_shot:.3f}",
            rate_text(self.clips_per_second),
            "; ".join(prices) or "–",
        )


@dataclass(frozen=True)
class ConditionRow:
    """One degree under one calibration and number of shots."""

    series: str  # what the table calls it
    system: System
    degree: int
    calibration: str
    n_shots: int  # 0: no sampling
    trials: Trials
    interval: Interval
    total_variation: float
    against_exact: Comparison | None  # accuracy less that of degree 0; None of degree 0 itself


def noisy_rows(results: StudyResults) -> list[NoisyRow]:
    """Every run under noise of the headline protocol, in the study's order."""
    found = []
    for system in results.study.systems:
        for run in system.runs:
            members = members_with_some_clips(results, system, run.backend.name)
            if members and "calibration" in members[0][2].notes:
                found.append(_noisy_row(results, system, run, members))
    return found


def condition_rows(results: StudyResults) -> list[ConditionRow]:
    """By series, degree, calibration and shots; none where no system has a degree beside another of its series."""
    found: list[ConditionRow] = []
    series = [one for one in _series(results.study.systems).values() if len(one) > 1]
    for systems in series:
        exact: dict[tuple[str, int], ConditionRow] = {}
        for degree, system in sorted(systems.items()):
            here = _conditions(results, system, degree)
            if degree == 0:
                exact = {(row.calibration, row.n_shots): row for row in here}
                found += here
            else:
                margin = results.study.equivalence_margin
                found += [_compared(row, exact.get((row.calibration, row.n_shots)), margin) for row in here]
    return found


def _compared(row: ConditionRow, exact: ConditionRow | None, margin: float) -> ConditionRow:
    compared = None if exact is None else paired_difference(row.trials, exact.trials, margin)
    return replace(row, against_exact=compared)


def shots_of(rows: Iterable[ConditionRow]) -> list[int]:
    """The numbers of shots, ascending, and 0 (no sampling) last."""
    return sorted({row.n_shots for row in rows}, key=lambda n_shots: n_shots or np.inf)


def calibrations_of(rows: Iterable[ConditionRow]) -> list[str]:
    """Without noise first, then by their mean distance from it."""
    distances: dict[str, list[float]] = {}
    for row in rows:
        distances.setdefault(row.calibration, []).append(row.total_variation)
    return sorted(distances, key=lambda name: (name != WITHOUT_NOISE, float(np.mean(distances[name]))))


def conditions_header(rows: Sequence[ConditionRow]) -> tuple[str, ...]:
    """Of the table with a row per degree and calibration."""
    accuracies = (f"accuracy, {shots_text(n_shots)}" for n_shots in shots_of(rows))
    return ("series", "degree", "noise", "total variation", *accuracies, "points against the exact transform", "it is")


def condition_texts(rows: Sequence[ConditionRow]) -> list[tuple[str, ...]]:
    """The cells of that table; the difference is that at the most shots."""
    shots, order = shots_of(rows), calibrations_of(rows)
    most = [n_shots for n_shots in shots if n_shots][-1:] or shots[-1:]
    found = []
    for series, degree in dict.fromkeys((row.series, row.degree) for row in rows):
        for calibration in order:
            here = {r.n_shots: r for r in rows if (r.series, r.degree, r.calibration) == (series, degree, calibration)}
            if not here:
                continue
            compared = here[most[0]].against_exact if most[0] in here else None
            found.append(
                (
                    *(series, str(degree), calibration, f"{next(iter(here.values())).total_variation:.3f}"),
                    *(interval_text(here[n_shots].interval) if n_shots in here else "–" for n_shots in shots),
                    "–" if compared is None else points_text(compared),
                    "–" if compared is None else compared.verdict,
                )
            )
    return found


def conditions_note(rows: Sequence[ConditionRow]) -> str:
    """What the columns mean, and what was found."""
    numbers = [n_shots for n_shots in shots_of(rows) if n_shots]
    test = next((one.against_exact.test for one in rows if one.against_exact is not None), "no pair was compared")
    return (
        "Each degree leaves out one more of the distinct angles of the transform's controlled phases, the smallest "
        "first, and was trained so. All conditions of a system have the same weights and clips. Total variation: from "
        "the same weights with the exact transform and no noise, before sampling, so of degree 0 it is the noise "
        "alone, and without noise the omission alone. Points: accuracy less that of degree 0 under the same noise"
        + (f" at {numbers[-1]:,} shots" if numbers else "")
        + f", with the 95 % interval, paired ({test}). "
        + " ".join(_findings(rows))
    )


def _findings(rows: Sequence[ConditionRow]) -> list[str]:
    """Per series and noise, at the most shots: the verdict of each degree against the exact transform."""
    shots = shots_of(rows)
    most = ([n_shots for n_shots in shots if n_shots] or shots)[-1]
    found = []
    for series in dict.fromkeys(row.series for row in rows):
        parts = []
        for calibration in calibrations_of(rows):
            degrees: dict[str, list[str]] = {}
            for row in rows:
                alike = (row.series, row.calibration, row.n_shots) == (series, calibration, most)
                if alike and row.against_exact is not None:
                    degrees.setdefault(row.against_exact.verdict, []).append(str(row.degree))
            said = [f"{verdict} at degree {', '.join(at)}" for verdict, at in degrees.items()]
            if said:
                parts.append(f"{noise_text(calibration)} {', '.join(said)}")
        if parts:
            found.append(f"{series}: {'; '.join(parts)}.")
    return found


def noise_text(calibration: str) -> str:
    """`without noise`, or `under ibm-torino`."""
    return "without noise" if calibration == WITHOUT_NOISE else f"under {calibration}"


def shots_text(n_shots: int) -> str:
    """`1,024 shots`, or `no sampling`."""
    return f"{n_shots:,} shots" if n_shots else "no sampling"


def _series(systems: Iterable[System]) -> dict[str, dict[int, System]]:
    """Systems by all that they are but the degree, then by their degree."""
    found: dict[str, dict[int, System]] = {}
    for system in systems:
        options = dict(system.classifier.options)
        degree = options.pop("fourier_degree", 0)
        alike = system.model_dump(exclude={"name", "title", "role", "beside", "classifier"})
        key = canonical_json({**alike, "classifier": {"name": system.classifier.name, "options": options}})
        found.setdefault(key, {})[degree] = system
    return found


def _conditions(results: StudyResults, system: System, degree: int) -> list[ConditionRow]:
    gathered: dict[tuple[str, int], list[tuple[StudyCell, CellResult, RunRecord, Mapping[str, Any]]]] = {}
    for run in system.runs:
        for cell, result, record in members_with_some_clips(results, system, run.backend.name):
            for one in record.notes.get("conditions", ()):
                gathered.setdefault((one["calibration"], one["n_shots"]), []).append((cell, result, record, one))
    made = []
    for (calibration, n_shots), members in gathered.items():
        decided = [(cell, result, run, np.array(one["predictions"])) for cell, result, run, one in members]
        trials = trials_on_some_clips(decided)
        made.append(
            ConditionRow(
                series=f"{system.encoder.name} ({members[0][2].notes['n_qubits']:.0f} qubits)",
                system=system,
                degree=degree,
                calibration=calibration,
                n_shots=n_shots,
                trials=trials,
                interval=accuracy_interval(trials),
                total_variation=float(np.mean([one["total_variation"] for *_, one in members])),
                against_exact=None,
            )
        )
    return made


def _noisy_row(results: StudyResults, system: System, run: Run, members: Members) -> NoisyRow:
    notes = [record.notes for *_, record in members]
    return NoisyRow(
        system=system,
        backend=run.backend.name,
        calibration=str(notes[0]["calibration"]),
        n_shots=int(notes[0]["n_shots"]),
        n_clips=clips_of_a_cell(members),
        interval=accuracy_on_some_clips(members),
        gates_2q=(_mean(notes, "preparation_gates_2q"), _mean(notes, "circuit_gates_2q")),
        seconds_per_shot=_mean(notes, "seconds_per_shot"),
        clips_per_second=clips_per_second(members),
        energies=energies_on_some_clips(results, run, members),
    )


def _mean(notes: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(np.mean([one[name] for one in notes]))
