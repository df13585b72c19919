# studies/pipeline.py
"""One cell, from recordings to outcomes: the only place where the paradigms are named side by side.

    clips -> fold -> pictures -> intensity (limits of the training clips) -> encoder -> classifier -> backends

Pictures of a large set stay on disk: a batch reads its own, and scales them as it does.
Every system of a study goes through these same lines. What differs stands behind the contracts: the encoder, the
network, and the backend on which the trained network is run. The test clips are touched by `test_cell` alone.

A cell's `Bench` is what its system works with, and `trained_bench` has the trained network on it: whatever else is done
with trained systems (probes, explanations, measurements, twins) begins there, and so has what a test cell has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from classical_baselines.augment import Augmentation
from classical_baselines.data.loading import load_clips
from classical_baselines.data.splits import SPLITTERS, Fold
from classical_baselines.front_ends.intensity import IntensityScale, fit_intensity_scale
from classical_baselines.harness.choices import build_options, choose
from classical_baselines.harness.contracts import Classifier, Clips, Encoder, FrontEnd, Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.protocol import LeakAudit, audit_fold
from classical_baselines.harness.seeds import generator_for, seeded_globally
from classical_baselines.harness.streamed_rows import Rows, changed_rows, chosen_rows, held_rows
from classical_baselines.harness.training import Batch, Recipe, train
from studies.cell import CellKind, CellResult, CheckRecord, PictureRecord, RunRecord, StudyCell
from studies.pictures import pictures, varied_pictures
from studies.registries import build
from studies.specification import Choice, Run, Study, System

N_CALIBRATION = 512  # training clips on which a backend may set ranges


@dataclass(frozen=True)
class FittedCell:
    """A trained system: what is stored of it, and its weights."""

    result: CellResult
    weights: dict[str, Tensor]


def load_study_clips(study: Study, data_root: Path | None) -> Clips:
    """The recordings of the study, cut or padded to its clip length."""
    return load_clips(
        study.data.folder or study.data.name, data_root, study.data.clip_seconds, study.data.sample_rate_hz
    )


def folds_of(study: Study, protocol_name: str, clips: Clips) -> list[Fold]:
    """The folds of one protocol of the study."""
    protocol = next(p for p in study.protocols if p.name == protocol_name)
    splitter = choose(SPLITTERS, protocol.name, what="protocol")
    return splitter(clips, **protocol.options)


def augmentation_of(study: Study, system: System) -> Augmentation:
    """What a system's training clips are varied by, checked; as it stands, where it does not augment, by nothing."""
    what = "augmentation" if system.augmentation is None else f"augmentation of the system {system.name!r}"
    return build_options(Augmentation, study.augmentation_of(system) or {}, what=what)


def fit_cell(study: Study, cell: StudyCell, data_root: Path | None) -> FittedCell:
    """Train the cell's system and run it on the validation clips."""
    bench = bench_of(study, cell, data_root)
    classifier = _new_classifier(bench)
    record = {**_fit(bench, classifier), "audit": asdict(bench.audit)}
    runs = bench.system.runs_for(cell.seed, study.seeds, test=False)
    result = _results(bench, bench.trained(classifier), bench.fold.validation, runs, "fit", record)
    weights = {name: value.detach().contiguous().clone() for name, value in classifier.state_dict().items()}
    return FittedCell(result, weights)


def test_cell(study: Study, cell: StudyCell, weights: dict[str, Tensor], data_root: Path | None) -> CellResult:
    """Run the trained system on the test clips: this is a look, and the store counts it."""
    bench, trained = trained_bench(study, cell, weights, data_root)
    runs = bench.system.runs_for(cell.seed, study.seeds, test=True)
    return _results(bench, trained, bench.fold.test, runs, "test", {"audit": asdict(bench.audit)})


@dataclass(frozen=True)
class Bench:
    """What a cell works with: its clips, fold, front end and the intensity of every clip."""

    study: Study
    cell: StudyCell
    system: System
    clips: Clips
    fold: Fold
    audit: LeakAudit
    front_end: FrontEnd
    scale: IntensityScale | None  # None where the front end gives features, not decibels
    encoder: Encoder
    intensity: Rows  # [clip, mel, frame] of all clips

    def scaled(self, levels: Rows) -> Rows:
        """Pictures of the front end as the bench's own are: by its limits, or features as they are."""
        return levels if self.scale is None else changed_rows(levels, self.scale)

    def intensity_of(self, waveforms: Tensor, n_samples: Tensor) -> Tensor:
        """Other sound [batch, sample] with lengths [batch] -> [batch, mel, frame]."""
        levels = self.front_end(waveforms, n_samples, self.clips.sample_rate_hz).float()
        return levels if self.scale is None else self.scale(levels)

    def trained(self, classifier: Classifier) -> Trained:
        """The trained classifier as backends take it."""
        return Trained(self.encoder, classifier, self.intensity[list(self.fold.train)[:N_CALIBRATION]])

    def generator_of(self, backend: Choice) -> torch.Generator:
        """Of all that is drawn while the cell is run on a backend."""
        return generator_for(self.cell.seed, f"backend/{backend.name}")

    def front_end_counts(self) -> OperationCounts:
        """What the front end costs per clip: it works through the whole window that a decision covers."""
        n_samples = self.clips.waveform.shape[-1]
        counts: OperationCounts = self.front_end.operations(n_samples, self.clips.sample_rate_hz)
        return counts if self.scale is None else counts + self.scale.operations(*self.intensity.shape[1:])


