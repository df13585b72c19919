"""Every engine of the emulator gives the integers of the plain torch engine, whatever a layer is."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import Lif, LoihiNetwork, NotMappableError, Recurrence, SigmaDelta
from neuro.loihi.emulator import emulate
from neuro.loihi.engines import ENGINES
from tests.neuro.loihi.networks import convolution_layer, dense_layer, dense_network, random_input, readout
from tests.neuro.loihi.random_networks import random_network

OTHERS = sorted(set(ENGINES) - {"torch"})


def assert_same(network, inputs, engine="numba"):
    ours = emulate(network, inputs, engine=engine, potentials=True)
    reference = emulate(network, inputs, engine="torch", potentials=True)
    for name in ("spikes", "potentials", "inputs_active"):
        for a, b in zip(getattr(ours, name), getattr(reference, name), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b, err_msg=name)
    np.testing.assert_array_equal(ours.readout_potentials, reference.readout_potentials)
    return ours


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("seed", range(4))
def test_random_layers_of_every_kind_and_neuron_equal_the_torch_engine(engine, seed):
    fired = []
    for number in range(24):
        network, inputs = random_network(np.random.default_rng([seed, number]), number)
        fired += [bool(spikes.any()) for spikes in assert_same(network, inputs, engine).spikes]

    assert np.mean(fired) > 0.7


@pytest.mark.parametrize("share", [0.05, 0.6])
@pytest.mark.parametrize("stride", [1, 2])
def test_sparse_and_dense_input_take_different_ways_to_the_same_integers(share, stride):
    rng = np.random.default_rng(3)
    layer = convolution_layer(rng, (3, 9, 11), 5, stride=stride)
    network = LoihiNetwork((layer, readout(rng, layer.n_neurons)), False, 1.0)
    assert_same(network, random_input(rng, network, share=share))


def test_many_rows_of_large_weights_do_not_overflow_the_16_bits_in_which_they_are_added():
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((6, 2000)) < 0.9, 254, -254)
    layer = dense_layer(rng, 2000, 6, weights=weights, threshold=2**17 - 1)
    network = LoihiNetwork((layer, readout(rng, 6)), False, 1.0)
    inputs = torch.zeros(4, 2, 2000)
    inputs[:, :, :299] = 1  # 299 rows of 254 are 75,946; below the share from which a product is taken
    record = assert_same(network, inputs)

    assert np.abs(record.potentials[0]).max() > 2**15


def test_clips_divide_among_threads_without_a_difference():
    rng = np.random.default_rng(1)
    network = dense_network(rng)
    inputs = random_input(rng, network, n_clips=5)
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        several = emulate(network, inputs)
        torch.set_num_threads(1)
        one = emulate(network, inputs)
    finally:
        torch.set_num_threads(n_threads)
    for a, b in zip(several.spikes, one.spikes, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_recurrent_spike_arrives_one_step_later():
    rng = np.random.default_rng(0)
    zeros = np.zeros(2, dtype=int)
    layer = dense_layer(
        rng, 1, 2, weights=np.array([[10], [0]]), bias_mantissa=zeros, decay=4095, threshold=5,
        recurrence=Recurrence(np.array([[0, 0], [20, 0]])),
    )  # fmt: skip
    inputs = torch.tensor([1, 0, 1, 1, 0, 0]).reshape(6, 1, 1)
    record = emulate(LoihiNetwork((layer, readout(rng, 2)), False, 1.0), inputs)

    assert record.spikes[0][:, 0].astype(int).tolist() == [[1, 0], [0, 1], [1, 0], [1, 1], [0, 1], [0, 0]]


def test_a_delayed_spike_arrives_as_many_steps_later_and_counts_as_input_then():
    rng = np.random.default_rng(0)
    layer = dense_layer(
        rng, 1, 2, weights=np.array([[10], [10]]), bias_mantissa=np.zeros(2, dtype=int), decay=4095, threshold=5,
        delays=np.array([[0], [3]]),
    )  # fmt: skip
    inputs = torch.tensor([1, 0, 0, 0, 0]).reshape(5, 1, 1)
    record = emulate(LoihiNetwork((layer, readout(rng, 2)), False, 1.0), inputs)

    assert record.spikes[0][:, 0].nonzero() == (pytest.approx([0, 3]), pytest.approx([0, 1]))
    assert record.inputs_active[0][:, 0].astype(int).tolist() == [[1, 0], [0, 0], [0, 0], [0, 1], [0, 0]]


def test_fractions_are_refused_as_input():
    network = dense_network(np.random.default_rng(0))
    with pytest.raises(InputError, match="must be spikes or integers; got fractions"):
        emulate(network, torch.full((2, 1, 12), 0.5))


def test_a_state_beyond_32_bits_is_refused_where_it_occurs():
    rng = np.random.default_rng(0)
    neuron = SigmaDelta(0, activation="unit")
    layer = dense_layer(rng, 1, 1, weights=np.array([[254]]), bias_mantissa=np.zeros(1, dtype=int), neuron=neuron)
    network = LoihiNetwork((layer,), True, 1.0)
    with pytest.raises(NotMappableError, match="a state of layer 1 reached"):
        emulate(network, torch.full((400, 1, 1), 30000))


def test_a_current_that_lasts_must_stay_within_32_bits():
    rng = np.random.default_rng(0)
    layer = dense_layer(rng, 1100, 1, weights=np.full((1, 1100), 254), neuron=Lif(0, 9, current_decay=5))
    with pytest.raises(NotMappableError, match="current_decay below 4095"):
        emulate(LoihiNetwork((layer, readout(rng, 1)), False, 1.0), torch.ones(1, 1, 1100))
