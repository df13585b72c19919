# studies/probing.py
"""Probes being run: the trained system of a cell, its test clips, and one thing changed (`studies.probe` says what).

    value -> the test clips, the backend or the network with that value -> logits and counts, as in a test cell

Everything that is not changed is what the test cell has (`pipeline.trained_bench`): the same clips, limits of
intensity, weights, backend and generator. What is kept is enough for accuracy, its interval and any paired test, and
small: logits less the largest of their clip in steps of a quarter, counts summed over layers.

Occlusion is that of Zeiler & Fergus (ECCV 2014): how much the probability of a clip's class falls when a patch of its
picture says nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, RunRecord, StudyCell
from studies.disturbance import disturbed, recordings_sha256
from studies.pipeline import Bench, cell_result, run_on, run_record, trained_bench
from studies.probe import OF_SOUND, Probe
from studies.specification import Study

N_OCCLUDED = 3  # clips, each of another class
STEP, DEEPEST = 0.25, -8.0  # of the logits that are kept


def probe_cell(
    study: Study, cell: StudyCell, weights: dict[str, Tensor], probe: Probe, data_root: Path | None
) -> CellResult:
    """Put the trained system of a cell through a probe; one run per value."""
    bench, trained = trained_bench(study, cell, weights, data_root)
    if probe.name == "occlusion":
        rows = _of_different_classes(bench)
        runs = [_occlusion(bench, trained, rows, probe)]
    else:
        rows = list(bench.fold.test)
        before = bench.front_end_counts()
        runs = []
        for value, outcome in _outcomes(bench, trained, probe):
            noted = replace(outcome, notes={**outcome.notes, "probe": probe.name, "value": value})
            runs.append(_small(run_record(bench.system.headline_run.backend.name, noted, before)))
    return cell_result(bench, rows, runs, "test", {})


def _outcomes(bench: Bench, trained: Trained, probe: Probe) -> Iterator[tuple[float, Outcome]]:
    """The outcome on all test clips for every value of a probe."""
    choice = bench.system.headline_run.backend
    test = list(bench.fold.test)
    clean = bench.intensity[test]
    for value in probe.values:
        if probe.name in OF_SOUND:
            waveforms = disturbed(bench.clips, bench.fold.test, bench.fold.name, probe, value)
            outcome = run_on(bench, trained, choice, bench.intensity_of(waveforms, bench.clips.n_samples[test]))
            yield value, replace(outcome, notes={**outcome.notes, **_said_of_sound(probe, waveforms)})
        elif probe.name == "n_shots":
            sampled = choice.model_copy(update={"options": {**choice.options, "n_shots": int(value)}})
            yield value, run_on(bench, trained, sampled, clean)
        else:
            classifier: Any = trained.classifier
            neuron = classifier.neuron
            classifier.neuron = replace(neuron, threshold=neuron.threshold * value)
            yield value, run_on(bench, trained, choice, clean)
            classifier.neuron = neuron


def _said_of_sound(probe: Probe, waveforms: Tensor) -> dict[str, str]:
    """What is noted of disturbed recordings; of white noise nothing, as those probes were stored before it was."""
    if (probe.name, probe.noise) == ("snr_db", "white"):
        return {}
    named = {"noise": probe.noise} if probe.name == "snr_db" else {}
    return {**named, "recordings_sha256": recordings_sha256(waveforms)}


def _of_different_classes(bench: Bench) -> list[int]:
    """The first test clips that are of different classes."""
    first: dict[int, int] = {}
    for row in bench.fold.test:
        first.setdefault(int(bench.clips.targets[row]), row)
    return list(first.values())[:N_OCCLUDED]


def _occlusion(bench: Bench, trained: Trained, rows: list[int], probe: Probe) -> RunRecord:
    """The run on some clips, with the fall of their classes' probability [clip, patch, patch] in its notes."""
    backend = bench.system.headline_run.backend
    neutral = bench.intensity[list(bench.fold.train)].mean(dim=0)
    n_mels, n_frames = neutral.shape
    edges = [
        torch.linspace(0, n, min(int(wanted), n) + 1).round().int().tolist()
        for n, wanted in zip((n_mels, n_frames), probe.values, strict=True)
    ]
    patches = [
        (slice(low, high), slice(first, last))
        for low, high in zip(edges[0], edges[0][1:], strict=False)
        for first, last in zip(edges[1], edges[1][1:], strict=False)
    ]
    whole = bench.intensity[rows]
    pictures = whole.repeat(1 + len(patches), 1, 1, 1)  # [1 + patch, clip, mel, frame]
    for number, (mels, frames) in enumerate(patches, start=1):
        pictures[number, :, mels, frames] = neutral[mels, frames]
    outcome = run_on(bench, trained, backend, pictures.flatten(0, 1))
    chances = outcome.logits.softmax(dim=-1).reshape(len(pictures), len(rows), -1)
    own = chances[:, torch.arange(len(rows)), bench.clips.targets[rows]]  # [1 + patch, clip]
    fall = (own[:1] - own[1:]).T.reshape(len(rows), len(edges[0]) - 1, len(edges[1]) - 1)
    notes = {
        "probe": probe.name,
        "fall": [[[round(value, 4) for value in line] for line in clip] for clip in fall.tolist()],
        "probability": [round(value, 4) for value in own[0].tolist()],
        "mel_edges": edges[0],
        "frame_edges": edges[1],
        "picture": (whole * 255).round().to(torch.int32).tolist() if bench.scale is not None else None,  # 0 to 255
    }
    clean = replace(outcome, logits=outcome.logits[: len(rows)], notes=notes)
    return _small(run_record(backend.name, clean, bench.front_end_counts()))


def _small(record: RunRecord) -> RunRecord:
    """The record with counts summed over layers, and logits that compress."""
    sums = OperationCounts()
    for (stage, _, operation), count in record.counts:
        sums += OperationCounts.of(stage, "all", **{operation: count})
    return replace(record, logits=coarse_logits(record.logits), counts=sums)


def coarse_logits(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """[clip, class] less the largest of each clip, in steps of 1/4, not below -8; the decision stays what it was.

    >>> coarse_logits(np.array([[1.0, 1.01, -30.0]], dtype=np.float32))
    array([[-0.25,  0.  , -8.  ]], dtype=float32)
    """
    rows, winners = np.arange(len(logits)), logits.argmax(axis=1)
    below = np.clip(logits - logits[rows, winners][:, None], DEEPEST, None)
    coarse = np.minimum(np.round(below / STEP) * STEP, -STEP).astype(np.float32)
    coarse[rows, winners] = 0
    return coarse
