# studies/silent_clips.py
"""Silent clips beside a code that has no state for them: refused by name, before any training.

A clip whose samples are all equal gives a picture without contrast, and an amplitude code divides by the norm of the
contrast, which is 0. Such clips are looked for where a code of the study refuses a picture of zeros; each is then taken
through the front end, as a front end may show more of it than silence.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips, Encoder
from classical_baselines.harness.seeds import generator_for
from studies.registries import build
from studies.specification import Study, System

CLIPS_AT_ONCE = 256
MOST_NAMED = 5


def check_silent_clips(study: Study, clips: Clips, picture_of: Mapping[str, Tensor]) -> None:
    """Refuse silent clips that a code of the study has no state for; `picture_of` has a picture [1, mel, frame] of each
    front end, of which the size counts."""
    unable = [
        system
        for system in study.systems
        if not _has_state(
            build("encoder", system.encoder), torch.zeros_like(picture_of[study.front_end_of(system).key])
        )
    ]
    if not unable:
        return
    silent = list(_silent(clips))
    for system in unable if silent else []:
        _check(study, system, clips, silent)


def _silent(clips: Clips) -> Iterator[int]:
    """Clips whose samples are all equal; behind its own end a clip is zero."""
    for first in range(0, len(clips), CLIPS_AT_ONCE):
        waveforms = clips.waveform[first : first + CLIPS_AT_ONCE]
        equal = (waveforms == waveforms[:, :1]).all(1)
        yield from (first + equal.nonzero().flatten()).tolist()


def _check(study: Study, system: System, clips: Clips, silent: list[int]) -> None:
    front_end = build("front end", study.front_end_of(system))
    encoder = build("encoder", system.encoder)
    refused = []
    for number in silent:
        clip = clips.subset([number])
        levels = front_end(clip.waveform, clip.n_samples, clip.sample_rate_hz).float()
        if front_end.gives == "decibels":  # the limits are fitted later: what is all at one level, silence, goes to 0
            levels = levels - levels.min()
            levels = levels / levels.max().clamp_min(1.0)
        if not _has_state(encoder, levels):
            refused.append(number)
    if not refused:
        return
    named = ", ".join(repr(clips.names[number]) for number in refused[:MOST_NAMED])
    named += f" and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
    remedy = ", or give the encoder silence = 'uniform'" if hasattr(encoder, "silence") else ", or choose another code"
    raise InputError(
        f"study {study.name!r}, system {system.name!r}: {len(refused)} of {len(clips)} clips are silent (all samples "
        f"equal), so their amplitudes have norm 0 and the encoder {system.encoder.name!r} has no state for them: "
        f"{named}. Leave them out of the recordings{remedy}."
    )


def _has_state(encoder: Encoder, picture: Tensor) -> bool:
    try:
        encoder(picture, generator_for(0, "dry-run"))
    except InputError:
        return False
    return True
