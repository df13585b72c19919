# neuro/loihi/mapping/splits.py
"""A layer cut into blocks, one for a core, and what each block asks of its core.

    parts    (neuron,) of a dense layer, (map, mel, frame) of a convolution: so many even parts along each axis
    block    the product of one part of each axis; block b of n runs as a C-ordered index over `parts`
    met      [channel, block]   synapses in the block that a spike of the channel meets; a message goes where it is > 0

A dense core keeps a list of weights per axon, zeros too; a convolutional core keeps each kernel that it uses once,
whatever the number of positions. With delays every weight has its six bits beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from neuro.loihi.contracts import LoihiLayer

WORD_BITS = 64
DELAY_BITS = 6
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A layer of one grid of neurons in even parts."""

    grid: tuple[int, ...]
    parts: tuple[int, ...]

    @property
    def n_blocks(self) -> int:
        return prod(self.parts)

    def bounds(self, axis: int) -> Counts:
        """First index of each part, and the end: parts differ by one at most."""
        return np.arange(self.parts[axis] + 1) * self.grid[axis] // self.parts[axis]

    def sizes(self) -> Counts:
        """Neurons of each block, [block]."""
        return outer([np.diff(self.bounds(axis)) for axis in range(len(self.grid))])

    def block_of_neuron(self) -> Counts:
        """[neuron]: each neuron stands in one block."""
        part_of = [np.repeat(np.arange(n), np.diff(self.bounds(axis))) for axis, n in enumerate(self.parts)]
        return np.ravel_multi_index(np.meshgrid(*part_of, indexing="ij"), self.parts).ravel().astype(np.int64)

    def summed(self, of_neurons: Counts) -> Counts:
        """[neuron] -> [block]."""
        values = of_neurons.reshape(self.grid)
        for axis in range(len(self.grid)):
            values = np.add.reduceat(values, self.bounds(axis)[:-1], axis=axis)
        return values.ravel()


def outer(of_axes: list[Counts]) -> Counts:
    """The products of one entry of each, C-ordered."""
    product = np.ones(1, dtype=np.int64)
    for values in of_axes:
        product = np.multiply.outer(product, values).ravel()
    return product


@dataclass(frozen=True)
class Block:
    """A layer with the way that it is cut."""

    layer: LoihiLayer
    split: Split

    @cached_property
    def _met_by_axis(self) -> list[Counts]:
        """Of a convolution, for each axis, [index of the input, part]: output indices of the part that read it."""
        layer, split = self.layer, self.split
        n_maps = np.diff(split.bounds(0))
        met = [np.broadcast_to(n_maps, (layer.input_grid[0], len(n_maps)))]
        for axis in (1, 2):
            outputs = np.arange(layer.output_grid[axis])
            place = np.arange(layer.input_grid[axis])[:, None] + layer.padding - outputs * layer.stride
            reads = (place >= 0) & (place < layer.weights.shape[axis + 1])
            met.append(np.add.reduceat(reads.astype(np.int64), split.bounds(axis)[:-1], axis=1))
        return met

    def met(self) -> Counts:
        """[channel, block]."""
        if self.layer.kind == "dense":
            n_channels = prod(self.layer.input_grid)
            return np.broadcast_to(self.split.sizes(), (n_channels, self.split.n_blocks))
        product: Counts = np.einsum("ia,jb,kc->ijkabc", *self._met_by_axis)
        return product.reshape(prod(self.layer.input_grid), self.split.n_blocks)

    def reach(self) -> Counts:
        """Blocks that a spike of each channel goes to, [channel]."""
        if self.layer.kind == "dense":
            return np.full(prod(self.layer.input_grid), self.split.n_blocks)
        return outer([(met > 0).sum(axis=1) for met in self._met_by_axis])

    def axons_in(self) -> Counts:
        """Channels that each block receives, its own layer's neurons too where they recur, [block]."""
        if self.layer.kind == "convolution":
            return outer([(met > 0).sum(axis=0) for met in self._met_by_axis])
        recurring = 0 if self.layer.recurrence is None else self.layer.n_neurons
        return np.full(self.split.n_blocks, prod(self.layer.input_grid) + recurring)

    def demands(self, reach_above: Counts) -> Mapping[str, Counts]:
        """What each block asks of its core, [block] by quantity; `reach_above` cores above read each neuron."""
        layer, sizes = self.layer, self.split.sizes()
        axons_out = self.split.summed(reach_above)
        bits = layer.weight_bits + (0 if layer.delays is None else DELAY_BITS)
        if layer.kind == "convolution":
            n_kernels = outer([np.diff(self.split.bounds(0)), *(np.ones(n, np.int64) for n in self.split.parts[1:])])
            synapses = n_kernels * prod(layer.weights.shape[1:])
            words = -(-synapses * bits // WORD_BITS)
        else:
            n_channels = prod(layer.input_grid)
            synapses, words = sizes * n_channels, n_channels * -(-sizes * bits // WORD_BITS)
        if layer.recurrence is not None:
            axons_out = axons_out + sizes * self.split.n_blocks
            synapses = synapses + sizes * layer.n_neurons
            words = words + layer.n_neurons * -(-sizes * layer.recurrence.weight_bits // WORD_BITS)
        return {
            "compartments": sizes,
            "axons_in": self.axons_in(),
            "axons_out": axons_out,
            "memory_words": words,
            "synapses": synapses,
        }


def splits_of(grid: tuple[int, ...], n_blocks: int) -> Iterator[Split]:
    """Every way to cut a grid into so many blocks."""
    for parts in _factors(n_blocks, grid):
        yield Split(grid, parts)


def _factors(n: int, grid: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not grid:
        if n == 1:
            yield ()
        return
    for first in range(1, min(n, grid[0]) + 1):
        if n % first == 0:
            for rest in _factors(n // first, grid[1:]):
                yield (first, *rest)
