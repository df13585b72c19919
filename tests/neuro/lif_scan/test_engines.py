"""Every engine of the LIF recurrence against snnTorch's step loop, a closed form and what a threshold means."""

import math

import pytest
import snntorch
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from neuro.lif_scan import ENGINES
from neuro.lif_scan.scan import lif_scan
from neuro.neuron import LifNeuron

ENGINE_NAMES = sorted(ENGINES)


@pytest.fixture(autouse=True, scope="module")
def compiled():
    """A compiled engine compiles when it first meets a type; hypothesis takes the time for the example's."""
    for engine in ENGINES.values():
        engine()(torch.zeros(1, 1, dtype=torch.float64), LifNeuron())


def snntorch_spikes(currents, neuron):
    leaky = snntorch.Leaky(
        beta=neuron.chip_beta,
        threshold=neuron.threshold,
        reset_mechanism="zero",
        spike_grad=snntorch.surrogate.fast_sigmoid(neuron.surrogate_slope),
    )
    membrane = leaky.reset_mem()
    spikes = []
    for current in currents:
        fired, membrane = leaky(current, membrane)
        spikes.append(fired)
    return torch.stack(spikes)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("threshold", "slope"), [(1.0, 5.0), (0.6, 25.0)])
def test_spikes_and_gradients_equal_snntorch_step_by_step(beta, threshold, slope, engine):
    generator = torch.Generator().manual_seed(3)
    neuron = LifNeuron(beta, threshold, slope)
    ours = (torch.randn(30, 4, 7, generator=generator) * 0.8 + 0.2).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    arriving = torch.randn(30, 4, 7, generator=generator)

    spikes, expected = ENGINES[engine]()(ours, neuron), snntorch_spikes(theirs, neuron)
    (spikes * arriving).sum().backward()
    (expected * arriving).sum().backward()

    assert 0.05 < float(expected.detach().mean()) < 0.95
    assert torch.equal(spikes, expected)
    assert torch.allclose(ours.grad, theirs.grad, rtol=0, atol=1e-5)


@given(st.sampled_from(ENGINE_NAMES), st.sampled_from([0.3, 0.75, 0.9, 0.99]), st.floats(0.02, 1.5))
def test_a_constant_current_fires_at_every_kth_step(engine, beta, current):
    neuron = LifNeuron(beta)
    spikes = ENGINES[engine]()(torch.full((200, 1), current, dtype=torch.float64), neuron)[:, 0]
    fired_at = (spikes.nonzero().flatten() + 1).tolist()

    # After k steps from rest v = current * (1 - beta^k) / (1 - beta), which exceeds 1 at the first k with
    # beta^k < 1 - (1 - beta) / current; where that is not positive, v stays at 1 or below for ever.
    left = 1 - (1 - neuron.chip_beta) / current
    exact = math.log(left) / math.log(neuron.chip_beta) if left > 0 else math.inf
    assume(math.isinf(exact) or abs(exact - round(exact)) > 1e-6)  # v would meet the threshold but for rounding
    assert fired_at == ([] if math.isinf(exact) else list(range(math.floor(exact) + 1, 201, math.floor(exact) + 1)))


@given(st.sampled_from(ENGINE_NAMES), st.floats(0, 1), st.lists(st.floats(-3, 1), min_size=1, max_size=20))
def test_without_a_potential_above_the_threshold_there_is_no_spike(engine, beta, currents):
    budget, kept = LifNeuron(beta).threshold, []
    for current in currents:  # positive currents that together stay below the threshold, negative ones at will
        kept.append([min(current, budget / 2)])
        budget -= max(0.0, kept[-1][0])

    assert not ENGINES[engine]()(torch.tensor(kept, dtype=torch.float64), LifNeuron(beta)).any()


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_potential_at_the_threshold_does_not_fire(engine):
    assert ENGINES[engine]()(torch.tensor([[1.0], [1.0]]), LifNeuron(beta=1.0))[:, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_maps_give_the_spikes_and_gradients_of_their_neurons_however_they_lie_in_memory(engine, memory_format):
    generator = torch.Generator().manual_seed(4)
    maps = torch.randn(6 * 5, 7, 20, 9, generator=generator).to(memory_format=memory_format)  # > 2048 neurons a step
    arriving = torch.randn(6, 5, 7, 20, 9, generator=generator)
    together = maps.unflatten(0, (6, 5)).detach().requires_grad_()
    apart = together.detach().flatten(1).requires_grad_()

    spikes, expected = ENGINES[engine]()(together, LifNeuron()), snntorch_spikes(apart, LifNeuron())
    (spikes * arriving).sum().backward()
    (expected * arriving.flatten(1)).sum().backward()

    assert torch.equal(spikes.flatten(1), expected)
    assert torch.allclose(together.grad.flatten(1), apart.grad, rtol=0, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_no_clips_give_no_spikes(engine):
    assert ENGINES[engine]()(torch.zeros(3, 0, 4), LifNeuron()).shape == (3, 0, 4)


@pytest.mark.parametrize(("dtype", "engine"), [(torch.float32, "numba"), (torch.bfloat16, "torch")])
def test_the_scan_that_networks_call_is_compiled_where_it_can_be_and_leaves_its_input_alone(dtype, engine):
    currents = torch.randn(4, 3, dtype=dtype).requires_grad_()
    before = currents.detach().clone()

    spikes = lif_scan(currents, LifNeuron())

    assert torch.equal(currents.detach(), before)
    assert type(spikes.grad_fn)._forward_cls.__module__ == f"neuro.lif_scan.{engine}_scan"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_scan_that_networks_call_takes_every_float(dtype):
    assert lif_scan(torch.tensor([[0.75], [0.75]], dtype=dtype), LifNeuron())[:, 0].tolist() == [0.0, 1.0]
