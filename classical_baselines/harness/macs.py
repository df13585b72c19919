# classical_baselines/harness/macs.py
"""Exact analytic operation counts of a float network, by forward hooks on its leaf modules.

The arithmetic of each kind of layer is that of `layer_operations`. Here stands what lies between layers:
- A batch norm that directly reads a convolution or linear map is folded into it and leaves one add for each element;
  any other costs a multiply and an add.
- `sram_bytes` of a layer: each of its weights once, its input and its output, 4 bytes an element. A folded batch norm
  and an activation that directly reads a linear map work on the accumulator before it is written, and move nothing.

A leaf module without an entry in `COUNTERS` is an error, never zero, and so is a parameter that no counted module
owns. A module counts itself by a method `layer_operations(inputs, output)` that returns {operation: count}, and by
`n_deployed_weights()` where these are fewer than its parameters; its children are then not visited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from classical_baselines.harness.layer_operations import COUNTERS, LayerOperations
from classical_baselines.harness.operations import OperationCounts

BYTES_PER_FLOAT = 4


class UncountedModuleError(TypeError):
    """A module or a parameter of which the counter does not know the cost."""


@dataclass
class LayerCost:
    """What one leaf module cost, summed over its calls for one example."""

    operations: dict[str, float] = field(default_factory=dict)
    weight_bytes: float = 0.0
    activation_bytes: float = 0.0  # moved in and out
    peak_bytes: float = 0.0  # input and output of the dearest call

    def add(self, operations: LayerOperations) -> None:
        for name, count in operations.items():
            self.operations[name] = self.operations.get(name, 0.0) + count


_LINEAR_MAPS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.GELU, nn.Sigmoid, nn.Tanh)
_VIEWS = (nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout2d, nn.Identity)


def layer_costs(module: nn.Module, *inputs: Tensor) -> dict[str, LayerCost]:
    """Run `module` once on `inputs` (a batch of 1), in evaluation mode, and cost each leaf module by its name."""
    walk = _Walk()
    handles = [leaf.register_forward_hook(partial(walk.visit, name or "model")) for name, leaf in _leaves(module)]
    try:
        with evaluating(module), torch.enable_grad():  # gradients on: fused fast paths would bypass the submodules
            module(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    for name, parameter in module.named_parameters():
        if id(parameter) not in walk.counted_parameters:
            raise UncountedModuleError(
                f"The parameter {name!r} of {type(module).__name__} is used by no module that is counted. Give its "
                "arithmetic a module of its own with a method layer_operations(inputs, output)."
            )
    return walk.costs


def count_modules(module: nn.Module, *inputs: Tensor, stage: str = "network") -> OperationCounts:
    """Operations and memory traffic of one example, by layer; see the conventions above."""
    counts: dict[tuple[str, str, str], float] = {}
    for name, cost in layer_costs(module, *inputs).items():
        for operation, n in cost.operations.items():
            counts[stage, name, operation] = n
        n_bytes = cost.weight_bytes + cost.activation_bytes
        if n_bytes:
            counts[stage, name, "sram_bytes"] = n_bytes
    return OperationCounts(counts)


def peak_activation_bytes(module: nn.Module, *inputs: Tensor) -> int:
    """The most that one layer holds as its input and output."""
    return int(max((cost.peak_bytes for cost in layer_costs(module, *inputs).values()), default=0.0))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode within the block; every submodule gets its own mode back."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in training.items():
            part.training = mode


class _Walk:
    """What is gathered while the hooks fire."""

    def __init__(self) -> None:
        self.costs: dict[str, LayerCost] = {}
        self.counted_parameters: set[int] = set()
        self._alive: list[Tensor] = []  # so that no id is given twice
        self._accumulators: set[int] = set()  # outputs that a batch norm folds into
        self._unwritten: set[int] = set()  # outputs that an activation is fused with

    def visit(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        tensors = tuple(x for x in inputs if isinstance(x, Tensor))
        result = output if isinstance(output, Tensor) else cast(Tensor, output[0])
        source = id(tensors[0]) if tensors else 0
        cost = self.costs.setdefault(name, LayerCost())
        folded = isinstance(module, _BATCH_NORMS) and source in self._accumulators
        fused = folded or (isinstance(module, _ACTIVATIONS) and source in self._unwritten)
        cost.add({"add_fp32": float(result.numel())} if folded else _operations(name, module, tensors, result))
        cost.weight_bytes = BYTES_PER_FLOAT * float(_n_weights(module, folded))
        held = BYTES_PER_FLOAT * float(sum({id(x): x.numel() for x in (*tensors, result)}.values()))
        moved = BYTES_PER_FLOAT * float(sum(x.numel() for x in tensors) + result.numel())
        if not (fused or isinstance(module, _VIEWS)):
            cost.activation_bytes += moved
            cost.peak_bytes = max(cost.peak_bytes, held)
        self.counted_parameters.update(id(parameter) for parameter in module.parameters())
        self._alive += [*tensors, result]
        if isinstance(module, _LINEAR_MAPS):
            self._accumulators.add(id(result))
        if folded or isinstance(module, _LINEAR_MAPS):
            self._unwritten.add(id(result))


def _operations(name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> LayerOperations:
    own = getattr(module, "layer_operations", None)
    if own is not None:
        return cast(LayerOperations, own(inputs, output))
    if type(module) not in COUNTERS:
        raise UncountedModuleError(
            f"The cost of {type(module).__name__} ({name}) is not known. Give it a method "
            "layer_operations(inputs, output), or an entry in classical_baselines.harness.macs.COUNTERS."
        )
    return COUNTERS[type(module)](module, inputs, output)


def _n_weights(module: nn.Module, folded: bool) -> int:
    if isinstance(module, _BATCH_NORMS):  # what stays of it: a shift, with a scale where it is not folded
        return module.num_features * (1 if folded else 2)
    own = getattr(module, "n_deployed_weights", None)
    return sum(parameter.numel() for parameter in module.parameters()) if own is None else int(own())


def _leaves(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules that are costed as a whole: that count themselves, that the registry has, or without children."""
    children = list(module.named_children())
    if hasattr(module, "layer_operations") or type(module) in COUNTERS or not children:
        yield prefix, module
        return
    for name, child in children:
        yield from _leaves(child, f"{prefix}.{name}" if prefix else name)
