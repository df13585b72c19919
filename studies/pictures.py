# studies/pictures.py
"""Pictures of a whole data set, computed once and kept on disk by content.

A front end has no fitted state, so the picture of a clip depends on the clip, the front end's options, its code and
the speed at which the clip is played: these, with the data's content hash, are the key. Limits are fitted later, on
training clips.

    pictures   [clip, mel, frame]   float32, memory-mapped

The cache stands under TRICHORD_CACHE (or the user's cache folder); a file is written aside and renamed, and one that
cannot be read is computed again.
"""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.augment.waveform import speed_perturbed
from classical_baselines.augment.waveform_variation import WaveformVariation
from classical_baselines.data.cache import cache_folder
from classical_baselines.harness.contracts import Clips, FrontEnd
from studies.code_version import code_of

BATCH = 512  # clips per call of the front end: bounds the memory of its frames


def pictures(clips: Clips, front_end: FrontEnd, speed: float = 1.0) -> Tensor:
    """The front end's picture of every clip, played at `speed` (1.1: ten per cent faster)."""
    path = cache_folder() / "pictures" / f"{_key(clips, front_end, speed)}.npy"
    cached = _read(path, len(clips))
    if cached is None:
        cached = _computed(clips, front_end, speed)
        _write(path, cached)
    return torch.from_numpy(np.array(cached))  # a copy: the file is mapped read-only


def varied_pictures(clips: Clips, front_end: FrontEnd, vary: WaveformVariation, generator: torch.Generator) -> Tensor:
    """The front end's pictures of copies of the clips whose sound is varied; drawn anew, and so not kept on disk."""
    waveforms, n_samples = vary(clips.waveform, clips.n_samples, clips.sample_rate_hz, generator)
    parts = zip(waveforms.split(BATCH), n_samples.split(BATCH), strict=True)
    return torch.cat([front_end(part, lengths, clips.sample_rate_hz).float() for part, lengths in parts])


def _computed(clips: Clips, front_end: FrontEnd, speed: float) -> np.ndarray[Any, Any]:
    waveforms, n_samples = clips.waveform, clips.n_samples
    parts = []
    for first in range(0, len(clips), BATCH):
        part, lengths = waveforms[first : first + BATCH], n_samples[first : first + BATCH]
        if speed != 1.0:
            part, lengths = speed_perturbed(part, lengths, speed)
        parts.append(front_end(part, lengths, clips.sample_rate_hz).float())
    return torch.cat(parts).numpy()


def _key(clips: Clips, front_end: FrontEnd, speed: float) -> str:
    code = code_of({type(front_end).__module__, speed_perturbed.__module__}).digest
    shape = f"{list(clips.waveform.shape)}/{clips.sample_rate_hz}"
    text = "\n".join([clips.content_hash, shape, repr(front_end), repr(float(speed)), code])
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path, n_clips: int) -> np.ndarray[Any, Any] | None:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return values if values.ndim == 3 and len(values) == n_clips else None


def _write(path: Path, values: np.ndarray[Any, Any]) -> None:
    """Keep the pictures; a full or read-only disk only costs the next cell its time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.save(file, values)
        Path(file.name).replace(path)
    except OSError:
        return
