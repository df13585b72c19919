# studies/import_files.py
"""The three files of an import, read and checked line by line; an error names the file, the line and what is allowed.

predictions.csv    protocol,fold,seed,part,clip,target and one of
                   prediction                    the label alone
                   probability_<label>,...       one column per label, each in [0, 1], together 1
                   logit_<label>,...             one column per label
counts.csv         stage,layer,operation,count   mean per clip
joules.csv         device,boundary,scenario,meter,window_seconds,decisions,joules,covers_seconds   a line per window
"""

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.energy import Boundary, Scenario
from classical_baselines.harness.operations import OperationCounts
from studies.imported import Part, Place
from studies.intervals import t_interval
from studies.measured_energy import MeasuredEnergy
from studies.specification import Name

PLACE_COLUMNS = ("protocol", "fold", "seed", "part", "clip", "target")
COUNT_COLUMNS = ("stage", "layer", "operation", "count")
SUM_TOLERANCE = 1e-3  # of the probabilities of a clip
LEAST_PROBABILITY = 1e-12  # stands for 0 in a logarithm
PERIOD_TOLERANCE = 0.05  # relative: how far a window that is always on may be from one decision per clip
FEWEST_WINDOWS = 2  # a t interval needs as many


class MeasuredWindow(BaseModel):
    """One window of a meter: a line of the file of joules."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    device: Name
    boundary: Boundary
    scenario: Scenario
    meter: str = Field(min_length=1)
    window_seconds: float = Field(gt=0)
    decisions: int = Field(ge=1)
    joules: float = Field(gt=0)  # of the whole window, idle included where the scenario is always-on
    covers_seconds: float = Field(gt=0)  # of audio that one decision covers


JOULES_COLUMNS = tuple(MeasuredWindow.model_fields)


@dataclass(frozen=True)
class Prediction:
    """One line: what a system said of one clip."""

    line: int
    place: Place
    clip: str
    target: str
    logits: NDArray[np.float32]  # [class]


@dataclass(frozen=True)
class Predictions:
    """A file of predictions."""

    path: Path
    rows: tuple[Prediction, ...]
    has_scores: bool


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_predictions(path: Path, label_names: Sequence[str]) -> Predictions:
    """Every line, with the labels of the study."""
    header, lines = _lines(path, PLACE_COLUMNS)
    kinds = {
        kind: [f"{kind}_{label}" for label in label_names]
        for kind in ("probability", "logit")
        if any(column.startswith(f"{kind}_") for column in header)
    }
    surplus = sorted(
        set(header) - {*PLACE_COLUMNS, "prediction", *(name for names in kinds.values() for name in names)}
    )
    if surplus:
        raise InputError(
            f"{path}: no column is called {surplus[0]!r}. The labels of this study are {', '.join(label_names)}."
        )
    if len(kinds) > 1 or not (kinds or "prediction" in header):
        raise InputError(
            f"{path}: give a column `prediction`, or a column probability_<label> for every label, or a column "
            f"logit_<label> for every label; the labels are {', '.join(label_names)}."
        )
    for names in kinds.values():
        lacking = sorted(set(names) - set(header))
        if lacking:
            raise InputError(f"{path}: the column {lacking[0]!r} is missing; give one for every label or none.")
    kind = next(iter(kinds), None)
    rows = tuple(_prediction(path, line, row, label_names, kind, kinds.get(kind or "", ())) for line, row in lines)
    if not rows:
        raise InputError(f"{path}: it has no line below its header.")
    return Predictions(path, rows, kind is not None)


def read_counts(path: Path) -> OperationCounts:
    """Mean counts per clip."""
    _, lines = _lines(path, COUNT_COLUMNS)
    counts: dict[tuple[str, str, str], float] = {}
    for line, row in lines:
        key = (row["stage"], row["layer"], row["operation"])
        if key in counts:
            raise InputError(f"{path}, line {line}: {' '.join(key)} stands twice.")
        counts[key] = _number(path, line, row, "count")
        try:
            OperationCounts({key: counts[key]})
        except ValueError as error:
            raise InputError(f"{path}, line {line}: {error}") from error
    if not counts:
        raise InputError(f"{path}: it has no line below its header.")
    return OperationCounts(counts)


def read_joules(path: Path, clip_seconds: float, deployments: Mapping[str, object]) -> tuple[MeasuredEnergy, ...]:
    """Joules per decision on every device, within every boundary and scenario that was measured."""
    _, lines = _lines(path, JOULES_COLUMNS)
    windows: dict[tuple[str, str, str], list[MeasuredWindow]] = {}
    for line, row in lines:
        try:
            window = MeasuredWindow.model_validate(row)
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(map(str, problem["loc"]))
            raise InputError(f"{path}, line {line}: {place}: {problem['msg']}; got {row.get(place)!r}.") from error
        _check_window(f"{path}, line {line}", window, clip_seconds, deployments)
        windows.setdefault((window.device, window.boundary, window.scenario), []).append(window)
    if not windows:
        raise InputError(f"{path}: it has no line below its header.")
    return tuple(_measured(path, of_one) for of_one in windows.values())


def _lines(path: Path, columns: Sequence[str]) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The header, and every line with its number."""
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such file. `trichord import STUDY --template DIR` writes one to fill in."
        )
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV file in UTF-8 ({error}).") from error
    header = [name.strip() for name in rows[0]] if rows else []
    lacking = [name for name in columns if name not in header]
    twice = [name for name, n in Counter(header).items() if n > 1]
    if lacking or twice:
        problem = f"the column {lacking[0]!r} is missing" if lacking else f"the column {twice[0]!r} stands twice"
        raise InputError(f"{path}: {problem}; its columns begin with {','.join(columns)}.")

    def each() -> Iterator[tuple[int, dict[str, str]]]:
        for number, row in enumerate(rows[1:], start=2):
            if not row:
                continue
            if len(row) != len(header):
                raise InputError(f"{path}, line {number}: it has {len(row)} fields, and the header has {len(header)}.")
            yield number, dict(zip(header, (field.strip() for field in row), strict=True))

    return header, each()


