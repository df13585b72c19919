# neuro/interchange/float_graph.py
"""A NIR graph of floats, as another tool wrote it, as layers of synapses and neurons in steps.

    Input -> [Flatten | Delay] -> Affine | Linear | Conv2d -> LIF | CubaLIF | IF -> ... -> Output

NIR's neurons are differential equations. Forward Euler at steps of `dt_seconds`, the spike and its reset after the new
potential, makes of them the neurons of `neuro/neuron.py`:

    LIF       tau dv/dt = v_leak - v + r I              beta = 1 - dt / tau             gain = r dt / tau
    CubaLIF   tau_syn di/dt = -i + w_in S               alpha = 1 - dt / tau_syn        gain = (w_in dt / tau_syn)
              tau_mem dv/dt = v_leak - v + r i          beta = 1 - dt / tau_mem                (r dt / tau_mem)
    IF        dv/dt = r I                               beta = 1                        gain = r dt
    LI, I     as LIF and IF, without a threshold: the last layer alone, whose potential is read

The gain goes into the weights; snnTorch writes r and w_in so that it is 1, up to the rounding of its 32-bit floats, and
then the weights stay as they are. snnTorch writes dt = 1e-4 s whatever the network was trained for, so that
beta = 1 - dt / tau gives its decays back (as 32-bit floats the very ones from 0.5 on, below it within their last bit).

Refused by node, value and limit: what the chip has one of per layer and the graph several (decays, thresholds), a leak
towards another potential than 0, a reset to another than 0, numbers that are none, grouped or dilated convolutions,
delays that are no whole steps of 0 to 63. NIR says nothing of how a spike resets (to 0, or by subtraction), nor of
steps per clip: whoever reads the graph has to know.

Reference: Pedersen et al., Nature Communications 15, 8122 (2024).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from neuro.interchange.nir_graph import DT_SECONDS, MATRICES, Chain, chain_of, holds_integers, read_graph
from neuro.loihi.limits import LARGEST_DELAY
from neuro.neuron import CubaNeuron, LifNeuron

FIRING = ("LIF", "CubaLIF", "IF")
INTEGRATING = ("LI", "I")
KNOWN = ("Input", "Flatten", "Delay", *MATRICES, "Conv2d", *FIRING, *INTEGRATING, "Output")
ADVICE = {
    "AvgPool2d": "The chip does not average spikes: train with a stride in place of the pooling.",
    "SumPool2d": "Train with a stride in place of the pooling.",
    "NIRGraph": "Write its nodes into the graph itself; layers that hear themselves are neurons and one matrix.",
    "Threshold": "Neurons without a potential have no place on the chip.",
    **dict.fromkeys(
        ("BatchNorm", "BatchNorm1d", "BatchNorm2d"),
        "The chip has no batch norm: fold it into the weights and biases before it, then export the graph again.",
    ),
    "Scale": "Multiply it into the weights.",
}
ROUNDING = 1e-6  # of what 32-bit floats make of a gain of 1, or of a share of 0
PICTURE_AXES = 3
INTEGRATOR = LifNeuron(beta=1.0)  # where the graph ends with synapses

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """Synapses into one layer of neurons, as the graph has them; gains are in the weights."""

    node: str  # the synapses' name
    kind: Literal["dense", "convolution"]
    weight: Floats  # dense [neuron, channel]; convolution [map, map_in, mel, frame]
    bias: Floats  # [neuron] or [map]
    input_grid: tuple[int, ...]
    output_grid: tuple[int, ...]
    stride: int = 1
    padding: int = 0
    delays: NDArray[np.int64] | None = None  # [channel], in steps
    neurons: str = ""  # the neurons' name; "": the graph ends with the synapses
    neuron: LifNeuron = INTEGRATOR  # a `CubaNeuron` where the current lasts
    fires: bool = False  # False: the potential alone counts, and the neuron's threshold means nothing
    recurrent: Floats | None = None  # [neuron, neuron]: to, from


@dataclass(frozen=True, eq=False)
class FloatGraph:
    """The layers of a graph, first to last."""

    input_grid: tuple[int, ...]
    layers: tuple[FloatLayer, ...]


def read_float_graph(path: Path, dt_seconds: float = DT_SECONDS) -> FloatGraph:
    """The network of a file; InputError, with the node, where it cannot be read in full."""
    return from_float_graph(read_graph(path, KNOWN, ADVICE), dt_seconds)


def from_float_graph(graph: Any, dt_seconds: float = DT_SECONDS) -> FloatGraph:
    """The network of a `nir.NIRGraph`."""
    if holds_integers(graph):
        raise InputError(
            "the graph holds the chip's integers of a network that trichord wrote, in the units of these integers. "
            "`trichord import-chip` reads it; as a system name the one that it was exported from."
        )
    chain = chain_of(graph, KNOWN, loops=True)
    return _Reader(graph, chain, dt_seconds).read()


class _Reader:
    """Walks the chain once, from the Input on."""

    def __init__(self, graph: Any, chain: Chain, dt_seconds: float) -> None:
        self.graph, self.chain, self.dt_seconds = graph, chain, dt_seconds
        self.grid: tuple[int, ...] = ()
        self.delays: NDArray[np.int64] | None = None  # of what the next synapses read
        self.pending: FloatLayer | None = None  # synapses that wait for their neurons
        self.layers: list[FloatLayer] = []

    def read(self) -> FloatGraph:
        input_grid: tuple[int, ...] = ()
        for name in self.chain.names:
            node = self.graph.nodes[name]
            kind = type(node).__name__
            if kind == "Input":
                self.grid = input_grid = tuple(int(n) for n in np.atleast_1d(next(iter(node.input_type.values()))))
            elif kind == "Flatten":
                self._flatten(node, name)
            elif kind == "Delay":
                self._delay(node, name)
            elif kind in MATRICES or kind == "Conv2d":
                self._synapses(node, name, kind)
            elif kind != "Output":
                self._neurons(node, name, kind)
        if self.pending is not None:  # the graph ends with synapses, whose sums are gathered
            self.layers.append(self.pending)
        if self.delays is not None:
            raise InputError("a Delay stands before the Output, where it only makes the answer late. Leave it out.")
        if not any(layer.fires for layer in self.layers):
            raise InputError(f"the graph has no neurons that fire ({', '.join(FIRING)}): it is no spiking network.")
        return FloatGraph(input_grid, tuple(self.layers))

    def _flatten(self, node: Any, name: str) -> None:
        first, last = int(node.start_dim), int(node.end_dim)
        if first != 0 or last % len(self.grid) != len(self.grid) - 1:
            raise InputError(
                f"node {name!r} flattens the axes {first} to {last} of {_shown(self.grid)}; only all of them are "
                "flattened here: 0 to -1."
            )
        self.grid = (int(np.prod(self.grid)),)

    def _delay(self, node: Any, name: str) -> None:
        steps = np.asarray(node.delay, np.float64).reshape(-1) / self.dt_seconds
        whole = np.round(steps)
        n_channels = int(np.prod(self.grid))
        if self.pending is not None or self.delays is not None:
            raise InputError(f"node {name!r}: a Delay must stand alone before Affine, Linear or a Flatten.")
        if len(steps) not in (1, n_channels):
            raise InputError(f"node {name!r} has {len(steps)} delays for {n_channels} channels. Give one for each.")
        off = ~(np.abs(steps - whole) < 1e-3) | (whole < 0) | (whole > LARGEST_DELAY)
        if off.any():
            bad = float(steps[off][0])
            raise InputError(
                f"node {name!r}: a delay of {bad * self.dt_seconds:g} s is {bad:g} steps of {self.dt_seconds:g} s; the "
                f"chip has whole steps of 0 to {LARGEST_DELAY}. Train with such delays, or with longer steps."
            )
        self.delays = np.broadcast_to(whole.astype(np.int64), (n_channels,)).copy()

    def _synapses(self, node: Any, name: str, kind: str) -> None:
        if self.pending is not None:
            raise InputError(
                f"node {name!r} follows {self.pending.node!r} without neurons between them. Multiply the two into one."
            )
        weight = _numbers(node.weight, name, "weight")
        bias = _numbers(node.bias, name, "bias") if hasattr(node, "bias") else np.zeros(len(weight))
        if kind == "Conv2d":
            self.pending = self._convolution(node, name, weight, bias)
        else:
            if self.grid != (weight.shape[-1],):
                raise InputError(
                    f"node {name!r} reads {weight.shape[-1]} channels; what arrives is {_shown(self.grid)}"
                    + (". Put a Flatten before it." if len(self.grid) > 1 else ". Give both the same number.")
                )
            delays = self.delays if self.delays is not None and self.delays.any() else None
            self.pending = FloatLayer(
                name, "dense", _float32(weight), _float32(bias), self.grid, (len(weight),), delays=delays
            )
        self.delays = None
        self.grid = self.pending.output_grid

    def _convolution(self, node: Any, name: str, weight: Any, bias: Any) -> FloatLayer:
        if self.delays is not None:
            raise InputError(f"node {name!r}: a Delay stands before it; delays are of Affine and Linear alone.")
        stride, padding = _pair(node.stride), _padding(node.padding, weight.shape[2:])
        for what, values, wanted in (("dilation", _pair(node.dilation), 1), ("groups", (int(node.groups),), 1)):
            if set(values) != {wanted}:
                raise InputError(f"node {name!r} has {what} of {_shown(values)}; here it must be {wanted}.")
        for what, values in (("stride", stride), ("padding", padding)):
            if len(set(values)) > 1:
                raise InputError(f"node {name!r} has a {what} of {_shown(values)}; it must be the same on both axes.")
        if len(self.grid) != PICTURE_AXES or self.grid[0] != weight.shape[1]:
            raise InputError(
                f"node {name!r} reads {weight.shape[1]} maps [map, mel, frame]; what arrives is {_shown(self.grid)}."
            )
        sizes = zip(self.grid[1:], weight.shape[2:], strict=True)
        rows = tuple((size + 2 * padding[0] - width) // stride[0] + 1 for size, width in sizes)
        if min(rows) < 1:
            raise InputError(f"node {name!r}: its kernel is larger than the picture of {_shown(self.grid)}.")
        return FloatLayer(
            name,
            "convolution",
            _float32(weight),
            _float32(bias),
            self.grid,
            (len(weight), *rows),
            stride[0],
            padding[0],
        )

    def _neurons(self, node: Any, name: str, kind: str) -> None:
        if self.pending is None:
            raise InputError(f"node {name!r}: synapses (Affine, Linear, Conv2d) must come before neurons.")
        if kind in INTEGRATING and name != self.chain.names[-2]:
            raise InputError(f"node {name!r} of kind {kind} does not fire, so it can only be the last one.")
        neuron, gain = _neuron(node, name, kind, self.dt_seconds)
        n_values, n_neurons = np.size(node.r), int(np.prod(self.grid))
        if n_values not in (1, n_neurons):
            raise InputError(f"node {name!r} has {n_values} neurons; its synapses lead to {_shown(self.grid)}.")
        layer = replace(self.pending, neurons=name, neuron=neuron, fires=kind in FIRING)
        if name in self.chain.loops:
            layer = self._with_loop(layer, self.chain.loops[name])
        if gain != 1.0:
            layer = replace(
                layer,
                weight=_float32(layer.weight * gain),
                bias=_float32(layer.bias * gain),
                recurrent=None if layer.recurrent is None else _float32(layer.recurrent * gain),
            )
        self.layers.append(layer)
        self.pending = None

    def _with_loop(self, layer: FloatLayer, name: str) -> FloatLayer:
        """The layer with what it sends itself; the bias of that matrix arrives in every step, like the layer's own."""
        node = self.graph.nodes[name]
        weight = _numbers(node.weight, name, "weight")
        if layer.kind != "dense" or weight.shape != (len(layer.weight),) * 2:
            raise InputError(
                f"node {name!r} leads {_shown(weight.shape)} back to {layer.neurons!r}; only dense layers hear "
                f"themselves, through a matrix of {_shown((len(layer.weight),) * 2)}."
            )
        bias = layer.bias + _numbers(node.bias, name, "bias") if hasattr(node, "bias") else layer.bias
        return replace(layer, recurrent=_float32(weight), bias=_float32(bias))


