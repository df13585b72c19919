# tests/neuro/classifiers/test_sigma_delta.py
"""The sigma-delta network beside a plain ReLU network, a plain loop, the emulator and Lava."""

import numpy as np
import pytest
import torch
from torch import nn

from classical_baselines.harness.choices import InputError
from neuro.classifiers.sigma_delta import LOGIT_GAIN, SigmaDeltaOptions
from neuro.encoders import ENCODERS
from neuro.loihi.backends import chip_input, logits_of
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import verify_against_lava
from neuro.loihi.operations import chip_operations
from neuro.loihi.quantise import quantised

N_CLASSES = 4


def coded(code, n_frames=12, n_clips=8):
    encoder = ENCODERS[code]()()
    # each class has a band that swells
    frames = torch.linspace(0, 3, n_frames).sin().square()
    intensity = 0.2 * torch.rand(n_clips, 8, n_frames, generator=torch.Generator().manual_seed(1))
    for clip in range(n_clips):
        intensity[clip, 2 * (clip % N_CLASSES)] += 0.8 * frames
    return encoder.shape(8, n_frames), encoder(intensity, torch.Generator().manual_seed(2))


def trained(code, n_epochs=20, **options):
    """(network on the chip's grid in evaluation mode, its input)."""
    torch.manual_seed(3)
    shape, encoded = coded(code)
    network = SigmaDeltaOptions(**{"hidden": (14, 10), "threshold": 0.3, "dropout": 0.0} | options).build(
        shape, N_CLASSES
    )
    optimiser = torch.optim.Adam(network.parameters(), 2e-2)
    for epoch in range(n_epochs):
        network.start_epoch(epoch, n_epochs)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(encoded), torch.arange(encoded.shape[1]) % N_CLASSES)
        (loss + network.penalty()).backward()
        optimiser.step()
    return network.eval(), encoded


def message_rate(network, encoded):
    return float(torch.cat(network.messages(encoded), 2).ne(0).float().mean())


def plain_twin(network):
    """The same weights in torch's own layers, evaluated: a ReLU network on frames."""
    parts = []
    for layer in network.layers:
        norm = nn.BatchNorm1d(layer.n_outputs)
        norm.load_state_dict(layer.norm.state_dict())
        linear = nn.Linear(layer.weights.in_features, layer.n_outputs, bias=False)
        linear.load_state_dict(layer.weights.state_dict())
        parts += [linear, norm, nn.ReLU()]
    readout = nn.Linear(network.readout.weights.in_features, N_CLASSES)
    readout.load_state_dict({"weight": network.readout.weights.weight, "bias": network.readout.bias})
    return nn.Sequential(*parts, readout).eval()


def test_without_a_threshold_it_is_a_relu_network_frame_by_frame_with_its_gradients():
    network, encoded = trained("send-on-delta", quantise_from=1.0, threshold=0.0)
    assert not bool(network.on_chip_grid)
    twin = plain_twin(network)
    ours = network(encoded)
    theirs = LOGIT_GAIN * torch.stack([twin(frame) for frame in encoded.cumsum(0)]).mean(0)
    torch.testing.assert_close(ours, theirs)

    network.zero_grad()  # of the training before
    for logits in (ours, theirs):
        logits.square().sum().backward()
    for mine, other in zip(network.layers, [twin[0], twin[3]], strict=True):
        torch.testing.assert_close(mine.weights.weight.grad, other.weight.grad)
    torch.testing.assert_close(network.readout.weights.weight.grad, twin[6].weight.grad)


def test_a_message_is_what_has_changed_since_the_last_one_where_that_is_enough():
    network, encoded = trained("send-on-delta", quantise_from=1.0)
    frames = [encoded.cumsum(0)]
    for layer, sent in zip(network.layers, network.messages(encoded), strict=True):
        activation = torch.relu(layer(frames[-1])).detach().numpy()
        told, expected = np.zeros_like(activation[0]), []
        for step in activation:
            message = np.where(np.abs(step - told) >= np.float32(0.3), step - told, np.float32(0))
            told = told + message
            expected.append(message)
        np.testing.assert_allclose(sent.detach().numpy(), expected, atol=1e-6)
        assert 0 < float((sent != 0).float().mean()) < 0.9
        frames.append(torch.from_numpy(np.cumsum(expected, axis=0)))


