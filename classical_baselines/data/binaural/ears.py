"""Two ears in the one axis of a waveform, sample by sample.

    both        [..., 2, sample]      left and right, at one rate
    waveform    [..., 2 sample]       left, right, left, right, ...: twice the samples, and twice the rate is told

So a cut at any even place is a cut in time, the seconds of a clip stay what they are, and whatever handles waveforms
without listening to them (shards, hashes, lengths) needs to know nothing. What listens has to part the ears first: an
odd shift would swap them, and a filter would mix them.
"""

from torch import Tensor

from classical_baselines.harness.choices import InputError

N_EARS = 2


def interleaved(both: Tensor) -> Tensor:
    """[..., 2, sample] -> [..., 2 sample].

    >>> import torch
    >>> interleaved(torch.tensor([[1, 2, 3], [4, 5, 6]])).tolist()
    [1, 4, 2, 5, 3, 6]
    """
    return both.transpose(-1, -2).flatten(-2)


def parted(waveform: Tensor) -> Tensor:
    """[..., 2 sample] -> [..., 2, sample]; the last sample of an odd number is one ear's alone, and is left out.

    >>> import torch
    >>> parted(torch.tensor([1, 4, 2, 5, 3, 6, 7])).tolist()
    [[1, 2, 3], [4, 5, 6]]
    """
    n_samples = waveform.shape[-1] // N_EARS
    if n_samples < 1:
        raise InputError(f"a clip of two ears has at least {N_EARS} samples; got {waveform.shape[-1]}.")
    return waveform[..., : N_EARS * n_samples].unflatten(-1, (n_samples, N_EARS)).transpose(-1, -2)
