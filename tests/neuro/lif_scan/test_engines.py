"""Every engine of the LIF recurrences against snnTorch's step loop, a closed form and what a threshold means.

The kernels for a GPU run in triton's interpreter, in a process of their own (test_triton.py).
"""

import math

import pytest
import snntorch
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.lif_scan import ENGINES
from neuro.lif_scan.scan import lif_scan, scan
from neuro.neuron import CubaNeuron, LifNeuron

ENGINE_NAMES = ["numba", "torch"]


@pytest.fixture(autouse=True, scope="module")
def compiled():
    """A compiled engine compiles when it first meets a type; hypothesis takes the time for the example's."""
    for engine in ENGINE_NAMES:
        ENGINES[engine]().lif_scan(torch.zeros(1, 1, dtype=torch.float64), LifNeuron())
        ENGINES[engine]().cuba_scan(torch.zeros(1, 1, dtype=torch.float64), CubaNeuron())


def snntorch_spikes(currents, neuron):
    options = {
        "beta": neuron.chip_beta,
        "threshold": neuron.threshold,
        "reset_mechanism": "zero",
        "spike_grad": snntorch.surrogate.fast_sigmoid(neuron.surrogate_slope),
    }
    if isinstance(neuron, CubaNeuron):
        layer = snntorch.Synaptic(alpha=neuron.chip_alpha, reset_delay=False, **options)
        state = layer.reset_mem()
    else:
        layer = snntorch.Leaky(**options)
        state = (layer.reset_mem(),)
    spikes = []
    for current in currents:
        fired, *state = layer(current, *state)
        spikes.append(fired)
    return torch.stack(spikes)


def spikes_by(engine, currents, neuron):
    chosen = ENGINES[engine]()
    return (chosen.cuba_scan if isinstance(neuron, CubaNeuron) else chosen.lif_scan)(currents, neuron)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("alpha", [None, 0.0, 0.4, 0.9])
@pytest.mark.parametrize(("threshold", "slope"), [(1.0, 5.0), (0.6, 25.0)])
def test_spikes_and_gradients_equal_snntorch_step_by_step(alpha, beta, threshold, slope, engine):
    generator = torch.Generator().manual_seed(3)
    neuron = LifNeuron(beta, threshold, slope) if alpha is None else CubaNeuron(beta, threshold, slope, alpha)
    ours = (torch.randn(30, 4, 7, generator=generator) * 0.8 + 0.2).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    arriving = torch.randn(30, 4, 7, generator=generator)

    spikes, expected = spikes_by(engine, ours, neuron), snntorch_spikes(theirs, neuron)
    (spikes * arriving).sum().backward()
    (expected * arriving).sum().backward()

    assert 0.05 < float(expected.detach().mean()) < 0.95
    assert torch.equal(spikes, expected)
    # A steep surrogate and the gradient through the reset enlarge the rounding of a potential from step to step.
    assert torch.allclose(ours.grad, theirs.grad, rtol=0, atol=3e-5 * max(1.0, float(theirs.grad.abs().max())))


@given(st.sampled_from(ENGINE_NAMES), st.sampled_from([0.3, 0.75, 0.9, 0.99]), st.floats(0.02, 1.5))
def test_a_constant_current_fires_at_every_kth_step(engine, beta, current):
    neuron = LifNeuron(beta)
    spikes = spikes_by(engine, torch.full((200, 1), current, dtype=torch.float64), neuron)[:, 0]
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

    assert not spikes_by(engine, torch.tensor(kept, dtype=torch.float64), LifNeuron(beta)).any()


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_potential_at_the_threshold_does_not_fire(engine):
    assert spikes_by(engine, torch.tensor([[1.0], [1.0]]), LifNeuron(beta=1.0))[:, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("neuron", [LifNeuron(), CubaNeuron()])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_maps_give_the_spikes_and_gradients_of_their_neurons_however_they_lie_in_memory(engine, neuron, memory_format):
    generator = torch.Generator().manual_seed(4)
    maps = torch.randn(6 * 5, 7, 20, 9, generator=generator).to(memory_format=memory_format)  # > 2048 neurons a step
    arriving = torch.randn(6, 5, 7, 20, 9, generator=generator)
    together = maps.unflatten(0, (6, 5)).detach().requires_grad_()
    apart = together.detach().flatten(1).requires_grad_()

    spikes, expected = spikes_by(engine, together, neuron), snntorch_spikes(apart, neuron)
    (spikes * arriving).sum().backward()
    (expected * arriving.flatten(1)).sum().backward()

    assert torch.equal(spikes.flatten(1), expected)
    assert torch.allclose(together.grad.flatten(1), apart.grad, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("neuron", [LifNeuron(), CubaNeuron()])
def test_no_clips_give_no_spikes(engine, neuron):
    assert spikes_by(engine, torch.zeros(3, 0, 4), neuron).shape == (3, 0, 4)


@pytest.mark.parametrize("neuron", [LifNeuron(), CubaNeuron()])
def test_the_number_of_threads_changes_no_bit(neuron):
    generator = torch.Generator().manual_seed(5)
    currents = torch.randn(40, 5003, generator=generator)
    results = []
    for n_threads in (1, 3):
        before = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        try:
            given_currents = currents.clone().requires_grad_()
            spikes = spikes_by("numba", given_currents, neuron)
            (spikes * currents).sum().backward()
        finally:
            torch.set_num_threads(before)
        results.append((spikes, given_currents.grad))

    assert all(torch.equal(one, many) for one, many in zip(*results, strict=True))


@pytest.mark.parametrize("engine", ENGINE_NAMES)
@pytest.mark.parametrize("neuron", [LifNeuron(), CubaNeuron()])
def test_only_the_potentials_are_kept_for_the_backward_pass(engine, neuron):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda value: kept.append(value) or value, lambda value: value):
        spikes_by(engine, torch.randn(30, 50, requires_grad=True), neuron)

    assert [value.numel() for value in kept] == [30 * 50]


def test_the_chip_keeps_the_current_that_it_leaks_a_whole_step_of():
    assert [CubaNeuron(alpha=alpha).current_decay for alpha in (0.0, 0.5, 0.75, 0.99999)] == [4095, 2047, 1023, 0]
    assert [CubaNeuron(alpha=alpha).chip_alpha for alpha in (0.0, 0.5, 0.75)] == [0.0, 0.5, 0.75]


@pytest.mark.parametrize("alpha", [-0.1, 1.0])
def test_an_alpha_that_is_no_share_is_refused(alpha):
    with pytest.raises(InputError, match=f"alpha must be at least 0 and below 1.*got {alpha}"):
        CubaNeuron(alpha=alpha)


def test_the_kind_of_neuron_decides_the_recurrence():
    currents = torch.randn(20, 30)

    assert torch.equal(scan(currents, LifNeuron()), spikes_by("torch", currents, LifNeuron()))
    assert torch.equal(scan(currents, CubaNeuron()), spikes_by("torch", currents, CubaNeuron()))


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
