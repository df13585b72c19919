"""Operations and bytes of a network counted a second way: by what PyTorch dispatches as it runs, operator by operator.

Nothing here asks a layer what it costs. Each operator that is dispatched is counted from its own shapes, and only where
one of its inputs comes from the clip: what does not (tables of positions, masks of weights) is there before a clip is.
Bytes are the tensors that cross the borders of a layer: those that its operators read and that were made outside it.

Conventions, each of which the counts of `harness.macs` hold too:
- A layer is a module that counts itself, one of torch's own without children, or a recurrence.
- A constant weight that is 0, but for rounding, is neither stored nor multiplied. Addresses are not counted. A division
  by a constant is a product with its inverse. To add 0 and to multiply by 1 is nothing.
- A batch norm with one constant for each channel of the convolution or linear map that it reads is folded into it: one
  shift for each element, which a bias would share. Its constants are one shift for each channel then, else a scale too.
- Activations that read the accumulator of a convolution, of a linear map or of a norm folded into one move no bytes.
- An exponential, logarithm, root, division or trigonometric function is one transcendental operation; a sigmoid is an
  exponential, a sum and a division; tanh and erf are one each.
"""

import math
import warnings
from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# They move elements about. What a copy costs is counted where its elements are read.
MOVES = {
    "view", "_unsafe_view", "permute", "transpose", "t", "expand", "slice", "select", "unsqueeze", "squeeze", "clone",
    "cat", "stack", "split", "split_with_sizes", "unsafe_split", "unbind", "alias", "detach", "constant_pad_nd",
    "unfold", "_to_copy", "repeat", "as_strided", "_reshape_alias", "index_select", "index",
}  # fmt: skip
NORMS = {"native_batch_norm", "_native_batch_norm_legit_no_training"}
ACTIVATIONS = {"relu", "hardtanh", "gelu", "sigmoid", "tanh"}


@dataclass(frozen=True)
class Call:
    """One operator that was dispatched."""

    name: str
    args: tuple
    inputs: list  # tensors that come from the clip
    constants: list  # tensors that do not
    results: list

    @property
    def out(self):
        return self.results[0]

    def weight_and_bias(self):
        """Of a linear map: its second factor [.., out] or [out, ..] and what is added."""
        if self.name == "addmm":
            return self.args[2], self.args[0]
        return self.args[1], self.args[2] if self.name == "convolution" else None

    def width(self):
        """Of a linear map or a norm: its channels."""
        if self.name in NORMS:
            return self.args[3].numel()
        weight, _ = self.weight_and_bias()
        return weight.shape[0 if self.name == "convolution" else -1]


def n_not_zero(weight):
    """Weights above the rounding of the largest, in 32 bits."""
    return int((weight.abs() > torch.finfo(torch.float32).eps * weight.abs().max()).sum())


def each(**per_element):
    """So many operations for each element of the result."""
    return lambda call: {operation: n * call.out.numel() for operation, n in per_element.items()}


def linear_map(call):
    weight, bias = call.weight_and_bias()
    if any(weight is x for x in call.inputs):  # a product of two results
        macs = call.out.numel() * call.args[0].shape[-1]
    else:  # every weight is used equally often: once for each place of the output
        macs = n_not_zero(weight) * call.out.numel() // call.width()
    return {"mac_fp32": macs, "add_fp32": call.out.numel() if bias is not None else 0}


def softmax_of(n, n_rows):
    """Maximum, its difference from each, exponentials, their sum, one division, products."""
    sums = n - n_rows
    return {"compare_fp32": sums, "add_fp32": n + sums, "transcendental_fp32": n + n_rows, "multiply_fp32": n}


def attention(call):
    query, key = call.args[:2]
    n_rows, width = math.prod(query.shape[:-1]), query.shape[-1]
    n = n_rows * key.shape[-2]
    counts = softmax_of(n, n_rows)
    return counts | {"mac_fp32": 2 * n * width, "multiply_fp32": counts["multiply_fp32"] + n}


def quotient(call):
    n = call.out.numel()
    return {"transcendental_fp32": n} if len(call.inputs) == len(call.args) else {"multiply_fp32": n}


