# neuro/classifiers/spiking_transformer.py
"""Spiking transformer: self-attention whose queries, keys and values are spikes, over patches of the picture.

    spikes   [step, batch, channel = mel * frame]   ->   logits   [batch, class]

Patches: convolutions of 3 x 3, each followed by LIF neurons, thin the picture out to tokens [mel' * frame'] of `width`
channels. A block then adds to a stream of currents u [step, batch, token, width], with SN a layer of LIF neurons and
BN(W .) synapses with batch norm:

    x = SN(u)        q, k, v = SN(BN(W_q x)), SN(BN(W_k x)), SN(BN(W_v x))
    u = u + BN(W_o SN(BN(q (k^T v))))                per head
    u = u + BN(W_2 SN(BN(W_1 SN(u))))

No softmax is needed, since q k^T is a count of common spikes and never negative, and so (q k^T) v = q (k^T v), which
costs tokens * width^2 in place of tokens^2 * width. Common spikes are few where spikes are rare: batch norm brings
their counts to the scale of a threshold, in the place of a fixed factor, under which no neuron would fire. What every
W reads is spikes, because sums are taken before the neurons and not of spikes. The readout is the mean over steps of
BN-free synapses from SN(u) of all tokens: each token has a place in the picture, and weights of its own.

On a chip, q (k^T v) would need synapses whose weights are other spikes and change with every step; Loihi 1 and Lava's
fixed-point model have none, so the network runs as floats, and asked for as integers it is refused.

References: Zhou et al., Spikformer, ICLR 2023 (arXiv 2209.15425), spiking self-attention; Yao et al., Spike-driven
transformer, NeurIPS 2023 (arXiv 2307.01694), sums of currents; the use on spectrograms is in the manner of HPCNeuroNet
(arXiv 2311.12449).
"""

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.classifiers.options import SpikingOptions, check_code
from neuro.classifiers.spiking_network import LOGIT_GAIN, rate_excess
from neuro.classifiers.synapses import Synapses
from neuro.lif_scan.scan import scan
from neuro.neuron import LifNeuron

KERNEL = 3


@dataclass
class _Work:
    """What a layer did with the spikes that it read."""

    name: str
    synapses: Synapses
    arriving: Tensor  # what the synapses read, [step, batch, ...]
    n_neurons: int  # per clip and step
    fires: bool  # whether neurons stand behind the synapses


