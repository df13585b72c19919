"""Layers over cores against sums on paper, plain loops over synapses, and what must hold for any network."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.loihi.contracts import Lif, LoihiNetwork, NotMappableError, Recurrence, SigmaDelta
from neuro.loihi.mapping.chips import CHIPS, LOIHI_1, LOIHI_2, Limit
from neuro.loihi.mapping.core_map import core_map, hops
from neuro.loihi.mapping.splits import Block, Split
from tests.neuro.loihi.networks import convolution_layer, dense_layer, dense_network, even, readout


def chip_with(**limits):
    """Loihi 1 with other limits of these quantities."""
    return replace(LOIHI_1, limits={**LOIHI_1.limits, **{name: Limit(value, "") for name, value in limits.items()}})


def network_of(*layers):
    return LoihiNetwork((*layers, readout(np.random.default_rng(9), layers[-1].n_neurons)), False, 1.0)


def recurrent_layer(rng, n_in, n_out):
    return dense_layer(rng, n_in, n_out, recurrence=Recurrence(even(rng, (n_out, n_out))))


def plain_synapses(layer):
    """(channel, neuron) of every synapse from the layer below, one by one."""
    if layer.kind == "dense":
        yield from product(range(layer.weights.shape[1]), range(layer.n_neurons))
        return
    maps_in, n_rows, n_columns = layer.input_grid
    for neuron, (_, row, column) in enumerate(product(*map(range, layer.output_grid))):
        for in_map, i, j in product(range(maps_in), *map(range, layer.weights.shape[2:])):
            y, x = row * layer.stride + i - layer.padding, column * layer.stride + j - layer.padding
            if 0 <= y < n_rows and 0 <= x < n_columns:
                yield (in_map * n_rows + y) * n_columns + x, neuron


@st.composite
def networks(draw):
    """Dense, delayed, recurrent or convolutional layers, and a readout."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    if draw(st.booleans()):
        grid = tuple(draw(st.tuples(st.integers(1, 3), st.integers(3, 9), st.integers(3, 9))))
        first = convolution_layer(rng, grid, draw(st.integers(1, 6)), stride=draw(st.sampled_from([1, 2])))
        layers = [first, convolution_layer(rng, first.output_grid, draw(st.integers(1, 5)), stride=1)]
    else:
        widths = draw(st.lists(st.integers(1, 40), min_size=3, max_size=4))
        layers = [dense_layer(rng, n, m) for n, m in pairwise(widths)]
        layers[0] = replace(layers[0], delays=rng.integers(0, 63, layers[0].weights.shape))
        layers[1] = recurrent_layer(rng, widths[1], widths[2])
    return network_of(*layers)


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(5, 40), st.integers(40, 300))
def test_every_neuron_stands_on_one_core_and_no_limit_is_exceeded(network, compartments, axons):
    chip = chip_with(compartments=compartments, axons_in=axons, axons_out=axons, memory_words=8 * axons)
    try:
        mapped = core_map(network, chip)
    except NotMappableError as error:
        assert "layer" in str(error)
        return
    on_core = [mapped.core_of_neuron(number) for number in range(len(network.layers))]
    for number, (layer, cores) in enumerate(zip(network.layers, on_core, strict=True)):
        assert len(cores) == layer.n_neurons
        assert set(cores) == set(range(*mapped.cores_of(number).indices(mapped.n_cores)))
    assert sorted({core for cores in on_core for core in cores}) == list(range(mapped.n_cores))
    assert mapped.n_cores <= chip.n_cores
    # Counted again, synapse by synapse.
    axons_in, axons_out = [set() for _ in range(mapped.n_cores)], [set() for _ in range(mapped.n_cores)]
    for number, layer in enumerate(network.layers):
        cores = on_core[number]
        ways = [("below", channel, cores[neuron]) for channel, neuron in plain_synapses(layer)]
        if layer.recurrence is not None:
            ways += [("own", a, cores[b]) for a, b in product(range(layer.n_neurons), repeat=2)]
        for whence, channel, core in ways:
            axons_in[core].add((whence, channel))
            if whence == "own" or number > 0:
                sender = cores[channel] if whence == "own" else on_core[number - 1][channel]
                axons_out[sender].add((whence, number, channel, core))
    assert max(map(len, axons_in)) <= axons
    assert max(map(len, axons_out)) <= axons
    assert max(np.bincount(np.concatenate(on_core))) <= compartments
    told = {name: np.concatenate([of.demands[name] for of in mapped.layers]) for name in chip.limits}
    assert told["axons_in"].tolist() == list(map(len, axons_in))
    assert told["axons_out"].tolist() == list(map(len, axons_out))
    assert told["compartments"].tolist() == np.bincount(np.concatenate(on_core)).tolist()
    assert max(told["memory_words"]) <= 8 * axons
    assert 0 < mapped.load().max() <= 1