def log_sum_exp(call):
    n, n_read = call.out.numel(), call.inputs[0].numel()
    sums = n_read - n
    return {"compare_fp32": sums, "add_fp32": n_read + sums + n, "transcendental_fp32": n_read + n}


def layer_norm(call):
    """Mean, differences, squares and their mean, epsilon, a root and a division, a scale; then gain and shift."""
    _, shape, gain, shift = call.args[:4]
    n, length = call.out.numel(), math.prod(shape)
    n_rows = n // length
    return {
        "add_fp32": n_rows * ((length - 1) + length + (length - 1) + 1) + (n if shift is not None else 0),
        "multiply_fp32": n_rows * (1 + length + 1 + length) + (n if gain is not None else 0),
        "transcendental_fp32": 2 * n_rows,
    }


def window_sizes(call):
    """Elements that all windows of a pool read in all."""
    if not call.name.startswith("_adaptive"):
        return call.out.numel() * math.prod(call.args[1])
    sizes = zip(call.inputs[0].shape[-2:], call.out.shape[-2:], strict=True)
    axes = [sum(math.ceil((i + 1) * m / k) - math.floor(i * m / k) for i in range(k)) for m, k in sizes]
    return math.prod(call.out.shape[:-2]) * math.prod(axes)


def average(call):
    n, n_read = call.out.numel(), call.inputs[0].numel() if call.name in ("mean", "sum") else window_sizes(call)
    return {"add_fp32": n_read - n, "multiply_fp32": 0 if call.name == "sum" else n}


