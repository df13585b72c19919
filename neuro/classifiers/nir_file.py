# neuro/classifiers/nir_file.py
"""A spiking network that was trained elsewhere and written as a NIR graph of floats: run as it is, nothing is trained.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

The layers, each with its own decay and threshold, are those that `neuro/interchange/float_graph.py` reads. A layer's
neurons, with synaptic current x and recurrent matrix R (0 where the layer has none),

    i[t] = alpha i[t-1] + x[t] + R s[t-1]               alpha = 0: the current lasts one step
    v[t] = beta (1 - s[t-1]) v[t-1] + i[t]
    s[t] = 1 where v[t] > threshold, else 0             derivative: that of a fast sigmoid, none through the reset

are snnTorch's `Leaky(reset_mechanism="zero")` and its Synaptic, RLeaky and RSynaptic with reset_delay=False as well, in
the same order of operations, so float spikes are snnTorch's own. A logit is, times 4 / steps as in every network of
the suite,

    readout "count"       the spikes of an output neuron
    readout "potential"   its potential after the last step, where it does not fire: of LIF and LI with their leak; of
                          IF and I, and where the graph ends with synapses, without one

As Loihi integers, each layer has its own scale S as in `neuro/loihi/quantise.py`: even weights, one threshold, 12-bit
decays, biases as mantissa and exponent. The bias of a layer whose current lasts is added to the membrane there, so it
is b / (1 - alpha), what it grows to in the current. Spikes are counted by a readout of one integrating neuron a class.

The file is no part of a study, and the key of a cell is made of what the study says: `sha256` brings the content into
it. An option that is missing or is not that of the file is refused with the right one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.classifiers.options import check_choice, check_code
from neuro.classifiers.spiking_network import LOGIT_GAIN, SpikingNetwork
from neuro.classifiers.synapses import (
    BIAS_MANTISSA,
    FRACTION_BITS,
    LARGEST_BIAS_EXPONENT,
    LARGEST_THRESHOLD,
    LARGEST_WEIGHT,
    Synapses,
    bias_integers,
    even_integers,
)
from neuro.interchange.float_graph import FloatGraph, FloatLayer, read_float_graph
from neuro.interchange.nir_graph import DT_SECONDS
from neuro.interchange.snntorch_state import check_state, read_state
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, NotMappableError, Recurrence
from neuro.loihi.limits import LARGEST_DECAY
from neuro.neuron import CubaNeuron, LifNeuron

READOUTS = ("count", "potential")
UNIT = LifNeuron(beta=1.0)  # of the whole network: its threshold is a factor of the layers' own, which a probe varies
COUNT_WEIGHT = 2  # the smallest weight of the chip: 65,000 spikes of a class and clip before its potential is full


class FileSynapses(Synapses):
    """Synapses of a file, into neurons of their own."""

    def __init__(self, layer: FloatLayer) -> None:
        n_out, n_in = layer.weight.shape[:2]
        if layer.kind == "dense":
            weights: nn.Linear | nn.Conv2d = nn.Linear(n_in, n_out, bias=False)
        else:
            kernel = layer.weight.shape[2:]
            weights = nn.Conv2d(n_in, n_out, (kernel[0], kernel[1]), layer.stride, layer.padding, bias=False)
        super().__init__(weights, normalised=False)
        assert self.bias is not None
        weights.weight = nn.Parameter(torch.from_numpy(layer.weight))
        self.bias = nn.Parameter(torch.from_numpy(layer.bias))
        self.recurrent = None if layer.recurrent is None else nn.Parameter(torch.from_numpy(layer.recurrent))
        self.layer = layer

    def _applied(self, spikes: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if self.layer.kind == "dense":
            spikes = spikes.flatten(2)
        if self.layer.delays is not None:
            spikes = delayed(spikes, torch.from_numpy(self.layer.delays))
        return super()._applied(spikes, weight, bias)

    def fired(self, currents: Tensor, neuron: LifNeuron, *, on_chip_grid: bool) -> Tensor:
        assert not on_chip_grid  # nothing is trained
        own = replace(self.layer.neuron, threshold=self.layer.neuron.threshold * neuron.threshold)
        return run_neurons(currents, own, self.recurrent)[0]

    def potential(self, currents: Tensor) -> Tensor:
        """[batch, neuron] after the last step, of neurons that do not fire."""
        return run_neurons(currents, self.layer.neuron, None, fires=False)[1]

    def recurrent_synapses_met(self, fired: Tensor) -> Tensor:
        """A spike meets every neuron of its own layer; what the last step fires arrives after the clip."""
        n_met = 0 if self.recurrent is None else self.n_outputs
        return (fired != 0).sum(dtype=torch.float64) * n_met

    def scale(self, weight: Tensor, threshold: float, n_input_levels: int) -> float:
        """As of any synapses, those from the layer to itself among them; where nothing fires, the finest."""
        every = weight.detach().flatten(1)
        if not self.layer.fires:
            return LARGEST_WEIGHT / max(float(every.abs().max()), 1e-12)
        if self.recurrent is not None:
            every = torch.cat([every, self.recurrent.detach()], dim=1)
        scale = super().scale(every, threshold, n_input_levels)
        largest = float(every.abs().max())
        if largest * scale > LARGEST_WEIGHT + 1:
            raise NotMappableError(
                f"node {self.layer.node!r}: a weight of {largest:g} is more than {LARGEST_WEIGHT} times the threshold "
                f"of {threshold:g} (node {self.layer.neurons!r}); the chip's weights are at most {LARGEST_WEIGHT} and "
                "its thresholds at least 1. Limit the weights in training."
            )
        return scale

    @torch.no_grad()
    def integers(self, grid: tuple[int, ...], n_input_levels: int, threshold_factor: float = 1.0) -> LoihiLayer:
        """The layer on the chip, reading events of the grid."""
        layer = self.layer
        if self.recurrent is not None and n_input_levels > 1:
            raise NotMappableError(
                f"node {layer.node!r} reads levels of 8 bits, on whose scale the chip's weights from {layer.neurons!r} "
                "to itself would be too coarse. Choose a code of spikes, such as latency or send-on-delta."
            )
        scale = self.scale(self.weights.weight, layer.neuron.threshold, n_input_levels)
        mantissa, exponent = bias_integers(self._bias_of_membrane(scale * n_input_levels))
        return LoihiLayer(
            kind=layer.kind,
            weights=_integers(even_integers(self.weights.weight * scale)),
            bias_mantissa=_integers(mantissa),
            bias_exponent=exponent,
            neuron=self._neuron(layer.neuron.threshold * threshold_factor * scale * n_input_levels),
            input_grid=grid if layer.kind == "convolution" else (int(np.prod(grid)),),
            output_grid=layer.output_grid,
            stride=layer.stride,
            padding=layer.padding,
            delays=None if layer.delays is None else np.tile(layer.delays, (len(layer.weight), 1)),
            recurrence=None if self.recurrent is None else Recurrence(_integers(even_integers(self.recurrent * scale))),
        )

    def _bias_of_membrane(self, scale: float) -> Tensor:
        """In the chip's units: of a current that lasts, what the bias grows to."""
        assert self.bias is not None
        neuron = self.layer.neuron
        kept = neuron.chip_alpha if isinstance(neuron, CubaNeuron) else 0.0
        bias = self.bias.detach() * (scale * 2**FRACTION_BITS / (1 - kept))
        largest, most = float(bias.abs().max()), BIAS_MANTISSA * 2**LARGEST_BIAS_EXPONENT
        if largest > most:
            raise NotMappableError(
                f"node {self.layer.node!r}: a bias of {float(self.bias.abs().max()):g} is {largest:.0f} in the units "
                f"that its weights give it; the chip's are up to {most}. Limit the biases in training."
            )
        return bias

    def _neuron(self, threshold: float) -> Lif:
        neuron = self.layer.neuron
        current_decay = neuron.current_decay if isinstance(neuron, CubaNeuron) else LARGEST_DECAY
        return Lif(neuron.decay, max(1, round(threshold)) if self.layer.fires else LARGEST_THRESHOLD, current_decay)


