# studies/pictures.py
"""Pictures of a whole data set, computed once and kept on disk by content.

A front end has no fitted state, so the picture of a clip depends on the clip, the front end's options, its code and
the speed at which the clip is played: these, with the data's content hash, are the key. Limits are fitted later, on
training clips.

    pictures   [clip, mel, frame]   float32

They are kept in shards (`picture_shards`), in a folder under TRICHORD_CACHE (or the user's cache folder). Waveforms
are read as each shard is made: neither they nor the pictures of a large set are ever in memory as a whole.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from weakref import finalize

import torch
from torch import Tensor

from classical_baselines.augment.waveform import speed_perturbed
from classical_baselines.augment.waveform_variation import CLIPS_AT_ONCE, WaveformVariation
from classical_baselines.data.cache import cache_folder
from classical_baselines.harness.contracts import Clips, FrontEnd
from classical_baselines.harness.streamed_rows import Rows, fits_in_memory
from studies.code_version import code_of
from studies.picture_shards import CLIPS_PER_SHARD, sharded_pictures


def pictures(clips: Clips, front_end: FrontEnd, speed: float = 1.0) -> Rows:
    """The front end's picture of every clip, played at `speed` (1.1: ten per cent faster)."""

    def of(rows: slice) -> Tensor:
        waveforms, n_samples = clips.waveform[rows], clips.n_samples[rows]
        if speed != 1.0:
            waveforms, n_samples = speed_perturbed(waveforms, n_samples, speed)
        return front_end(waveforms, n_samples, clips.sample_rate_hz).float()

    return sharded_pictures(cache_folder() / "pictures" / _key(clips, front_end, speed), len(clips), of)


def varied_pictures(clips: Clips, front_end: FrontEnd, vary: WaveformVariation, generator: torch.Generator) -> Rows:
    """The front end's pictures of copies of the clips whose sound is varied; drawn anew, so never kept."""
    varied = vary.parts(clips.waveform, clips.n_samples, clips.sample_rate_hz, generator)
    together = iter(lambda: list(islice(varied, CLIPS_PER_SHARD // CLIPS_AT_ONCE)), [])
    made = (
        front_end(torch.cat([one for one, _ in parts]), torch.cat([n for _, n in parts]), clips.sample_rate_hz).float()
        for parts in together
    )
    first = next(made)
    if fits_in_memory((len(clips), *first.shape[1:])):
        return torch.cat([first, *made])
    return _set_aside(chain([first], made), len(clips))


def _set_aside(made: Iterator[Tensor], n_clips: int) -> Rows:
    """Pictures that come shard by shard, on disk for as long as what is returned is in use."""
    folder = tempfile.TemporaryDirectory(dir=cache_folder(), prefix="varied-")
    rows = sharded_pictures(Path(folder.name), n_clips, lambda _: next(made))
    finalize(rows, folder.cleanup)
    return rows


def _key(clips: Clips, front_end: FrontEnd, speed: float) -> str:
    code = code_of({type(front_end).__module__, speed_perturbed.__module__}).digest
    shape = f"{list(clips.waveform.shape)}/{clips.sample_rate_hz}"
    text = "\n".join([clips.content_hash, shape, repr(front_end), repr(float(speed)), code])
    return hashlib.sha256(text.encode()).hexdigest()
