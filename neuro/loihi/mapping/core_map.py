# neuro/loihi/mapping/core_map.py
"""Layers over cores, cores over the mesh; or the layer, the value and the limit for which it cannot be.

Each layer takes the fewest cores on which all its blocks fit, and among the ways to cut it into so many blocks the one
with the fewest incoming axons, as each of them is a message. A core holds one layer. The last layer is cut first: how
many cores a neuron sends to depends on the layer above it.

The cores are numbered layer by layer and stand four to a tile; the tiles are walked column by column, up one and down
the next, so that the next tile is always a neighbour. Several chips stand beside each other, west to east, and the
step between two of them counts as one hop: a lower bound, as no price of it was ever published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, NotMappableError
from neuro.loihi.mapping.chips import QUANTITIES, Chip
from neuro.loihi.mapping.splits import Block, Counts, splits_of

ENTRY = (0, 0)  # the tile where events from outside enter the mesh; assumed, as it is not published


@dataclass(frozen=True, eq=False)
class MappedLayer:
    """One layer on its cores."""

    title: str  # "layer 2 (dense, 256 to 256)"
    block: Block
    first_core: int
    demands: Mapping[str, Counts]  # [block], of the quantities that the chip limits
    cores_needed: Mapping[str, int]  # by each limit alone

    @property
    def n_cores(self) -> int:
        return self.block.split.n_blocks

    @property
    def limited_by(self) -> str:
        """The quantity that asks for the most cores; "" where one core holds all of each."""
        most = max(self.cores_needed, key=lambda name: self.cores_needed[name])
        return most if self.cores_needed[most] > 1 else ""


@dataclass(frozen=True, eq=False)
class CoreMap:
    """A network on a chip, or on several."""

    network: LoihiNetwork
    chip: Chip
    n_chips: int
    layers: tuple[MappedLayer, ...]

    @property
    def n_cores(self) -> int:
        return sum(layer.n_cores for layer in self.layers)

    @cached_property
    def tiles(self) -> Counts:
        """[core, 2]: the column and the row of its tile."""
        n_rows = self.chip.mesh[1]
        tile = np.arange(self.n_cores) // self.chip.cores_per_tile
        column, along = np.divmod(tile, n_rows)
        return np.stack([column, np.where(column % 2, n_rows - 1 - along, along)], axis=1)

    @property
    def n_tiles(self) -> int:
        return -(-self.n_cores // self.chip.cores_per_tile)

    @property
    def n_chips_used(self) -> int:
        return -(-self.n_cores // self.chip.n_cores)

    def cores_of(self, number: int) -> slice:
        """The cores of layer `number`, from 0."""
        layer = self.layers[number]
        return slice(layer.first_core, layer.first_core + layer.n_cores)

    def core_of_neuron(self, number: int) -> Counts:
        """[neuron] of layer `number`, from 0."""
        layer = self.layers[number]
        return layer.first_core + layer.block.split.block_of_neuron()

    def load(self) -> NDArray[np.float64]:
        """[core]: the largest share that it uses of any limit."""
        shares = [
            np.max([needed / self.chip.limits[name].value for name, needed in layer.demands.items()], axis=0)
            for layer in self.layers
        ]
        return np.concatenate(shares)


def hops(origin: Counts, goal: Counts) -> tuple[Counts, Counts]:
    """Hops east-west and north-south between tiles [..., 2]."""
    steps = np.abs(origin - goal)
    return steps[..., 0], steps[..., 1]


def core_map(network: LoihiNetwork, chip: Chip, n_chips: int = 1) -> CoreMap:
    """The network on so many chips; NotMappableError where it does not fit."""
    if n_chips < 1:
        raise NotMappableError(f"n_chips must be 1 or more; got {n_chips}.")
    titles = _titles(network)
    for number, layer in enumerate(network.layers):
        _check_runs(layer, titles[number], chip, graded=network.is_graded(number))
    n_available = n_chips * chip.n_cores
    fitted: list[tuple[Block, Mapping[str, Counts], Mapping[str, int]]] = []
    reach = np.zeros(network.layers[-1].n_neurons, np.int64)  # the readout's potentials are read, not sent
    for title, layer in zip(reversed(titles), reversed(network.layers), strict=True):
        found = _fewest_cores(layer, title, reach, chip, n_available)
        reach = found[0].reach()
        fitted.insert(0, found)
    n_cores = [block.split.n_blocks for block, _, _ in fitted]
    layers = tuple(
        MappedLayer(title, block, sum(n_cores[:number]), demands, needed)
        for number, (title, (block, demands, needed)) in enumerate(zip(titles, fitted, strict=True))
    )
    if sum(n_cores) > n_available:
        most = max(layers, key=lambda layer: layer.n_cores)
        raise NotMappableError(
            f"the network takes {sum(n_cores)} cores and {_chips(chip, n_chips)} has {n_available}; {most.title} takes "
            f"the most, {most.n_cores}, for its {most.limited_by or 'blocks'}. Use a smaller network or "
            f"{-(-sum(n_cores) // chip.n_cores)} chips."
        )
    return CoreMap(network, chip, n_chips, layers)


def _fewest_cores(
    layer: LoihiLayer, title: str, reach: Counts, chip: Chip, n_available: int
) -> tuple[Block, Mapping[str, Counts], Mapping[str, int]]:
    """The block with the fewest cores, its demands, and the cores that each limit alone asks for."""
    needed: dict[str, int] = {}
    least = dict.fromkeys(chip.limits, np.inf)
    on_one_core: dict[str, int] = {}
    for n_blocks in range(1, min(n_available, layer.n_neurons) + 1):
        fitting: list[tuple[int, int, Block, Mapping[str, Counts]]] = []
        for split in splits_of(layer.output_grid, n_blocks):
            block = Block(layer, split)
            demands = {name: values for name, values in block.demands(reach).items() if name in chip.limits}
            peaks = {name: int(values.max()) for name, values in demands.items()}
            on_one_core = on_one_core or peaks
            fits = {name: peak <= chip.limits[name].value for name, peak in peaks.items()}
            for name, peak in peaks.items():
                least[name] = min(least[name], peak)
                if fits[name]:
                    needed.setdefault(name, n_blocks)
            if all(fits.values()):
                fitting.append((int(block.axons_in().sum()), peaks["compartments"], block, demands))
        if fitting:
            _, _, best, asked = min(fitting, key=lambda one: one[:2])
            return best, asked, needed
    n_chips = -(-n_available // chip.n_cores)
    more = {  # a limit that more cores may meet -> chips, if it shrank with their number as it did up to here
        name: max(n_chips + 1, -(-int(peak) * n_available // (chip.limits[name].value * chip.n_cores)))
        for name, peak in least.items()
        if n_available < layer.n_neurons and peak < on_one_core[name]
    }
    raise NotMappableError(_why_not(title, chip, n_chips, needed, least, more))


def _why_not(
    title: str,
    chip: Chip,
    n_chips: int,
    needed: Mapping[str, int],
    least: Mapping[str, float],
    more_chips: Mapping[str, int],
) -> str:
    for name, limit in chip.limits.items():
        if name not in needed:
            split = f"over the {n_chips * chip.n_cores} cores of {_chips(chip, n_chips)}" if name in more_chips else ""
            advice = f"{more_chips[name]} chips (n_chips), or " if name in more_chips else ""
            return (
                f"{title}: {name} of {least[name]:.0f} on a core at the least, however it is split {split}".rstrip()
                + f", where {chip.title} has {limit.value} ({QUANTITIES[name]}). "
                + f"Use {advice}fewer channels or neurons in this layer."
            )
    worst = max(needed, key=lambda name: needed[name])
    return (
        f"{title}: no way to split it keeps every limit of {chip.title} at once; {worst} alone asks for "
        f"{needed[worst]} cores. Use fewer channels or neurons in this layer, or in the one above."
    )


def _check_runs(layer: LoihiLayer, title: str, chip: Chip, *, graded: bool) -> None:
    """NotMappableError where the chip has no such neuron, event or delay."""
    neuron = type(layer.neuron).__name__
    if chip.spikes_alone and (not isinstance(layer.neuron, Lif) or layer.neuron.reset_interval):
        what = neuron if not isinstance(layer.neuron, Lif) else "Lif with a periodic reset"
        raise NotMappableError(f"{title}: neurons of {what}; {chip.title} has Lif alone. Choose the chip loihi-2.")
    if chip.spikes_alone and graded:
        raise NotMappableError(
            f"{title}: reads graded events; {chip.title} sends spikes of 0 and 1 alone. Choose the chip loihi-2, "
            "or an encoder of spikes."
        )
    longest = 0 if layer.delays is None else int(layer.delays.max())
    if longest > chip.largest_delay:
        raise NotMappableError(f"{title}: a delay of {longest} steps; {chip.title} has up to {chip.largest_delay}.")


def _titles(network: LoihiNetwork) -> list[str]:
    titles = []
    for number, layer in enumerate(network.layers, start=1):
        kind = "recurrent" if layer.recurrence is not None else layer.kind
        ways = ["x".join(map(str, grid)) for grid in (layer.input_grid, layer.output_grid)]
        titles.append(f"layer {number} ({kind}, {' to '.join(ways)})")
    return titles


def _chips(chip: Chip, n_chips: int) -> str:
    return chip.title if n_chips == 1 else f"{n_chips} x {chip.title}"
