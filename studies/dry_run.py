# studies/dry_run.py
"""A study tried before any work is spent: its data opened, one clip taken through every system as far as an untrained
one goes. What needs no sound has been checked by `studies.checks_before_work`.

On the way a few clips are timed, forward, for a rough word on how long the training will take (`rough_time.py`).
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from classical_baselines.augment import Augmentation
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, Clips, Encoder, Trained
from classical_baselines.harness.seeds import generator_for, seeded_globally
from studies import pipeline
from studies.analysis_frames import check_short_clips
from studies.augmentation_reach import check_picture_stays, check_sound_stays
from studies.disturbance import check_disturbances
from studies.early_checks import check_frame_times
from studies.fold_checks import checked_folds, notes_on_folds
from studies.registries import build
from studies.silent_clips import check_silent_clips
from studies.specification import FrontEndChoice, Study, System
from studies.trained_elsewhere import comes_trained
from studies.two_ears import check_augmentation_of_ears, check_ears_of_front_end, check_probes_of_ears
from studies.two_senses import (
    check_augmentation_of_senses,
    check_images_apart,
    check_probes_of_senses,
    check_senses_of_front_end,
)

N_TIMED = 16  # clips that are taken through a system at once to time it
INTEGER_BACKENDS = (  # which need a network of their own kind, and are quick
    *("int8", "int8-zeros-skipped", "low-bit", "loihi-emulator", "loihi-stream"),
    *("snn-float", "snn-integer-weights", "snn-integer-constants", "loihi-saturation"),
)
TRIED = (*INTEGER_BACKENDS, "heard-so-far", "degraded-senses")  # on a clip, as the network stands after its training


@dataclass(frozen=True)
class Tried:
    """The recordings, and by system how long a clip takes from its picture to logits, untrained; None where a
    system is fitted directly or comes trained."""

    clips: Clips
    clip_seconds: dict[str, float | None]
    notes: tuple[str, ...] = ()  # what is allowed, and should be known


def check_study(study: Study, data_root: Path | None) -> Tried:
    """Build every name and option of the study, open its data and take one clip through every system as far as an
    untrained one goes, before any work is spent; InputError otherwise."""
    for system in study.systems:
        for run in system.runs:
            build("backend", run.backend)
    clips = pipeline.load_study_clips(study, data_root)
    notes = []
    for protocol in study.protocols:
        folds = checked_folds(study, protocol.name, clips)
        check_images_apart(protocol.name, folds, clips)
        notes += notes_on_folds(protocol.name, folds, clips)
    check_disturbances(study.probes, clips)
    check_probes_of_ears(study, clips)
    check_probes_of_senses(study, clips)
    first = clips.subset([0])
    # What a layer only warns of (a slow padding, a weight of no element) is no error, and no concern of the user's.
    with warnings.catch_warnings(action="ignore"), _threads(study.threads_per_cell):
        picture_of = {choice.key: _one_picture(study, choice, first) for choice in study.front_ends}
        seconds = _dry_runs(study, first, len(clips.label_names), picture_of)
        check_silent_clips(study, clips, picture_of)
    return Tried(clips, seconds, (*notes, *check_short_clips(study, clips)))


@contextmanager
def _threads(n_threads: int) -> Iterator[None]:
    """As many as a cell will have."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _dry_runs(study: Study, first: Clips, n_classes: int, picture_of: dict[str, Tensor]) -> dict[str, float | None]:
    """Pictures of one clip through every untrained system; the error says which cannot take it."""
    seconds: dict[str, float | None] = {}
    for system in study.systems:
        try:
            _check_sample_rate(system, first.sample_rate_hz)
            check_frame_times(study, system, first.sample_rate_hz)
            augmentation = pipeline.augmentation_of(study, system)
            check_augmentation_of_ears(system, augmentation, first)
            check_sound_stays(augmentation, first.waveform.shape[-1] / first.sample_rate_hz)
            choice = study.front_end_of(system)
            front_end = build("front end", choice)
            check_augmentation_of_senses(system, augmentation, front_end, first)
            if front_end.gives == "decibels":  # features are not distorted as pictures
                check_picture_stays(augmentation, *picture_of[choice.key].shape[1:])
            seconds[system.name] = _dry_run(system, augmentation, picture_of[choice.key], n_classes)
        except InputError as error:
            raise InputError(f"study {study.name!r}, system {system.name!r}: {error}") from error
        except Exception as error:  # what a layer says of a picture that is too small for it
            size = " x ".join(map(str, picture_of[study.front_end_of(system).key].shape[1:]))
            reason = f"it cannot take a picture of {size} ({_first_line(error)})."
            reason += " Change the front end, the pooling or the strides."
            raise InputError(f"study {study.name!r}, system {system.name!r}: {reason}") from error
    return seconds


