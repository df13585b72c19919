"""Messages, hops, counts and times against plain loops and sums on paper."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.loihi.contracts import LoihiNetwork, NotMappableError, Recurrence, SpikeRecord
from neuro.loihi.emulator import emulate
from neuro.loihi.mapping.chips import LOIHI_1, LOIHI_2
from neuro.loihi.mapping.core_map import core_map
from neuro.loihi.mapping.latency import latency
from neuro.loihi.mapping.mapped_operations import mapped_operations
from neuro.loihi.mapping.traffic import traffic
from neuro.loihi.operations import chip_operations
from tests.neuro.loihi.mapping.test_core_map import chip_with, networks, plain_synapses
from tests.neuro.loihi.networks import convolution_layer, dense_layer, even, random_input, readout


def plain_traffic(mapped, record):
    """The same by loops over steps, clips, spikes and synapses."""
    n_steps = len(record.input_spikes)
    synapses, messages_in, messages_out, sums = Counter(), Counter(), Counter(), Counter()
    for number, layer in enumerate(mapped.network.layers):
        cores = mapped.core_of_neuron(number)
        below = record.input_spikes if number == 0 else record.spikes[number - 1]
        ways = [(below, plain_synapses(layer), None if number == 0 else mapped.core_of_neuron(number - 1), number - 1)]
        if layer.recurrence is not None:
            every = [(a, b) for a in range(layer.n_neurons) for b in range(layer.n_neurons)]
            ways.append((record.spikes[number], every, cores, number))
        for events, pairs, origin, sent_at in ways:
            targets = {}
            for channel, neuron in pairs:
                targets.setdefault(channel, []).append(cores[neuron])
            for step, clip, channel in np.argwhere(events != 0):
                arrives = step + sent_at + 1
                for core in targets.get(channel, []):
                    if arrives < n_steps + len(mapped.layers) - 1:
                        synapses[arrives, clip, core] += 1
                for core in set(targets.get(channel, [])):
                    if arrives < n_steps + len(mapped.layers) - 1:
                        messages_in[arrives, clip, core] += 1
                    there = mapped.tiles[core]
                    here = (0, 0) if origin is None else mapped.tiles[origin[channel]]
                    sums[number, "messages"] += 1
                    sums[number, "east-west"] += abs(here[0] - there[0])
                    sums[number, "north-south"] += abs(here[1] - there[1])
                    if origin is not None:
                        messages_out[step + sent_at, clip, origin[channel]] += 1
    return synapses, messages_in, messages_out, sums


def as_counter(work):
    return {tuple(place): work[tuple(place)] for place in np.argwhere(work)}


@settings(max_examples=15, deadline=None)
@given(networks(), st.integers(0, 2**31))
def test_traffic_is_that_of_plain_loops(network, seed):
    try:
        mapped = core_map(network, chip_with(compartments=6, axons_in=300))
    except NotMappableError:
        return
    record = emulate(network, random_input(np.random.default_rng(seed), network, n_steps=4, n_clips=2))
    run = traffic(mapped, record)
    synapses, messages_in, messages_out, sums = plain_traffic(mapped, record)

    assert as_counter(run.synaptic_operations) == synapses
    assert as_counter(run.messages_in) == messages_in
    assert as_counter(run.messages_out) == messages_out
    for number, of_layer in enumerate(run.layers):
        assert of_layer.n_messages == sums[number, "messages"]
        assert of_layer.hops_east_west == sums[number, "east-west"]
        assert of_layer.hops_north_south == sums[number, "north-south"]
    assert run.spikes.sum() == sum((spikes != 0).sum() for spikes in record.spikes)
    counts = mapped_operations(mapped, record, run)
    assert counts.total("synaptic_operations") == pytest.approx(sum(synapses.values()) / 2)
    # Every neuron is updated once a step, on its core.
    assert ((run.neurons_active + run.neurons_inactive).sum(axis=2) == network.n_neurons).all()


def chain(n_steps=2):
    """Three layers of 2, 3 and 1 neurons on three cores of one tile; which spikes there are stands here."""
    rng = np.random.default_rng(0)
    layers = tuple(dense_layer(rng, n, m) for n, m in pairwise((4, 2, 3, 1)))
    network = LoihiNetwork(layers, False, 1.0)
    sent = [np.zeros((n_steps, 1, n), bool) for n in (4, 2, 3, 1)]
    sent[0][0, 0, :3] = True  # three events in step 0
    sent[1][0, 0, 1] = True  # answered by one neuron of layer 1
    reached = [np.zeros_like(of) for of in sent[1:]]
    reached[0][0], reached[1][0] = True, True
    return network, SpikeRecord(sent[0], tuple(sent[1:]), tuple(reached), np.zeros((1, 1), np.int64))


def test_a_small_run_takes_the_time_and_the_counts_of_a_sum_on_paper():
    network, record = chain()
    mapped = core_map(network, LOIHI_1)
    run = traffic(mapped, record)

    # Two steps of three layers take four steps of the chip; a layer works one step after the one below it.
    assert run.synaptic_operations[:, 0].tolist() == [[6, 0, 0], [0, 3, 0], [0, 0, 0], [0, 0, 0]]
    assert run.messages_in[:, 0].tolist() == [[3, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert run.messages_out[:, 0].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert run.neurons_active[:, 0].tolist() == [[2, 0, 0], [0, 3, 0], [0, 0, 0], [0, 0, 0]]
    assert run.longest_way == (0, 0)
    # Davies: 6 synapses and 2 active neurons; 3 synapses and 3 active; twice 3 inactive neurons. One tile.
    ends = 2.1e-9 + 113e-9
    davies = [6 * 3.5e-9 + 2 * 8.4e-9, 3 * 3.5e-9 + 3 * 8.4e-9, 3 * 5.3e-9, 3 * 5.3e-9]
    assert latency(mapped, run, "davies").steps[:, 0] == pytest.approx([core + ends for core in davies])
    # SANA-FE: the first core also takes three messages in, sends one and fires once.
    sana_fe = [6 * 3.8e-9 + 2 * 9.7e-9 + 30e-9 + 5.1e-9 + 3 * 16e-9, 3 * 3.8e-9 + 3 * 9.7e-9 + 16e-9, 18e-9, 18e-9]
    assert latency(mapped, run, "sana-fe").steps[:, 0] == pytest.approx([core + 0.6e-6 for core in sana_fe])

    counts = mapped_operations(mapped, record, run)
    assert counts.total("synaptic_operations") == 9
    assert counts.total("neuron_updates_active") == 5
    assert counts.total("neuron_updates_inactive") == 4 * 6 - 5
    assert counts.total("messages_placed") == 3 + 1
    assert counts.total("spikes_in") == 3
    assert (counts.total("hops_east_west"), counts.total("hops_north_south")) == (0, 0)
    assert counts.total("spikes_routed") == 0
    assert counts.total("chip_steps") == 4
    assert counts.total("chip_seconds") == pytest.approx(sum(sana_fe) + 4 * 0.6e-6)
    assert mapped_operations(mapped, record, run, 1e-5).total("chip_seconds") == pytest.approx(4e-5)


def test_hops_of_a_chain_over_tiles_are_those_of_a_sum_on_paper():
    network, record = chain()
    one_neuron = replace(LOIHI_1, cores_per_tile=1)
    mapped = core_map(network, one_neuron)  # three cores on the tiles (0, 0), (0, 1) and (0, 2)
    run = traffic(mapped, record)

    assert [of.hops_north_south for of in run.layers] == [0, 1, 0]
    assert run.longest_way == (0, 1)
    assert latency(mapped, run, "davies").way == pytest.approx(2.1e-9 + 6.5e-9)
    barrier = 113e-9 + (465e-9 - 113e-9) * np.log2(3) / 5
    assert latency(mapped, run, "davies").barrier == pytest.approx(barrier)
    assert latency(mapped, run, "sana-fe").barrier == pytest.approx(1.0e-6 + 0.4e-6 * np.log2(3 / 2))


def plain_layers(rng):
    yield dense_layer(rng, 20, 30)
    yield dense_layer(rng, 20, 30, delays=rng.integers(0, 5, (30, 20)))
    yield dense_layer(rng, 20, 30, recurrence=Recurrence(even(rng, (30, 30))))
    yield convolution_layer(rng, (1, 4, 5), 3)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("kind", range(4))
def test_without_a_chip_the_same_is_counted_of_every_kind_of_synapse(kind, graded):
    rng = np.random.default_rng(4)
    first = list(plain_layers(rng))[kind]
    network = LoihiNetwork((first, readout(rng, first.n_neurons)), graded, 1.0)
    record = emulate(network, random_input(rng, network))
    mapped = core_map(network, LOIHI_2)
    with_map, without = mapped_operations(mapped, record, traffic(mapped, record)), chip_operations(network, record)

    n_clips = record.input_spikes.shape[1]
    # The layer runs on for a step while the readout hears its last spikes, and so hears those of its own.
    own_last = 0 if first.recurrence is None else record.spikes[0][-1].sum() * first.n_neurons / n_clips
    more = {"synaptic_operations": own_last, "neuron_updates_inactive": network.n_neurons}
    assert record.spikes[0].any()
    for name in ("synaptic_operations", "mac_int8", "neuron_updates_active", "neuron_updates_inactive", "spikes_in"):
        assert with_map.total(name) - without.total(name) == pytest.approx(more.get(name, 0))
    assert with_map.total("messages_placed") == pytest.approx(without.total("spikes_routed"))
    synapses, _, _, _ = plain_traffic(mapped, record)
    both = without.total("synaptic_operations") + without.total("mac_int8")
    assert both == pytest.approx(sum(synapses.values()) / n_clips - own_last)
    of_input = sum((record.input_spikes[:, :, channel] != 0).sum() for channel, _ in plain_synapses(first)) / n_clips
    assert without.total("mac_int8") == pytest.approx(of_input if graded else 0)


def test_a_mapping_changes_no_count_that_does_not_depend_on_it():
    rng = np.random.default_rng(4)
    network = LoihiNetwork(tuple(dense_layer(rng, n, m) for n, m in pairwise((20, 30, 10))), False, 1.0)
    record = emulate(network, random_input(rng, network))
    mapped = core_map(network, LOIHI_1)
    with_map = mapped_operations(mapped, record, traffic(mapped, record))
    without = chip_operations(network, record)

    for name in ("synaptic_operations", "neuron_updates_active", "spikes_generated", "spikes_in", "state_resets"):
        assert with_map.total(name) == without.total(name)
    assert with_map.total("messages_placed") == without.total("spikes_routed")
    extra_steps = with_map.total("chip_steps") - without.total("chip_steps")
    assert extra_steps == 1
    more = with_map.total("neuron_updates_inactive") - without.total("neuron_updates_inactive")
    assert more == pytest.approx(40)