COSTS = {
    "convolution": linear_map,
    "addmm": linear_map,
    "mm": linear_map,
    "bmm": linear_map,
    "_scaled_dot_product_flash_attention_for_cpu": attention,
    "add": each(add_fp32=1),
    "sub": each(add_fp32=1),
    "rsub": each(add_fp32=1),
    "mul": each(multiply_fp32=1),
    "div": quotient,
    "minimum": each(compare_fp32=1),
    "relu": each(compare_fp32=1),
    "hardtanh": each(compare_fp32=2),
    "sigmoid": each(transcendental_fp32=2, add_fp32=1),
    "silu": each(transcendental_fp32=2, add_fp32=1, multiply_fp32=1),
    "tanh": each(transcendental_fp32=1),
    "gelu": each(transcendental_fp32=1, multiply_fp32=3, add_fp32=1),  # x / 2 (1 + erf(x / sqrt 2))
    # min(x, 0) - ln(1 + exp(-|x|)); a sign costs nothing
    "log_sigmoid_forward": each(compare_fp32=1, transcendental_fp32=2, add_fp32=2),
    "mean": average,
    "sum": average,
    "avg_pool2d": average,
    "_adaptive_avg_pool2d": average,
    "max_pool2d_with_indices": lambda call: {"compare_fp32": window_sizes(call) - call.out.numel()},
    "_softmax": lambda call: softmax_of(call.out.numel(), call.out.numel() // call.out.shape[call.args[1]]),
    "logsumexp": log_sum_exp,
    "native_layer_norm": layer_norm,
}


def changes_nothing(call):
    """To add 0 and to multiply by 1."""
    neutral = {"add": 0, "rsub": 0, "mul": 1}.get(call.name)
    return neutral is not None and not isinstance(call.args[1], Tensor) and call.args[1] == neutral


class DispatchedOperations(TorchDispatchMode):
    """Counts by layer while it is entered: `operations`, `activation_bytes`, `weight_bytes`, by the layer's name."""

    def __init__(self, module, inputs, bytes_alone):
        super().__init__()
        self.bytes_alone = bytes_alone
        self.operations = defaultdict(lambda: defaultdict(float))
        self.activation_bytes = defaultdict(float)
        self.weight_bytes = defaultdict(float)
        self.names = {id(layer): name for name, layer in layers(module)}
        self.alive = list(inputs)  # so that no id is given twice
        self.of_clip = {id(x) for x in inputs}
        self.kept = {
            id(x): {i} for i, x in enumerate(inputs)
        }  # id of a tensor: places in `sizes` of what it is made of
        self.sizes = [4 * x.numel() for x in inputs]  # bytes of the clip and of every result of a layer
        self.uses = []  # of each call of a layer that moves bytes: (places that it reads, the place of its result)
        self.accumulators = {}  # id of what a linear map or a norm folded into it gave: (channels, biased or not)
        self.enter(None)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        results = [x for x in tree_leaves(result) if isinstance(x, Tensor)]
        inputs = [x for x in tensors if id(x) in self.of_clip]
        constants = [x for x in tensors if id(x) not in self.of_clip]
        name = func.__name__.split(".")[0].rstrip("_")  # in place is alike
        if name == "zeros" and isinstance(self.layer, nn.RNNBase):  # the first state is computed with like any other
            self.of_clip.update(id(x) for x in results)
            self.origins.update((id(x), {}) for x in results)
            self.alive += results
        elif inputs:
            self.alive += [*tensors, *results]
            self.of_clip.update(id(x) for x in results)
            call = Call(name, args, inputs, constants, results)
            if name in MOVES or changes_nothing(call):
                self.move(call)
            else:
                self.compute(call)
        return result

    def move(self, call):
        """Remember from which tensors outside the layer a view or a copy was taken."""
        origins = {}
        for x in call.inputs:
            origins |= self.origins.get(id(x), {id(x): x})
        kept = set().union(*(self.kept.get(id(x), set()) for x in call.inputs))
        for x in call.results:
            self.kept[id(x)] = kept
        for x in call.results:  # a part of a tensor reads that part alone
            is_part = x.numel() < sum(origin.numel() for origin in origins.values())
            self.origins[id(x)] = {id(x): x} if is_part else origins
        self.constants.update(map(identified, call.constants))
        source = self.accumulators.get(id(call.inputs[0]))
        if source is not None and len(call.results) == 1 and call.out.numel() == call.inputs[0].numel():
            self.accumulators[id(call.out)] = source

    def compute(self, call):
        if call.name in NORMS:
            is_fused = self.normalise(call)
        elif call.name in COSTS or self.bytes_alone:
            is_fused = call.name in ACTIVATIONS and id(call.inputs[0]) in self.accumulators
            self.count({} if self.bytes_alone else COSTS[call.name](call))
            self.accumulate(call)
            self.constants.update(map(identified, call.constants))
        else:
            raise NotImplementedError(f"{call.name} reads what comes from the clip, and nothing says what it costs")
        if not is_fused:
            self.moves_bytes = True
            for x in call.inputs:
                self.read.update(self.origins.get(id(x), {id(x): x}))
        self.origins.update((id(x), {}) for x in call.results)  # made here: to read it again crosses no border

    def count(self, counts):
        for operation, n in counts.items():
            self.operations[self.layer_name][operation] += n

    def normalise(self, call):
        """Whether the norm is folded into the linear map that it reads."""
        n, width = call.out.numel(), call.width()
        channels, is_biased = self.accumulators.get(id(call.inputs[0]), (None, False))
        is_folded = channels == width
        if is_folded:
            self.accumulators[id(call.out)] = (width, True)
            self.count({"add_fp32": 0 if is_biased else n})
            self.n_norm_constants += 0 if is_biased else width
        else:
            self.count({"add_fp32": n, "multiply_fp32": n})
            self.n_norm_constants += 2 * width
        return is_folded

    def accumulate(self, call):
        """Keep account of what is the accumulator of a linear map still."""
        source = self.accumulators.pop(id(call.out), None)  # of an operator in place
        source = self.accumulators.get(id(call.inputs[0]), source)
        if call.name == "mul":
            self.factors.update(id(x) for x in call.constants)
        if COSTS.get(call.name) is linear_map and call.constants:
            self.factors.add(id(call.weight_and_bias()[0]))
            self.accumulators[id(call.out)] = (call.width(), call.weight_and_bias()[1] is not None)
        elif call.name == "add" and source is not None and call.constants and call.constants[0].dim() == 1:
            self.accumulators[id(call.out)] = (source[0], True)  # a bias that is added apart

    def peak_bytes(self):
        """The most that the clip and the results of layers hold at once, each from its layer to the last that reads it.

        What the last layer gives is kept; a layer never writes over its input.
        """
        last = dict.fromkeys(range(len(self.sizes)), -1)
        for call, (read, _) in enumerate(self.uses):
            last |= dict.fromkeys(read, call)
        first = {place: call for call, (_, place) in enumerate(self.uses)}
        return max(
            sum(size for place, size in enumerate(self.sizes) if first.get(place, -1) <= call <= last[place])
            + (self.sizes[given] if last[given] < call else 0)
            for call, (_, given) in enumerate(self.uses)
        )

    def n_stored(self, constant):
        if not constant.is_floating_point():
            return 0
        return n_not_zero(constant) if id(constant) in self.factors else constant.numel()

    def enter(self, layer, inputs=()):
        self.layer, self.layer_name = layer, self.names.get(id(layer))
        self.read, self.constants, self.origins, self.factors = {}, {}, {}, set()
        self.moves_bytes, self.n_norm_constants = False, 0

    def leave(self, layer, inputs, output):
        result = output if isinstance(output, Tensor) else output[0]
        n_constants = self.n_norm_constants + sum(self.n_stored(x) for x in self.constants.values())
        # a layer that is called again has its constants still
        self.weight_bytes[self.layer_name] = max(self.weight_bytes[self.layer_name], 4 * n_constants)
        if self.moves_bytes:
            self.activation_bytes[self.layer_name] += 4 * (n_elements(self.read.values()) + result.numel())
            read = set().union(*(self.kept.get(key, set()) for key in self.read))
            self.uses.append((read, len(self.sizes)))
            self.kept[id(result)] = {len(self.sizes)}
            self.sizes.append(4 * result.numel())
        elif id(result) not in self.kept:  # an activation or a norm that works on the accumulator
            tensors = (x for x in inputs if isinstance(x, Tensor))
            self.kept[id(result)] = set().union(*(self.kept.get(id(x), set()) for x in tensors))
        self.enter(None)


def n_elements(tensors):
    """Of tensors of which some may be parts of others: no more of a storage than it has."""
    by_storage = defaultdict(list)
    for x in tensors:
        by_storage[x.untyped_storage().data_ptr()].append(x)
    return sum(
        min(sum(x.numel() for x in parts), parts[0].untyped_storage().nbytes() // 4) for parts in by_storage.values()
    )


def identified(constant):
    """What tells a constant from others, however often it is read and turned around; and the constant."""
    return (constant.untyped_storage().data_ptr(), constant.storage_offset(), constant.numel()), constant


def layers(module, prefix=""):
    """(name, module) of what is one layer; a network that is one layer is called `model`."""
    children = list(module.named_children())
    is_own = hasattr(module, "layer_operations") or isinstance(module, nn.RNNBase | nn.MultiheadAttention)
    if is_own or not children:
        yield prefix or "model", module
        return
    for name, child in children:
        yield from layers(child, f"{prefix}.{name}" if prefix else name)


def dispatched_operations(module, *inputs, bytes_alone=False):
    """The `DispatchedOperations` of one call in evaluation mode; `inputs` is a clip.

    `bytes_alone`: no operator is counted, and one of unknown cost no error.
    """
    was_training = module.training
    module.eval()
    walk = DispatchedOperations(module, inputs, bytes_alone)
    handles = []
    for _, layer in layers(module):
        handles += [layer.register_forward_pre_hook(walk.enter), layer.register_forward_hook(walk.leave)]
    try:
        with torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a switch for another vendor's cards
            # without a gradient attention, and with that library a recurrence, would be one operator
            with torch.backends.mkldnn.flags(enabled=False), walk:
                module(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        module.train(was_training)
    found = {layer: {name: n for name, n in counts.items() if n} for layer, counts in walk.operations.items()}
    walk.operations = defaultdict(dict, {layer: counts for layer, counts in found.items() if counts})
    return walk
