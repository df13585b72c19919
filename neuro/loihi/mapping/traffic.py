# neuro/loihi/mapping/traffic.py
"""What every core does in every step, and the way of every message, from the spikes of an integer run.

A layer works one step after the one below it: a spike that is sent in a step is received in the next. So a clip of
`n_steps` takes n_steps + n_layers - 1 steps on the chip, and in the steps in which a layer has nothing to do yet, or no
more, its neurons are updated all the same.

    work        [step of the chip, clip, core]
    messages    a spike to each core that holds a synapse of it; events from outside enter at one tile (`ENTRY`)
    hops        steps between tiles, east-west first; none within a tile
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro.loihi.contracts import SpikeRecord
from neuro.loihi.mapping.core_map import ENTRY, CoreMap, hops
from neuro.loihi.mapping.splits import Counts

Work = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerTraffic:
    """Messages to a layer, sums over all clips."""

    n_events: float  # that set out: spikes of the layer below, and its own where they recur
    n_messages: float
    hops_east_west: float
    hops_north_south: float


@dataclass(frozen=True, eq=False)
class Traffic:
    """A run on its cores."""

    n_clips: int
    layers: tuple[LayerTraffic, ...]
    synaptic_operations: Work  # [step of the chip, clip, core], as all below
    neurons_active: Work  # with synaptic input or a spike
    neurons_inactive: Work  # all others
    spikes: Work
    messages_out: Work
    messages_in: Work
    longest_way: tuple[int, int]  # hops east-west and north-south of the message that goes furthest

    @property
    def n_steps(self) -> int:
        return len(self.spikes)


@dataclass(frozen=True, eq=False)
class _Way:
    """Events that go from cores (None: from outside) to the cores of a layer."""

    events: NDArray[np.bool_]  # [step, clip, channel]
    met: Counts  # [channel, block]
    origin: Counts | None  # [channel]: its core
    goal: slice  # cores of the layer
    sent_at: int  # step of the chip in which events of step 0 are sent
    layer: int


def traffic(core_map: CoreMap, record: SpikeRecord) -> Traffic:
    """What a run did, by cores and by ways."""
    n_steps, n_clips = record.input_spikes.shape[:2]
    shape = (n_steps + len(core_map.layers) - 1, n_clips, core_map.n_cores)
    synapses, active, spikes, out, arrived = (np.zeros(shape) for _ in range(5))
    for number in range(len(core_map.layers)):
        cores, during = core_map.cores_of(number), slice(number, number + n_steps)
        split = core_map.layers[number].block.split
        fired = record.spikes[number] != 0
        spikes[during, :, cores] = _by_group(fired, split.block_of_neuron(), split.n_blocks)
        busy = fired | record.inputs_active[number]
        active[during, :, cores] = _by_group(busy, split.block_of_neuron(), split.n_blocks)
    sums = np.zeros((len(core_map.layers), 4))
    longest = (0, 0)
    for way in _ways(core_map, record):
        is_read = way.met > 0
        heard = slice(way.sent_at + 1, min(way.sent_at + 1 + n_steps, shape[0]))
        # An own spike of the last step of a clip is sent, and received when the clip is over.
        arriving = way.events[: heard.stop - heard.start].astype(np.float64)
        synapses[heard, :, way.goal] += arriving @ way.met
        arrived[heard, :, way.goal] += arriving @ is_read
        if way.origin is not None:
            n_sent = way.events * is_read.sum(axis=1)
            sending = slice(max(way.sent_at, 0), max(way.sent_at, 0) + n_steps)
            out[sending] += _by_group(n_sent, way.origin, core_map.n_cores)
        tiles = np.array([ENTRY]) if way.origin is None else core_map.tiles[way.origin]
        east_west, north_south = hops(tiles[:, None], core_map.tiles[way.goal][None])
        per_channel = way.events.sum(axis=(0, 1))[:, None] * is_read
        sums[way.layer] += (
            way.events.sum(),
            per_channel.sum(),
            (per_channel * east_west).sum(),
            (per_channel * north_south).sum(),
        )
        furthest = np.unravel_index(np.argmax((east_west + north_south) * is_read), is_read.shape)
        way_there = tuple(int(np.broadcast_to(axis, is_read.shape)[furthest]) for axis in (east_west, north_south))
        longest = max(longest, (way_there[0], way_there[1]), key=sum)
    n_neurons = np.concatenate([layer.block.split.sizes() for layer in core_map.layers])
    return Traffic(
        n_clips,
        tuple(LayerTraffic(*map(float, of_layer)) for of_layer in sums),
        synapses,
        active,
        n_neurons - active,
        spikes,
        out,
        arrived,
        longest,
    )


def _ways(core_map: CoreMap, record: SpikeRecord) -> Iterator[_Way]:
    for number, layer in enumerate(core_map.layers):
        below: Any = record.input_spikes if number == 0 else record.spikes[number - 1]
        origin = None if number == 0 else core_map.core_of_neuron(number - 1)
        yield _Way(below != 0, layer.block.met(), origin, core_map.cores_of(number), number - 1, number)
        if layer.block.layer.recurrence is not None:
            split = layer.block.split
            met = np.broadcast_to(split.sizes(), (layer.block.layer.n_neurons, split.n_blocks))
            own = core_map.core_of_neuron(number)
            yield _Way(record.spikes[number] != 0, met, own, core_map.cores_of(number), number, number)


def _by_group(values: NDArray[Any], group: Counts, n_groups: int) -> Work:
    """[..., member] -> [..., group]: sums of the members of each group."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    sums = np.zeros((*values.shape[:-1], n_groups))
    sums[..., present] = np.add.reduceat(values[..., order], starts, axis=-1, dtype=np.float64)
    return sums
