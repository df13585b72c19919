# studies/probe_curves.py
"""Curves from probes: accuracy with its interval at every value, and what is left of a picture's evidence.

A point pools the folds and seeds of a system at one value, as a row of the tables does. A spiking network's points are
drawn against the spikes that its neurons fired, which is measured; the others against the value itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.augment import NoiseKind
from studies.cell import CellResult, RunRecord, StudyCell
from studies.probe import ProbeName
from studies.results import StudyResults, trials_of
from studies.specification import System
from studies.statistics import Interval, accuracy_interval


@dataclass(frozen=True)
class CurvePoint:
    """A system at one value of a probe."""

    value: float
    interval: Interval
    spike_rate: float | None  # mean spikes per hidden neuron and step; None where nothing spikes
    n_cells: int


@dataclass(frozen=True)
class Curve:
    """A system over the values of a probe, in ascending order."""

    system: System
    points: tuple[CurvePoint, ...]
    unchanged: Interval | None  # of the test cells of the same folds and seeds, to which nothing was done
    n_shots: int | None  # with which those were sampled; None where they were not


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """How much the probability of a clip's own class falls when a patch of its picture says nothing."""

    system: System
    clip: str
    label: str
    probability: float  # with the whole picture
    fall: NDArray[np.float64]  # [patch of mels, patch of frames]
    mel_edges: tuple[int, ...]
    frame_edges: tuple[int, ...]
    picture: NDArray[np.float64] | None  # [mel, frame] in [0, 1]; None where the system reads no picture


def probed_runs(
    results: StudyResults, probe: ProbeName, noise: NoiseKind = "white"
) -> dict[tuple[str, float], list[tuple[StudyCell, CellResult, RunRecord]]]:
    """The runs of every system at every value of a probe."""
    found: dict[tuple[str, float], list[tuple[StudyCell, CellResult, RunRecord]]] = {}
    for (cell, made), result in sorted(results.probes.items()):
        if (made.name, made.noise) == (probe, noise):
            for value, run in zip(made.values, result.runs, strict=False):
                found.setdefault((cell.system, value), []).append((cell, result, run))
    return found


def curves(results: StudyResults, probe: ProbeName, noise: NoiseKind = "white") -> list[Curve]:
    """A curve per system that was put through the probe, in the order of the study."""
    found = probed_runs(results, probe, noise)
    drawn = []
    for system in results.study.systems:
        values = sorted(value for name, value in found if name == system.name)
        if values:
            points = tuple(_point(value, found[system.name, value]) for value in values)
            tested = _tested(results, system, [cell for cell, _, _ in found[system.name, values[0]]])
            shots = tested[0][2].notes.get("n_shots") if tested else None
            drawn.append(Curve(system, points, accuracy_interval(trials_of(tested)) if tested else None, shots))
    return drawn


def occlusion_maps(results: StudyResults) -> list[OcclusionMap]:
    """A map per system and clip that was occluded, in the order of the study."""
    order = {system.name: place for place, system in enumerate(results.study.systems)}
    maps = []
    for (cell, probe), result in sorted(results.probes.items(), key=lambda item: order[item[0][0].system]):
        if probe.name == "occlusion":
            maps += [_map(results.study.system(cell.system), result, place) for place in range(len(result.clip_names))]
    return maps


def _point(value: float, members: Sequence[tuple[StudyCell, CellResult, RunRecord]]) -> CurvePoint:
    rates = [rate for _, _, run in members if (rate := _spike_rate(run.notes)) is not None]
    return CurvePoint(
        value=value,
        interval=accuracy_interval(trials_of(members)),
        spike_rate=float(np.mean(rates)) if rates else None,
        n_cells=len(members),
    )


def _tested(
    results: StudyResults, system: System, cells: Sequence[StudyCell]
) -> list[tuple[StudyCell, CellResult, RunRecord]]:
    """The headline runs of the test cells beside the probes of `cells`."""
    backend = system.headline_run.backend.name
    return [
        (cell, results.tests[cell], run)
        for cell in cells
        if cell in results.tests
        for run in results.tests[cell].runs
        if run.backend == backend
    ]


def _spike_rate(notes: Mapping[str, Any]) -> float | None:
    rate = notes.get("spike_rate")
    return float(rate) if isinstance(rate, int | float) else None


def _map(system: System, result: CellResult, place: int) -> OcclusionMap:
    notes = result.runs[0].notes
    picture = notes["picture"]
    return OcclusionMap(
        system=system,
        clip=result.clip_names[place],
        label=result.label_names[int(result.targets[place])],
        probability=notes["probability"][place],
        fall=np.array(notes["fall"][place], dtype=np.float64),
        mel_edges=tuple(notes["mel_edges"]),
        frame_edges=tuple(notes["frame_edges"]),
        picture=None if picture is None else np.array(picture[place], dtype=np.float64) / 255,
    )
