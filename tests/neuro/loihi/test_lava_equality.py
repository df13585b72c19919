"""The emulator equals Lava in every spike and every potential of every step, over networks drawn at random.

Sign modes, weight bits, exponents of either sign, currents that last and wrap, biases, strides, delays, recurrence, and
every neuron model; all networks of a test in one process of Lava.
"""

import json
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import UnknownChoiceError
from classical_baselines.harness.contracts import Trained
from neuro.classifiers.delays import DelaySnn
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.recurrent import RecurrentSnn
from neuro.encoders.latency import LatencyEncoder
from neuro.loihi.backends import LoihiLava
from neuro.loihi.contracts import Lif, LoihiNetwork, Recurrence
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import run_all_on_lava, run_on_lava
from neuro.loihi.quantise import quantised
from tests.neuro.loihi.networks import dense_layer, dense_network, random_input, readout
from tests.neuro.loihi.random_networks import random_network
from tests.neuro.loihi.test_backends import trained_on_the_problem


def assert_equal_to_lava(networks):
    of_lava = run_all_on_lava(networks, potentials=True)
    for number, ((network, inputs), theirs) in enumerate(zip(networks, of_lava, strict=True)):
        ours = emulate(network, inputs, potentials=True)
        where = f"network {number}: {network.layers[0]}"
        for name in ("spikes", "potentials"):
            for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
                np.testing.assert_array_equal(a, b, err_msg=f"{name} of {where}")
        np.testing.assert_array_equal(ours.readout_potentials, theirs.readout_potentials, err_msg=where)
    return [emulate(network, inputs) for network, inputs in networks]


def drawn(seed, numbers):
    networks = [random_network(np.random.default_rng([seed, number]), number) for number in numbers]
    return [(network, inputs[:10, :1]) for network, inputs in networks]


def with_every_delay(n_steps=72):
    """Delays of 0 to 63, each of them, and a clip that is longer than the longest."""
    rng = np.random.default_rng(7)
    layer = dense_layer(rng, 16, 4, delays=rng.permutation(64).reshape(4, 16), bias_mantissa=np.zeros(4, int))
    network = LoihiNetwork((layer, readout(rng, 4)), False, 1.0)
    inputs = random_input(rng, network, n_steps=n_steps, n_clips=1, share=0.15)
    return network, inputs


def test_a_network_of_each_neuron_model_and_of_each_kind_of_synapse_equals_lava():
    long, inputs = with_every_delay()
    records = assert_equal_to_lava([*drawn(1, (1, 2, 3, 4, 5, 6, 12, 19)), (long, inputs)])
    assert np.mean([record.spikes[0].any() for record in records]) > 0.7
    # What waits for the longest delays decides: without it other spikes are fired.
    short = replace(long.layers[0], delays=np.minimum(long.layers[0].delays, 50))
    other = emulate(replace(long, layers=(short, long.layers[1])), inputs)
    assert (other.spikes[0] != records[-1].spikes[0]).any()
    assert set(long.layers[0].delays.flat) == set(range(64))


@pytest.mark.slow
def test_sixty_random_networks_equal_lava():
    records = assert_equal_to_lava(drawn(2, range(60)))
    assert np.mean([record.spikes[0].any() for record in records]) > 0.7


def test_currents_that_last_wrap_at_24_bits_like_lavas():
    rng = np.random.default_rng(0)
    weights = np.array([[254] * 6, [-254] * 6, [128] * 6, [-128] * 6])
    layer = dense_layer(rng, 6, 4, weights=weights, weight_exponent=5, neuron=Lif(9, 2**17 - 1, current_decay=40))
    network = LoihiNetwork((layer, readout(rng, 4)), True, 1.0)
    inputs = torch.zeros(10, 1, 6, dtype=torch.int32)
    inputs[:7, 0, :5] = 1
    inputs[3, 0, 5] = -2
    assert_equal_to_lava([(network, inputs)])

    potentials = emulate(network, inputs, potentials=True).potentials[0][:, 0, 0]
    assert (np.diff(potentials.astype(np.int64)) < 0).any()  # a sum of positive currents fell: it came back negative


def test_clips_in_one_simulation_equal_clips_in_their_own():
    rng = np.random.default_rng(0)
    network = dense_network(rng)
    inputs = random_input(rng, network, n_steps=6, n_clips=2)
    together, alone = run_on_lava(network, inputs), run_on_lava(network, inputs, potentials=True)

    for a, b in zip(together.spikes, alone.spikes, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(together.readout_potentials, alone.readout_potentials)


def test_a_changed_recurrent_weight_is_found():
    rng = np.random.default_rng(0)
    layer = dense_layer(rng, 6, 5, recurrence=Recurrence(2 * rng.integers(-60, 60, (5, 5))))
    network = LoihiNetwork((layer, readout(rng, 5)), False, 1.0)
    inputs = random_input(rng, network, n_steps=8, n_clips=1)
    other = replace(layer, recurrence=Recurrence(layer.recurrence.weights + 40 * (np.arange(25).reshape(5, 5) == 7)))
    theirs = run_on_lava(replace(network, layers=(other, network.layers[1])), inputs, potentials=True)

    assert (emulate(network, inputs, potentials=True).potentials[0] != theirs.potentials[0]).any()


def test_trained_networks_with_delays_and_with_recurrence_equal_lava_in_every_potential_of_every_step():
    encoder, networks = LatencyEncoder(n_steps=16), []
    for options in (DelaySnn(hidden=(9, 7), max_delay=12), RecurrentSnn(hidden=(9, 7))):
        trained = trained_on_the_problem(options, encoder)
        assert bool(trained.classifier.on_chip_grid)
        networks.append((quantised(trained.classifier), encoder(trained.calibration[4:5], torch.Generator())))
    records = assert_equal_to_lava(networks)

    assert networks[0][0].layers[0].delays.max() > 8
    assert np.abs(networks[1][0].layers[0].recurrence.weights).max() > 10
    assert all(spikes.any() for record in records for spikes in record.spikes[:-1])


BOARD = {"run_configuration": "Loihi2HwCfg"}


class AskedError(Exception):
    """What Lava's process was asked."""


@pytest.mark.parametrize(("options", "configuration"), [({}, "Loihi2SimCfg"), (BOARD, "Loihi2HwCfg")])
def test_the_run_configuration_of_the_backend_reaches_lavas_process(monkeypatch, options, configuration):
    def run(command, **_):
        with np.load(command[3]) as request:
            raise AskedError([network["run_configuration"] for network in json.loads(str(request["networks"]))])

    monkeypatch.setattr(subprocess, "run", run)
    encoder = LatencyEncoder(n_steps=5)
    network = DenseSnn(hidden=(4,)).build(encoder.shape(2, 3), 2).eval()
    trained = Trained(encoder, network, torch.rand(1, 2, 3))
    with pytest.raises(AskedError, match=rf"^\['{configuration}'\]$"):
        LoihiLava(n_clips=1, **options).run(trained, trained.calibration, torch.Generator())
    with pytest.raises(UnknownChoiceError, match="Loihi3HwCfg"):
        LoihiLava(run_configuration="Loihi3HwCfg")


def test_a_run_configuration_that_lava_has_not_is_refused_by_name():
    network = dense_network(np.random.default_rng(0))
    with pytest.raises(UnknownChoiceError, match=r"'Loihi3HwCfg'.*Loihi2HwCfg, Loihi2SimCfg"):
        run_on_lava(network, torch.zeros(2, 1, 12), run_configuration="Loihi3HwCfg")