class SpikeCounts(FileSynapses):
    """A readout of a neuron per class that gathers the spikes of one output neuron."""

    def __init__(self, n_classes: int) -> None:
        ones, zeros = np.eye(n_classes, dtype=np.float32), np.zeros(n_classes, np.float32)
        super().__init__(FloatLayer("count", "dense", ones, zeros, (n_classes,), (n_classes,)))

    def scale(self, weight: Tensor, threshold: float, n_input_levels: int) -> float:
        del weight, threshold, n_input_levels
        return float(COUNT_WEIGHT)


class NirNetwork(SpikingNetwork):
    """The network of a file."""

    def __init__(self, shape: EncodedShape, graph: FloatGraph, readout: str) -> None:
        *layers, last = graph.layers
        ends: FileSynapses
        if readout == "count":
            layers, ends = [*layers, last], SpikeCounts(last.output_grid[0])
        else:
            ends = FileSynapses(replace(last, fires=False))
        super().__init__(
            shape,
            [FileSynapses(layer) for layer in layers],
            ends,
            UNIT,
            dropout=0.0,
            spike_rate_target=0.0,
            spike_rate_weight=0.0,
            spike_rate_side="above",
            quantise_from=1.0,
            picture=graph.input_grid if graph.layers[0].kind == "convolution" else None,
        )
        self.ends = ends
        self.requires_grad_(False)

    def forward(self, encoded: Tensor) -> Tensor:
        last = self.hidden_spikes(encoded)[-1]
        return LOGIT_GAIN / len(encoded) * self.ends.potential(self.ends(last))

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """The network is used as it is; that it needs no training is all that the loop asks."""
        del encoded, targets, seed
        return True

    def n_parameters(self) -> int:
        """Of the file's layers; what counts spikes has none of its own."""
        every: Sequence[nn.Module] = [*self.layers, *([] if isinstance(self.ends, SpikeCounts) else [self.ends])]
        return sum(parameter.numel() for module in every for parameter in module.parameters())

    @torch.no_grad()
    def loihi_network(self) -> LoihiNetwork:
        """The integers of each layer; NotMappableError with its node, value and limit."""
        grid, levels = self.picture or (self.shape.n_channels,), self.n_input_levels
        layers = []
        for synapses in [*self.layers, self.ends]:
            assert isinstance(synapses, FileSynapses)
            try:
                layers.append(synapses.integers(grid, levels, self.neuron.threshold))
            except NotMappableError as error:
                named = str(error) if str(error).startswith("node ") else f"node {synapses.layer.node!r}: {error}"
                raise NotMappableError(named) from error
            grid, levels = layers[-1].output_grid, 1
        unit = self.ends.scale(self.ends.weights.weight, UNIT.threshold, 1) * 2**FRACTION_BITS
        return LoihiNetwork(tuple(layers), self.shape.code == "graded", LOGIT_GAIN / unit)

    @torch.no_grad()
    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """As of any spiking network, with a second MAC per step for each neuron whose current decays."""
        counts = super().count_operations(encoded)
        n_steps = len(encoded)
        for number, synapses in enumerate([*self.layers, self.ends], start=1):
            assert isinstance(synapses, FileSynapses)
            if isinstance(synapses.layer.neuron, CubaNeuron):
                name = "readout" if synapses is self.ends else f"layer-{number}"
                n_updates = n_steps * int(np.prod(synapses.layer.output_grid))
                counts += OperationCounts.of("network", name, mac_fp32=n_updates, sram_bytes=8 * n_updates)
        return counts