def _one_picture(study: Study, choice: FrontEndChoice, clip: Clips) -> Tensor:
    """The picture [1, mel, frame] of one clip; noise in place of decibels, whose limits are fitted later: a code may
    refuse silence."""
    front_end = build("front end", choice)
    try:
        check_ears_of_front_end(choice.key, front_end, clip)
        check_senses_of_front_end(choice.key, front_end, clip)
        picture: Tensor = front_end(clip.waveform, clip.n_samples, clip.sample_rate_hz).float()
    except InputError as error:
        raise InputError(f"study {study.name!r}, front end {choice.key!r}: {error}") from error
    except Exception as error:  # what torch says of options that do not fit the clip, an overflow among them
        n_samples = clip.waveform.shape[-1]
        reason = f"it cannot take a clip of {n_samples} samples ({_first_line(error)}). Change its options."
        raise InputError(f"study {study.name!r}, front end {choice.key!r}: {reason}") from error
    return (
        torch.rand(picture.shape, generator=generator_for(0, "dry-run")) if front_end.gives == "decibels" else picture
    )


def _check_sample_rate(system: System, sample_rate_hz: int) -> None:
    """What reads samples, an encoder or a classifier, is told the rate of the clips and has no other way to know it."""
    for what, choice in (("encoder", system.encoder), ("classifier", system.classifier)):
        told = getattr(build(what, choice), "sample_rate_hz", None)
        if told not in (None, sample_rate_hz):
            raise InputError(
                f"its {what} {choice.name!r} is told sample_rate_hz = {told}, and the clips have "
                f"{sample_rate_hz} samples a second. Give it theirs."
            )


def _first_line(error: Exception) -> str:
    """What torch says of an error; the lines below it are a trace of its own functions."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _dry_run(system: System, augmentation: Augmentation, picture: Tensor, n_classes: int) -> float | None:
    """Encode one picture and classify it with an untrained network, or one that comes trained; one that is fitted
    directly is only built. Then again with some more, for the time that each takes, and as the integers that its
    backends make of it."""
    encoder = build("encoder", system.encoder)
    with seeded_globally(0, "dry-run"), torch.no_grad():
        classifier = build("classifier", system.classifier).build(encoder.shape(*picture.shape[1:]), n_classes)
        encoded = encoder(picture, generator_for(0, "dry-run"))
        trained_here = not comes_trained(system)
        if trained_here and type(classifier).fit_directly is not Classifier.fit_directly:
            return None
        for run in system.runs:
            backend = build("backend", run.backend)
            if hasattr(backend, "check_network"):  # what it runs on may be too small for it
                backend.check_network(classifier)
            if hasattr(backend, "check_clip"):
                backend.check_clip(Trained(encoder, classifier, picture), picture)
        augmentation.check_fits(classifier)
        classifier.eval()(encoded)
        several = picture.repeat(N_TIMED, *[1] * (picture.dim() - 1))
        taken = []
        for _ in range(3):
            started = time.process_time()  # what else the machine does is not counted
            classifier(encoder(several, generator_for(0, "dry-run")))
            taken.append(time.process_time() - started)
        _check_integers(system, encoder, classifier, several)
        return min(taken) / N_TIMED / torch.get_num_threads() if trained_here else None


def _check_integers(system: System, encoder: Encoder, classifier: Classifier, pictures: Tensor) -> None:
    """Run the network on noise as the integers of its last epochs; a backend says what it cannot run. What the names
    of classifier and backend tell has been refused before (`checks_before_work`)."""
    chosen = [run.backend for run in system.runs if run.backend.name in TRIED]
    if not chosen:
        return
    noise = torch.rand(pictures.shape, generator=generator_for(0, "dry-run"))
    n_epochs = system.training.n_epochs
    classifier.start_epoch(n_epochs - 1, n_epochs)
    classifier.train()(encoder(noise, generator_for(0, "dry-run")))  # ranges are seen in training
    classifier.eval()
    for backend in chosen:
        trained = Trained(encoder, classifier, noise)
        try:
            build("backend", backend).run(trained, noise[:1], generator_for(0, "dry-run"))
        except ValueError as error:  # a network that is none of its kind, or that the chip cannot hold
            raise InputError(f"its backend {backend.name!r} cannot run it: {error}") from error
