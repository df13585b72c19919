# studies/dry_run.py
"""A study tried before any work is spent: its data opened, one clip taken through every system as far as an untrained
one goes. What needs no sound has been checked by `studies.checks_before_work`.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, Clips
from classical_baselines.harness.seeds import generator_for, seeded_globally
from studies import pipeline
from studies.registries import build
from studies.specification import FrontEndChoice, Study, System


def check_study(study: Study, data_root: Path | None) -> Clips:
    """Build every name and option of the study, open its data and take one clip through every system as far as an
    untrained one goes, before any work is spent; InputError otherwise."""
    pipeline.augmentation_of(study)
    for system in study.systems:
        for run in system.runs:
            build("backend", run.backend)
    clips = pipeline.load_study_clips(study, data_root)
    for protocol in study.protocols:
        pipeline.folds_of(study, protocol.name, clips)
    first = clips.subset([0])
    # What a layer only warns of (a slow padding, a weight of no element) is no error, and no concern of the user's.
    with warnings.catch_warnings(action="ignore"):
        _dry_runs(study, first, len(clips.label_names))
    return clips


def _dry_runs(study: Study, first: Clips, n_classes: int) -> None:
    """One clip through every front end and every untrained system; the error says which cannot take it."""
    picture_of = {choice.key: _one_picture(study, choice, first) for choice in study.front_ends}
    for system in study.systems:
        try:
            _dry_run(system, picture_of[study.front_end_of(system).key], n_classes)
        except InputError as error:
            raise InputError(f"study {study.name!r}, system {system.name!r}: {error}") from error
        except Exception as error:  # what a layer says of a picture that is too small for it
            size = " x ".join(map(str, picture_of[study.front_end_of(system).key].shape[1:]))
            reason = f"it cannot take a picture of {size} ({_first_line(error)})."
            reason += " Change the front end, the pooling or the strides."
            raise InputError(f"study {study.name!r}, system {system.name!r}: {reason}") from error


def _one_picture(study: Study, choice: FrontEndChoice, clip: Clips) -> Tensor:
    """The picture [1, mel, frame] of one clip; silence in place of decibels, whose limits are fitted later."""
    front_end = build("front end", choice)
    try:
        picture: Tensor = front_end(clip.waveform, clip.n_samples, clip.sample_rate_hz).float()
    except InputError as error:
        raise InputError(f"study {study.name!r}, front end {choice.key!r}: {error}") from error
    except Exception as error:  # what torch says of options that do not fit the clip, an overflow among them
        n_samples = clip.waveform.shape[-1]
        reason = f"it cannot take a clip of {n_samples} samples ({_first_line(error)}). Change its options."
        raise InputError(f"study {study.name!r}, front end {choice.key!r}: {reason}") from error
    return torch.zeros_like(picture) if front_end.gives == "decibels" else picture


def _first_line(error: Exception) -> str:
    """What torch says of an error; the lines below it are a trace of its own functions."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _dry_run(system: System, picture: Tensor, n_classes: int) -> None:
    """Encode one picture and classify it with an untrained network; one that is fitted directly is only built."""
    encoder = build("encoder", system.encoder)
    with seeded_globally(0, "dry-run"), torch.no_grad():
        classifier = build("classifier", system.classifier).build(encoder.shape(*picture.shape[1:]), n_classes)
        encoded = encoder(picture, generator_for(0, "dry-run"))
        if type(classifier).fit_directly is Classifier.fit_directly:
            classifier.eval()(encoded)
