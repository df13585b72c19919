"""LIF neurons that hear each other, and LIF neurons that tire, against loops over steps with snnTorch's pieces."""

import pytest
import snntorch
import torch

from classical_baselines.harness.choices import InputError
from neuro.lif_scan.adaptive_scan import AdaptiveNeuron, adaptive_scan
from neuro.lif_scan.recurrent_scan import _potentials, recurrent_scan
from neuro.neuron import LifNeuron


def recurrent_by_snntorch(currents, recurrent, neuron):
    leaky = snntorch.Leaky(
        beta=neuron.chip_beta,
        threshold=neuron.threshold,
        reset_mechanism="zero",
        spike_grad=snntorch.surrogate.fast_sigmoid(neuron.surrogate_slope),
    )
    membrane, fired, every = leaky.reset_mem(), torch.zeros_like(currents[0]), []
    for current in currents:
        fired, membrane = leaky(current + fired @ recurrent.T, membrane)
        every.append(fired)
    return torch.stack(every)


def adaptive_by_loop(currents, neuron):
    fires = snntorch.surrogate.fast_sigmoid(neuron.surrogate_slope)
    potential, tired, fired = (torch.zeros_like(currents[0]) for _ in range(3))
    every = []
    for current in currents:
        potential = neuron.chip_beta * (1 - fired.detach()) * potential + current
        tired = neuron.rho * tired + (1 - neuron.rho) * fired
        fired = fires(potential - neuron.threshold - neuron.kappa * tired)
        every.append(fired)
    return torch.stack(every)


def compared(ours, theirs, leaves, arriving):
    """(spikes, gradients of the leaves) of both."""
    results = []
    for run in (ours, theirs):
        own = [leaf.clone().requires_grad_() for leaf in leaves]
        spikes = run(*own)
        (spikes * arriving).sum().backward()
        results.append((spikes.detach(), [leaf.grad for leaf in own]))
    (spikes, gradients), (expected, their_gradients) = results
    assert 0.05 < float(expected.mean()) < 0.95
    assert torch.equal(spikes, expected)
    for one, other in zip(gradients, their_gradients, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=3e-5 * max(1.0, float(other.abs().max())))


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_recurrent_spikes_and_gradients_equal_snntorch_step_by_step(beta):
    generator = torch.Generator().manual_seed(3)
    currents = torch.randn(20, 4, 11, generator=generator) * 0.6 + 0.2
    recurrent, arriving = 0.4 * torch.randn(11, 11, generator=generator), torch.randn(20, 4, 11, generator=generator)
    neuron = LifNeuron(beta)

    compared(
        lambda *leaves: recurrent_scan(*leaves, neuron),
        lambda *leaves: recurrent_by_snntorch(*leaves, neuron),
        (currents, recurrent),
        arriving,
    )


def test_the_compiled_loop_is_the_one_in_torch_on_any_number_of_threads():
    generator = torch.Generator().manual_seed(4)
    currents = torch.randn(60, 31, 170, generator=generator)
    recurrent = 0.2 * torch.randn(170, 170, generator=generator)
    expected = _potentials(currents, recurrent.T, LifNeuron().chip_beta, 1.0) > 1.0
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        two = recurrent_scan(currents, recurrent, LifNeuron())
    finally:
        torch.set_num_threads(before)

    assert torch.equal(two, recurrent_scan(currents, recurrent, LifNeuron()))
    # sums in another order may tip a potential at the threshold
    assert float((two.bool() != expected).float().mean()) < 1e-3


def test_a_spike_is_heard_one_step_later():
    currents = torch.zeros(4, 1, 2)
    currents[1, 0, 0] = 2.0
    spikes = recurrent_scan(currents, torch.tensor([[0.0, 0.0], [1.5, 0.0]]), LifNeuron())

    assert spikes[:, 0].tolist() == [[0, 0], [1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("rho", "kappa"), [(0.9, 1.0), (0.5, 0.3), (0.0, 0.0)])
def test_adaptive_spikes_and_gradients_equal_a_loop(rho, kappa, dtype):
    generator = torch.Generator().manual_seed(3)
    currents = torch.randn(30, 3, 7, generator=generator, dtype=dtype) * 0.8 + 0.5
    arriving = torch.randn(30, 3, 7, generator=generator, dtype=dtype)
    neuron = AdaptiveNeuron(rho=rho, kappa=kappa)

    compared(
        lambda given: adaptive_scan(given, neuron),
        lambda given: adaptive_by_loop(given, neuron),
        (currents,),
        arriving,
    )


def test_a_tired_neuron_fires_less_and_another_float_is_scanned_in_torch():
    currents = torch.full((100, 1), 0.6)
    rates = [float(adaptive_scan(currents, AdaptiveNeuron(kappa=kappa)).mean()) for kappa in (0.0, 2.0, 8.0)]

    assert rates[0] > rates[1] > rates[2] > 0
    halved = adaptive_scan(currents.bfloat16(), AdaptiveNeuron(kappa=0.0))
    assert float(halved.mean()) == pytest.approx(rates[0], abs=0.02)


@pytest.mark.parametrize(("options", "message"), [({"rho": 1.0}, "rho must be"), ({"kappa": -1.0}, "kappa must be 0")])
def test_impossible_neurons_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        AdaptiveNeuron(**options)