def bench_of(study: Study, cell: StudyCell, data_root: Path | None) -> Bench:
    """The bench of a cell; a fold that leaks is refused."""
    system = study.system(cell.system)
    clips = load_study_clips(study, data_root)
    folds = {fold.name: fold for fold in folds_of(study, cell.protocol, clips)}
    fold = choose(folds, cell.fold, what=f"fold of {cell.protocol}")
    audit = audit_fold(clips, fold.train, fold.validation, fold.test, groups_apart=fold.group_disjoint)
    front_end = build("front end", study.front_end_of(system))
    levels = pictures(clips, front_end)
    scale = None
    if front_end.gives == "decibels":
        scale = fit_intensity_scale(chosen_rows(levels, fold.train), *study.intensity_quantiles)
        levels = changed_rows(levels, scale)
    return Bench(study, cell, system, clips, fold, audit, front_end, scale, build("encoder", system.encoder), levels)


def trained_bench(
    study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None
) -> tuple[Bench, Trained]:
    """The bench of a cell with its classifier, trained to these weights and in evaluation mode."""
    bench = bench_of(study, cell, data_root)
    classifier = _new_classifier(bench)
    classifier.load_state_dict(dict(weights))
    classifier.eval()
    return bench, bench.trained(classifier)


def _new_classifier(bench: Bench) -> Classifier:
    """The system's network with its initial weights, which depend on the seed alone."""
    _, n_mels, n_frames = bench.intensity.shape
    options = build("classifier", bench.system.classifier)
    with seeded_globally(bench.cell.seed, "weights"):
        return options.build(bench.encoder.shape(n_mels, n_frames), len(bench.clips.label_names))


def _fit(bench: Bench, classifier: Classifier) -> dict[str, Any]:
    """Fit the classifier in place; return what is recorded of it."""
    fold, seed = bench.fold, bench.cell.seed
    rows = torch.tensor(fold.train)
    targets = bench.clips.targets
    if type(classifier).fit_directly is not Classifier.fit_directly:  # these look at all training clips at once
        encoded = bench.encoder(bench.intensity[rows], generator_for(seed, "encoding"))
        if classifier.fit_directly(encoded, targets[rows], seed):
            return {"fitted": "directly", "n_training_clips": len(rows)}
    recipe = Recipe(**bench.system.training.model_dump())
    batches = Batches(bench, rows, recipe)
    validation = (chosen_rows(bench.intensity, fold.validation), targets[list(fold.validation)])
    with batches.augmentation.within(classifier, generator_for(seed, "hidden-maps")):
        record = train(classifier, bench.encoder, batches.epoch, batches.n_batches, validation, recipe, seed)
    return {"fitted": "by gradients", "n_training_clips": len(rows), **asdict(record)}


