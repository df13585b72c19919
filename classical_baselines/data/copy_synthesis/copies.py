# classical_baselines/data/copy_synthesis/copies.py
"""Bona fide clips and spoofs made of the recordings of another set, kept in shards of the cache.

    samples   [clip, sample]     16-bit steps; bona fide or copied as `assignment` says, finished as `making` says
    groups    those of the recordings
    folds     the attack: whose copy a spoof is, and beside whose copies a bona fide clip is tried

Each recording is cut at the end of a clip, and used once. All that is drawn for it comes from PCG64, seeded by its own
samples and its role, so that a clip depends on no other. The key of the cache is the recordings (their content hash),
the roles, rate, length, and the source of this package: a change of an attack is a change of the key.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.data.cache import cache_folder
from classical_baselines.data.copy_synthesis.assignment import Role, roles_of
from classical_baselines.data.copy_synthesis.attacks import ATTACKS
from classical_baselines.data.copy_synthesis.making import STEP, copy_of, levelled, recorded, unchanged
from classical_baselines.data.shards import Made, complete_shards
from classical_baselines.harness.streamed_rows import StreamedRows, fits_in_memory

if TYPE_CHECKING:
    from classical_baselines.harness.contracts import Clips

LABELS = ("bonafide", "spoof")
CLIPS_PER_SHARD = 512


def copies_of(recordings: "Clips") -> "Clips":
    """As many clips as there are recordings, each as long as its recording."""
    from classical_baselines.harness.contracts import Clips

    hashes = _hashes(recordings)
    roles = roles_of(recordings.groups, recordings.targets.tolist(), hashes, tuple(ATTACKS))
    portions = torch.arange(len(recordings)).split(CLIPS_PER_SHARD)
    n_window = recordings.waveform.shape[1]

    def made(number: int) -> Made:
        clips = portions[number]
        rows = np.zeros((len(clips), n_window), dtype=np.float32)
        given = recordings.waveform[clips].numpy()
        for row, samples, clip in zip(rows, given, clips.tolist(), strict=True):
            own = samples[: int(recordings.n_samples[clip])]
            row[: len(own)] = clip_of(own, roles[clip], hashes[clip], recordings.sample_rate_hz)
        return rows, {"hashes": [hashlib.sha256(row.tobytes()).hexdigest() for row in rows]}

    shards = complete_shards(cache_folder() / "copies" / _key(recordings, roles), len(portions), made)

    def read(clips: Tensor) -> Tensor:
        rows = np.empty((len(clips), n_window), dtype=np.float32)
        numbers = clips.numpy() // CLIPS_PER_SHARD
        for number in np.unique(numbers):
            here = numbers == number
            rows[here] = shards.mapped(int(number))[clips.numpy()[here] % CLIPS_PER_SHARD]
        return torch.from_numpy(rows)

    streamed = StreamedRows(read, tuple(recordings.waveform.shape))
    digest = hashlib.sha256(f"{recordings.sample_rate_hz}\x1f{n_window}".encode())
    of_samples = [one for facts in shards.facts for one in facts["hashes"]]
    for clip, role in enumerate(roles):
        told = (LABELS[role.is_spoof], recordings.groups[clip], role.attack, str(int(recordings.n_samples[clip])))
        digest.update("\x1f".join(told).encode() + b"\x1e" + bytes.fromhex(of_samples[clip]))
    return Clips(
        inputs={"waveform": streamed[:] if fits_in_memory(streamed.shape) else streamed},
        n_samples=recordings.n_samples,
        targets=torch.tensor([int(role.is_spoof) for role in roles]),
        groups=recordings.groups,
        folds=tuple(role.attack for role in roles),
        names=tuple(
            f"{role.attack if role.is_spoof else LABELS[0]}/{name}"
            for role, name in zip(roles, recordings.names, strict=True)
        ),
        label_names=LABELS,
        sample_rate_hz=recordings.sample_rate_hz,
        content_hash=digest.hexdigest(),
    )


def clip_of(samples: NDArray[np.float32], role: Role, seed: str, rate_hz: int) -> NDArray[np.float32]:
    """The clip that a recording [sample] becomes in its role: equally many samples."""
    name = f"copy-synthesis/2/{seed}/{role.attack}/{role.is_spoof}"
    draw = np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")))
    attack = ATTACKS[role.attack] if role.is_spoof else unchanged
    clip = copy_of(levelled(samples.astype(np.float64)), attack, rate_hz, draw)
    return recorded(clip, draw).astype(np.float32)


def _hashes(recordings: "Clips") -> list[str]:
    """Of each recording's own samples in 16 bits, so that a last digit of a resampled one changes nothing."""
    found = []
    for clips in torch.arange(len(recordings)).split(CLIPS_PER_SHARD):
        for samples, n_own in zip(recordings.waveform[clips], recordings.n_samples[clips].tolist(), strict=True):
            steps = np.round(samples[:n_own].numpy() / STEP).astype("<i4")
            found.append(hashlib.sha256(steps.tobytes()).hexdigest())
    return found


def _key(recordings: "Clips", roles: Sequence[Role]) -> str:
    told = (recordings.content_hash, recordings.sample_rate_hz, recordings.waveform.shape, roles)
    digest = hashlib.sha256(repr(told).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
