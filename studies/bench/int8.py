# studies/bench/int8.py
"""The DS-CNN in integers beside the same network in PyTorch's floats with simulated rounding."""

import torch

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.integer_network import IntegerNetwork
from studies.bench.timing import BenchRow, alternating

BATCH = 64


def bench() -> list[BenchRow]:
    """64 clips of 32 mel by 64 frames."""
    torch.manual_seed(0)
    shape = EncodedShape("intensity", (32, 64))
    intensity = torch.rand(BATCH, 32, 64, generator=torch.Generator().manual_seed(0))
    network, plain = DsCnn(bits=8).build(shape, 10), DsCnn().build(shape, 10).eval()
    network.train()
    network(intensity)  # sets the ranges of the activations
    network.start_epoch(1, 1)
    network.eval()
    integers = IntegerNetwork(network)

    @torch.no_grad()
    def ours() -> torch.Tensor:
        return integers.logits(intensity)

    @torch.no_grad()
    def simulated() -> torch.Tensor:
        return network(intensity)

    @torch.no_grad()
    def floats() -> torch.Tensor:
        return plain(intensity)

    difference = float((ours() - simulated()).abs().max())
    name = f"int8 DS-CNN, {BATCH} clips"
    ours_seconds, simulated_seconds = alternating(ours, simulated, n_rounds=5)
    ours_again, float_seconds = alternating(ours, floats, n_rounds=5)
    return [
        BenchRow(name, ours_seconds, "torch, simulated int8", simulated_seconds, 0.5, difference),
        BenchRow(name, ours_again, "torch, float32 network", float_seconds, 0.25),
    ]