@pytest.mark.parametrize("code", ["send-on-delta", "latency", "direct-current"])
def test_evaluated_on_the_chips_grid_it_gives_the_emulators_messages_and_logits(code):
    network, encoded = trained(code)
    integers = quantised(network)
    for engine in ("torch", "numba"):
        record = emulate(integers, chip_input(integers, encoded), engine=engine)
        for mine, theirs in zip(network.messages(encoded), record.spikes, strict=False):
            np.testing.assert_array_equal(mine.detach().numpy(), theirs)
        torch.testing.assert_close(network(encoded).detach(), logits_of(integers, record), rtol=1e-6, atol=1e-6)
    assert float(network(encoded).argmax(1).eq(torch.arange(8) % N_CLASSES).float().mean()) == 1.0


def test_without_a_threshold_the_emulator_reconstructs_the_float_activations_to_a_few_hundredths():
    network, encoded = trained("send-on-delta", threshold=0.0)
    record = emulate(quantised(network), encoded)
    network.on_chip_grid.fill_(False)
    activations, _ = network._run(encoded)
    for held, floats, messages in zip(network.chip_layers(), activations, record.spikes, strict=False):
        told = messages.cumsum(0) / held.per_unit
        # a message is rounded down by less than one of its units; weights by up to a unit of theirs
        assert np.abs(told - floats.detach().numpy()).max() < 0.05 * float(floats.detach().max())


def test_emulator_and_lava_agree_in_every_message_of_a_trained_one():
    network, encoded = trained("send-on-delta")
    check = verify_against_lava(quantised(network), encoded[:, :2])

    assert check.passed, check.details
    assert min(check.details["spikes_per_layer"][:2]) > 5


def test_a_message_costs_multiplications_and_a_spike_of_the_input_additions():
    network, encoded = trained("send-on-delta")
    integers = quantised(network)
    record = emulate(integers, encoded)
    counts = chip_operations(integers, record).counts
    n_clips = encoded.shape[1]

    def per_clip(values):
        return float((np.asarray(values) != 0).sum()) / n_clips

    assert counts["network", "layer-1", "synaptic_operations"] == per_clip(encoded) * 14
    assert ("network", "layer-1", "mac_int8") not in counts
    assert counts["network", "layer-2", "mac_int8"] == per_clip(record.spikes[0]) * 10
    assert counts["network", "readout", "mac_int8"] == per_clip(record.spikes[1]) * N_CLASSES
    assert counts["network", "layer-1", "spikes_generated"] == per_clip(record.spikes[0])
    for layer, n_neurons in (("layer-1", 14), ("layer-2", 10)):
        updates = [counts["network", layer, f"neuron_updates_{kind}"] for kind in ("active", "inactive")]
        assert sum(updates) == len(encoded) * n_neurons
        assert 0 < updates[0] <= len(encoded) * n_neurons


def test_the_penalty_is_the_squared_distance_of_each_layers_message_rate_and_lowers_it():
    options = {"spike_rate_target": 0.02, "spike_rate_weight": 3.0}
    network, encoded = trained("send-on-delta", n_epochs=1, **options)
    network(encoded)
    rates = [float((sent != 0).float().mean()) for sent in network.messages(encoded)]
    assert float(network.penalty().detach()) == pytest.approx(3 * sum((rate - 0.02) ** 2 for rate in rates), rel=1e-5)

    quiet, _ = trained("send-on-delta", n_epochs=40, spike_rate_target=0.02, spike_rate_weight=30.0)
    loud, _ = trained("send-on-delta", n_epochs=40)
    assert message_rate(quiet, encoded) < 0.8 * message_rate(loud, encoded)


def test_a_higher_threshold_sends_fewer_messages():
    network, encoded = trained("send-on-delta", quantise_from=1.0)
    rates = []
    for threshold in (0.0, 0.3, 1.0):
        object.__setattr__(network.options, "threshold", threshold)
        rates.append(message_rate(network, encoded))

    assert rates[0] > rates[1] > rates[2]
    with pytest.raises(InputError, match="threshold must be 0"):
        SigmaDeltaOptions(threshold=-0.1)
