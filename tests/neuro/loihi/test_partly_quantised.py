# tests/neuro/loihi/test_partly_quantised.py
"""Each precision between floats and integers against sums by hand, plain Python and the emulator."""

import math

import numpy as np
import pytest
import torch

from classical_baselines.harness.backends.torch_float import TorchFloat
from classical_baselines.harness.contracts import EncodedShape, Trained
from neuro.classifiers.adaptive import AdaptiveSnn
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.delays import DelaySnn
from neuro.classifiers.dense import DenseSnn
from neuro.classifiers.recurrent import RecurrentSnn
from neuro.classifiers.sigma_delta import SigmaDeltaOptions
from neuro.classifiers.spiking_transformer import SpikingTransformerSnn
from neuro.classifiers.ternary import TernarySnn
from neuro.encoders.latency import LatencyEncoder
from neuro.loihi.backends import chip_input, logits_of
from neuro.loihi.contracts import NotMappableError
from neuro.loihi.emulator import emulate
from neuro.loihi.partly_quantised import in_chip_units, partly_quantised, rounding_by_layer
from neuro.loihi.precisions import LoihiSaturation, SnnFloat, SnnIntegerConstants, SnnIntegerWeights
from neuro.loihi.quantise import quantised
from neuro.loihi.saturation import saturation_by_layer
from neuro.neuron import CubaNeuron
from tests.neuro.loihi.test_quantise import NETWORKS, example, network_like_a_trained_one

SPIKES = EncodedShape("spikes", (24,), 20)
FEW_STEPS = 5  # of levels: a potential that never leaks has not yet sunk to the lower limit
WITHOUT_LEAK = [
    (DenseSnn(hidden=(40, 30), beta=1.0), SPIKES),
    (DenseSnn(hidden=(40, 30), beta=1.0, products="sparse"), EncodedShape("graded", (6, 4), FEW_STEPS)),
    (DelaySnn(hidden=(40, 30), beta=1.0, max_delay=7), SPIKES),
    (RecurrentSnn(hidden=(40, 30), beta=1.0), SPIKES),
    (ConvolutionalSnn(channels=(6, 8), strides=(2, 1), beta=1.0), EncodedShape("spikes", (8, 10), 20)),
]


def one_neuron():
    """w = (1, -0.301), b = 0.0123, theta = 1; readout weights 1 and -0.5, biases 0 and 0.003."""
    network = DenseSnn(hidden=(1,), dropout=0.0, beta=0.5).build(EncodedShape("spikes", (2,), 4), 2).eval()
    with torch.no_grad():
        layer, readout = network.layers[0], network.readout
        layer.norm.eps = 0.0  # statistics 0 and 1: the norm adds its bias and changes nothing
        layer.weights.weight[:] = torch.tensor([[1.0, -0.301]])
        layer.norm.bias[:] = 0.0123
        readout.weights.weight[:] = torch.tensor([[1.0], [-0.5]])
        readout.bias[:] = torch.tensor([0.0, 0.003])
    return network


def test_a_neuron_of_two_inputs_comes_out_as_on_paper():
    # S = 254 / 1. W = (254, 2 round(-0.301 * 254 / 2)) = (254, -76). b S = 3.1242; B = round(3.1242 * 64) / 64 = 3.125.
    # Readout: S = 254, W = (254, -2 round(0.5 * 254 / 2)) = (254, -128), as 63.5 goes to the even 64;
    # b S = (0, 0.762), B = (0, round(48.768) / 64) = (0, 0.765625).
    network = one_neuron()
    encoded = torch.tensor([[1, 1], [1, 0], [0, 0], [1, 0]]).float()[:, None]  # [step, clip, channel]
    weights, constants = (partly_quantised(network, rounded) for rounded in ("weights", "constants"))

    # v in weights of 1/254: 254 - 76 + b; half of it + 254 + b, fires above 254; then b; then 254 + b + b/2, fires
    for held in (weights, constants):
        assert held.hidden_spikes(encoded)[0].flatten().tolist() == [0, 1, 0, 1]
    # The readout gathers 2 spikes and 4 biases; a logit is 4 (LOGIT_GAIN) times its mean current.
    expected = {
        "nothing": [4 * 2 * 1 / 4, 4 * (2 * -0.5 + 4 * 0.003) / 4],
        "weights": [4 * 2 * 254 / 254 / 4, 4 * (2 * -128 + 4 * 0.762) / 254 / 4],
        "constants": [4 * 2 * 254 / 254 / 4, 4 * (2 * -128 + 4 * 0.765625) / 254 / 4],
    }
    for rounded, logits in expected.items():
        given = partly_quantised(network, rounded)(encoded)[0].tolist()
        assert given == pytest.approx(logits, abs=1e-6)
    (floats, _) = in_chip_units(network)
    assert floats.weights.tolist() == pytest.approx([254, -76.454])
    assert (float(floats.bias), floats.threshold) == pytest.approx((3.1242, 254))
    assert rounding_by_layer(network)["bias_change"] == pytest.approx(
        [(3.125 - 3.1242) / 254, 0.003625 / math.sqrt(2) / 254], rel=1e-3
    )


