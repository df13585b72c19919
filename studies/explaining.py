# studies/explaining.py
"""Trained systems of a study being explained on validation clips: maps of one clip, score cards over several.

    cell -> weights of the store -> validation clips -> intensity [clip, mel, frame] -> explainers -> saliency, scores

What is explained is the trained network as torch computes it: an int8 network with its rounding, a spiking network on
the integers' grid, a circuit with exact states. No test clip is opened, so an explanation is no look. All systems are
explained on the same fold, seed and clips, each on the picture that its own front end makes of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.explain import EXPLAINERS
from classical_baselines.explain.contract import Explainer, NotExplainedError, Saliency, Subject
from classical_baselines.explain.randomised import randomised
from classical_baselines.explain.score_card import ScoreCard, score_card
from classical_baselines.harness.choices import choose
from classical_baselines.harness.contracts import Clips, Encoder
from studies.cell import StudyCell
from studies.pipeline import Bench, trained_bench
from studies.specification import Study, System
from studies.spread_clips import spread_clips

CLIPS_AT_ONCE = 16  # whose maps are made and scored together: bounds the memory


@dataclass(frozen=True)
class PictureAxes:
    """What the rows and columns of a picture stand for."""

    rows: str  # "frequency, Hz", "band" or "feature"
    centres_hz: tuple[float, ...] | None  # of each row, where the rows are bands of known frequency
    columns: str  # "time, s", "time from the cut, s", "frame" or "part"
    column_seconds: float | None  # between columns, where they are equally far apart in time
    is_intensity: bool  # False: features of unlike units


@dataclass(frozen=True, eq=False)
class Explainable:
    """A trained system with the validation clips of its cell."""

    system: System
    subject: Subject
    intensity: Tensor  # [clip, mel, frame]
    clips: Clips  # the validation clips, in the order of the intensity
    axes: PictureAxes


@dataclass(frozen=True, eq=False)
class Map:
    """The saliency of one clip by one method."""

    method: str
    values: NDArray[np.float32]  # [mel, frame]
    signed: bool


@dataclass(frozen=True, eq=False)
class Explanation:
    """One clip as one system saw it, and why it decided so."""

    system: System
    clip: str
    label: str  # what it is
    decided: str  # what the system takes it for: the class that is explained
    probability: float  # of that class
    picture: NDArray[np.float32]  # [mel, frame]
    axes: PictureAxes
    maps: Mapping[str, Map]  # by method
    left_out: Mapping[str, str]  # method -> why it does not apply
    methods: tuple[str, ...]  # all that were tried, in the order that was asked for


def explainable(study: Study, cell: StudyCell, weights: Mapping[str, Tensor], data_root: Path | None) -> Explainable:
    """The trained system of a cell."""
    bench, trained = trained_bench(study, cell, weights, data_root)
    rows = list(bench.fold.validation)
    training = list(bench.fold.train)
    silence = torch.zeros_like(bench.intensity[training[0]])
    neutral = silence if bench.scale is not None else bench.intensity[training].mean(dim=0)
    subject = Subject(_of_any_picture(trained.encoder), trained.classifier, neutral, cell.seed)
    return Explainable(bench.system, subject, bench.intensity[rows], bench.clips.subset(rows), axes_of(bench))


def _of_any_picture(encoder: Encoder) -> Encoder:
    """The encoder, with a code for silence where it refuses silent clips: explanations hide a whole picture at last."""
    if getattr(encoder, "silence", None) != "refuse":
        return encoder
    return replace(cast(Any, encoder), silence="uniform")


def axes_of(bench: Bench) -> PictureAxes:
    """Rows and columns of the pictures of a front end, by what it says of its filters and its hop."""
    front_end: Any = bench.front_end
    n_rows = bench.intensity.shape[1]
    rate = bench.clips.sample_rate_hz
    centres = None
    if hasattr(front_end, "filters"):
        filters = front_end.filters(rate).double()
        if len(filters) == n_rows:
            hertz = torch.linspace(0, rate / 2, filters.shape[1], dtype=torch.float64)
            centres = tuple((filters @ hertz / filters.sum(dim=1)).tolist())
    if bench.scale is None:
        return PictureAxes("feature", None, "part", None, is_intensity=False)
    stretched = getattr(front_end, "stretch_to_frames", None) is not None
    hop = getattr(front_end, "hop", None)
    seconds = None if hop is None or stretched else hop / rate
    trimmed = getattr(front_end, "trim_below_db", None) is not None
    timed = "time from the cut, s" if trimmed else "time, s"
    columns = timed if seconds else "frame, stretched" if stretched else "frame"
    return PictureAxes("frequency, Hz" if centres else "band", centres, columns, seconds, is_intensity=True)


def explained(one: Explainable, clip: int, methods: Sequence[str]) -> Explanation:
    """The clip with that number, for the class that the system decides for, by every method that applies."""
    intensity = one.intensity[clip : clip + 1]
    probability, decided = one.subject.probabilities(intensity).max(dim=1)
    maps, left_out = {}, {}
    for method in methods:
        try:
            saliency = _explainer(method)(one.subject, intensity, decided)
        except NotExplainedError as error:
            left_out[method] = str(error)
            continue
        values = saliency.values[0].detach().float().numpy()
        maps[method] = Map(method, values, saliency.signed)
    return Explanation(
        system=one.system,
        clip=one.clips.names[clip],
        label=one.clips.label_names[int(one.clips.targets[clip])],
        decided=one.clips.label_names[int(decided)],
        probability=float(probability),
        picture=intensity[0].numpy(),
        axes=one.axes,
        maps=maps,
        left_out=left_out,
        methods=tuple(methods),
    )


def scored(one: Explainable, n_clips: int, methods: Sequence[str]) -> Iterator[ScoreCard]:
    """A card per method that applies, over `n_clips` validation clips, as each is done."""
    intensity = one.intensity[spread_clips(len(one.intensity), n_clips)]
    classes = one.subject.probabilities(intensity).argmax(dim=1)
    random = randomised(one.subject)
    for method in methods:
        explainer = _explainer(method)
        try:
            saliency = _over(explainer, one.subject, intensity, classes)
        except NotExplainedError:
            continue
        yield score_card(one.subject, intensity, saliency, _over(explainer, random, intensity, classes).values)


def _explainer(method: str) -> Explainer:
    explainer: Explainer = choose(EXPLAINERS, method, what="method of explanation")()()
    return explainer


def _over(explainer: Explainer, subject: Subject, intensity: Tensor, classes: Tensor) -> Saliency:
    """The maps of many clips, a portion at a time."""
    portions = zip(intensity.split(CLIPS_AT_ONCE), classes.split(CLIPS_AT_ONCE), strict=True)
    parts = [explainer(subject, pictures, targets) for pictures, targets in portions]
    return Saliency(parts[0].method, torch.cat([part.values for part in parts]), parts[0].signed)