def _neuron(node: Any, name: str, kind: str, dt: float) -> tuple[LifNeuron, float]:
    """The neuron, and what its input is multiplied by."""
    threshold = 1.0
    if kind in FIRING:
        threshold = _one(node.v_threshold, name, "v_threshold")
        _must_be_zero(node.v_reset, name, "v_reset", "A spike sets the potential to 0 on the chip.")
    if hasattr(node, "v_leak"):
        _must_be_zero(node.v_leak, name, "v_leak", "Give the synapses a bias in its place.")
    leaks = kind not in ("IF", "I")
    alpha, beta, resistance = 0.0, 1.0, _one(node.r, name, "r", infinite=leaks)
    if not leaks:
        gain = resistance * dt
    else:
        key = "tau_mem" if kind == "CubaLIF" else "tau"
        beta, gain = _share_left(node, name, key, dt, resistance)
    if kind == "CubaLIF":
        alpha, of_current = _share_left(node, name, "tau_syn", dt, _one(node.w_in, name, "w_in", infinite=True))
        gain *= of_current
    try:
        neuron = CubaNeuron(beta, threshold, alpha=alpha) if alpha else LifNeuron(beta, threshold)
    except InputError as error:
        raise InputError(f"node {name!r}: {error}") from error
    return neuron, 1.0 if abs(gain - 1) < ROUNDING else gain


