# classical_baselines/harness/macs.py
"""Exact analytic operation counts of a float network, by forward hooks on its leaf modules.

The arithmetic of each kind of layer is that of `layer_operations`. Here stands what lies between layers:
- A batch norm of the channels of the convolution or linear map that it directly reads is folded into it and leaves one
  add for each element, or none where that map has a bias to take its shift in; any other costs a multiply and an add.
- `sram_bytes` of a layer: each of its weights once, each tensor that it is given and its output, 4 bytes an element. A
  folded batch norm and an activation that directly reads a linear map work on the accumulator before it is written, and
  move nothing. Nor does a layer without arithmetic: it is a view, or a part that only the training has.

A leaf module without an entry in `COUNTERS` is an error, never zero, and so is a parameter that no counted module
owns. A module counts itself by a method `layer_operations(inputs, output)` that returns {operation: count}, and by
`n_deployed_weights()` where these are not its parameters, or `n_deployed_weights_at(output)` where they depend on the
size of what it gives, as a table of positions does; its children are then not visited.
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

    def add(self, operations: LayerOperations) -> None:
        for name, count in operations.items():
            self.operations[name] = self.operations.get(name, 0.0) + count


_LINEAR_MAPS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.GELU, nn.Sigmoid, nn.Tanh)


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
        self._accumulators: dict[int, tuple[int, bool]] = {}  # outputs of linear maps: (channels, whether biased)

    def visit(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        tensors = tuple(x for x in inputs if isinstance(x, Tensor))
        result = output if isinstance(output, Tensor) else cast(Tensor, output[0])
        source = id(tensors[0]) if tensors else 0
        cost = self.costs.setdefault(name, LayerCost())
        n_channels, biased = self._accumulators.get(source, (0, False))
        folded = isinstance(module, _BATCH_NORMS) and module.num_features == n_channels
        if folded:
            operations: LayerOperations = {} if biased else {"add_fp32": float(result.numel())}
            n_weights = 0 if biased else n_channels
        else:
            operations, n_weights = _operations(name, module, tensors, result), _n_weights(module, result)
        cost.add(operations)
        # a table of places is stored at its largest
        cost.weight_bytes = max(cost.weight_bytes, BYTES_PER_FLOAT * float(n_weights))
        fused = folded or (isinstance(module, _ACTIVATIONS) and source in self._accumulators)
        is_view = not any(operations.values())
        if not (fused or is_view):
            n_read = sum({id(x): x.numel() for x in tensors}.values())
            cost.activation_bytes += BYTES_PER_FLOAT * float(n_read + result.numel())
        self.counted_parameters.update(id(parameter) for parameter in module.parameters())
        self._alive += [*tensors, result]
        if isinstance(module, _LINEAR_MAPS):
            self._accumulators[id(result)] = (module.weight.shape[0], module.bias is not None)
        elif folded:
            self._accumulators[id(result)] = (n_channels, True)
        elif is_view and source in self._accumulators:
            self._accumulators[id(result)] = self._accumulators[source]
        elif not is_view:
            self._accumulators.pop(id(result), None)  # an activation in place gives the very tensor that it was given


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


def _n_weights(module: nn.Module, output: Tensor) -> int:
    if isinstance(module, _BATCH_NORMS):  # a scale and a shift, in which its four constants become two
        return 2 * module.num_features
    if hasattr(module, "n_deployed_weights_at"):
        return int(cast(Any, module).n_deployed_weights_at(output))
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
