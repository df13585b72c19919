"""The network in front of a circuit gives what its description says, layer by layer."""

import torch
from torch.nn import functional

from quantum.classifiers.front import ConvolutionalFront, FrontOptions


def test_the_maximum_before_relu_is_the_maximum_after_it():
    front = ConvolutionalFront(FrontOptions(widths=(4, 6), grid=(2, 4, 2)))
    pictures = torch.rand(3, 16, 12, requires_grad=True)
    same = pictures.detach().clone().requires_grad_()

    layers = list(front)
    maps = same[:, None]
    for convolution, norm in (layers[1:3], layers[5:7]):
        maps = functional.max_pool2d(functional.relu(norm(convolution(maps))), 2)
    amplitudes = layers[-2](layers[-3](functional.adaptive_avg_pool2d(maps, (4, 2)))).flatten(1)
    given = front(pictures)
    given.square().sum().backward()
    amplitudes.square().sum().backward()

    assert given.shape == (3, 16)
    assert torch.allclose(given, amplitudes, atol=1e-6)
    assert torch.allclose(pictures.grad, same.grad, atol=1e-5)