def run_neurons(
    currents: Tensor, neuron: LifNeuron, recurrent: Tensor | None, *, fires: bool = True
) -> tuple[Tensor, Tensor]:
    """(spikes [step, batch, ...], potential [batch, ...] after the last step) of the module's equations."""
    alpha = neuron.alpha if isinstance(neuron, CubaNeuron) else 0.0
    synaptic = potential = fired = torch.zeros_like(currents[0])
    every = []
    for current in currents:
        arriving = current if recurrent is None else current + nn.functional.linear(fired, recurrent)
        synaptic = alpha * synaptic + arriving if alpha else arriving
        potential = neuron.beta * ((1 - fired.detach()) * potential) + synaptic
        if fires:
            fired = _Spike.apply(potential, neuron.threshold, neuron.surrogate_slope)
            every.append(fired)
    return torch.stack(every) if fires else torch.zeros_like(currents), potential


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, potential: Tensor, threshold: float, slope: float) -> Tensor:
        ctx.save_for_backward(potential)
        ctx.constants = threshold, slope
        return (potential > threshold).to(potential.dtype)

    @staticmethod
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor, None, None]:
        (potential,) = ctx.saved_tensors
        threshold, slope = ctx.constants
        return gradients / (1 + slope * (potential - threshold).abs()) ** 2, None, None


def delayed(spikes: Tensor, delays: Tensor) -> Tensor:
    """Spikes [step, batch, channel], each channel later by its steps; what would come after the clip is lost."""
    step = torch.arange(len(spikes))[:, None] - delays  # [step, channel]
    index = step.clamp(min=0)[:, None].expand(spikes.shape)
    return spikes.gather(0, index) * (step >= 0)[:, None]


