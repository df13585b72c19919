"""Equality with Lava itself: every spike and every potential, and what happens where Lava cannot answer."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuro.loihi import lava_adapter
from neuro.loihi.contracts import Lif, LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import LavaError, run_on_lava, verify_against_lava
from tests.neuro.loihi.networks import (
    convolution_layer,
    convolutional_network,
    dense_layer,
    dense_network,
    random_input,
    readout,
)


def assert_equal_to_lava(network, inputs):
    check = verify_against_lava(network, inputs)
    details = check.details

    assert check.passed
    assert details["mismatches_per_layer"] == [0] * len(network.layers)
    assert details["readout_mismatches"] == 0
    assert details["entries_compared"] == inputs.shape[0] * inputs.shape[1] * network.n_neurons
    assert all(n_spikes > 0 for n_spikes in details["spikes_per_layer"][:-1])


def with_first_threshold(network, threshold):
    return replace(network, layers=(replace(network.layers[0], neuron=Lif(410, threshold)), *network.layers[1:]))


def test_a_dense_network_equals_lava():
    rng = np.random.default_rng(0)
    network = dense_network(rng)
    assert_equal_to_lava(network, random_input(rng, network, n_steps=15, n_clips=4))


def test_a_convolutional_network_equals_lava():
    rng = np.random.default_rng(1)
    network = convolutional_network(rng)
    assert_equal_to_lava(network, random_input(rng, network, n_steps=8))


@pytest.mark.parametrize("make", [dense_network, convolutional_network])
def test_graded_input_equals_lava(make):
    rng = np.random.default_rng(2)
    network = with_first_threshold(make(rng, graded=True), 9000)
    assert_equal_to_lava(network, random_input(rng, network, n_steps=8))


def test_currents_that_wrap_and_membranes_that_saturate_equal_lava():
    rng = np.random.default_rng(3)
    weights = np.array([[254] * 8, [-254] * 8, [128] * 8, [-128] * 8])
    mantissa = np.array([4095, -4095, 4095, -4095])
    layer = dense_layer(
        rng, 8, 4, weights=weights, decay=3, threshold=2**17 - 1, bias_mantissa=mantissa, bias_exponent=7
    )
    network = LoihiNetwork((layer, readout(rng, 4)), True, 1.0)
    inputs = torch.full((24, 1, 8), 255.0)
    inputs[::3] = 128.0  # 8 * 128 * 128 << 6 is 2^23 to the bit
    inputs[5:] = 0

    record = emulate(network, inputs)
    assert record.spikes[0].any()
    assert_equal_to_lava(network, inputs)


@pytest.mark.parametrize(("grid", "n_maps"), [((1, 2, 3), 128), ((1, 2, 127), 2)])  # beyond the 8 bits that Lava keeps
def test_convolutions_of_many_maps_and_of_wide_pictures_equal_lava(grid, n_maps):
    rng = np.random.default_rng(6)
    layer = convolution_layer(rng, grid, n_maps)
    network = LoihiNetwork((layer, readout(rng, layer.n_neurons)), False, 1.0)
    assert_equal_to_lava(network, random_input(rng, network, n_steps=4, n_clips=2))


@pytest.mark.parametrize("sign", [1, -1])
def test_weights_of_one_sign_equal_lava(sign):
    rng = np.random.default_rng(4)
    layer = dense_layer(rng, 6, 5, weights=sign * 2 * rng.integers(0, 128, (5, 6)), bias_mantissa=np.full(5, 4000))
    network = LoihiNetwork((layer, readout(rng, 5)), False, 1.0)
    assert_equal_to_lava(network, random_input(rng, network, n_steps=6))


@pytest.mark.parametrize(("number", "change"), [(1, -60), (2, 2)])  # 60 moves spikes, 2 the readout's potential
def test_one_changed_weight_is_found(number, change, monkeypatch):
    rng = np.random.default_rng(0)
    network = dense_network(rng)
    weights = network.layers[number].weights.copy()
    weights[0, :2] += change
    layers = list(network.layers)
    layers[number] = replace(layers[number], weights=weights)
    other = replace(network, layers=tuple(layers))
    monkeypatch.setattr(lava_adapter, "emulate", lambda _, inputs: emulate(other, inputs))
    check = verify_against_lava(network, random_input(rng, network, n_steps=15, n_clips=4))

    mismatches = check.details["mismatches_per_layer"]
    assert not check.passed
    assert not any(mismatches[:number])
    assert mismatches[number] + check.details["readout_mismatches"] > 0


def test_without_lava_the_error_says_how_to_install_it(monkeypatch):
    rng = np.random.default_rng(0)
    network = dense_network(rng)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LavaError, match=r"lava is not installed.*pip install"):
        run_on_lava(network, random_input(rng, network))


def test_a_failing_lava_gives_its_last_words():
    rng = np.random.default_rng(0)
    layer = dense_layer(rng, 4, 3)
    object.__setattr__(layer, "weights", np.zeros((3, 5), dtype=int))  # five columns for four channels
    network = LoihiNetwork((layer, readout(rng, 3)), False, 1.0)
    with pytest.raises(LavaError, match=r"Lava failed with exit code 1: .*Error"):
        run_on_lava(network, torch.zeros(2, 1, 4))


def test_a_lava_that_takes_too_long_is_stopped():
    rng = np.random.default_rng(0)
    network = dense_network(rng)
    with pytest.raises(LavaError, match="more than 0 s for 3 clips and was stopped"):
        run_on_lava(network, random_input(rng, network), seconds_limit=0.05)