def test_what_is_lost_by_rounding_is_counted_by_layer():
    network = one_neuron()
    with torch.no_grad():
        network.layers[0].weights.weight[:] = torch.tensor([[600.0, 0.003]])  # S would be 254 / 600; theta makes it 1
        network.readout.weights.weight[:] = torch.tensor([[1.0], [600.0]])  # S is 254 / 600: no threshold asks for 1
        network.readout.bias[:] = torch.tensor([0.0, 20_000.0])  # beyond 4095 * 2^7 / 2^6 / S = 19,347
    found = rounding_by_layer(network)

    assert found["weights_to_zero"] == [0.5, 0.5]  # 2 round(0.0015); of the readout 1.0: 2 round(0.21)
    assert found["weights_clipped"] == [0.5, 0.0]
    assert found["biases_clipped"] == [0.0, 0.5]


@pytest.mark.parametrize(("options", "shape"), WITHOUT_LEAK)
@torch.no_grad()
def test_without_a_leak_nothing_parts_the_rounded_constants_from_the_emulator(options, shape):
    network = network_like_a_trained_one(options, shape)
    encoded = example(shape, n_clips=32)
    integers = quantised(network)
    record = emulate(integers, chip_input(integers, encoded))
    held = partly_quantised(network, "constants")

    assert not any(layer.membranes_clipped + layer.currents_wrapped for layer in saturation_by_layer(integers, record))
    for ours, theirs in zip(held.hidden_spikes(encoded), record.spikes, strict=False):
        assert 0.005 < theirs.mean() < 0.95
        assert np.array_equal(ours.flatten(2).bool().numpy(), theirs)
    torch.testing.assert_close(held(encoded), logits_of(integers, record), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("options", "shape"), NETWORKS[::2])
@torch.no_grad()
def test_every_precision_is_near_the_one_before_and_thresholds_and_decays_have_nothing_to_round(options, shape):
    network = network_like_a_trained_one(options, shape)
    encoded = example(shape, n_clips=32)
    integers = quantised(network)
    record = emulate(integers, chip_input(integers, encoded))
    rows = [partly_quantised(network, what).hidden_spikes(encoded) for what in ("nothing", "weights", "constants")]
    rows.append([torch.from_numpy(spikes) for spikes in record.spikes[:-1]])

    def differing(before, after):
        pairs = [(a.flatten(2).bool(), b.flatten(2).bool()) for a, b in zip(before, after, strict=True)]
        return sum(int((a != b).sum()) for a, b in pairs) / sum(a.numel() for a, _ in pairs)

    of_weights, of_constants, of_arithmetic = map(differing, rows, rows[1:])
    # A weight moves by up to half of 2/254, a bias by 1/128 of a unit of weight; but what the chip cannot hold of a
    # bias is lost, and that of a current comes to the membrane some steps too soon.
    moved = any(rounding_by_layer(network)["biases_clipped"]) or isinstance(network.neuron, CubaNeuron)
    assert 0 < of_weights < 0.05
    assert of_constants < (0.1 if moved else 2e-3)
    assert of_arithmetic < 1e-3
    for floats in in_chip_units(network):
        assert floats.threshold == pytest.approx(round(floats.threshold), abs=1e-6)
    assert network.neuron.chip_beta * 4096 == round(network.neuron.chip_beta * 4096)


def trained(network, encoder):
    return Trained(encoder, network, torch.rand(2, 4, 6))


@pytest.fixture
def system():
    encoder = LatencyEncoder(n_steps=20)
    return trained(network_like_a_trained_one(DenseSnn(hidden=(40, 30)), encoder.shape(4, 6)), encoder)


def test_snn_float_runs_floats_where_torch_float_runs_the_chips_grid(system):
    clips, generator = torch.rand(64, 4, 6), torch.Generator()
    as_floats = TorchFloat().run(system, clips, generator)
    before = SnnFloat().run(system, clips, generator)
    system.classifier.on_chip_grid.fill_(True)  # as the last epochs of its training leave it
    on_grid = TorchFloat().run(system, clips, generator)
    after = SnnFloat().run(system, clips, generator)
    constants = SnnIntegerConstants(batch_size=20).run(system, clips, generator)

    assert torch.equal(before.logits, as_floats.logits) and torch.equal(after.logits, as_floats.logits)
    assert dict(after.counts.counts) == pytest.approx(dict(as_floats.counts.counts))
    off = (on_grid.logits - constants.logits).abs().amax(dim=1)
    assert float(off.median()) < 1e-5
    assert float((on_grid.logits - after.logits).abs().median()) > 1e-3


def test_spike_rates_are_means_over_neurons_steps_and_clips(system):
    clips, generator = torch.rand(30, 4, 6), torch.Generator()
    notes = SnnIntegerWeights(batch_size=8).run(system, clips, generator).notes
    with torch.no_grad():
        every = partly_quantised(system.classifier, "weights").hidden_spikes(system.encoder(clips, generator))

    rates = [float(spikes.mean()) for spikes in every]
    assert notes["spike_rate_by_layer"] == pytest.approx(rates)
    assert notes["spike_rate"] == pytest.approx(np.average(rates, weights=[40, 30]))
    assert [len(notes[f"{name}_by_layer"]) for name in ("weights_clipped", "weights_to_zero")] == [3, 3]