def _integers(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return values.double().round().numpy().astype(np.int64)


def file_sha256(path: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_reset(reset_mechanism: str) -> None:
    """NIR does not say how a spike resets, and most tools subtract by default: whoever reads a graph has to say it."""
    if reset_mechanism == "zero":
        return
    if reset_mechanism == "":
        raise InputError(
            "reset_mechanism is not said. NIR does not hold it, and snnTorch's default subtracts the threshold, which "
            'the chip does not. Set it to "zero" if the network was trained so (in snnTorch reset_mechanism="zero", '
            "and reset_delay=False of Synaptic, RLeaky and RSynaptic), or name its state dict: state_file."
        )
    raise InputError(
        f"reset_mechanism of {reset_mechanism!r}: a spike sets the potential to 0 on the chip, so only 'zero' is run. "
        'Train the network with reset_mechanism="zero".'
    )


@dataclass(frozen=True)
class NirFile:
    """The options of a network of a file."""

    path: str = ""  # of the .nir file, as seen from where trichord is started
    sha256: str = ""  # of the file: it brings the content into the key of a cell
    reset_mechanism: str = ""  # "zero", said by whoever knows: NIR does not hold it; with a state_file it is read there
    readout: str = "count"  # or "potential": what is read of the last layer
    dt_seconds: float = DT_SECONDS  # the step of the tool that wrote the graph
    n_steps: int = 0  # the steps per clip that it was trained with, checked against the encoder's; 0: not checked
    state_file: str = ""  # of snnTorch's state dict of the same network, which the graph is held against

    def __post_init__(self) -> None:
        check_choice("readout", self.readout, READOUTS)
        if not self.dt_seconds > 0 or self.n_steps < 0:
            raise InputError(
                f"dt_seconds must be positive and n_steps 0 or more; got {self.dt_seconds} and {self.n_steps}."
            )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "nir-file")
        self.check_file()
        try:
            graph = read_float_graph(Path(self.path), self.dt_seconds)
            self._check(graph, shape, n_classes)
        except InputError as error:
            raise InputError(f"{self.path}: {str(error).removeprefix(f'{self.path}: ')}") from error
        return NirNetwork(shape, graph, self.readout)

    def check_file(self) -> None:
        """The file is there, is the one that is meant, resets as the chip does, and agrees with the state file."""
        if not Path(self.path).is_file():
            raise InputError(f"path = {self.path!r}: there is no such file, as seen from {Path.cwd()}. Name one.")
        found = file_sha256(Path(self.path))
        if self.sha256 != found:
            given = f"is {self.sha256!r}, and the file's is another" if self.sha256 else "is missing"
            raise InputError(
                f"sha256 of {self.path} {given}: the key of a cell rests on what the study says, so it must say which "
                f"network it means. For the file as it is now: sha256 = {found!r}."
            )
        if self.reset_mechanism or not self.state_file:
            check_reset(self.reset_mechanism)
        if self.state_file:
            state = read_state(Path(self.state_file))
            graph = read_float_graph(Path(self.path), self.dt_seconds)
            check_state(state, graph, self.readout, reset_is_said=self.reset_mechanism != "")

    def _check(self, graph: FloatGraph, shape: EncodedShape, n_classes: int) -> None:
        """What the graph reads and gives is what the study has."""
        check_readout(graph, self.readout)
        given, wanted = _without_ones(graph.input_grid), _without_ones(shape.grid)
        if given not in (wanted, (shape.n_channels,)):
            raise InputError(
                f"the graph reads {' x '.join(map(str, graph.input_grid))}; the encoder gives "
                f"{' x '.join(map(str, shape.grid))} ({shape.n_channels} channels, channel = row * columns + column). "
                "Choose the front end and encoder that the network was trained on."
            )
        if self.n_steps and self.n_steps != shape.n_steps:
            raise InputError(
                f"the network was trained with {self.n_steps} steps a clip; the encoder gives {shape.n_steps}. "
                "Give the encoder, the clip length or the front end's hop those of the training."
            )
        last = graph.layers[-1]
        if last.output_grid != (n_classes,):
            raise InputError(
                f"the graph ends in {' x '.join(map(str, last.output_grid))} neurons (node {last.node!r}); the study "
                f"has {n_classes} classes, and each needs one neuron, in the order of its labels."
            )


def check_readout(graph: FloatGraph, readout: str) -> None:
    """The last layer is dense; spikes are counted where there are any, and a potential is read without loops."""
    *hidden, last = graph.layers
    if last.kind != "dense":
        raise InputError(
            f"the graph ends in a convolution (node {last.node!r}); its last synapses must be Affine or Linear."
        )
    if readout == "count" and not last.fires:
        raise InputError(
            f"the graph ends without neurons that fire (node {last.neurons or last.node!r}), so no spikes can be "
            "counted. Set readout to 'potential'."
        )
    if readout == "potential" and (not hidden or last.recurrent is not None):
        raise InputError(
            "readout = 'potential' reads neurons that do not fire, so a layer that does must come before them, and "
            "they cannot hear themselves. Set readout to 'count'."
        )


def _without_ones(grid: tuple[int, ...]) -> tuple[int, ...]:
    """Of one map [1, mel, frame] the picture; of a single channel the channel."""
    kept = tuple(size for size in grid if size != 1)
    return kept or (1,)
