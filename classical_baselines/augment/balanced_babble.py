# classical_baselines/augment/balanced_babble.py
"""Babble that favours no class and knows nothing of the clip behind it: what tests are held in.

For each clip, talkers are drawn

    class       one after another from an order of the classes drawn anew for each clip, from the start again where
                there are fewer classes than talkers
    recording   any of that class whose group (speaker, patient, source recording) is not the clip's own, none twice

A class that has no such recording is passed over. Each talker sounds as in the babble that training clips are varied by
(`noise.voice_of`).

    talkers   [batch, talker]     indices into the pool
    noise     [batch, sample]     the whole window, of no particular level: `waveform.added_at_snr` sets it
"""

from collections.abc import Sequence
from itertools import cycle, islice

import torch
from torch import Tensor

from classical_baselines.augment.noise import N_TALKERS, voice_of
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.streamed_rows import Rows


def balanced_talkers(targets: Tensor, groups: Sequence[str], rows: Sequence[int], generator: torch.Generator) -> Tensor:
    """[batch, talker] for the clips `rows` of a pool with classes [clip] and groups ("" where a set has none)."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group = torch.tensor([numbers[name] for name in groups])
    is_grouped = torch.tensor([name != "" for name in groups])
    of_class = [(targets == label).nonzero()[:, 0] for label in targets.unique()]
    chosen = []
    for row in rows:
        apart = (group != group[row]) | ~is_grouped
        apart[row] = False
        if int(apart.sum()) < N_TALKERS:
            raise InputError(
                f"Babble for a clip is made of {N_TALKERS} clips of other groups than its own, and clip {row} (group "
                f"{groups[row]!r}) has {int(apart.sum())} of them. Choose white or pink noise."
            )
        order = torch.randperm(len(of_class), generator=generator).tolist()
        talkers: list[int] = []
        for label in islice(cycle(order), N_TALKERS * len(order)):
            free = of_class[label][apart[of_class[label]]]
            if len(free) and len(talkers) < N_TALKERS:
                talkers.append(int(free[torch.randint(len(free), (), generator=generator)]))
                apart[talkers[-1]] = False
        chosen.append(talkers)
    return torch.tensor(chosen)


def babble_of(pool: Rows, n_samples: Tensor, talkers: Tensor, generator: torch.Generator) -> Tensor:
    """The sum of the `talkers` [batch, talker], recordings of the pool [clip, sample] with lengths [clip]."""
    noise = torch.zeros(len(talkers), pool.shape[1], dtype=pool.dtype, device=pool.device)
    for talker in talkers.unbind(dim=1):
        noise += voice_of(pool, n_samples, talker, generator)
    return noise
