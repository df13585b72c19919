# classical_baselines/harness/layer_operations.py
"""What each kind of layer costs in float arithmetic, as closed forms over one call.

A multiply-accumulate is one multiply and one add of a convolution, linear map, recurrence or attention. A
convolution costs every tap of its kernel at every output point, so the zeros of its padding are multiplied too. A bias
costs an add for each output. A sigmoid is an exponential, an addition and a division; tanh and erf are one
transcendental operation each. The bias of what a gate of a recurrence reads and that of its state, which are only
summed, cost one addition; where the reset gate of a GRU stands between them they are two. `COUNTERS` has no default: a
kind of layer that is not in it has no known cost. General counters miss attention on this stack
(pytorch/pytorch#195460) and recurrences.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

LayerOperations = Mapping[str, float]
Counter = Callable[[Any, tuple[Tensor, ...], Tensor], LayerOperations]


def convolution_operations(weight: Tensor, output: Tensor, *, biased: bool) -> dict[str, float]:
    """Of a convolution with `weight` [out, in / groups, *kernel]: every tap at every output point."""
    counts = {"mac_fp32": float(output.numel() * math.prod(weight.shape[1:]))}
    return counts | ({"add_fp32": float(output.numel())} if biased else {})


def linear_operations(weight: Tensor, output: Tensor, *, biased: bool) -> dict[str, float]:
    """Of a linear map with `weight` [out, in]."""
    return convolution_operations(weight, output, biased=biased)


def attention_operations(n_batch_heads: int, n_queries: int, n_keys: int, head_width: int) -> dict[str, float]:
    """Of softmax(q k' / sqrt(d)) v: both products, the scale and the softmax."""
    scores = n_batch_heads * n_queries * n_keys
    counts = softmax_operations(n_batch_heads * n_queries, n_keys)
    counts["mac_fp32"] = 2.0 * scores * head_width
    counts["multiply_fp32"] += scores
    return counts


def softmax_operations(n_rows: int, row_length: int) -> dict[str, float]:
    """Of a softmax: subtract the maximum, exponentiate, sum, divide once, scale."""
    n = n_rows * row_length
    return {
        "compare_fp32": float(n - n_rows),
        "add_fp32": float(2 * n - n_rows),
        "transcendental_fp32": float(n + n_rows),
        "multiply_fp32": float(n),
    }


def layer_norm_operations(n_rows: int, row_length: int, *, gains: bool, shifts: bool) -> dict[str, float]:
    """Of a layer norm: mean, centring, variance, one square root and division, scale, and gain and shift."""
    n = n_rows * row_length
    return {
        "add_fp32": float((3 + shifts) * n - n_rows),  # 2 (n - rows) of the sums, n of centring, 1 for epsilon
        "multiply_fp32": float((2 + gains) * n + 2 * n_rows),
        "transcendental_fp32": float(2 * n_rows),
    }


def gelu_operations(n: int) -> dict[str, float]:
    """Of x / 2 (1 + erf(x / sqrt 2)) for n elements."""
    return {"transcendental_fp32": float(n), "multiply_fp32": 3.0 * n, "add_fp32": float(n)}


def mean_operations(n_inputs: int, n_outputs: int) -> dict[str, float]:
    """Of means over disjoint or overlapping windows that read `n_inputs` elements in all."""
    return {"add_fp32": float(n_inputs - n_outputs), "multiply_fp32": float(n_outputs)}


def _convolution(module: nn.Conv1d | nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    return convolution_operations(module.weight, output, biased=module.bias is not None)


def _linear(module: nn.Linear, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    return linear_operations(module.weight, output, biased=module.bias is not None)


def _batch_norm(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del module, inputs
    return {"multiply_fp32": float(output.numel()), "add_fp32": float(output.numel())}


def _layer_norm(module: nn.LayerNorm, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    length = math.prod(module.normalized_shape)
    has = {"gains": module.weight is not None, "shifts": module.bias is not None}
    return layer_norm_operations(output.numel() // length, length, **has)


def _softmax(module: nn.Softmax, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    length = output.shape[-1 if module.dim is None else module.dim]
    return softmax_operations(output.numel() // length, length)


def _per_element(
    module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, **per_element: float
) -> LayerOperations:
    del module, inputs
    return {name: count * output.numel() for name, count in per_element.items()}


def _gelu(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del module, inputs
    return gelu_operations(output.numel())


def _window_size(module: nn.AvgPool2d | nn.MaxPool2d) -> int:
    size = module.kernel_size
    return size * size if isinstance(size, int) else math.prod(size)


def _average_pool(module: nn.AvgPool2d, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    return mean_operations(output.numel() * _window_size(module), output.numel())


def _maximum_pool(module: nn.MaxPool2d, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del inputs
    return {"compare_fp32": float(output.numel() * (_window_size(module) - 1))}


def _adaptive_average_pool(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del module
    # window i of n outputs over m inputs runs from floor(i m / n) to ceil((i + 1) m / n): neighbours may overlap
    n_axes = 1 if output.dim() == 3 else 2
    n_read = math.prod(inputs[0].shape[:-n_axes])
    for m, n in zip(inputs[0].shape[-n_axes:], output.shape[-n_axes:], strict=True):
        n_read *= sum(-(-(i + 1) * m // n) - i * m // n for i in range(n))
    return mean_operations(n_read, output.numel())


def _nothing(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    del module, inputs, output
    return {}


def _recurrence(module: nn.LSTM | nn.GRU, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    n_steps = output.numel() // output.shape[-1]  # steps times batch
    directions = 2 if module.bidirectional else 1
    lstm = isinstance(module, nn.LSTM)
    n_gates, h = (4 if lstm else 3), module.hidden_size
    n_cells = n_steps * directions * h * module.num_layers
    macs = 0.0
    for layer in range(module.num_layers):
        width = module.input_size if layer == 0 else directions * h
        macs += n_steps * directions * n_gates * h * (width + h)
    # LSTM: c = f c + i g, h = o tanh(c), 3 sigmoids and 2 tanh; GRU: h = n + z (h - n), n = tanh(x + r h), 2 sigmoids
    n_sigmoids, n_tanh = (3, 2) if lstm else (2, 1)
    n_biases = (n_gates if lstm else n_gates + 1) if module.bias else 0
    return {
        "mac_fp32": macs,
        "multiply_fp32": (3.0 if lstm else 2.0) * n_cells,
        "add_fp32": float((1 if lstm else 2) + n_gates + n_biases + n_sigmoids) * n_cells,  # a gate sums two products
        "transcendental_fp32": float(2 * n_sigmoids + n_tanh) * n_cells,
    }


def _multihead_attention(module: nn.MultiheadAttention, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    query, key = inputs[0], inputs[1] if len(inputs) > 1 else inputs[0]
    n_queries, n_keys = (x.numel() // x.shape[-1] for x in (query, key))
    n_batch = output.shape[0 if module.batch_first else 1] if output.dim() == 3 else 1
    d = module.embed_dim
    counts = attention_operations(
        n_batch * module.num_heads, n_queries // n_batch, n_keys // n_batch, d // module.num_heads
    )
    key_width, value_width = module.kdim or d, module.vdim or d
    counts["mac_fp32"] += n_queries * d * d * 2 + n_keys * d * (key_width + value_width)
    if module.in_proj_bias is not None:
        counts["add_fp32"] += 2.0 * d * (n_queries + n_keys)
    return counts


COUNTERS: Mapping[type[nn.Module], Counter] = {
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.ReLU: partial(_per_element, compare_fp32=1.0),
    nn.ReLU6: partial(_per_element, compare_fp32=2.0),
    nn.Sigmoid: partial(_per_element, transcendental_fp32=2.0, add_fp32=1.0),  # exponential and division
    nn.Tanh: partial(_per_element, transcendental_fp32=1.0),
    nn.GELU: _gelu,
    nn.Softmax: _softmax,
    nn.AvgPool2d: _average_pool,
    nn.MaxPool2d: _maximum_pool,
    nn.AdaptiveAvgPool1d: _adaptive_average_pool,
    nn.AdaptiveAvgPool2d: _adaptive_average_pool,
    nn.LSTM: _recurrence,
    nn.GRU: _recurrence,
    nn.MultiheadAttention: _multihead_attention,
    nn.Flatten: _nothing,
    nn.Unflatten: _nothing,
    nn.Dropout: _nothing,
    nn.Dropout2d: _nothing,
    nn.Identity: _nothing,
}
