"""Layers of few bits against integers in plain Python, and the causal ones frame by frame."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape, Trained
from classical_baselines.harness.unencoded import Unencoded
from classical_baselines.models.causal_tcn import CausalTcn
from classical_baselines.models.int8_backend import Int8
from classical_baselines.models.low_bit import LowBitMap, weight_limit, weight_scales
from classical_baselines.models.low_bit_backend import LowBit, LowBitNetwork
from classical_baselines.models.low_bit_cnn import LowBitCnn

SHAPE = EncodedShape("intensity", (12, 16))
PICTURES = torch.rand(24, 12, 16, generator=torch.Generator().manual_seed(1))
FEW_BITS = [
    LowBitCnn(channels=(4, 6), strides=(2, 1), weight_bits=4, activation_bits=4),
    LowBitCnn(channels=(4,), strides=(2,), hidden=(8,), weight_bits=2, activation_bits=3),
    LowBitCnn(channels=(), strides=(), hidden=(16, 8), weight_bits=8, activation_bits=1),
    CausalTcn(width=8, dilations=(1, 3), bits=8),
]


def trained(options):
    """A network whose ranges and norms have seen data, and which runs with few bits."""
    torch.manual_seed(0)
    network = options.build(SHAPE, 5)
    network.start_epoch(0, 10)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for step in range(12):
        if step == 6:
            network.start_epoch(9, 10)
        loss = torch.nn.functional.cross_entropy(network.train()(PICTURES), torch.arange(24) % 5)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def run(backend, network, pictures=PICTURES):
    encoder = Unencoded()
    return backend.run(Trained(encoder, network, pictures), pictures, torch.Generator())


@given(st.lists(st.floats(-4, 4, width=32), min_size=2, max_size=8).filter(any), st.integers(2, 8))
def test_a_weight_becomes_the_nearest_of_the_integers_that_the_bits_have(values, bits):
    layer = LowBitMap(len(values), 1, weight_bits=bits, activation_bits=32, normalised=False)
    layer.convolution.weight.data = torch.tensor(values).reshape(1, -1, 1, 1)
    size = np.abs(np.float32(values))
    scale = max(min(size.max() / weight_limit(bits), 2 * size.mean() / weight_limit(bits) ** 0.5), 1e-8)

    integers, scales = layer.integer_weights()

    nearest = [
        min(range(-weight_limit(bits), weight_limit(bits) + 1), key=lambda q: abs(v - q * scale)) for v in values
    ]
    assert float(scales[0]) == pytest.approx(scale, rel=1e-5)
    away = np.abs(np.float32(values) - integers.detach().numpy().ravel() * scale)
    np.testing.assert_allclose(away, np.abs(np.float32(values) - np.float32(nearest) * scale), atol=1e-5)


@pytest.mark.parametrize(("bits", "n_values"), [(2, 3), (3, 7), (4, 15)])
def test_there_are_as_many_weights_as_the_bits_can_tell_apart_less_one(bits, n_values):
    layer = LowBitMap(64, 8, (3, 3), weight_bits=bits, activation_bits=32)

    assert len(layer.integer_weights()[0].unique()) == n_values
    assert weight_scales(layer.convolution.weight, 2).shape == (8,)


@pytest.mark.parametrize("options", FEW_BITS, ids=str)
def test_the_integers_decide_as_the_network_that_was_trained_with_few_bits(options):
    network = trained(options)

    integer = run(LowBit(), network).logits

    floats = network(PICTURES).detach()
    # an activation that lies on the edge between two integers may fall to either side
    assert float((integer - floats).abs().median()) < 1e-3 * float(floats.std())
    assert float((integer.argmax(1) == floats.argmax(1)).float().mean()) >= 0.9


@pytest.mark.parametrize("options", FEW_BITS[:2], ids=str)
def test_an_integer_layer_is_the_sum_of_its_products(options):
    network = trained(options)
    runner = LowBitNetwork(network)
    seen = {}
    keep = runner._low_bit_map

    def watched(name, module, maps):
        seen[name] = (module, maps, keep(name, module, maps))
        return seen[name][2]

    runner._low_bit_map = watched
    runner.logits(PICTURES[:1])
    module, maps, result = seen["layers.0"]
    weights = module.integer_weights()[0].detach().numpy()
    x = np.pad(maps.values[0].numpy(), ((0, 0), (1, 1), (1, 1)))
    bias = module.folded()[1].detach().double().numpy()
    units = maps.scale.scale * module.integer_weights()[1].detach().double().numpy()

    for channel, mel, frame in [(0, 0, 0), (2, 3, 4), (3, 5, 7)]:
        patch = x[:, 2 * mel : 2 * mel + 3, 2 * frame : 2 * frame + 3]
        total = (weights[channel] * patch).sum() + np.round(256 * bias[channel] / units[channel]) / 256
        steps = total * units[channel] / result.scale.scale
        expected = np.clip(np.round(steps), 0, result.scale.n_levels)
        assert abs(steps % 1 - 0.5) > 1e-4  # no edge, where float32 and float64 might differ
        assert result.values[0, channel, mel, frame].item() == expected


def test_weights_are_stored_in_their_bits_and_every_product_is_counted():
    outcome = run(LowBit(), trained(FEW_BITS[0]))

    n_weights = 4 * 9 + 6 * 9 * 4 + 5 * 6 * 6 * 8
    n_biases = 4 + 6 + 5
    assert outcome.notes == {"n_parameters": n_weights + n_biases, "weight_bytes": n_weights / 2 + 4 * n_biases}
    assert outcome.counts.total("mac_int8") == 48 * 36 + 48 * 216 + 5 * 288
    # the input from floats; each layer's in and out, logits as floats
    activations = 5 * 192 + (192 + 192) + (192 + 288) + (288 + 4 * 5)
    # beside each bias its channel's multiplier
    assert outcome.counts.total("sram_bytes") == activations + n_weights / 2 + 8 * n_biases


def test_a_network_of_few_bits_is_refused_where_it_would_be_run_with_other_integers():
    with pytest.raises(InputError, match="Run it on the backend 'low-bit'"):
        run(Int8(), trained(FEW_BITS[0]))
    with pytest.raises(InputError, match="was not trained with few bits"):
        run(LowBit(), CausalTcn(width=8).build(SHAPE, 5))


@pytest.mark.parametrize("bits", [8, 32])
def test_no_frame_of_a_causal_network_waits_for_a_later_one(bits):
    network = trained(CausalTcn(width=8, dilations=(1, 3), bits=bits))
    changed = PICTURES.clone()
    changed[:, :, 9:] = torch.rand(24, 12, 7)

    before, after = network.decisions(PICTURES), network.decisions(changed)

    torch.testing.assert_close(before[:, :9], after[:, :9])
    assert not torch.allclose(before[:, 9], after[:, 9])
    torch.testing.assert_close(before[:, -1], network(PICTURES), atol=1e-5, rtol=1e-4)


def test_a_decision_is_what_the_network_gives_where_the_clip_ends_there():
    network = trained(CausalTcn(width=8, dilations=(1, 3), bits=8))

    torch.testing.assert_close(network.decisions(PICTURES)[:, 10], network(PICTURES[:, :, :11]), atol=1e-5, rtol=1e-4)


def test_a_causal_network_sees_as_many_frames_as_its_dilations_say():
    options = CausalTcn(width=4, kernel=3, dilations=(1, 2), dropout=0.0)
    network = options.build(EncodedShape("intensity", (3, 20)), 5).eval()
    pictures = torch.rand(1, 3, 20, requires_grad=True)

    maps = network.blocks(network.entry(pictures[:, :, None]))
    (reached,) = torch.autograd.grad(maps[0, :, 0, 15].square().sum(), pictures)

    frames = reached.abs().sum((0, 1)).nonzero().flatten()
    assert options.receptive_field == 7
    assert frames.min() >= 15 - 6 and frames.max() == 15
    conv = network.blocks[1].depthwise
    x = torch.randn(1, 4, 1, 9)
    by_hand = sum(
        conv.convolution.weight[:, 0, 0, k][:, None] * torch.nn.functional.pad(x[0, :, 0], (4 - 2 * k, 0))[:, :9]
        for k in range(3)
    )
    torch.testing.assert_close(conv.applied(x, conv.convolution.weight, None)[0, :, 0], by_hand)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LowBitCnn(weight_bits=1), "weight_bits must lie in 2 to 8; got 1"),
        (lambda: LowBitCnn(activation_bits=9), "activation_bits must lie in 1 to 8; got 9"),
        (lambda: LowBitCnn(channels=(), strides=()), "channels or hidden must name at least one layer"),
        (lambda: LowBitCnn(strides=(2,)), "channels and strides need one entry per layer"),
        (lambda: CausalTcn(bits=4), "bits must be one of 8, 32; got 4"),
        (lambda: CausalTcn(dilations=()), "dilations must name at least one block"),
    ],
)
def test_options_that_make_no_network_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
