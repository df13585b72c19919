"""Multiply-accumulates counted a second way: by what PyTorch dispatches, with the formula that its counter lacks."""

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_CPU_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


def _cpu_attention(query_shape, key_shape, value_shape, *args, out_shape=None, **kwargs):
    return sdpa_flop_count(query_shape, key_shape, value_shape)


def dispatched_macs(module, *inputs):
    """Half the floating-point operations of every matrix product and convolution that one call dispatches."""
    was_training = module.training
    with FlopCounterMode(display=False, custom_mapping={_CPU_ATTENTION: _cpu_attention}) as counter:
        module.eval()(*inputs)
    module.train(was_training)
    return counter.get_total_flops() / 2