@pytest.mark.parametrize(
    ("options", "n_neurons"),
    [
        (AdaptiveSnn(hidden=(14, 9)), [14, 9]),
        # patches of 2 and 4 maps: the first fires at [2, 2, 3], then tokens of 1 x 2 with 4 channels: stream, query,
        # key, value, attention, stream, the widening of twice the width, and the stream at the end
        (SpikingTransformerSnn(stem_channels=(2, 4), strides=(2, 2)), [2 * 2 * 3, 8, 8, 8, 8, 8, 8, 16, 8]),
    ],
)
def test_spike_rates_of_networks_that_no_chip_holds_are_noted_by_snn_float(options, n_neurons):
    torch.manual_seed(0)
    encoder = LatencyEncoder(n_steps=7)
    network = options.build(encoder.shape(4, 6), 3)
    with torch.no_grad():
        for _ in range(30):  # batch norm: what arrives is about as large as the threshold
            network(encoder(torch.rand(40, 4, 6), torch.Generator()))
    system, clips, generator = trained(network, encoder), torch.rand(30, 4, 6), torch.Generator()
    outcome = SnnFloat(batch_size=8).run(system, clips, generator)
    as_floats = TorchFloat().run(system, clips, generator)
    assert network.training
    network.eval()
    with torch.no_grad():
        every = network.hidden_spikes(encoder(clips, generator))

    rates = [sum(spikes.flatten().tolist()) / (7 * 30 * n) for spikes, n in zip(every, n_neurons, strict=True)]
    assert 0 < max(rates) < 1
    assert outcome.notes["spike_rate_by_layer"] == pytest.approx(rates)
    assert outcome.notes["spike_rate"] == pytest.approx(np.average(rates, weights=n_neurons))
    torch.testing.assert_close(outcome.logits, as_floats.logits)
    assert dict(outcome.counts.counts) == pytest.approx(dict(as_floats.counts.counts))
    with pytest.raises(NotMappableError):
        SnnIntegerWeights().run(system, clips, generator)


@pytest.mark.parametrize(
    ("options", "name", "where"),
    [
        (AdaptiveSnn(hidden=(14, 9)), "layers.1.weights.weight", "layer-2: weights.weight"),
        (AdaptiveSnn(hidden=(14, 9)), "layers.0.norm.running_mean", "layer-1: norm.running_mean"),
        (AdaptiveSnn(hidden=(14, 9)), "readout.bias", "readout: bias"),
        (DenseSnn(hidden=(14, 9)), "layers.1.norm.bias", "layer-2: norm.bias"),
        (
            SpikingTransformerSnn(stem_channels=(2, 4), strides=(2, 2)),
            "blocks.0.attention.query.weights.weight",
            "SpikingTransformer: blocks.0.attention.query.weights.weight",
        ),
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
@torch.no_grad()
def test_floats_that_are_no_numbers_are_refused_with_layer_name_and_value(options, name, where, value):
    encoder = LatencyEncoder(n_steps=7)
    network = options.build(encoder.shape(4, 6), 3).eval()
    SnnFloat().run(trained(network, encoder), torch.rand(3, 4, 6), torch.Generator())
    network.state_dict()[name].view(-1)[1] = value
    with pytest.raises(ValueError, match=f"^{where} holds {value} \\(1 of its"):
        SnnFloat().run(trained(network, encoder), torch.rand(3, 4, 6), torch.Generator())


def test_a_network_that_the_chip_cannot_hold_and_one_of_other_neurons_are_refused():
    unmappable = AdaptiveSnn(hidden=(5,)).build(EncodedShape("spikes", (4,), 6), 3)
    with pytest.raises(NotMappableError, match="Run it with the backend torch-float"):
        partly_quantised(unmappable, "nothing")
    with torch.no_grad():
        encoder = LatencyEncoder(n_steps=6)
        others = SigmaDeltaOptions(hidden=(5,)).build(encoder.shape(4, 6), 3).eval()
        ternary = TernarySnn(hidden=(5,)).build(encoder.shape(4, 6), 3).eval()
    with pytest.raises(NotMappableError, match="TernaryNetwork has no layers of leaky integrate-and-fire"):
        partly_quantised(ternary, "nothing")
    for backend in (SnnFloat(), SnnIntegerConstants()):
        with pytest.raises(NotMappableError, match="SigmaDeltaNetwork has no layers of leaky integrate-and-fire"):
            backend.run(trained(others, encoder), torch.rand(2, 4, 6), torch.Generator())
    with pytest.raises(NotMappableError, match="measured of layers of Lif; one is of SigmaDelta"):
        LoihiSaturation().run(trained(others, encoder), torch.rand(2, 4, 6), torch.Generator())
