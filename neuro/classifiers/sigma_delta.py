# neuro/classifiers/sigma_delta.py
"""Dense sigma-delta network: ReLU layers that work on every step, and tell each other only what has changed.

    events   [step, batch, channel]   ->   logits   [batch, class]

A layer adds up all events that reached it, so that it sees the present values x of the layer below, and sends a message
where its activation has moved by `threshold` or more from what it has told so far:

    a[t] = relu( W x[t] + b )                                                         batch norm folded into W and b
    m[t] = a[t] - y[t-1]  where |a[t] - y[t-1]| >= threshold, else 0;   y[t] = y[t-1] + m[t]         x above = y below

This is `neuro/loihi/neurons/sigma_delta.py`, whose residue is a - y. With a threshold of 0 it is a ReLU network run
frame by frame; the events of a code are changes too, so a code of changes (send-on-delta) gives the first layer the
picture's present frame. A class's logit is the mean over steps of its current.

Training: the threshold acts from the first epoch on; the derivative of y by a is taken as 1. From the share
`quantise_from` of the epochs on, weights, biases, thresholds and messages are the chip's integers (`chip_layers`):

    W = 2 round(w S / 2)      state = 2^k A a      message = floor(state change / 2^k)      A_in S = 2^k A

A, integers per unit of activation, makes the largest activation met in training half of what MESSAGE_BITS hold. The
readout is a LIF neuron without leak, on a current that lasts: it sums changes to values, and these over the steps.

References: O'Connor & Welling, arXiv 1611.02024 (sigma-delta networks); Bengio, Léonard & Courville, arXiv 1308.3432.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.classifiers.options import RATE_SIDES, check_choice, check_code, check_hidden, check_shares, check_weight
from neuro.classifiers.spiking_network import LOGIT_GAIN
from neuro.classifiers.synapses import FRACTION_BITS, LARGEST_WEIGHT, Synapses, bias_integers, even_integers
from neuro.encoders.direct_current import N_LEVELS
from neuro.loihi.contracts import LoihiNetwork

MESSAGE_BITS = 12  # and a sign
STATE_BITS = 7  # k at the most: 3 bits hold it
LARGEST_SUM = 2**23 - 1  # that a step may bring a neuron
LARGEST_POTENTIAL = 2**17  # of the readout, before the chip shifts it
READOUT_SHIFT = 7  # right, of a step's sum: makes room for the sum over the steps
LASTING = 4095 / 4096  # share of a current that a step leaves: du = 0
MARGIN = 2.0  # over the largest value met in training
FORGETTING = 0.99  # of that value, per batch
LEAST = 1e-6  # of a size that is divided by


class _Told(torch.autograd.Function):
    """What the layers above know of the activations [step, ...]: y in the docstring, and for integers in messages."""

    @staticmethod
    def forward(ctx: Any, activation: Tensor, threshold: float, unit: float) -> Tensor:
        """`unit` 0: floats; else states per unit of a message, which is rounded down."""
        ctx.unit = unit
        told, sent_in_all = torch.zeros_like(activation[0]), torch.zeros_like(activation[0])
        known = torch.empty_like(activation)
        for step, value in enumerate(activation):
            change = value - told
            change = change * (change.abs() >= threshold)
            told = told + change
            sent_in_all = torch.add(sent_in_all, torch.floor(change / unit) if unit else change, out=known[step])
        return known

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient / (ctx.unit or 1.0), None, None


class _Instead(torch.autograd.Function):
    """The second value forward, the first one's derivative backward."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, replaced_by: Tensor) -> Tensor:
        del ctx, value
        return replaced_by.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        del ctx
        return gradient, None


@dataclass(frozen=True)
class ChipLayer:
    """A hidden layer in the chip's integers, as floats; gradients pass the rounding."""

    weights: Tensor  # W [neuron, channel]
    bias_mantissa: Tensor  # [neuron]
    bias_exponent: int
    bias: Tensor  # in states
    threshold: int  # before its shift by `state_exponent`
    state_exponent: int  # k
    per_unit: float  # A: integers of a message per unit of activation


@dataclass(frozen=True)
class ChipReadout:
    """The readout in the chip's integers."""

    weights: Tensor  # [class, neuron]
    bias_mantissa: Tensor
    bias_exponent: int
    per_logit: float  # of the potential's units, per step and unit of current


