"""The batched emulator against plain-Python integers, step by step and synapse by synapse."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from neuro.loihi.contracts import Lif, LoihiNetwork, NotMappableError
from neuro.loihi.emulator import emulate
from tests.neuro.loihi.networks import (
    READOUT_THRESHOLD,
    convolutional_network,
    dense_layer,
    dense_network,
    random_input,
    readout,
)
from tests.references import loihi_reference


def assert_equal_to_the_reference(network, inputs):
    layers = [
        {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in asdict(layer).items()}
        | asdict(layer.neuron)
        for layer in network.layers
    ]
    record = emulate(network, inputs)
    for clip in range(inputs.shape[1]):
        spikes, potentials = loihi_reference.run(layers, inputs[:, clip].int().tolist())
        assert [layer[:, clip].astype(int).tolist() for layer in record.spikes] == spikes
        assert record.readout_potentials[clip].tolist() == potentials
    return record


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("make", [dense_network, convolutional_network])
@pytest.mark.parametrize("seed", range(3))
def test_random_networks_equal_plain_python_integers(make, graded, seed):
    rng = np.random.default_rng(seed)
    network = make(rng, graded=graded)
    if graded:
        first = replace(network.layers[0], neuron=Lif(410, 9000))
        network = replace(network, layers=(first, *network.layers[1:]))
    record = assert_equal_to_the_reference(network, random_input(rng, network))

    assert all(0.01 < spikes.mean() < 0.99 for spikes in record.spikes[:-1])


@pytest.mark.parametrize("decay", [0, 1, 2048, 4095])
def test_decays_truncate_towards_zero_on_both_sides(decay):
    rng = np.random.default_rng(decay)
    layer = dense_layer(rng, 5, 6, decay=decay, threshold=300)
    leaking = replace(
        readout(rng, 6), neuron=Lif(decay, READOUT_THRESHOLD)
    )  # its potentials are compared to the last bit
    network = LoihiNetwork((layer, leaking), False, 1.0)
    assert_equal_to_the_reference(network, random_input(rng, network, n_steps=25))


def test_membranes_saturate_at_23_bits():
    rng = np.random.default_rng(0)
    bias = np.array([4095, -4095, 4095, -4095])
    layer = dense_layer(rng, 3, 4, bias_mantissa=bias, bias_exponent=7, decay=0, threshold=2**17 - 1)
    network = LoihiNetwork((layer, replace(layer, weights=layer.weights[:, [0, 1, 2, 0]], input_grid=(4,))), False, 1.0)
    record = assert_equal_to_the_reference(network, torch.ones(40, 1, 3))

    assert record.readout_potentials.min() == -(2**23 - 1)
    assert record.spikes[0][:, 0, 0].sum() == 2  # 16 steps of 524,160 reach 2^23


@pytest.mark.parametrize("level", [129, 255])
def test_currents_beyond_24_bits_wrap_once(level):
    rng = np.random.default_rng(0)
    weights = np.array([[254] * 8, [-254] * 8, [128] * 8, [-128] * 8])
    layer = dense_layer(rng, 8, 4, weights=weights, decay=300, threshold=900)
    network = LoihiNetwork((layer, readout(rng, 4)), True, 1.0)
    inputs = torch.full((5, 2, 8), float(level))
    inputs[2] = 128.0  # 8 * 128 * 128 << 6 is 2^23 to the bit

    assert_equal_to_the_reference(network, inputs)


def test_a_neuron_that_spikes_meet_is_active_even_where_they_cancel():
    rng = np.random.default_rng(0)
    layer = dense_layer(rng, 2, 1, weights=np.array([[2, -2]]), bias_mantissa=np.zeros(1, dtype=int))
    record = emulate(LoihiNetwork((layer, readout(rng, 1)), False, 1.0), torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]]]))

    assert record.inputs_active[0][:, 0, 0].tolist() == [True, False]


def test_a_sum_that_lava_could_not_hold_is_refused():
    rng = np.random.default_rng(0)
    layer = dense_layer(rng, 300, 1, weights=np.full((1, 300), 254))
    with pytest.raises(NotMappableError, match="24 bits"):
        emulate(LoihiNetwork((layer, readout(rng, 1)), True, 1.0), torch.full((1, 1, 300), 255.0))
