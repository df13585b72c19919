# classical_baselines/harness/memory_format.py
"""In which order a network's weights lie in memory while it trains, and when the faster order must not be taken.

torch 2.13's CPU build writes beyond its buffers in the backward pass of a convolution of 1 x 1 with a stride above 1
and fewer than 8 input channels, where the channel comes last (found with `residual-cnn`, stem_width = 4: the process
dies of a segmentation fault or a corrupted heap). Such a network trains with the channel first: slower, and safe.
"""

import torch
from torch import nn

FEWEST_CHANNELS = 8


def safe_memory_format(network: nn.Module, wanted: torch.memory_format) -> torch.memory_format:
    """The format that is wanted, or the channel first where a convolution of the network cannot bear it last."""
    if wanted == torch.channels_last and any(map(_breaks, network.modules())):
        return torch.contiguous_format
    return wanted


def _breaks(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and max(module.stride) > 1
        and module.in_channels < FEWEST_CHANNELS
    )
