"""The clips of a binaural set, made of the recordings of another and kept in shards of the cache.

    waveform   [clip, 2 sample]   both ears sample by sample (`ears`), 16-bit steps; zeros behind a clip's own end
    targets    the sector of the azimuth
    groups     the head; both sets of Surrey are one
    folds      the unit of sources: speaker, or fold of the recordings
    names      `directions.Placed`: responses, size of the head, azimuth, recording

Half of the clips of scaled heads, by a draw, stand in a room that is made (`made_rooms`), but where the responses hold
the echoes of one already.

The rate that is told is 2 x 16 kHz, as a second has that many samples. All that is drawn for a clip is seeded by its
name. The key of the cache is the recordings, the responses, what is made of them, and the source of this package.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from classical_baselines.data.binaural.directions import sector_labels, sector_of
from classical_baselines.data.binaural.ears import N_EARS, interleaved
from classical_baselines.data.binaural.made_rooms import in_made_room
from classical_baselines.data.binaural.placement import MEASURED, Placement, Source, placements_of
from classical_baselines.data.binaural.rendering import heard
from classical_baselines.data.binaural.responses import ECHOIC, SAMPLE_RATE_HZ, Responses
from classical_baselines.data.binaural.scaled_heads import SCALES, scaled
from classical_baselines.data.cache import cache_folder
from classical_baselines.data.named_draws import generator_of
from classical_baselines.data.shards import Made, complete_shards
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Clips
from classical_baselines.harness.streamed_rows import StreamedRows, fits_in_memory

CLIPS_PER_SHARD = 512
TOLD_RATE_HZ = N_EARS * SAMPLE_RATE_HZ
SHARE_IN_ROOMS = 0.5  # of the clips of scaled heads: as many with echoes as without
LONGEST_SECONDS = 1.0  # of a clip: as much of a recording as sounds


def binaural_clips(
    recordings: Clips,
    units: Sequence[str],
    responses: Mapping[str, Responses],
    n_sets: int,
    clip_seconds: float,
    sample_rate_hz: int | None = None,
) -> Clips:
    """Each recording, of a unit each, through `n_sets` of the sets of responses, and scaled heads (`placements_of`)."""
    if recordings.sample_rate_hz != SAMPLE_RATE_HZ or sample_rate_hz not in (None, TOLD_RATE_HZ):
        raise InputError(
            f"clips of two ears stand at {TOLD_RATE_HZ} Hz, {N_EARS} x {SAMPLE_RATE_HZ}: their samples take turns, and "
            f"no other rate is made; got {sample_rate_hz}. Leave sample_rate_hz out."
        )
    if not 0 < clip_seconds <= LONGEST_SECONDS:
        raise InputError(
            f"clip_seconds of two ears must be above 0 and at most {LONGEST_SECONDS:g}; got {clip_seconds}."
        )
    n_samples = round(clip_seconds * SAMPLE_RATE_HZ)
    heads_of_all_sizes = {
        (name, scale): scaled(of.ir, scale) for name, of in responses.items() for scale in (*MEASURED, *SCALES)
    }
    sources = [
        Source(name, unit, recordings.label_names[int(target)])
        for name, unit, target in zip(recordings.names, units, recordings.targets, strict=True)
    ]
    placements = placements_of(sources, responses, n_sets)
    portions = [placements[first : first + CLIPS_PER_SHARD] for first in range(0, len(placements), CLIPS_PER_SHARD)]

    def made(number: int) -> Made:
        rows = np.zeros((len(portions[number]), N_EARS * n_samples), dtype=np.float32)
        lengths = []
        for row, one in zip(rows, portions[number], strict=True):
            clip = _clip_of(recordings, one, heads_of_all_sizes[one.placed.responses, one.placed.scale], n_samples)
            row[: len(clip)] = clip
            lengths.append(len(clip))
        return rows, {"n_samples": lengths, "hashes": [hashlib.sha256(row.tobytes()).hexdigest() for row in rows]}

    folder = cache_folder() / "binaural" / _key(recordings, placements, responses, n_samples)
    shards = complete_shards(folder, len(portions), made)

    def read(clips: Tensor) -> Tensor:
        rows = np.empty((len(clips), N_EARS * n_samples), dtype=np.float32)
        numbers = clips.numpy() // CLIPS_PER_SHARD
        for number in np.unique(numbers):
            here = numbers == number
            rows[here] = shards.mapped(int(number))[clips.numpy()[here] % CLIPS_PER_SHARD]
        return torch.from_numpy(rows)

    streamed = StreamedRows(read, (len(placements), N_EARS * n_samples))
    targets = sector_of(np.array([one.placed.azimuth_deg for one in placements]))
    heads = tuple(responses[one.placed.responses].head for one in placements)
    folds = tuple(sources[one.recording].unit for one in placements)
    digest = hashlib.sha256(f"{TOLD_RATE_HZ}\x1f{n_samples}".encode())
    of_samples = [one for facts in shards.facts for one in facts["hashes"]]
    for told in zip(placements, heads, folds, of_samples, strict=True):
        digest.update("\x1f".join([told[0].placed.name, *told[1:3]]).encode() + b"\x1e" + bytes.fromhex(told[3]))
    return Clips(
        inputs={"waveform": streamed[:] if fits_in_memory(streamed.shape) else streamed},
        n_samples=torch.tensor([n for facts in shards.facts for n in facts["n_samples"]]),
        targets=torch.from_numpy(targets),
        groups=heads,
        folds=folds,
        names=tuple(one.placed.name for one in placements),
        label_names=sector_labels(),
        sample_rate_hz=TOLD_RATE_HZ,
        content_hash=digest.hexdigest(),
    )


def _clip_of(recordings: Clips, one: Placement, around: np.ndarray, n_samples: int) -> np.ndarray:
    """The clip [2 sample at most] of a placement; it depends on its recording, the head's responses and its name alone.

    `around` is [position, ear, tap], of a head of that size.
    """
    samples = recordings.waveform[[one.recording]][0, : int(recordings.n_samples[one.recording])]
    ir = around[one.position]
    draw = generator_of("binaural/1", "dither", one.placed.name)
    if not (one.placed.is_measured or one.placed.responses in ECHOIC) and draw.random() < SHARE_IN_ROOMS:
        ir = in_made_room(ir, around, SAMPLE_RATE_HZ, draw)
    both = heard(samples.numpy().astype(np.float64), ir, n_samples, SAMPLE_RATE_HZ, draw)
    return interleaved(torch.from_numpy(both)).numpy().astype(np.float32)


def _key(recordings: Clips, placements: Sequence[Placement], responses: Mapping[str, Responses], n_samples: int) -> str:
    digest = hashlib.sha256(repr((recordings.content_hash, recordings.waveform.shape, n_samples)).encode())
    for one in placements:
        digest.update(one.placed.name.encode() + b"\x1e")
    for name, of in responses.items():
        digest.update(name.encode() + of.ir.tobytes() + of.azimuth_deg.tobytes())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
