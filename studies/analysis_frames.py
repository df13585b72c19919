# studies/analysis_frames.py
"""How many samples a frame of a picture takes together, wherever a study says so, and what does not go with it.

    a hop beyond the frame           leaves samples that no frame sees: refused
    clips shorter than a frame       refused, as their pictures would show the silence behind them; a study that says
                                     `short_clips = "pad"` takes them, unless all are so short, with a note
    clips too short for a gate       all of them: refused, as nothing would be gated; some of them: a note

A frame is read off the options of a front end, of the views that `paired-views` shows, of what sees a `part-of-clip`,
and of the front end within a `front-end-cnn`. Where there are several windows, or they are learnt, the shortest counts:
what it leaves out is seen by none of its kind. What names no frame has none (`waveform`, `events`) or follows every
sample (`kalman-ar`, `instantaneous-frequency`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from classical_baselines.front_ends.ast_fbank import AstFbank
from classical_baselines.front_ends.differentiable_stft import DifferentiableStft
from classical_baselines.front_ends.kaldi_fbank import KaldiFbank
from classical_baselines.front_ends.leaf import EfficientLeaf, Leaf, odd
from classical_baselines.front_ends.multi_resolution import MultiResolution
from classical_baselines.front_ends.paired_views import PairedViews
from classical_baselines.front_ends.part_of_clip import PartOfClip
from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.models.front_end_cnn import FrontEndCnn
from studies.registries import build
from studies.specification import Study

FRAMES_OF_A_GATE = 2  # that a clip must hold, or `spectral_gating` leaves it as it is
WIDEST_LEARNT_HOP = 2  # times `hop`, the most that `differentiable_stft` lets it become


@dataclass(frozen=True)
class AnalysisFrame:
    """Samples that are read at once, and what of a study says how many."""

    place: str  # "n_fft", "the second view's n_fft"
    n_samples: float
    hop: int | None = None  # samples to the next frame; None where the front end itself holds it to the frame
    gates: bool = False  # the samples that a gate needs of a clip


def analysis_frames(options: Any, sample_rate_hz: int | None = None) -> list[AnalysisFrame]:
    """The frames of a front end or a classifier; frames in seconds where the sample rate is known."""
    if isinstance(options, FrontEndCnn):
        found = analysis_frames(options.chosen_front_end(), options.sample_rate_hz)
        return [replace(one, place=f"{options.front_end}'s {one.place}") for one in found]
    if isinstance(options, PairedViews):  # of the view with the shorter hop every k-th frame is kept
        return [
            replace(one, place=f"the {which} view's {one.place}", hop=None if one.gates else options.hop)
            for which, view in options.shown().items()
            for one in analysis_frames(view.front_end, sample_rate_hz)
        ]
    if isinstance(options, PartOfClip):
        return _of_a_part(options, sample_rate_hz)
    gate = []
    if isinstance(options, PreparedLogMel) and options.gating != "none":
        gate = [AnalysisFrame("gating_n_fft", FRAMES_OF_A_GATE * options.gating_n_fft, gates=True)]
    return [*_own_frames(options, sample_rate_hz), *gate]


def _of_a_part(options: PartOfClip, sample_rate_hz: int | None) -> list[AnalysisFrame]:
    """The frames within a part of a clip; where the sample rate is known, up to where the first of them ends."""
    inside = [replace(one, place=f"the part's {one.place}") for one in analysis_frames(options.inner(), sample_rate_hz)]
    if sample_rate_hz is None:
        return inside
    begin, end = options.ends(sample_rate_hz)
    for frame in inside:
        if frame.n_samples > end - begin:
            raise InputError(
                f"the part from {options.from_seconds:g} to {options.to_seconds:g} s has {end - begin} samples, fewer "
                f"than a frame of {frame.place} = {frame.n_samples:g}. Choose a longer part, or a shorter frame."
            )
    return [replace(one, n_samples=begin + one.n_samples) for one in inside]


def check_hops(options: Any) -> None:
    """Refuse a front end, or a classifier that holds one, whose frames leave samples between them."""
    for frame in analysis_frames(options):
        if frame.hop is not None and frame.hop > frame.n_samples:
            raise InputError(
                f"a hop of {frame.hop} samples is longer than a frame of {frame.place} = {frame.n_samples:g} samples: "
                f"what lies between two frames would be seen by none. Choose a hop of at most {frame.n_samples:g}, or "
                "a longer frame."
            )


def check_short_clips(study: Study, clips: Clips) -> list[str]:
    """Notes of clips shorter than a frame or than a gate needs, where that is allowed; InputError otherwise."""
    lengths = clips.n_samples.clamp_max(clips.waveform.shape[-1])
    notes = []
    for place, frame in _frames_of(study, clips.sample_rate_hz):
        short = torch.nonzero(lengths < frame.n_samples).flatten().tolist()
        if not short:
            continue
        needed = f"{frame.n_samples:g} samples"
        needed += f" that its gate needs ({FRAMES_OF_A_GATE} {frame.place})" if frame.gates else f" of {frame.place}"
        allowed = frame.gates or study.short_clips == "pad"
        if len(short) == len(clips) or not allowed:
            raise InputError(f"study {study.name!r}, {place}: {_refused(clips, lengths, short, frame, needed)}")
        effect = "are not gated" if frame.gates else "are seen beside the silence behind them"
        notes.append(f"{place}: {len(short)} of {len(clips)} clips are shorter than the {needed} and {effect}")
    return notes


def _refused(clips: Clips, lengths: Tensor, short: list[int], frame: AnalysisFrame, needed: str) -> str:
    """Which clips are too short, and what to do."""
    rate = f"at {clips.sample_rate_hz} Hz"
    remedy = 'a smaller gating_n_fft, or gating = "none"' if frame.gates else "a shorter frame"
    if len(short) == len(clips):
        return (
            f"all {len(clips)} clips are shorter than the {needed}; the longest has {int(lengths.max())}, {rate}. "
            f"Choose {remedy}, or recordings that are longer."
        )
    shortest = min(short, key=lambda clip: int(lengths[clip]))
    return (
        f"{len(short)} of {len(clips)} clips are shorter than the {needed}; the shortest, {clips.names[shortest]!r}, "
        f"has {int(lengths[shortest])}, {rate}. Choose {remedy}, leave them out of the recordings, or take them with "
        'the silence behind them: short_clips = "pad" in the study.'
    )


def _frames_of(study: Study, sample_rate_hz: int) -> Iterator[tuple[str, AnalysisFrame]]:
    """Every frame of the study, with its place."""
    for choice in study.front_ends:
        for frame in analysis_frames(build("front end", choice), sample_rate_hz):
            yield f"front end {choice.key!r}", frame
    for system in study.systems:
        for frame in analysis_frames(build("classifier", system.classifier), sample_rate_hz):
            yield f"system {system.name!r}", frame


def _own_frames(options: Any, sample_rate_hz: int | None) -> list[AnalysisFrame]:
    """Of a front end that holds no other."""
    if isinstance(options, AstFbank | KaldiFbank | Leaf | EfficientLeaf):
        return [] if sample_rate_hz is None else [_frame_in_seconds(options, sample_rate_hz)]
    if isinstance(options, MultiResolution):
        return [AnalysisFrame("shortest of windows", min(options.windows), options.hop)]
    if isinstance(options, DifferentiableStft):
        widest = WIDEST_LEARNT_HOP * options.hop if options.learn_hop else options.hop
        return [AnalysisFrame("shortest", options.shortest, widest)]
    hop, n_ears = getattr(options, "hop", None), getattr(options, "n_ears", 1)
    named = {name: getattr(options, name, None) for name in ("win_length", "n_fft", "n_window")}
    said = [
        AnalysisFrame(name, n_ears * length, hop and n_ears * hop)
        for name, length in named.items()
        if isinstance(length, int)
    ]
    return said[:1] if isinstance(hop, int) else []


def _frame_in_seconds(options: AstFbank | KaldiFbank | Leaf | EfficientLeaf, sample_rate_hz: int) -> AnalysisFrame:
    if isinstance(options, Leaf | EfficientLeaf):
        return AnalysisFrame("window_seconds", odd(options.window_seconds * sample_rate_hz), options.hop)
    fbank = options if isinstance(options, KaldiFbank) else KaldiFbank()  # the transformer's frames are Kaldi's
    return AnalysisFrame("frame_seconds", fbank.frame_samples(sample_rate_hz)[0])