def _prediction(
    path: Path, line: int, row: Mapping[str, str], labels: Sequence[str], kind: str | None, columns: Sequence[str]
) -> Prediction:
    where = f"{path}, line {line}"
    if not row["seed"].isdecimal() or len(row["seed"]) > len(str(2**32)):
        raise InputError(f"{where}: seed must be a whole number from 0 to 9,999,999,999; got {row['seed']!r}.")
    if row["part"] not in get_args(Part):
        raise InputError(f"{where}: part must be one of {', '.join(get_args(Part))}; got {row['part']!r}.")
    part: Part = "test" if row["part"] == "test" else "validation"
    place = Place(protocol=row["protocol"], fold=row["fold"], seed=int(row["seed"]), part=part)
    known = {label: number for number, label in enumerate(labels)}
    said = row.get("prediction", "")
    logits = np.zeros(len(labels), dtype=np.float32)
    if kind is None:
        logits[choose(known, said, what=f"label of this study ({where}, prediction)")] = 1.0
    else:
        values = [_number(path, line, row, column) for column in columns]
        logits = _logits(where, values, kind)
        if said and known.get(said) != int(logits.argmax()):
            raise InputError(
                f"{where}: prediction is {said!r}, and the largest {kind} is that of {labels[int(logits.argmax())]!r}."
            )
    choose(known, row["target"], what=f"label of this study ({where}, target)")
    return Prediction(line, place, row["clip"], row["target"], logits)


def _logits(where: str, values: Sequence[float], kind: str) -> NDArray[np.float32]:
    if kind == "logit":
        return np.array(values, dtype=np.float32)
    wrong = [value for value in values if not 0 <= value <= 1]
    if wrong:
        raise InputError(f"{where}: a probability must lie in [0, 1]; got {wrong[0]:g}.")
    if abs(math.fsum(values) - 1) > SUM_TOLERANCE:
        raise InputError(f"{where}: the probabilities of a clip must come to 1; these come to {math.fsum(values):g}.")
    return np.log(np.maximum(values, LEAST_PROBABILITY)).astype(np.float32)


def _number(path: Path, line: int, row: Mapping[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}: {column} must be a finite number; got {row[column]!r}.")
    return value


def _check_window(where: str, window: MeasuredWindow, clip_seconds: float, deployments: Mapping[str, object]) -> None:
    if window.device in deployments:
        raise InputError(
            f"{where}: {window.device!r} is a deployment that Trichord models. Give what was measured a name of its "
            f"own, such as {window.device}-board."
        )
    if not math.isclose(window.covers_seconds, clip_seconds, rel_tol=1e-6):
        raise InputError(
            f"{where}: one decision covers {window.covers_seconds:g} s of audio, and one of this study "
            f"{clip_seconds:g} s: unlike units share no axis. Measure decisions over clips of the study's length."
        )
    period = window.window_seconds / window.decisions
    if window.scenario == "always-on" and not math.isclose(period, clip_seconds, rel_tol=PERIOD_TOLERANCE):
        raise InputError(
            f"{where}: always-on decides once per {clip_seconds:g} s, idling in between; this window decides once per "
            f"{period:.4g} s. Call it saturated where decisions follow each other without a pause."
        )


def _measured(path: Path, windows: Sequence[MeasuredWindow]) -> MeasuredEnergy:
    """Mean and 95 % interval (t) over the windows of one device."""
    first = windows[0]
    name = f"{first.device}, {first.boundary}, {first.scenario}"
    if len(windows) < FEWEST_WINDOWS:
        raise InputError(f"{path}: {name} has one window; an interval needs {FEWEST_WINDOWS} or more.")
    meters = sorted({window.meter for window in windows})
    if len(meters) > 1:
        raise InputError(
            f"{path}: {name} was read by {' and '.join(meters)}; give each meter a device name of its own."
        )
    joules = [window.joules / window.decisions for window in windows]
    low, high = t_interval(joules)
    return MeasuredEnergy(
        device=first.device,
        boundary=first.boundary,
        scenario=first.scenario,
        meter=first.meter,
        window_seconds=min(window.window_seconds for window in windows),
        joules_by_window=tuple(joules),
        joules=math.fsum(joules) / len(joules),
        low=low if low > 0 else min(joules),  # a t over few windows may reach below 0, which no meter does
        high=high,
    )
