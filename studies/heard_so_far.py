# studies/heard_so_far.py
"""Backend `heard-so-far`: a system's own backend, asked for a decision after each of some lengths of the clip.

    seconds    t_1 < ... < t_K, the last the whole clip; frames complete by t_k: n_k (`causality.py`)
    stream     the run is stopped after n_k frames: the network on frames 0 .. n_k - 1. What a decision at t_k has spent
               is that run, and of each earlier decision what is worked out once per decision
    poll       decided anew from the picture whose frames from n_k on are silent (intensity 0, as padding is). What a
               decision at t_k has spent is the sum of the k evaluations: the price of polling

Which of the two a system does follows from its code and network (`causality.streams`). The outcome is that of the whole
clip, decided once, as the own backend gives it. Its note `heard_so_far` keeps what an early exit is computed from, for
each length: every clip's logits below its largest, in hundredths, and the mean counts of that length's run.

    logits     -gaps / 100, the largest 0 and the only 0: the prediction is exactly that of the logits
    counts     means over all clips at that length, whether or not they would have been decided before
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Outcome, Trained
from classical_baselines.harness.evaluation import predictions
from studies.causality import (
    code_looks_ahead,
    done_at_each_decision,
    n_complete_frames,
    n_frames_of_clip,
    streams,
)
from studies.registries import build
from studies.specification import Choice

NAME = "heard-so-far"
NOTE = "heard_so_far"
STEPS_OF_A_LOGIT = 100  # a hundredth: probabilities are right to 0.003
LARGEST_GAP = 10_000  # hundredths: e^-100 is no probability
MOST_LENGTHS = 64


@dataclass(frozen=True)
class HeardSoFar:
    """The options of decisions before the clip is over."""

    of: str = "torch-float"  # the backend that decides
    options: Mapping[str, Any] = field(default_factory=dict)  # its options
    seconds: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)  # ascending, the last the whole clip
    hop_seconds: float = 0.016  # between frames, as the front end has it
    window_seconds: float = 0.032  # that a frame covers, as the front end has it

    def __post_init__(self) -> None:
        if self.of == NAME:
            raise InputError(f"{NAME} asks another backend for decisions; of = {NAME!r} names itself.")
        if not 2 <= len(self.seconds) <= MOST_LENGTHS or any(b <= a for a, b in pairwise(self.seconds)):
            raise InputError(
                f"seconds must name 2 to {MOST_LENGTHS} lengths, each longer than the one before and the last the "
                f"whole clip; got {list(self.seconds)}."
            )
        if not 0 < self.hop_seconds <= self.window_seconds:
            raise InputError(
                f"0 < hop_seconds <= window_seconds must hold; got {self.hop_seconds} and {self.window_seconds}."
            )
        if self.frames[0] < 1:
            raise InputError(
                f"after the first of the seconds, {self.seconds[0]}, no frame is complete: one needs "
                f"{self.window_seconds / 2:g} s, and one more each {self.hop_seconds:g} s. Start later."
            )

    @property
    def backend(self) -> Choice:
        """The backend that decides."""
        return Choice(name=self.of, options=dict(self.options))

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that are there at each length."""
        before = [n_complete_frames(t, self.hop_seconds, self.window_seconds) for t in self.seconds[:-1]]
        return (*before, n_frames_of_clip(self.seconds[-1], self.hop_seconds))

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """What the backend gives for the whole clips, with the note on what it gives before."""
        if reason := code_looks_ahead(trained.encoder):
            raise InputError(f"{NAME}: {reason}")
        *earlier, n_frames = self.frames
        if intensity.shape[2] != n_frames:
            raise InputError(
                f"{NAME}: a clip of {self.seconds[-1]:g} s at a hop of {self.hop_seconds:g} s has {n_frames} frames; "
                f"the picture has {intensity.shape[2]}. The last of the seconds must be the whole clip."
            )
        backend = build("backend", self.backend)
        stream = streams(trained.encoder, trained.classifier)
        heard = heard_alone if stream else later_frames_silent
        outcomes = [backend.run(trained, heard(intensity, n), generator) for n in earlier]
        whole: Outcome = backend.run(trained, intensity, generator, n_exhibits=n_exhibits)
        outcomes.append(whole)
        if any(outcome.clip_indices is not None for outcome in outcomes):
            raise InputError(
                f"{NAME}: the backend {self.of!r} answers some of the clips alone. Choose one that decides."
            )
        note = {
            "seconds": list(self.seconds),
            "frames": list(self.frames),
            "streams": stream,
            "at_each_decision": list(done_at_each_decision(trained.classifier)) if stream else [],
            "gaps": [logit_gaps(outcome.logits) for outcome in outcomes],
            "counts": _by_length(outcomes),
        }
        seconds = sum(outcome.wall_seconds for outcome in outcomes)
        return replace(whole, wall_seconds=seconds, notes={**whole.notes, NOTE: note})


def heard_alone(intensity: Tensor, n_frames: int) -> Tensor:
    """[batch, mel, frame] of the frames that are there."""
    return intensity[:, :, :n_frames]


def later_frames_silent(intensity: Tensor, n_frames: int) -> Tensor:
    """[batch, mel, frame], as wide as the clip, the frames that are not there silent."""
    heard = torch.zeros_like(intensity)
    heard[:, :, :n_frames] = intensity[:, :, :n_frames]
    return heard


def logit_gaps(logits: Tensor) -> list[list[int]]:
    """[clip, class]: how far each logit lies below the clip's largest, in hundredths; 0 for the prediction alone.

    >>> logit_gaps(torch.tensor([[1.0, 3.5, 3.499]]))
    [[250, 0, 1]]
    """
    values = logits.detach().float().numpy()
    gaps = np.rint((values.max(axis=1, keepdims=True) - values.astype(np.float64)) * STEPS_OF_A_LOGIT)
    gaps = gaps.clip(1, LARGEST_GAP).astype(int)
    gaps[np.arange(len(gaps)), predictions(values)] = 0
    rows: list[list[int]] = gaps.tolist()
    return rows


def _by_length(outcomes: list[Outcome]) -> list[list[Any]]:
    """[stage, layer, operation, [count at each length]] of every operation that any length counted."""
    keys = list(dict.fromkeys(key for outcome in outcomes for key, _ in outcome.counts))
    return [[*key, [outcome.counts.counts.get(key, 0.0) for outcome in outcomes]] for key in keys]
