"""Small integer networks with weights and ranges drawn at random, so that activations clip at both ends."""

import torch
from torch import nn

from classical_baselines.harness.contracts import Classifier
from classical_baselines.models.low_bit import LowBitMap
from classical_baselines.models.quantised import ActivationQuantiser, GlobalMean, LinearMap, ResidualSum


class RandomNetwork(Classifier):
    """Layers as they come, a sum over a second way round, a mean or none, and a readout over what is left."""

    def __init__(self, entry, layers, branch, mean, readout):
        super().__init__()
        self.entry, self.layers, self.mean, self.readout = entry, nn.Sequential(*layers), mean, readout
        self.branch = branch
        self.sum = None if branch is None else ResidualSum(8)

    def forward(self, encoded):
        maps = self.layers(self.entry(encoded[:, None]))
        if self.branch is not None:
            maps = self.sum(self.branch(maps), maps)
        if self.mean is not None:
            maps = self.mean(maps)
        return self.readout(maps).flatten(1)


def random_network(draw, grid, *, few_bits, n_classes=3):
    """A network for pictures of that grid; `draw` is `random.Random`."""
    torch.manual_seed(draw.randrange(2**31))
    signed = draw.random() < 0.3
    entry = ActivationQuantiser(draw.choice((3, 8)), signed=signed)
    entry.watches = False
    width, layers, n_in = draw.choice((2, 4)), [], 1
    for number in range(draw.randint(1, 3)):
        depthwise = number > 0 and draw.random() < 0.4
        kernel = (draw.randint(1, 4), draw.randint(1, 4))
        stride = (draw.randint(1, 3), draw.randint(1, 3))
        padding = (draw.randint(0, kernel[0] // 2), draw.randint(0, kernel[1] // 2))
        shared = {"stride": stride, "groups": n_in if depthwise else 1, "rectified": draw.random() < 0.7}
        kernel = tuple(min(n, size + 2 * rim) for n, size, rim in zip(kernel, grid, padding, strict=True))
        if few_bits:
            dilation = draw.randint(1, 2) if grid[1] > 6 else 1
            causal = draw.random() < 0.5
            bits = {"weight_bits": draw.choice((2, 4, 8)), "activation_bits": draw.choice((2, 8))}
            reach = dilation * (kernel[1] - 1)
            causal = causal or (grid[1] == 1 and reach % 2 == 1)  # an odd reach, halved, does not fit about one frame
            rims = (padding[0], reach // 2)
            layer = LowBitMap(
                n_in,
                width,
                kernel,
                padding=None if causal else rims,
                dilation=dilation,
                causal=causal,
                **shared,
                **bits,
            )
        else:
            layer = LinearMap(n_in, width, kernel, padding=padding, bits=draw.choice((4, 8)), **shared)
        layers.append(layer)
        n_in = width
        grid = tuple(layer(torch.zeros(2, layer.convolution.in_channels, *grid)).shape[2:])
    few = {"weight_bits": 8, "activation_bits": 8}
    branch = None
    if draw.random() < 0.6:
        branch = (
            LowBitMap(n_in, n_in, rectified=False, **few)
            if few_bits
            else LinearMap(n_in, n_in, rectified=False, bits=8)
        )
    mean = GlobalMean(8) if draw.random() < 0.5 else None
    last = (1, 1) if mean is not None else grid
    plain = {"padding": (0, 0), "normalised": False, "rectified": False, "quantised_output": False}
    readout = (
        LowBitMap(n_in, n_classes, last, **plain, **few)
        if few_bits
        else LinearMap(n_in, n_classes, last, **plain, bits=8)
    )
    network = RandomNetwork(entry, layers, branch, mean, readout).eval()
    _settle(network, draw)
    return network


def _settle(network, draw):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.4)
            nn.init.normal_(module.bias, 0.0, 0.4)
            nn.init.normal_(module.running_mean, 0.0, 0.2)
        if isinstance(module, ActivationQuantiser):
            module.range.data.fill_(draw.uniform(0.05, 2.0))
        if hasattr(module, "quantising"):
            module.quantising.fill_(True)
