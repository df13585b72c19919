"""On a GPU the recurrences give the spikes and gradients that the reference gives on the CPU."""

import pytest
import torch

from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.dense import DenseSnn
from neuro.encoders.latency import LatencyEncoder
from neuro.lif_scan import torch_scan, triton_scan
from neuro.lif_scan.scan import engine_for, scan
from neuro.neuron import CubaNeuron, LifNeuron

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


@pytest.mark.parametrize("neuron", [LifNeuron(0.9, 1.0, 5.0), LifNeuron(0.0), CubaNeuron(0.9, 0.6, 25.0, 0.7)])
@pytest.mark.parametrize("shape", [(100, 64, 512), (1, 3), (12, 3, 50), (5, 2, 0), (7, 129)])
def test_the_kernels_give_the_spikes_and_gradients_of_the_reference(neuron, shape):
    generator = torch.Generator().manual_seed(3)
    currents, arriving = (torch.randn(shape, generator=generator) for _ in range(2))
    name = "cuba_scan" if isinstance(neuron, CubaNeuron) else "lif_scan"
    results = []
    for engine, device in ((torch_scan, "cpu"), (triton_scan, "cuda")):
        given = currents.detach().to(device).requires_grad_()
        spikes = getattr(engine, name)(given, neuron)
        (spikes * arriving.to(device)).sum().backward()
        results.append((spikes.detach().cpu(), given.grad.cpu()))

    (expected, gradient), (spikes, own) = results
    # A potential within rounding of the threshold may fall on its other side: a product and a sum are fused there.
    same = (spikes == expected).flatten(1).all(0)
    assert same.numel() == 0 or float(same.float().mean()) > 0.999
    assert torch.allclose(own.flatten(1)[:, same], gradient.flatten(1)[:, same], rtol=1e-4, atol=1e-5)


def test_networks_on_a_gpu_are_given_the_kernels():
    assert engine_for(torch.zeros(2, 3, device="cuda")) is triton_scan
    assert engine_for(torch.zeros(2, 3, device="cuda", dtype=torch.float64)) is torch_scan
    fired = scan(torch.tensor([[0.75], [0.75]], device="cuda"), LifNeuron())
    assert fired[:, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("options", [ConvolutionalSnn(channels=(8, 8), strides=(2, 2)), DenseSnn(hidden=(32,))])
@pytest.mark.parametrize("on_chip_grid", [False, True])
def test_a_network_gives_the_logits_and_gradients_that_it_gives_on_the_cpu(options, on_chip_grid):
    torch.manual_seed(0)
    encoder = LatencyEncoder(n_steps=4)
    encoded = encoder(torch.rand(6, 8, 8), torch.Generator())
    network = options.build(encoder.shape(8, 8), 5).double().eval()
    network.on_chip_grid.fill_(on_chip_grid)
    results = []
    for device in ("cpu", "cuda"):
        network.to(device).zero_grad()
        logits = network(encoded.double().to(device))
        logits.square().sum().backward()
        gradients = [weight.grad.cpu().clone() for weight in network.parameters() if weight.grad is not None]
        results.append((logits.detach().cpu(), gradients))

    (logits, gradients), (own, own_gradients) = results
    assert torch.allclose(own, logits, rtol=1e-9, atol=1e-9)
    assert all(torch.allclose(a, b, rtol=1e-8, atol=1e-8) for a, b in zip(own_gradients, gradients, strict=True))
