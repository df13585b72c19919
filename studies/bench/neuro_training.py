# studies/bench/neuro_training.py
"""One training step of a spiking network, forward and backward, beside snnTorch's step loop and the bare products.

The network is 256-512-256-35 without bias, 100 steps, 64 clips, 5 % of the inputs fire; its weights are drawn so that
4 to 10 % of the neurons do. Ours handles all steps of a layer at once: its products, then the recurrence.

    sparse         products with the spikes that are there (`neuro/sparse_product.py`)
    dense          torch's own products
    the products   the matrix products of forward and backward alone, dense, on tensors that lie ready

Every way takes its turn in each round, first with one thread, then with two. max_difference is the largest one
between the weight gradients, as a share of the largest gradient. SpikingJelly and Norse are timed where they are
installed; SpikingJelly with its step loop over all steps in torch, its own choice on a CPU. Norse's neuron is another
one (it integrates by Euler steps and its reset works a step later), so its gradients are not compared.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from neuro.lif_scan.scan import lif_scan
from neuro.neuron import LifNeuron
from neuro.sparse_product import sparse_linear
from studies.bench.timing import BenchRow, in_turn

WIDTHS, N_STEPS, N_CLIPS, INPUT_RATE = (256, 512, 256, 35), 100, 64, 0.05
SPREADS = (0.16, 0.12, 0.2)  # of the weights of each layer: hidden rates of about 5 to 8 %
NEURON = LifNeuron(beta=0.9, threshold=1.0, surrogate_slope=25.0)
N_ROUNDS = 7
SNNTORCH, PRODUCTS = "snnTorch 1.0.0, step loop", "the dense products alone"
SPIKINGJELLY, NORSE = "SpikingJelly, multi-step, torch", "Norse, step loop"
TARGETS = {("sparse", SNNTORCH): 4.0, ("sparse", PRODUCTS): 1 / 1.15}
Linear = Callable[[Tensor, Tensor], Tensor]
Step = Callable[[], list[Tensor]]
Network = Callable[[Tensor, Sequence[Tensor]], Tensor]


def bench() -> Iterator[BenchRow]:
    """Rows of both kinds of products beside each peer, with one thread and with two."""
    yield from _rows(1)
    yield from _rows(2)


def _rows(n_threads: int) -> list[BenchRow]:
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        return _timed_rows(n_threads)
    finally:
        torch.set_num_threads(before)


def _timed_rows(n_threads: int) -> list[BenchRow]:
    spikes, weights, arriving = common_step(N_STEPS, N_CLIPS)
    ours: dict[str, Step] = {
        "sparse": lambda: gradients_of(by_layer(spikes, weights, sparse_linear), arriving, weights),
        "dense": lambda: gradients_of(by_layer(spikes, weights, torch.nn.functional.linear), arriving, weights),
    }
    peers: dict[str, Step] = {
        SNNTORCH: lambda: gradients_of(by_snntorch(spikes, weights), arriving, weights),
        PRODUCTS: partial(bare_products, *ready_for_products(spikes, weights)),
    }
    missing = {}
    for name, package, run in ((SPIKINGJELLY, "spikingjelly", _by_spikingjelly), (NORSE, "norse", _by_norse)):
        if find_spec(package) is None:
            missing[name] = f"{package} is not installed; `pip install {package}` in an environment of its own does it"
        else:
            peers[name] = partial(_step_of, run, spikes, weights, arriving)
    differences = differences_of(ours, {name: peers[name] for name in (SNNTORCH, SPIKINGJELLY) if name in peers})
    rates = spike_rates(spikes, weights)
    seconds = dict(zip((*ours, *peers), in_turn((*ours.values(), *peers.values()), N_ROUNDS), strict=True))
    rows = []
    for kind in ours:
        name = f"LIF training step, {kind}, {'-'.join(map(str, WIDTHS))}, {n_threads} thread{'s'[: n_threads - 1]}"
        for peer in peers:
            target, difference = TARGETS.get((kind, peer)), differences.get((kind, peer))
            rows.append(BenchRow(name, seconds[kind], peer, seconds[peer], target, difference, figures=rates))
        rows += [BenchRow(name, seconds[kind], peer, None, unavailable=why) for peer, why in missing.items()]
    return rows


def common_step(n_steps: int, n_clips: int, device: str = "cpu") -> tuple[Tensor, list[Tensor], Tensor]:
    """Input spikes [step, clip, channel], the layers' weights, and the gradient that arrives at the last spikes."""
    generator = torch.Generator().manual_seed(0)
    spikes = (torch.rand(n_steps, n_clips, WIDTHS[0], generator=generator) < INPUT_RATE).float()
    weights = [
        spread * torch.randn(n_out, n_in, generator=generator)
        for spread, (n_in, n_out) in zip(SPREADS, pairwise(WIDTHS), strict=True)
    ]
    arriving = torch.randn(n_steps, n_clips, WIDTHS[-1], generator=generator) / (n_steps * n_clips)
    return spikes.to(device), [weight.to(device).requires_grad_() for weight in weights], arriving.to(device)


def _step_of(run: Network, spikes: Tensor, weights: Sequence[Tensor], arriving: Tensor) -> list[Tensor]:
    return gradients_of(run(spikes, weights), arriving, weights)


