"""Synapses with delays against loops over steps, and snnTorch's neurons behind them."""

import pytest
import snntorch
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.delays import DELAY_RATE, DelaySnn, delayed_product

SPIKES = EncodedShape("spikes", (7,), 15)


def by_loops(spikes, kernel):
    currents = torch.zeros(*spikes.shape[:2], kernel.shape[1], dtype=spikes.dtype)
    for step in range(len(spikes)):
        for delay in range(min(step + 1, len(kernel))):
            currents[step] += spikes[step - delay] @ kernel[delay].T
    return currents


@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 9), st.integers(1, 4), st.integers(1, 5))
def test_the_product_is_the_sum_over_delays(seed, n_steps, n_delays, n_in, n_out):
    generator = torch.Generator().manual_seed(seed)
    spikes = torch.randn(n_steps, 2, n_in, generator=generator, dtype=torch.float64)
    kernel = torch.randn(n_delays, n_out, n_in, generator=generator, dtype=torch.float64)

    assert torch.allclose(delayed_product(spikes, kernel), by_loops(spikes, kernel), atol=1e-12)


def a_network(**options):
    torch.manual_seed(0)
    return DelaySnn(**{"hidden": (9,), "max_delay": 5, **options}).build(SPIKES, 3)


def some_spikes(n_clips=4):
    return (torch.rand(SPIKES.n_steps, n_clips, 7, generator=torch.Generator().manual_seed(1)) < 0.4).float()


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_an_evaluated_network_is_whole_delays_before_snntorchs_neurons(alpha):
    network = a_network(alpha=alpha)
    for _ in range(20):
        network(some_spikes())
    network.eval()
    layer, spikes = network.layers[0], some_spikes()
    weight, bias = layer.folded()
    delays = layer.integer_delays()
    currents = torch.zeros(SPIKES.n_steps, 4, 9)
    for neuron in range(9):
        for channel in range(7):
            for step in range(int(delays[neuron, channel]), SPIKES.n_steps):
                sent = spikes[step - int(delays[neuron, channel]), :, channel]
                currents[step, :, neuron] += weight[neuron, channel].detach() * sent
    neuron = network.neuron
    options = {"beta": neuron.chip_beta, "threshold": 1.0, "reset_mechanism": "zero"}
    theirs = snntorch.Synaptic(alpha=neuron.chip_alpha, reset_delay=False, **options) if alpha else None
    leaky = theirs or snntorch.Leaky(**options)
    state = leaky.reset_mem() if alpha else (leaky.reset_mem(),)
    expected = []
    constant = bias.detach() * (1 - layer.alpha)  # while it is trained as floats, the current takes it in
    for current in currents + constant:
        fired, *state = leaky(current, *state)
        expected.append(fired)

    with torch.no_grad():
        (ours,) = network.hidden_spikes(spikes)
    assert set(delays.flatten().tolist()) == set(range(6))
    assert 0.02 < float(ours.mean()) < 0.9
    assert torch.equal(ours, torch.stack(expected).detach())


def test_in_training_a_spike_brings_its_whole_weight_over_a_bell_at_the_delay():
    layer = a_network().layers[0]
    layer.sigma.fill_(0.7)
    kernel = layer.kernel(layer.weights.weight).detach()
    steps = torch.arange(6.0).view(-1, 1, 1)
    position = layer.positions.detach() * DELAY_RATE
    bell = torch.exp(-0.5 * ((steps - position) / 0.7) ** 2)

    assert torch.allclose(kernel.sum(0), layer.weights.weight.detach(), atol=1e-6)
    assert torch.allclose(kernel, layer.weights.weight.detach() * bell / bell.sum(0), atol=1e-6)


def test_the_bell_narrows_geometrically_and_a_whole_delay_ends_it():
    network = a_network(narrow_until=0.5, quantise_from=0.75)
    sigmas, whole = [], []
    for epoch in range(8):
        network.start_epoch(epoch, 8)
        sigmas.append(float(network.layers[0].sigma))
        whole.append(bool(network.layers[0].whole_delays))

    ratio = (0.5 / 2.5) ** (1 / 4)
    assert sigmas == pytest.approx([2.5 * ratio**k for k in range(5)] + [0.5] * 3)
    assert whole == [False] * 6 + [True] * 2


def test_a_delay_is_learnt():
    """One input, one neuron: the gradient draws the delay to where the current is wanted."""
    layer = a_network().layers[0]
    with torch.no_grad():
        layer.positions.fill_(1.0 / DELAY_RATE)
        layer.weights.weight.fill_(1.0)
    layer.sigma.fill_(1.0)
    optimiser = torch.optim.Adam([layer.positions], lr=0.002)
    spikes = torch.zeros(SPIKES.n_steps, 1, 7)
    spikes[2] = 1.0
    for _ in range(40):
        loss = -layer._applied(spikes, layer.weights.weight, None)[2 + 4].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    assert set(layer.integer_delays().flatten().tolist()) == {4}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DelaySnn(max_delay=64), "max_delay must lie in 1 to 63, the chip's longest; got 64"),
        (lambda: DelaySnn(max_delay=0), "max_delay must lie in 1 to 63"),
        (lambda: DelaySnn(alpha=1.0), "alpha must be at least 0 and below 1"),
        (lambda: DelaySnn(spike_rate_side="below"), "spike_rate_side must be one of above, both; got 'below'"),
        (lambda: DelaySnn(alpha=0.5).build(EncodedShape("graded", (7,), 5), 3), "alpha = 0.5 reads spikes"),
    ],
)
def test_impossible_options_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