def _share_left(node: Any, name: str, key: str, dt: float, strength: float) -> tuple[float, float]:
    """(1 - dt / tau, strength dt / tau); snnTorch writes both tau and r as infinite where nothing leaks."""
    tau = _one(getattr(node, key), name, key, infinite=True)
    if not tau > 0 or 1 - dt / tau < -ROUNDING:
        raise InputError(
            f"node {name!r}: {key} of {tau:g} s is shorter than a step of {dt:g} s, so that nothing would be left "
            "after it. Say the step of the tool that wrote the graph: dt_seconds."
        )
    if np.isinf(tau) != np.isinf(strength):
        raise InputError(
            f"node {name!r}: {key} of {tau:g} s and a strength of {strength:g} leave no finite input. Write an IF node."
        )
    if np.isinf(tau):
        return 1.0, 1.0
    left = float(np.float32(1 - dt / tau))
    return (left if left > ROUNDING else 0.0), strength * dt / tau


def _one(values: Any, name: str, what: str, *, infinite: bool = False) -> float:
    """The one value that all neurons of a node share."""
    given = np.asarray(values, np.float64).reshape(-1)
    if not given.size or np.isnan(given).any() or not (infinite or np.isfinite(given).all()):
        raise InputError(f"node {name!r}: {what} holds values that are no numbers. Train the network again.")
    if given.min() != given.max():
        raise InputError(
            f"node {name!r}: {what} differs between its neurons, {given.min():g} to {given.max():g}; the chip has one "
            "for a layer. Train with one decay and one threshold for each layer."
        )
    return float(given[0])