def gradients_of(spikes: Tensor, arriving: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """Of every layer's weights, where `arriving` is the gradient of the last spikes; both [step, clip, channel]."""
    return list(torch.autograd.grad((spikes * arriving).sum(), list(weights)))


def by_layer(spikes: Tensor, weights: Sequence[Tensor], linear: Linear) -> Tensor:
    """The last layer's spikes [step, clip, channel]: products of all steps, then the recurrence, layer by layer."""
    for weight in weights:
        spikes = lif_scan(linear(spikes, weight), NEURON)
    return spikes


def by_snntorch(spikes: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """The same spikes by snnTorch's neurons, step by step."""
    import snntorch

    neurons = [
        snntorch.Leaky(
            beta=NEURON.chip_beta,
            threshold=NEURON.threshold,
            reset_mechanism="zero",
            spike_grad=snntorch.surrogate.fast_sigmoid(NEURON.surrogate_slope),
        ).to(spikes.device)
        for _ in weights
    ]
    potentials = [neuron.reset_mem().to(spikes.device) for neuron in neurons]
    every = []
    for step in spikes:
        fired = step
        for layer, (weight, neuron) in enumerate(zip(weights, neurons, strict=True)):
            fired, potentials[layer] = neuron(fired @ weight.t(), potentials[layer])
        every.append(fired)
    snntorch.SpikingNeuron.instances.clear()  # a list of the class keeps every neuron ever made
    return torch.stack(every)


def _by_spikingjelly(spikes: Tensor, weights: Sequence[Tensor]) -> Tensor:
    from spikingjelly.activation_based import neuron, surrogate

    class FastSigmoid(torch.autograd.Function):
        """snnTorch's: SpikingJelly has none of this shape."""

        @staticmethod
        def forward(ctx: Any, distance: Tensor) -> Tensor:
            ctx.save_for_backward(distance)
            return (distance > 0).to(distance.dtype)

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            (distance,) = ctx.saved_tensors
            return gradient / (1 + NEURON.surrogate_slope * distance.abs()) ** 2

    class Surrogate(surrogate.SurrogateFunctionBase):
        """The wrapper that its neurons call."""

        def forward(self, distance: Tensor) -> Tensor:
            fired: Tensor = FastSigmoid.apply(distance)
            return fired

    for weight in weights:
        layer = neuron.LIFNode(
            tau=1 / (1 - NEURON.chip_beta),
            decay_input=False,
            v_threshold=NEURON.threshold,
            v_reset=0.0,
            surrogate_function=Surrogate(alpha=1.0),
            detach_reset=True,
            step_mode="m",
        )
        spikes = layer(torch.nn.functional.linear(spikes, weight))
    return spikes


def _by_norse(spikes: Tensor, weights: Sequence[Tensor]) -> Tensor:
    import norse.torch as norse

    parameters = norse.LIFBoxParameters(
        tau_mem_inv=torch.as_tensor((1 - NEURON.chip_beta) * 1000),
        v_th=torch.as_tensor(NEURON.threshold * (1 - NEURON.chip_beta)),
    )
    for weight in weights:
        layer = norse.LIFBoxCell(parameters)
        state, every = None, []
        for current in torch.nn.functional.linear(spikes, weight):
            fired, state = layer(current, state)
            every.append(fired)
        spikes = torch.stack(every)
    return spikes


def ready_for_products(spikes: Tensor, weights: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Inputs [row, channel] of every layer, its weights, and gradients [row, neuron] of its currents."""
    arriving = [spikes.flatten(0, 1)]
    for weight in weights[:-1]:
        arriving.append(by_layer(spikes, weights[: len(arriving)], torch.nn.functional.linear).detach().flatten(0, 1))
        assert arriving[-1].shape[1] == len(weight)
    gradients = [spikes.new_empty(len(spikes) * spikes.shape[1], len(weight)).normal_() for weight in weights]
    return arriving, [weight.detach() for weight in weights], gradients


def bare_products(arriving: Sequence[Tensor], weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
    """Forward, gradient of the weights, and of the input where there is a layer below."""
    results = []
    for layer, (spikes, weight, gradient) in enumerate(zip(arriving, weights, gradients, strict=True)):
        spikes @ weight.t()
        results.append(gradient.t() @ spikes)
        if layer:
            gradient @ weight
    return results


def differences_of(ours: dict[str, Step], peers: dict[str, Step]) -> dict[tuple[str, str], float]:
    """Largest difference of a gradient between each of ours and each peer, as a share of the largest gradient."""
    differences = {}
    for peer, theirs in peers.items():
        expected = theirs()
        largest = max(float(gradient.abs().max()) for gradient in expected)
        for kind, step in ours.items():
            pairs = zip(step(), expected, strict=True)
            differences[kind, peer] = max(float((a - b).abs().max()) for a, b in pairs) / largest
    return differences


@torch.no_grad()
def spike_rates(spikes: Tensor, weights: Sequence[Tensor]) -> dict[str, float]:
    """Spikes per neuron and step of each hidden layer."""
    rates = {}
    for number, weight in enumerate(weights[:-1], start=1):
        spikes = lif_scan(torch.nn.functional.linear(spikes, weight), NEURON)
        rates[f"spike_rate_layer_{number}"] = float(spikes.mean())
    return rates
