# studies/probing.py
"""Probes being run: the trained system of a cell, its test clips, and one thing changed (`studies.probe` says what).

    value -> the test clips, the backend or the network with that value -> logits and counts, as in a test cell

Everything that is not changed is what the test cell has: the same clips, limits of intensity, weights, backend and
generator. What is kept is enough for accuracy, its interval and any paired test, and small: logits less the largest of
their clip in steps of a quarter, counts summed over layers.

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

from classical_baselines.harness.contracts import Backend, Classifier, Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.seeds import generator_for
from studies.cell import CellResult, RunRecord, StudyCell
from studies.disturbance import disturbed, recordings_sha256

# What a test cell goes through must be what a probe goes through, so the pipeline's own steps are taken.
from studies.pipeline import N_CALIBRATION, _Bench, _front_end_counts, _new_classifier, _prepare, _record
from studies.probe import OF_SOUND, Probe
from studies.registries import build
from studies.specification import Study

N_OCCLUDED = 3  # clips, each of another class
STEP, DEEPEST = 0.25, -8.0  # of the logits that are kept


def probe_cell(
    study: Study, cell: StudyCell, weights: dict[str, Tensor], probe: Probe, data_root: Path | None
) -> CellResult:
    """Put the trained system of a cell through a probe; one run per value."""
    bench = _prepare(study, cell, data_root)
    classifier = _new_classifier(bench)
    classifier.load_state_dict(weights)
    classifier.eval()
    if probe.name == "occlusion":
        rows = _of_different_classes(bench)
        runs = [_occlusion(bench, classifier, rows, probe)]
    else:
        rows = list(bench.fold.test)
        before = _front_end_counts(bench)
        runs = []
        for value, outcome in _outcomes(bench, classifier, probe):
            noted = replace(outcome, notes={**outcome.notes, "probe": probe.name, "value": value})
            runs.append(_small(_record(bench.system.headline_run.backend.name, noted, before)))
    clips = bench.clips.subset(rows)
    return CellResult(
        kind="test",
        label_names=clips.label_names,
        clip_names=clips.names,
        groups=clips.groups,
        targets=clips.targets.numpy(),
        clip_seconds=bench.clips.waveform.shape[-1] / bench.clips.sample_rate_hz,
        n_training_clips=len(bench.fold.train),
        runs=tuple(runs),
    )


def _outcomes(bench: _Bench, classifier: Classifier, probe: Probe) -> Iterator[tuple[float, Outcome]]:
    """The outcome on all test clips for every value of a probe."""
    choice = bench.system.headline_run.backend
    backend: Backend = build("backend", choice)
    clean = bench.intensity[list(bench.fold.test)]
    for value in probe.values:
        if probe.name in OF_SOUND:
            waveforms = disturbed(bench.clips, bench.fold.test, bench.fold.name, probe, value)
            outcome = _run(bench, classifier, backend, _intensity(bench, waveforms))
            yield value, replace(outcome, notes={**outcome.notes, **_said_of_sound(probe, waveforms)})
        elif probe.name == "n_shots":
            sampled = choice.model_copy(update={"options": {**choice.options, "n_shots": int(value)}})
            yield value, _run(bench, classifier, build("backend", sampled), clean)
        else:
            neuron: Any = classifier.neuron
            classifier.neuron = replace(neuron, threshold=neuron.threshold * value)
            yield value, _run(bench, classifier, backend, clean)
            classifier.neuron = neuron


def _run(bench: _Bench, classifier: Classifier, backend: Backend, intensity: Tensor) -> Outcome:
    """As the test cell runs it, with the generator that it has there."""
    trained = Trained(bench.encoder, classifier, bench.intensity[list(bench.fold.train)[:N_CALIBRATION]])
    name = bench.system.headline_run.backend.name
    return backend.run(trained, intensity, generator_for(bench.cell.seed, f"backend/{name}"))


def _intensity(bench: _Bench, waveforms: Tensor) -> Tensor:
    """The intensity [clip, mel, frame] of the test clips whose sound is `waveforms`."""
    n_samples = bench.clips.n_samples[list(bench.fold.test)]
    levels = bench.front_end(waveforms, n_samples, bench.clips.sample_rate_hz).float()
    return levels if bench.scale is None else bench.scale(levels)


def _said_of_sound(probe: Probe, waveforms: Tensor) -> dict[str, str]:
    """What is noted of disturbed recordings; of white noise nothing, as those probes were stored before it was."""
    if (probe.name, probe.noise) == ("snr_db", "white"):
        return {}
    named = {"noise": probe.noise} if probe.name == "snr_db" else {}
    return {**named, "recordings_sha256": recordings_sha256(waveforms)}


def _of_different_classes(bench: _Bench) -> list[int]:
    """The first test clips that are of different classes."""
    first: dict[int, int] = {}
    for row in bench.fold.test:
        first.setdefault(int(bench.clips.targets[row]), row)
    return list(first.values())[:N_OCCLUDED]


def _occlusion(bench: _Bench, classifier: Classifier, rows: list[int], probe: Probe) -> RunRecord:
    """The run on some clips, with the fall of their classes' probability [clip, patch, patch] in its notes."""
    backend: Backend = build("backend", bench.system.headline_run.backend)
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
    outcome = _run(bench, classifier, backend, pictures.flatten(0, 1))
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
    return _small(_record(bench.system.headline_run.backend.name, clean, _front_end_counts(bench)))


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
