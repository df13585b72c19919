# tests/neuro/loihi/test_saturation.py
"""Overflows counted again in plain Python."""

import numpy as np
import pytest
import torch

from neuro.loihi.contracts import LoihiNetwork, Recurrence
from neuro.loihi.emulator import emulate
from neuro.loihi.saturation import readouts_saturated, saturation_by_layer
from tests.neuro.loihi.networks import dense_layer, even, readout
from tests.references.loihi_reference import M, decayed, wrapped

N_STEPS, N_CLIPS, N_IN, N_OUT = 12, 5, 12, 9


def counted(layer, steps, sent, exponent):
    """(shares of neurons and steps with a wrapped current, a clipped potential) of one clip's steps [step][channel]."""
    recurrent = layer.recurrence
    n_wrapped = n_clipped = 0
    for neuron, row in enumerate(layer.weights.tolist()):
        v = 0
        for step, values in enumerate(steps):
            arriving = sum(w * x for w, x in zip(row, values, strict=True)) << exponent
            if recurrent is not None and step:
                of_layer = recurrent.weights[neuron].tolist()
                arriving += sum(w * s for w, s in zip(of_layer, sent[step - 1], strict=True))
            current = wrapped(arriving << 6)
            n_wrapped += current != arriving << 6
            bias = int(layer.bias_mantissa[neuron]) << layer.bias_exponent
            wide = decayed(v, layer.neuron.decay) + current + bias
            n_clipped += abs(wide) > M - 1
            v = max(-(M - 1), min(M - 1, wide))
            v = 0 if v > layer.neuron.threshold << 6 else v
    return n_wrapped, n_clipped


@pytest.mark.parametrize("recurs", [False, True])
def test_wrapped_currents_and_clipped_potentials_are_those_of_plain_python(recurs):
    rng = np.random.default_rng(5)
    weights = even(rng, (N_OUT, N_IN), 254)
    weights[:3] = -np.abs(weights[:3])  # neurons that sink to the lower limit
    recurrence = Recurrence(even(rng, (N_OUT, N_OUT))) if recurs else None
    biases = {"bias_mantissa": rng.integers(-4095, 4096, N_OUT), "bias_exponent": 7}
    first = dense_layer(
        rng,
        N_IN,
        N_OUT,
        weights=weights,
        weight_exponent=7,
        decay=100,
        threshold=100_000,
        recurrence=recurrence,
        **biases,
    )
    network = LoihiNetwork((first, readout(rng, N_OUT)), False, 1.0)
    spikes = torch.from_numpy(rng.random((N_STEPS, N_CLIPS, N_IN)) < 0.6)
    record = emulate(network, spikes)
    found = saturation_by_layer(network, record)

    n = np.zeros(2)
    for clip in range(N_CLIPS):
        n += counted(first, spikes[:, clip].long().tolist(), record.spikes[0][:, clip].astype(int).tolist(), 7)
    assert n.min() > 0
    assert (found[0].currents_wrapped, found[0].membranes_clipped) == pytest.approx(tuple(n / spikes.shape[0] / 45))
    assert (found[1].currents_wrapped, found[1].membranes_clipped) == (0, 0)


def test_readouts_that_reach_a_limit_are_those_of_plain_python():
    rng = np.random.default_rng(6)
    first = dense_layer(rng, N_IN, N_OUT, threshold=1)
    weights = np.abs(even(rng, (6, N_OUT), 254)) * np.array([[1], [-1], [1], [0], [0], [1]])
    biases = np.array([4095, -4095, 0, -4095, 4095, -2000])  # the fourth and fifth by their biases alone, or not at all
    last = dense_layer(
        rng, N_OUT, 6, weights=weights, bias_mantissa=biases, bias_exponent=7, decay=0, threshold=2**17 - 1
    )
    network = LoihiNetwork((first, last), False, 1.0)
    spikes = torch.from_numpy(rng.random((40, N_CLIPS, N_IN)) < 0.9)
    record = emulate(network, spikes)

    n_reached = 0
    for clip in range(N_CLIPS):
        for row, bias in zip(weights.tolist(), last.bias.tolist(), strict=True):
            v, reached = 0, False
            for values in record.spikes[0][:, clip].astype(int).tolist():
                v += (sum(w * x for w, x in zip(row, values, strict=True)) << 6) + bias
                reached |= v > (2**17 - 1) << 6 or v < -(M - 1)
                v = 0 if v > (2**17 - 1) << 6 else max(v, -(M - 1))
            n_reached += reached
    assert 0 < n_reached < 6 * N_CLIPS
    assert record.spikes[-1].any(axis=0).sum() < n_reached  # some only sink
    assert readouts_saturated(network, record) == n_reached / N_CLIPS


def test_a_readout_that_fires_before_its_potential_is_clipped_has_reached_its_limit():
    weights = np.array([[254] * 516 + [6], [254] * 516 + [6]])  # 131,070, in the units of a threshold of 131,071
    last = dense_layer(
        np.random.default_rng(0),
        517,
        2,
        weights=weights,
        bias_mantissa=np.array([100, 0]),  # of 1/64: what is missing to the threshold, and some more
        bias_exponent=0,
        decay=0,
        threshold=2**17 - 1,
    )
    network = LoihiNetwork((last,), False, 1.0)
    record = emulate(network, torch.ones(1, 3, 517, dtype=torch.bool))

    assert record.spikes[-1][0].tolist() == [[True, False]] * 3
    assert saturation_by_layer(network, record)[0].membranes_clipped == 0
    assert readouts_saturated(network, record) == 1.0