def _must_be_zero(values: Any, name: str, what: str, advice: str) -> None:
    given = np.asarray(values, np.float64).reshape(-1)
    off = given[given != 0]  # NaN is among them
    if off.size:
        raise InputError(f"node {name!r}: {what} of {off[0]:g}; here it must be 0. {advice}")


def _numbers(values: Any, name: str, what: str) -> NDArray[np.float64]:
    given = np.asarray(values, np.float64)
    n_bad = int((~np.isfinite(given)).sum())
    if n_bad:
        raise InputError(
            f"node {name!r}: {n_bad} of its {given.size} numbers of {what} are NaN or infinite; all must be finite. "
            "Train the network again."
        )
    return given


def _float32(values: Any) -> Floats:
    return np.ascontiguousarray(values, np.float32)


def _pair(value: Any) -> tuple[int, ...]:
    """Of both axes."""
    given = tuple(int(one) for one in np.asarray(value).reshape(-1))
    return given * 2 if len(given) == 1 else given


def _padding(value: Any, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """The words as numbers; "same" pads an even kernel by different numbers on two sides, which none of ours does."""
    word = value.decode() if isinstance(value, bytes) else value
    if isinstance(word, str) and word == "valid":
        return (0, 0)
    if isinstance(word, str):
        if any(width % 2 == 0 for width in kernel):
            raise InputError(f"padding 'same' of a kernel of {_shown(kernel)} differs by side. Take an odd kernel.")
        return tuple(width // 2 for width in kernel)
    return _pair(value)


def _shown(values: tuple[int, ...]) -> str:
    return " x ".join(map(str, values))