@settings(max_examples=30, deadline=None)
@given(networks(), st.integers(1, 4))
def test_the_synapses_that_a_spike_meets_are_those_of_a_plain_loop(network, most_parts):
    for layer in network.layers:
        split = Split(layer.output_grid, tuple(min(most_parts, size) for size in layer.output_grid))
        block, of_neuron = Block(layer, split), split.block_of_neuron()
        expected = np.zeros((int(np.prod(layer.input_grid)), split.n_blocks), int)
        for channel, neuron in plain_synapses(layer):
            expected[channel, of_neuron[neuron]] += 1
        assert block.met().tolist() == expected.tolist()
        assert block.reach().tolist() == (expected > 0).sum(axis=1).tolist()


@given(st.lists(st.integers(0, 15), min_size=4, max_size=4))
def test_hops_are_as_many_there_as_back(tiles):
    here, there = np.array(tiles[:2]), np.array(tiles[2:])

    assert hops(here, there) == hops(there, here)
    assert hops(here, there) == (abs(tiles[0] - tiles[2]), abs(tiles[1] - tiles[3]))


def test_cores_stand_four_to_a_tile_and_the_next_tile_is_a_neighbour():
    rng = np.random.default_rng(0)
    mapped = core_map(network_of(dense_layer(rng, 4, 4000)), chip_with(compartments=40))

    tiles = mapped.tiles
    assert mapped.n_cores == 101  # 4000 neurons in blocks of 40, and a readout of 4
    assert (np.unique(tiles, axis=0, return_counts=True)[1] <= 4).all()
    assert set(np.abs(np.diff(tiles, axis=0)).sum(axis=1)) == {0, 1}
    assert tiles.max(axis=0).tolist() == [6, 3]
    assert tiles[:20:4].tolist() == [[0, 0], [0, 1], [0, 2], [0, 3], [1, 3]]


def test_the_keyword_spotter_takes_three_cores_of_loihi_1():
    # 390-256-256-29: no layer has more than 1024 neurons; 390 axons of 256 bytes are 12 480 words of the 16 384.
    rng = np.random.default_rng(0)
    layers = tuple(dense_layer(rng, n, m) for n, m in ((390, 256), (256, 256), (256, 29)))
    mapped = core_map(LoihiNetwork(layers, False, 1.0), LOIHI_1)

    assert mapped.n_cores == 3
    assert [layer.demands["memory_words"].tolist() for layer in mapped.layers] == [[390 * 32], [256 * 32], [256 * 4]]
    assert [layer.demands["axons_out"].tolist() for layer in mapped.layers] == [[256], [256], [0]]
    assert [layer.limited_by for layer in mapped.layers] == ["", "", ""]


def test_each_limit_is_named_where_it_asks_for_the_most_cores():
    rng = np.random.default_rng(0)

    def limits_of(*layers, chip=LOIHI_1):
        mapped = core_map(network_of(*layers), chip)
        return mapped.layers[0].n_cores, mapped.layers[0].limited_by

    assert limits_of(dense_layer(rng, 3, 1025)) == (2, "compartments")
    # 700 axons of 700 bytes: 88 words each, 61 600; four cores of 175 neurons: 22 words, 15 400
    assert limits_of(dense_layer(rng, 700, 700)) == (4, "memory_words")
    # with delays a synapse has 14 bits: at 6 cores 117 neurons, 26 words, 18 200; at 7 cores 100, 22 words, 15 400
    delayed = dense_layer(rng, 700, 700, delays=np.full((700, 700), 3))
    assert limits_of(delayed) == (7, "memory_words")
    # 30 neurons that each send to 5 readout cores of one neuron: 150 axons, at 40 a core
    few = chip_with(compartments=30, axons_out=40)
    wide = LoihiNetwork((dense_layer(rng, 3, 30), readout(rng, 30, 150)), False, 1.0)
    mapped = core_map(wide, few)
    assert (mapped.layers[0].n_cores, mapped.layers[0].limited_by) == (4, "axons_out")


