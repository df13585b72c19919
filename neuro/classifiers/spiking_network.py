# neuro/classifiers/spiking_network.py
"""A network of layers of spiking neurons with an integrating readout: what most spiking classifiers are.

    spikes   [step, batch, channel]   ->   logits   [batch, class]

Each layer handles all steps at once (one product), then its recurrence. The readout neurons integrate without leak and
never fire: a class's logit is the mean over steps of its current, which is their membrane potential at the end divided
by the number of steps. That is an integer operation that the chip does too.

Training: as floats, then, from the share `quantise_from` of the epochs on, on the chip's integers (`synapses.py`,
`readout.py`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.classifiers.readout import Readout
from neuro.classifiers.synapses import Synapses
from neuro.encoders.direct_current import N_LEVELS
from neuro.neuron import CubaNeuron, LifNeuron

LOGIT_GAIN = 4.0  # the readout's mean current is of order 1; a softmax wants more


class SpikingNetwork(Classifier):
    """LIF layers of one kind of neuron, then integrating readout neurons."""

    batch_axis = 1

    def __init__(
        self,
        shape: EncodedShape,
        layers: Sequence[Synapses],
        readout: Synapses,
        neuron: LifNeuron,
        *,
        dropout: float,
        spike_rate_target: float,
        spike_rate_weight: float,
        spike_rate_side: str,
        quantise_from: float,
        picture: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.picture = picture  # (channel, mel, frame) that the first layer reads; None: a flat vector
        self.layers = nn.ModuleList(layers)
        self.readout = readout
        self.neuron = neuron
        self.dropout = nn.Dropout(dropout)
        self.quantise_from = quantise_from
        self.spike_rate_target = spike_rate_target
        self.spike_rate_weight = spike_rate_weight
        self.spike_rate_side = spike_rate_side
        self.register_buffer("on_chip_grid", torch.tensor(False))
        self._excess = torch.zeros(())
        self._watches = False

    @property
    def n_macs_per_update(self) -> int:
        """Decays (and, where it adapts, thresholds) that a neuron works out in a step."""
        return 2 if isinstance(self.neuron, CubaNeuron) else 1

    @property
    def n_input_levels(self) -> int:
        """Integer units of an input of 1: 255 for graded input, 1 for a spike."""
        return N_LEVELS if self.shape.code == "graded" else 1

    def hidden_spikes(self, encoded: Tensor) -> list[Tensor]:
        """The spikes [step, batch, ...] of every LIF layer."""
        spikes = self._arriving(encoded)
        every = []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Synapses)
            currents = self._currents(layer, spikes, first=number == 0)
            spikes = layer.fired(currents, self.neuron, on_chip_grid=bool(self.on_chip_grid))
            every.append(spikes)
        return every

    def forward(self, encoded: Tensor) -> Tensor:
        every = self.hidden_spikes(encoded)
        if self.spike_rate_weight:
            self._excess = self.excess(every)
        fired = every[-1].flatten(2)
        if self._watches and self.training and isinstance(self.readout, Readout):
            self.readout.watch(fired)
        last = self.dropout(fired.mean(0))[None]
        return LOGIT_GAIN * self._currents(self.readout, last, first=False)[0]

    def excess(self, every: Sequence[Tensor]) -> Tensor:
        """What the penalty weighs, of the spikes of every layer."""
        return rate_excess(every, self.spike_rate_target, self.spike_rate_side)

    def penalty(self) -> Tensor:
        return self.spike_rate_weight * self._excess

    def start_epoch(self, epoch: int, n_epochs: int) -> None:
        if epoch >= self.quantise_from * n_epochs and epoch > 0:
            self.on_chip_grid.fill_(True)  # type: ignore[operator]
        self._watches = bool(self.on_chip_grid) or epoch + 1 == n_epochs

    @torch.no_grad()
    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Mean counts per clip as floats: an addition per spike and synapse (a MAC where the input is graded), and per
        neuron and step a MAC for the leak, one more for that of the current of a CUBA neuron or for each of the two of
        an adaptive threshold, an addition for the bias and two comparisons."""
        every = self.hidden_spikes(encoded)
        n_steps, n_clips = encoded.shape[:2]
        arriving = [self._arriving(encoded), *every]
        counts = OperationCounts()
        for number, (layer, events) in enumerate(zip([*self.layers, self.readout], arriving, strict=True)):
            assert isinstance(layer, Synapses)
            is_readout = number == len(self.layers)
            n_met = float(layer.synapses_met(events.flatten(2) if is_readout else events)) / n_clips
            n_neurons = layer.n_outputs if is_readout else every[number][0, 0].numel()
            n_macs = 1 if is_readout else self.n_macs_per_update
            if not is_readout:
                n_met += float(layer.recurrent_synapses_met(every[number][:-1])) / n_clips
            graded = number == 0 and self.n_input_levels > 1
            counts += OperationCounts.of(
                "network",
                "readout" if is_readout else f"layer-{number + 1}",
                add_fp32=n_steps * n_neurons + (0 if graded else n_met),
                mac_fp32=n_macs * n_steps * n_neurons + (n_met if graded else 0),
                compare_fp32=2 * n_steps * n_neurons,
                sram_bytes=4 * (n_met + 2 * n_macs * n_steps * n_neurons),
            )
        return counts

    def _arriving(self, encoded: Tensor) -> Tensor:
        """The input as the first layer reads it: [step, batch, channel], or [step, batch, 1, mel, frame]."""
        return encoded if self.picture is None else encoded.reshape(*encoded.shape[:2], *self.picture)

    def _currents(self, layer: nn.Module, spikes: Tensor, *, first: bool) -> Tensor:
        assert isinstance(layer, Synapses)
        if not bool(self.on_chip_grid):
            currents: Tensor = layer(spikes)
            return currents
        return layer.on_chip_grid(spikes, self.neuron.threshold, self.n_input_levels if first else 1)


def rate_excess(every: Sequence[Tensor], target: float, side: str) -> Tensor:
    """Sum over layers of the squared distance of the spike rate from the target: above it alone, or on both sides."""
    distances = torch.stack([spikes.mean() - target for spikes in every])
    return (distances.clamp(min=0) if side == "above" else distances).square().sum()
