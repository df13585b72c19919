"""Clips in one run that never stops: the spikes and logits of single clips, here and in Lava."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.harness.contracts import Trained
from neuro.classifiers.dense import DenseSnn
from neuro.encoders.rate import RateEncoder
from neuro.loihi.backends import LoihiEmulator
from neuro.loihi.contracts import NotMappableError, Recurrence, TernaryLif
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import run_on_lava
from neuro.loihi.stream import LoihiStream, run_stream, self_clearing
from tests.neuro.loihi.networks import convolutional_network, dense_network, even, random_input

READ = ("spikes", "inputs_active")


@given(seed=st.integers(0, 2**32 - 1), n_steps=st.integers(1, 9), n_clips=st.integers(1, 6), graded=st.booleans())
@settings(max_examples=30)
def test_a_stream_of_clips_gives_what_each_gives_alone(seed, n_steps, n_clips, graded):
    rng = np.random.default_rng(seed)
    network = (dense_network if seed % 2 else convolutional_network)(rng, graded=graded)
    inputs = random_input(rng, network, n_steps, n_clips)

    streamed = run_stream(self_clearing(network, n_steps), inputs)

    for clip in range(n_clips):
        alone = emulate(network, inputs[:, clip : clip + 1], engine="torch")
        for name in READ:
            for ours, theirs in zip(getattr(streamed, name), getattr(alone, name), strict=True):
                assert np.array_equal(ours[:, clip : clip + 1], theirs), name
        assert np.array_equal(streamed.readout_potentials[clip], alone.readout_potentials[0])


def test_what_does_not_clear_itself_takes_one_clip_into_the_next():
    network = dense_network(np.random.default_rng(3))
    inputs = random_input(np.random.default_rng(4), network)

    alone, streamed = emulate(network, inputs), run_stream(network, inputs)

    assert np.array_equal(alone.readout_potentials[0], streamed.readout_potentials[0])
    assert not np.array_equal(alone.readout_potentials[1:], streamed.readout_potentials[1:])


def test_lava_clears_itself_at_the_same_steps():
    rng = np.random.default_rng(5)
    network = dense_network(rng)
    inputs = random_input(rng, network, n_steps=5, n_clips=3)
    stream = inputs.transpose(0, 1).reshape(15, 1, -1)

    theirs = run_on_lava(self_clearing(network, 5), stream, potentials=True)

    alone = emulate(network, inputs, potentials=True)
    for ours, reached in zip(alone.potentials, theirs.potentials, strict=True):
        assert np.array_equal(reached.reshape(3, 5, -1).transpose(1, 0, 2), ours)
    for ours, fired in zip(alone.spikes, theirs.spikes, strict=True):
        assert np.array_equal(fired.reshape(3, 5, -1).transpose(1, 0, 2), ours)


def trained():
    torch.manual_seed(0)
    encoder = RateEncoder(n_steps=6)  # which draws
    network = DenseSnn(hidden=(12, 10)).build(encoder.shape(4, 8), 3)
    for _ in range(10):
        network(encoder(torch.rand(16, 4, 8), torch.Generator()))
    with torch.no_grad():
        for layer in network.layers:
            layer.norm.bias.fill_(0.6)  # so that some fire
    network.on_chip_grid.fill_(True)
    return Trained(encoder, network.eval(), torch.rand(4, 4, 8))


def test_the_backend_gives_the_emulators_outcome_and_says_how_much_it_compared():
    intensity = torch.rand(7, 4, 8, generator=torch.Generator().manual_seed(1))

    streamed, alone = (
        backend(batch_size=3).run(trained(), intensity, torch.Generator().manual_seed(2), n_exhibits=1)
        for backend in (LoihiStream, LoihiEmulator)
    )

    assert torch.equal(streamed.logits, alone.logits) and len(alone.logits.unique(dim=0)) == 7
    assert 0 < alone.notes["spike_rate"] < 1
    assert (dict(streamed.counts.counts), streamed.notes) == (dict(alone.counts.counts), alone.notes)
    (check,) = streamed.checks
    assert check.passed
    assert check.details == {"entries_compared": 7 * (6 * (12 + 10 + 3) + 3), "mismatches": 0}


def test_a_stream_that_differs_is_found(monkeypatch):
    from neuro.loihi import stream

    monkeypatch.setattr(stream, "self_clearing", lambda network, n_steps: network)
    outcome = LoihiStream().run(trained(), torch.rand(7, 4, 8), torch.Generator().manual_seed(2))
    (check,) = outcome.checks
    assert not check.passed and check.details["mismatches"] > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neuron": TernaryLif(410, 70, -70)}, "layer 2 cannot clear itself .* neurons of TernaryLif have no periodic"),
        ({"delays": np.ones((8, 9), np.int64)}, "layer 2 .* its delays carry spikes into the next clip. Use the back"),
        ({"recurrence": Recurrence(even(np.random.default_rng(0), (8, 8)))}, "layer 2 .* its recurrent synapses"),
    ],
)
def test_what_reaches_into_the_next_clip_is_refused_by_layer(changes, message):
    network = dense_network(np.random.default_rng(0))
    layers = list(network.layers)
    layers[1] = replace(layers[1], **changes)
    with pytest.raises(NotMappableError, match=message):
        self_clearing(replace(network, layers=tuple(layers)), 6)