class Batches:
    """Augmented batches of the training clips; every draw descends from the cell's seed."""

    def __init__(self, bench: Bench, rows: Tensor, recipe: Recipe) -> None:
        augmentation = augmentation_of(bench.study, bench.system)
        self.augmentation = augmentation
        self.n_epochs = recipe.n_epochs
        self.targets = bench.clips.targets[rows]
        self.n_classes = len(bench.clips.label_names)
        self.batch_size = min(recipe.batch_size, len(rows))
        self.n_batches = len(rows) // self.batch_size
        copies = [self._at_speed(bench, rows, speed) for speed in augmentation.speeds or (1.0,)]
        copies += [self._varied(bench, rows, number) for number in range(augmentation.waveform_copies)]
        self.copies = copies  # each [clip, mel, frame] of the training clips
        self.is_picture = bench.scale is not None  # features are not distorted as pictures
        self.generator = generator_for(bench.cell.seed, "batches")

    @staticmethod
    def _at_speed(bench: Bench, rows: Tensor, speed: float) -> Rows:
        if speed == 1.0:
            return chosen_rows(bench.intensity, rows)
        return bench.scaled(chosen_rows(pictures(bench.clips, bench.front_end, speed), rows))

    def _varied(self, bench: Bench, rows: Tensor, number: int) -> Rows:
        """A copy of the training clips alone, their sound varied by draws of its own."""
        training = bench.clips.subset(rows.tolist())
        generator = generator_for(bench.cell.seed, f"waveforms/{number}")
        vary = self.augmentation.waveform_variation()
        return bench.scaled(varied_pictures(training, bench.front_end, vary, generator))

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch: shuffled, each clip in one of its copies, varied, mixed."""
        progress = (epoch + 1) / self.n_epochs
        order = torch.randperm(len(self.targets), generator=self.generator)
        for chosen in order.split(self.batch_size):
            if len(chosen) < self.batch_size:
                return
            yield self.of(chosen, progress)

    def of(self, chosen: Tensor, progress: float) -> Batch:
        """A batch of these clips: intensities and soft targets, drawn anew."""
        copies = torch.randint(len(self.copies), (len(chosen),), generator=self.generator)
        intensity = _one_copy_each(self.copies, copies, chosen)
        targets = one_hot(self.targets[chosen], self.n_classes).to(intensity.dtype)
        if self.is_picture:
            return self.augmentation.batch(intensity, targets, self.generator, progress)
        return intensity, targets


def _one_copy_each(copies: Sequence[Rows], which: Tensor, clips: Tensor) -> Tensor:
    """[batch, mel, frame]: of every clip the copy with the number that stands beside it."""
    if len(copies) == 1:
        return copies[0][clips]
    intensity = torch.empty(len(clips), *copies[0].shape[1:])
    for number, copy in enumerate(copies):
        of_copy = (which == number).nonzero()[:, 0]
        intensity[of_copy] = copy[clips[of_copy]]
    return intensity


def _results(
    bench: Bench,
    trained: Trained,
    indices: Iterable[int],
    runs: Iterable[Run],
    kind: CellKind,
    training: dict[str, Any],
) -> CellResult:
    """Run the trained classifier on every backend, and keep what came of it."""
    rows = list(indices)
    intensity = chosen_rows(bench.intensity, rows)
    shown = bench.cell.seed == bench.study.seeds[0] and rows[0] == _first_shown(bench, kind)
    before = bench.front_end_counts()
    records = []
    for run in runs:
        outcome = run_on(bench, trained, run.backend, intensity, n_exhibits=1 if shown else 0)
        records.append(run_record(run.backend.name, outcome, before))
    if shown and records and bench.scale is not None:
        title = f"Intensity of {bench.clips.names[rows[0]]}"
        picture = PictureRecord(title, intensity[0].numpy(), ("mel", "frame"), "0 to 1")
        records[0] = replace(records[0], pictures=(picture, *records[0].pictures))
    return cell_result(bench, rows, records, kind, training)


def run_on(bench: Bench, trained: Trained, choice: Choice, intensity: Rows, n_exhibits: int = 0) -> Outcome:
    """What a trained system does with intensities [clip, mel, frame] on a backend, as a cell runs it."""
    backend = build("backend", choice)
    given = intensity if getattr(backend, "takes_rows", False) else held_rows(intensity)
    outcome: Outcome = backend.run(trained, given, bench.generator_of(choice), n_exhibits=n_exhibits)
    return outcome


def run_record(backend: str, outcome: Outcome, front_end_counts: OperationCounts) -> RunRecord:
    """What is kept of an outcome; the largest logit is found the same way whatever gave the logits."""
    decision = OperationCounts.of("readout", "decision", compare_fp32=outcome.logits.shape[1] - 1)
    return RunRecord(
        backend=backend,
        logits=outcome.logits.detach().float().numpy(),
        counts=front_end_counts + outcome.counts + decision,
        wall_seconds=outcome.wall_seconds,
        clip_indices=outcome.clip_indices,
        checks=tuple(CheckRecord(check.name, check.passed, dict(check.details)) for check in outcome.checks),
        pictures=tuple(PictureRecord(e.title, e.array, e.axis_names, e.unit) for e in outcome.exhibits),
        notes=dict(outcome.notes),
    )


def cell_result(
    bench: Bench, rows: Sequence[int], runs: Iterable[RunRecord], kind: CellKind, training: Mapping[str, Any]
) -> CellResult:
    """The runs of a cell on the clips `rows`, beside what is known of these clips."""
    clips = bench.clips.subset(rows)
    return CellResult(
        kind=kind,
        label_names=clips.label_names,
        clip_names=clips.names,
        groups=clips.groups,
        targets=clips.targets.numpy(),
        clip_seconds=bench.clips.waveform.shape[-1] / bench.clips.sample_rate_hz,
        n_training_clips=len(bench.fold.train),
        runs=tuple(runs),
        training=training,
    )


def _first_shown(bench: Bench, kind: CellKind) -> int:
    """The first clip of the first fold of the cell's protocol: the one that pictures are kept of."""
    fold = folds_of(bench.study, bench.cell.protocol, bench.clips)[0]
    return (fold.test if kind == "test" else fold.validation)[0]