def test_a_convolution_is_cut_over_the_picture_so_that_its_axons_fit():
    rng = np.random.default_rng(0)
    layer = convolution_layer(rng, (16, 40, 50), 32, stride=1)
    mapped = core_map(LoihiNetwork((layer,), False, 1.0), LOIHI_1)

    assert layer.n_neurons == 64_000  # 62.5 cores of 1024
    assert mapped.n_cores >= 63
    assert mapped.layers[0].demands["axons_in"].max() <= 4096
    assert mapped.layers[0].demands["memory_words"].max() <= 32 * 16 * 9 * 8 // 64


def test_what_does_not_fit_is_refused_with_layer_value_and_limit():
    rng = np.random.default_rng(0)
    with pytest.raises(NotMappableError, match=r"layer 1 \(dense, 5000 to 8\): axons_in of 5000 .* Loihi 1 has 4096"):
        core_map(dense_network(rng, (5000, 8)), LOIHI_1)
    # Blocks of 5 neurons: 80 cores, 60 cores, and one for the readout of 4.
    wide = network_of(dense_layer(rng, 3, 400), dense_layer(rng, 400, 300))
    with pytest.raises(NotMappableError, match=r"takes 141 cores and Loihi 1 has 128; layer 1 .* 80, for .*2 chips"):
        core_map(wide, chip_with(compartments=5))
    assert core_map(wide, chip_with(compartments=5), n_chips=2).n_chips_used == 2
    with pytest.raises(NotMappableError, match=r"layer 1 .*graded events; Loihi 1 .* loihi-2"):
        core_map(dense_network(rng, graded=True), LOIHI_1)
    with pytest.raises(NotMappableError, match=r"layer 1 .* a delay of 63 steps; Loihi 1 has up to 62"):
        core_map(network_of(dense_layer(rng, 3, 4, delays=np.full((4, 3), 63))), LOIHI_1)
    with pytest.raises(NotMappableError, match="n_chips must be 1 or more; got 0"):
        core_map(dense_network(rng), LOIHI_1, 0)


def test_a_layer_too_large_for_the_chips_that_are_given_is_refused_with_the_number_that_holds_it():
    # 160 neurons at one a core: 128 cores have 2 on one, and two chips hold them.
    layer = convolution_layer(np.random.default_rng(0), (1, 4, 40), 1, stride=1)
    few = chip_with(compartments=1)
    told = r"compartments of 2 on a core .* split over the 128 cores of Loihi 1, where Loihi 1 has 1 .*Use 2 chips"
    with pytest.raises(NotMappableError, match=told):
        core_map(LoihiNetwork((layer,), False, 1.0), few)
    assert core_map(LoihiNetwork((layer,), False, 1.0), few, n_chips=2).n_cores == 160

    large = convolution_layer(np.random.default_rng(0), (1, 16, 40), 1, stride=1)  # 640: five chips
    with pytest.raises(NotMappableError, match=r"over the 256 cores of 2 x Loihi 1.*Use 6 chips|Use 5 chips"):
        core_map(LoihiNetwork((large,), False, 1.0), few, n_chips=2)
    # Every block of a dense layer reads all channels: no number of chips helps.
    wide = network_of(dense_layer(np.random.default_rng(0), 5000, 200))
    with pytest.raises(NotMappableError, match=r"axons_in of 5000 .* split, where .*\. Use fewer channels"):
        core_map(wide, LOIHI_1)


@pytest.mark.parametrize("name", CHIPS)
def test_a_chip_has_128_cores_and_every_limit_has_a_source(name):
    assert CHIPS[name].n_cores == 128
    assert all(limit.value > 0 and limit.source for limit in CHIPS[name].limits.values())


def test_loihi_2_runs_graded_events():
    assert core_map(dense_network(np.random.default_rng(0), graded=True), LOIHI_2).n_cores == 3


def test_a_periodic_reset_and_other_neurons_are_refused_for_loihi_1():
    rng = np.random.default_rng(0)
    with pytest.raises(NotMappableError, match="Lif with a periodic reset; Loihi 1 has Lif alone"):
        core_map(network_of(dense_layer(rng, 3, 4, neuron=Lif(0, 9, reset_interval=4))), LOIHI_1)
    with pytest.raises(NotMappableError, match=r"layer 1 .*neurons of SigmaDelta; Loihi 1 has Lif alone"):
        core_map(network_of(dense_layer(rng, 3, 4, neuron=SigmaDelta(9))), LOIHI_1)
