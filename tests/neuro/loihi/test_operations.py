"""The chip's counts against a sum on paper and a plain loop over every synapse."""

from itertools import product

import numpy as np
import pytest
import torch

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, Recurrence
from neuro.loihi.emulator import emulate
from neuro.loihi.operations import chip_operations, fan_out, n_cores, n_own_synapses, n_synapses
from tests.neuro.loihi.networks import convolution_layer, convolutional_network, dense_layer, random_input, readout


def synapses_of(layer):
    """Every (input channel, neuron) pair of a convolution that a kernel connects."""
    _, n_rows, n_columns = layer.input_grid
    size = layer.weights.shape[2]
    for neuron, (_, row, column) in enumerate(product(*map(range, layer.output_grid))):
        for in_map, i, j in product(range(layer.input_grid[0]), range(size), range(size)):
            y, x = row * layer.stride - layer.padding + i, column * layer.stride - layer.padding + j
            if 0 <= y < n_rows and 0 <= x < n_columns:
                yield (in_map * n_rows + y) * n_columns + x, neuron


def test_a_tiny_network_counts_what_the_sum_on_paper_says():
    rng = np.random.default_rng(0)
    zeros = np.zeros(2, dtype=int)
    hidden = dense_layer(  # neuron 0 fires with channel 0, neuron 1 never does
        rng, 3, 2, weights=np.array([[20, 0, 2], [2, 2, 2]]), bias_mantissa=zeros, decay=4095, threshold=10
    )
    last = LoihiLayer("dense", np.array([[2, 4], [4, 2]]), zeros, 0, Lif(0, 2**17 - 1), (2,), (2,))
    inputs = torch.zeros(4, 1, 3)
    inputs[0, 0] = torch.tensor([1.0, 1.0, 0.0])  # 2 events, neuron 0 fires
    inputs[2, 0] = torch.tensor([0.0, 0.0, 1.0])  # 1 event, no spike
    network = LoihiNetwork((hidden, last), False, 1.0)
    counts = chip_operations(network, emulate(network, inputs), step_seconds=1e-5).counts

    assert dict(counts) == {
        ("network", "layer-1", "synaptic_operations"): 3 * 2,
        ("network", "layer-1", "neuron_updates_active"): 2 * 2,  # both neurons in the two steps with an event
        ("network", "layer-1", "neuron_updates_inactive"): 2 * 2,
        ("network", "layer-1", "spikes_generated"): 1,
        ("network", "layer-1", "spikes_in"): 3,
        ("network", "layer-1", "spikes_routed"): 3,
        ("network", "readout", "synaptic_operations"): 1 * 2,
        ("network", "readout", "neuron_updates_active"): 2,
        ("network", "readout", "neuron_updates_inactive"): 6,
        ("network", "readout", "spikes_generated"): 0,
        ("network", "readout", "spikes_routed"): 1,
        ("network", "chip", "chip_steps"): 4,
        ("network", "chip", "chip_seconds"): pytest.approx(4e-5),
        ("network", "chip", "state_resets"): 1,
    }


@pytest.mark.parametrize("graded", [False, True])
def test_a_convolution_counts_as_a_loop_over_its_synapses_does(graded):
    rng = np.random.default_rng(1)
    network = convolutional_network(rng, graded=graded)
    inputs = random_input(rng, network, n_steps=5, n_clips=2)
    record = emulate(network, inputs)
    counts = chip_operations(network, record).counts

    arriving = [inputs.numpy(), *record.spikes]
    for number, layer in enumerate(network.layers[:2]):
        events, fired = arriving[number] != 0, record.spikes[number]
        n_met, driven = 0, np.zeros(fired.shape, dtype=bool)
        for channel, neuron in synapses_of(layer):
            n_met += events[:, :, channel].sum()
            driven[:, :, neuron] |= events[:, :, channel]
        name = f"layer-{number + 1}"
        met = "mac_int8" if graded and number == 0 else "synaptic_operations"
        assert counts["network", name, met] == n_met / 2
        assert counts["network", name, "neuron_updates_active"] == (driven | fired).sum() / 2
        assert counts["network", name, "spikes_generated"] == fired.sum() / 2


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("grid", [(1, 5, 6), (2, 4, 4), (3, 1, 3)])
def test_fan_out_at_borders_is_what_a_loop_counts(grid, stride):
    layer = convolution_layer(np.random.default_rng(0), grid, 4, stride)
    expected = np.zeros(int(np.prod(grid)))
    for channel, _ in synapses_of(layer):
        expected[channel] += 1

    assert fan_out(layer).tolist() == expected.tolist()
    assert n_synapses(layer) == expected.sum()


def test_every_neuron_is_updated_in_every_step():
    rng = np.random.default_rng(2)
    network = convolutional_network(rng)
    counts = chip_operations(network, emulate(network, random_input(rng, network, n_steps=7)))
    n_updates = counts.total("neuron_updates_active") + counts.total("neuron_updates_inactive")

    assert n_updates == pytest.approx(7 * network.n_neurons)
    assert counts.total("chip_steps") == 7


@pytest.mark.parametrize(
    ("n_in", "n_out", "cores"),
    [(10, 1024, 1), (10, 1025, 2), (1024, 128, 1), (1025, 128, 2)],  # 1,024 neurons, or 131,072 weights of a byte
)
def test_a_dense_layer_takes_the_cores_that_its_neurons_or_its_weights_need(n_in, n_out, cores):
    assert n_cores(dense_layer(np.random.default_rng(0), n_in, n_out)) == cores


def test_own_synapses_and_delays_take_memory_too():
    rng = np.random.default_rng(0)
    # 131,072 bytes hold 512 x 256 weights of a byte, or 293 x 256 of 14 bits
    own = Recurrence(np.zeros((512, 512), int))
    assert n_cores(dense_layer(rng, 256, 512)) == 1
    assert n_cores(dense_layer(rng, 256, 512, recurrence=own)) == 3
    assert n_cores(dense_layer(rng, 256, 292, delays=np.zeros((292, 256), int))) == 1
    assert n_cores(dense_layer(rng, 256, 293, delays=np.zeros((293, 256), int))) == 2
    assert n_own_synapses(dense_layer(rng, 256, 512, recurrence=own)) == 512 * 512


def test_a_spike_is_routed_to_every_core_of_the_next_layer():
    rng = np.random.default_rng(0)
    network = LoihiNetwork((dense_layer(rng, 2, 2049), readout(rng, 2049)), False, 1.0)
    counts = chip_operations(network, emulate(network, torch.ones(1, 1, 2))).counts

    assert counts["network", "layer-1", "spikes_routed"] == 2 * 3
    assert counts["network", "layer-1", "spikes_in"] == 2