class SigmaDeltaNetwork(Classifier):
    """Sigma-delta layers, then integrating readout neurons."""

    batch_axis = 1

    def __init__(self, shape: EncodedShape, n_classes: int, options: "SigmaDeltaOptions") -> None:
        super().__init__()
        self.shape = shape
        self.options = options
        widths = (shape.n_channels, *options.hidden)
        self.layers = nn.ModuleList(Synapses(nn.Linear(n, m, bias=False)) for n, m in pairwise(widths))
        self.readout = Synapses(nn.Linear(widths[-1], n_classes, bias=False), normalised=False)
        self.dropout = nn.Dropout(options.dropout)
        self.register_buffer("on_chip_grid", torch.tensor(False))
        self.register_buffer("peaks", torch.ones(len(options.hidden)))  # largest activation of each layer in training
        self.register_buffer("reach", torch.ones(()))  # largest current of the readout, summed over steps
        self._excess = torch.zeros(())

    @property
    def n_input_levels(self) -> int:
        """Integer units of an input of 1: 255 for graded input, 1 for a spike."""
        return N_LEVELS if self.shape.code == "graded" else 1

    def forward(self, encoded: Tensor) -> Tensor:
        activations, known = self._run(encoded)
        if self.options.spike_rate_weight:
            self._excess = self._rate_excess(activations, known)
        if not bool(self.on_chip_grid):
            return LOGIT_GAIN * self._currents(self.dropout(known[-1].mean(0))[None])[0]
        readout = self.chip_readout()
        if not self.training:
            return self._chip_logits(known[-1], readout)
        # The chip's rounding of each step's sum and the leak of its current, below 2 %, enter evaluation alone.
        mean = nn.functional.linear(self.dropout(known[-1].mean(0)), readout.weights)
        per_current = readout.per_logit / 2**FRACTION_BITS * 2**READOUT_SHIFT
        assert self.readout.bias is not None
        return LOGIT_GAIN * (mean / per_current + self.readout.bias)

    def messages(self, encoded: Tensor) -> list[Tensor]:
        """Of every hidden layer [step, batch, neuron], in units of activation, or on the chip's grid in integers."""
        _, known = self._run(encoded)
        return [torch.diff(values, dim=0, prepend=torch.zeros_like(values[:1])) for values in known]

    def penalty(self) -> Tensor:
        return self.options.spike_rate_weight * self._excess

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        if epoch >= self.options.quantise_from * n_epochs and epoch > 0:
            self.on_chip_grid.fill_(True)  # type: ignore[operator]

    def chip_layers(self) -> list[ChipLayer]:
        """The hidden layers in the chip's integers."""
        per_unit_below = float(self.n_input_levels)
        most_below = float(self.n_input_levels * self.shape.n_steps)  # in integers, of a channel's sum of events
        found = []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Synapses)
            weight, bias = layer.folded()
            wanted = 2**MESSAGE_BITS / (MARGIN * self._peak(number))
            finest = min(_finest(weight, most_below), wanted * 2**STATE_BITS / per_unit_below)
            exponent = min(STATE_BITS, max(0, round(math.log2(finest * per_unit_below / wanted))))
            per_unit = finest * per_unit_below / 2**exponent
            integers = _Instead.apply(weight * finest, even_integers(weight.detach() * finest))
            mantissa, bias_exponent = bias_integers(bias.detach() * per_unit)
            in_states = mantissa * 2.0 ** (bias_exponent + exponent)
            found.append(
                ChipLayer(
                    weights=integers,
                    bias_mantissa=mantissa,
                    bias_exponent=bias_exponent,
                    bias=_Instead.apply(bias * per_unit * 2**exponent, in_states),
                    threshold=round(self.options.threshold * per_unit),
                    state_exponent=exponent,
                    per_unit=per_unit,
                )
            )
            per_unit_below, most_below = per_unit, float(2**MESSAGE_BITS)
        return found

    def chip_readout(self) -> ChipReadout:
        """The readout in the chip's integers, scaled so that the largest potential met in training fits twice."""
        per_unit_below = self.chip_layers()[-1].per_unit
        weight, bias = self.readout.folded()
        finest = _finest(weight, float(2**MESSAGE_BITS))
        most = max(float(self.reach), LEAST) * MARGIN * per_unit_below  # type: ignore[arg-type]
        finest = min(finest, LARGEST_POTENTIAL * 2**READOUT_SHIFT / most)
        per_logit = finest * per_unit_below * 2 ** (FRACTION_BITS - READOUT_SHIFT)
        integers = _Instead.apply(weight * finest, even_integers(weight.detach() * finest))
        return ChipReadout(integers, *bias_integers(bias.detach() * per_logit), per_logit)

    def loihi_network(self) -> LoihiNetwork:
        """The same as the chip holds it."""
        from neuro.loihi.quantise_sigma_delta import quantised_sigma_delta  # which reads this class

        return quantised_sigma_delta(self)

    @torch.no_grad()
    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Mean counts per clip as floats: a MAC per message and synapse (an addition where the input is spikes); per
        neuron and step three additions (bias, change, what is told) and two comparisons (ReLU, threshold). The readout
        adds its sum of changes to its bias and to its potential."""
        n_steps, n_clips = encoded.shape[:2]
        arriving = [encoded, *self.messages(encoded)]
        counts = OperationCounts()
        for number, (layer, events) in enumerate(zip([*self.layers, self.readout], arriving, strict=True)):
            assert isinstance(layer, Synapses)
            is_readout = number == len(self.layers)
            met = float((events != 0).sum()) / n_clips * layer.n_outputs
            n_updates = n_steps * layer.n_outputs
            spikes = number == 0 and self.n_input_levels == 1
            counts += OperationCounts.of(
                "network",
                "readout" if is_readout else f"layer-{number + 1}",
                add_fp32=(2 if is_readout else 3) * n_updates + (met if spikes else 0),
                mac_fp32=0 if spikes else met,
                compare_fp32=0 if is_readout else 2 * n_updates,
                sram_bytes=4 * (met + 2 * 2 * n_updates),  # a weight per synapse; two states read and written
            )
        return counts

    def _run(self, encoded: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """(activations, what the layer above knows of them) of every hidden layer, [step, batch, neuron]."""
        on_chip = bool(self.on_chip_grid)
        below = encoded.cumsum(0)
        if on_chip:
            below = (encoded * self.n_input_levels).round().cumsum(0)
        chip = self.chip_layers() if on_chip else []
        activations, known = [], []
        for number, layer in enumerate(self.layers):
            if on_chip:
                held = chip[number]
                activation = nn.functional.relu(nn.functional.linear(below, held.weights) + held.bias)
                unit = float(2**held.state_exponent)
                below = _Told.apply(activation, held.threshold * unit, unit)
                activation = activation / (unit * held.per_unit)
            else:
                activation = nn.functional.relu(layer(below))
                below = _Told.apply(activation, self.options.threshold, 0.0)
            if self.training:
                self._note("peaks", number, activation)
            activations.append(activation)
            known.append(below)
        if self.training:
            in_units = below / chip[-1].per_unit if on_chip else below
            self._note("reach", None, self._currents(in_units.detach()).cumsum(0))
        return activations, known

    def _currents(self, values: Tensor) -> Tensor:
        currents: Tensor = self.readout(values)
        return currents

    @torch.no_grad()
    def _chip_logits(self, known: Tensor, readout: ChipReadout) -> Tensor:
        """The readout neuron, step by step: neuro/loihi/neurons/lif.py with du = 0 and dv = 0."""
        messages = torch.diff(known, dim=0, prepend=torch.zeros_like(known[:1]))
        arriving = torch.floor(nn.functional.linear(messages, readout.weights) / 2**READOUT_SHIFT).double()
        bias = (readout.bias_mantissa * 2.0**readout.bias_exponent).double()
        current, potential = torch.zeros_like(arriving[0]), torch.zeros_like(arriving[0])
        for step in arriving:
            current = torch.trunc(current * LASTING) + step * 2**FRACTION_BITS
            potential = potential + current + bias
        return (LOGIT_GAIN / (readout.per_logit * len(known)) * potential).float()

    def _rate_excess(self, activations: list[Tensor], known: list[Tensor]) -> Tensor:
        """Sum over layers of the squared distance of the message rate from its target; backward, a change counts as
        the share of a message that it is of the threshold, up to one."""
        target, side = self.options.spike_rate_target, self.options.spike_rate_side
        per_message = max(self.options.threshold, LEAST)
        total = torch.zeros(())
        for activation, told in zip(activations, known, strict=True):
            sent = torch.diff(told.detach(), dim=0, prepend=torch.zeros_like(told[:1])) != 0
            changes = torch.diff(activation, dim=0).abs() / per_message
            distance = _Instead.apply(changes.clamp(max=1).mean(), sent.float().mean()) - target
            total = total + (distance.clamp(min=0) if side == "above" else distance).square()
        return total

    def _peak(self, number: int) -> float:
        return max(float(self.peaks[number]), LEAST)  # type: ignore[index]

    @torch.no_grad()
    def _note(self, name: str, number: int | None, values: Tensor) -> None:
        """Keep the largest size met in training; what was long ago is forgotten."""
        kept = getattr(self, name)
        kept = kept if number is None else kept[number]
        kept.mul_(FORGETTING).clamp_(min=values.detach().abs().max())


def _finest(weight: Tensor, most_below: float) -> float:
    """Integer weight per unit of weight: 8 bits for a weight, 24 for what a step may bring a neuron."""
    size = weight.detach().abs()
    by_width = LARGEST_WEIGHT / max(float(size.max()), LEAST)
    return min(by_width, LARGEST_SUM / most_below / max(float(size.sum(1).max()), LEAST))


@dataclass(frozen=True)
class SigmaDeltaOptions:
    """The options of a dense sigma-delta network."""

    hidden: tuple[int, ...] = (256, 256)  # neurons of each layer
    threshold: float = 0.5  # change of an activation that is told, in units of one that is normalised; 0: every change
    dropout: float = 0.3  # before the readout
    spike_rate_target: float = 0.1  # messages per neuron and step
    spike_rate_weight: float = 0.0  # of the penalty in the loss, the sum over layers of (rate - target)^2; 0: none
    spike_rate_side: str = "above"  # "both": what is missing costs too
    quantise_from: float = 0.7  # share of the epochs after which training goes on with the chip's integers

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_shares(dropout=self.dropout, spike_rate_target=self.spike_rate_target, quantise_from=self.quantise_from)
        check_weight(self.spike_rate_weight)
        check_choice("spike_rate_side", self.spike_rate_side, RATE_SIDES)
        if self.threshold < 0:
            raise InputError(f"threshold must be 0 (every change is told) or greater; got {self.threshold}.")

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "sigma-delta-network")
        return SigmaDeltaNetwork(shape, n_classes, self)