class _Attention(nn.Module):
    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key, self.value, self.output = (Synapses(nn.Linear(width, width, bias=False)) for _ in "qkvo")
        self.norm = nn.BatchNorm1d(width)

    def heads(self, spikes: Tensor) -> Tensor:
        """[step, batch, token, width] -> [step, batch, head, token, width / head]."""
        return spikes.unflatten(-1, (self.n_heads, -1)).transpose(2, 3)

    def attended(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """q (k^T v), [step, batch, token, width]."""
        query, key, value = self.heads(query), self.heads(key), self.heads(value)
        return (query @ (key.transpose(-1, -2) @ value)).transpose(2, 3).flatten(-2)

    def normed(self, attended: Tensor) -> Tensor:
        """The same, brought to the scale of the neurons behind it, each channel over steps, clips and tokens."""
        norm: Tensor = self.norm(attended.flatten(0, 2))
        return norm.view_as(attended)

    def additions(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Sums that q (k^T v) takes: one per pair of a key and a value spike of a token and head, and for each query
        spike those of the row of k^T v that it selects."""
        query, key, value = self.heads(query), self.heads(key), self.heads(value)
        pairs = (key.sum(-1, dtype=torch.float64) * value.sum(-1, dtype=torch.float64)).sum()
        return pairs + query.sum(dtype=torch.float64) * value.shape[-1]


class _Block(nn.Module):
    def __init__(self, width: int, n_heads: int, expansion: int) -> None:
        super().__init__()
        self.attention = _Attention(width, n_heads)
        self.widening = Synapses(nn.Linear(width, expansion * width, bias=False))
        self.narrowing = Synapses(nn.Linear(expansion * width, width, bias=False))


class SpikingTransformer(Classifier):
    """Patches, blocks of spiking self-attention, an integrating readout."""

    batch_axis = 1
    not_on_chip = (
        "spiking-transformer multiplies spikes by spikes (queries, keys and values): synapses whose weights change in "
        "every step, which neither Loihi 1 nor Lava's fixed-point model has."
    )

    def __init__(self, shape: EncodedShape, n_classes: int, options: "SpikingTransformerSnn") -> None:
        super().__init__()
        self.shape, self.options = shape, options
        stages, n_in = [], 1
        for n_out, stride in zip(options.stem_channels, options.strides, strict=True):
            stages.append(Synapses(nn.Conv2d(n_in, n_out, KERNEL, stride, KERNEL // 2, bias=False)))
            n_in = n_out
        self.patches = nn.ModuleList(stages)
        blocks = [_Block(n_in, options.n_heads, options.expansion) for _ in range(options.n_blocks)]
        self.blocks = nn.ModuleList(blocks)
        n_tokens = prod(_grid_of_tokens(shape.grid, options.strides))
        self.readout = Synapses(nn.Linear(n_tokens * n_in, n_classes, bias=False), normalised=False)
        self.dropout = nn.Dropout(options.dropout)
        self._excess = torch.zeros(())

    @property
    def neuron(self) -> LifNeuron:
        return self.options.neuron

    def forward(self, encoded: Tensor) -> Tensor:
        currents, last, every, _ = self._run(encoded)
        del currents
        if self.options.spike_rate_weight:
            self._excess = rate_excess(every, self.options.spike_rate_target, self.options.spike_rate_side)
        mean = self.dropout(last.mean(0).flatten(1))[None]
        logits: Tensor = LOGIT_GAIN * self.readout(mean)[0]
        return logits

    def penalty(self) -> Tensor:
        return self.options.spike_rate_weight * self._excess

    def hidden_spikes(self, encoded: Tensor) -> list[Tensor]:
        """The spikes [step, batch, ...] of every layer of neurons."""
        return self._run(encoded)[2]

    def _run(self, encoded: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[_Work]]:
        """(stream of currents, its spikes, the spikes of every layer, what each layer read)."""
        every: list[Tensor] = []
        work: list[_Work] = []

        def fired(currents: Tensor, neuron: LifNeuron = self.neuron) -> Tensor:
            spikes = scan(currents, neuron)
            every.append(spikes)
            return spikes

        def sent(name: str, synapses: nn.Module, spikes: Tensor, *, fires: bool) -> Tensor:
            assert isinstance(synapses, Synapses)
            if spikes.dim() == 4:  # tokens: each is a clip of its own to a matrix
                currents = synapses(spikes.flatten(1, 2)).unflatten(1, spikes.shape[1:3])
            else:
                currents = synapses(spikes)
            work.append(_Work(name, synapses, spikes, currents[0, 0].numel(), fires))
            return currents

        spikes = encoded.reshape(*encoded.shape[:2], 1, *self.shape.grid)
        for number, stage in enumerate(self.patches, start=1):
            currents = sent(f"patches-{number}", stage, spikes, fires=True)
            if number < len(self.patches):
                spikes = fired(currents)
        stream = currents.flatten(3).transpose(2, 3)  # [step, batch, token, width]
        for number, block in enumerate(self.blocks, start=1):
            assert isinstance(block, _Block)
            attention, name = block.attention, f"block-{number}"
            spikes = fired(stream)
            query = fired(sent(f"{name}-query", attention.query, spikes, fires=True))
            key = fired(sent(f"{name}-key", attention.key, spikes, fires=True))
            value = fired(sent(f"{name}-value", attention.value, spikes, fires=True))
            chosen = fired(attention.normed(attention.attended(query, key, value)))
            stream = stream + sent(f"{name}-output", attention.output, chosen, fires=False)
            wide = fired(sent(f"{name}-widening", block.widening, fired(stream), fires=True))
            stream = stream + sent(f"{name}-narrowing", block.narrowing, wide, fires=False)
        return stream, fired(stream), every, work

    @torch.no_grad()
    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Mean counts per clip as floats: an addition per spike and synapse; the sums of the attention; per neuron and
        step a MAC for the leak, an addition for the bias of its synapses and two comparisons; a MAC for each attended
        value that is normed; an addition for each sum of currents."""
        n_steps, n_clips = encoded.shape[:2]
        stream, last, every, work = self._run(encoded)
        counts = OperationCounts()
        graded = self.shape.code == "graded"
        for one in work:
            met = float(one.synapses.synapses_met(_as_clips(one.arriving))) / n_clips
            is_mac = graded and one is work[0]
            n_sums = 1 if one.fires else 2  # the bias, and what is added to the stream
            counts += _of(one.name, met, n_steps * one.n_neurons, n_sums, fires=one.fires, is_mac=is_mac)
        n_stream = n_steps * stream[0, 0].numel()
        for number, block in enumerate(self.blocks, start=1):
            assert isinstance(block, _Block)
            # of a block's seven layers of neurons: the stream, query, key, value, attention, the stream again, widening
            first = len(self.patches) - 1 + 7 * (number - 1)
            query, key, value = every[first + 1 : first + 4]
            sums = float(block.attention.additions(query, key, value)) / n_clips
            counts += _of(f"block-{number}-attention", sums, n_stream, 0, fires=True, is_mac=False)
            counts += OperationCounts.of("network", f"block-{number}-norm", mac_fp32=n_stream, sram_bytes=8 * n_stream)
            # before the attention and before the widening, neurons read the stream; the first block's are the patches'
            n_readings = 1 if number == 1 else 2
            counts += _of(f"block-{number}-stream", 0.0, n_readings * n_stream, 0, fires=True, is_mac=False)
        counts += _of("stream", 0.0, n_stream, 0, fires=True, is_mac=False)
        n_spikes = float((last != 0).sum(dtype=torch.float64)) / n_clips
        n_classes = self.readout.n_outputs
        return counts + _of("readout", n_spikes * n_classes, n_steps * n_classes, 1, fires=True, is_mac=False)


def _grid_of_tokens(grid: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """(mel', frame') that the convolutions leave."""
    for stride in strides:
        grid = tuple(-(-size // stride) for size in grid)
    return grid


def _as_clips(spikes: Tensor) -> Tensor:
    """Tokens as clips of their own, as a matrix reads them."""
    return spikes.flatten(1, 2) if spikes.dim() == 4 else spikes


def _of(name: str, n_met: float, n_updates: float, n_sums: int, *, fires: bool, is_mac: bool) -> OperationCounts:
    return OperationCounts.of(
        "network",
        name,
        add_fp32=n_sums * n_updates + (0 if is_mac else n_met),
        mac_fp32=(n_updates if fires else 0) + (n_met if is_mac else 0),
        compare_fp32=2 * n_updates if fires else 0,
        sram_bytes=4 * (n_met + 2 * n_updates),
    )


@dataclass(frozen=True)
class SpikingTransformerSnn(SpikingOptions):
    """The options of a spiking transformer."""

    stem_channels: tuple[int, ...] = (16, 32, 64)  # of each convolution; the last is the width of a token
    strides: tuple[int, ...] = (2, 2, 2)
    n_blocks: int = 1
    n_heads: int = 4
    expansion: int = 2  # of the layer between two of a block, in widths

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.stem_channels or len(self.stem_channels) != len(self.strides):
            raise InputError(
                "stem_channels and strides need one entry per convolution; "
                f"got {self.stem_channels} and {self.strides}."
            )
        if min(*self.stem_channels, *self.strides, self.n_blocks, self.n_heads, self.expansion) < 1:
            raise InputError(
                f"stem_channels, strides, n_blocks, n_heads and expansion must be of at least 1; "
                f"got {self.stem_channels}, {self.strides}, {self.n_blocks}, {self.n_heads} and {self.expansion}."
            )
        if self.stem_channels[-1] % self.n_heads:
            raise InputError(
                f"n_heads must divide the last of stem_channels; got {self.n_heads} and {self.stem_channels[-1]}."
            )

    def build(self, shape: EncodedShape, n_classes: int) -> Classifier:
        check_code(shape, "spiking-transformer")
        if len(shape.grid) != 2 or shape.n_steps < 1:
            raise InputError(
                "spiking-transformer reads a picture code (mel x frame). Choose latency, rate or direct-current."
            )
        return SpikingTransformer(shape, n_classes, self)
