"""Every count of each layer of the learnt front ends: operations by programs of numbers that count themselves, bytes by
what PyTorch dispatches. Layers of torch's own within them are compared in `harness/test_macs.py`."""

from itertools import permutations
from math import ceil, log2

import pytest
import torch

from classical_baselines.front_ends.differentiable_stft import DifferentiableStft, WindowedFrames, WindowedTransform
from classical_baselines.front_ends.leaf import (
    EfficientLeaf,
    GaborFilters,
    GaussianPooling,
    Leaf,
    LogCompression,
    LowerLimit,
    SquaredModulus,
    WithoutMedian,
)
from classical_baselines.front_ends.log_mel_layers import (
    FixedFrames,
    Fourier,
    LogMelLayers,
    MelBands,
    Power,
    RelativeIntensity,
)
from classical_baselines.front_ends.multi_resolution import MultiResolution, WeightedSum
from classical_baselines.front_ends.trainable_pcen import TrainablePcen
from classical_baselines.harness.macs import layer_costs
from classical_baselines.models.front_end_cnn import FRONT_ENDS
from tests.references import scalar_layers
from tests.references.counting_scalars import Machine, number
from tests.references.dispatched_operations import dispatched_operations

PROGRAMS = {
    FixedFrames: scalar_layers.fixed_frames,
    WindowedFrames: scalar_layers.windowed_frames,
    WindowedTransform: scalar_layers.windowed_transform,
    Fourier: scalar_layers.transform,
    Power: scalar_layers.power,
    MelBands: scalar_layers.mel_bands,
    RelativeIntensity: scalar_layers.relative_intensity,
    GaborFilters: scalar_layers.gabor_filters,
    SquaredModulus: scalar_layers.squared_modulus,
    GaussianPooling: scalar_layers.gaussian_pooling,
    LowerLimit: scalar_layers.lower_limit,
    TrainablePcen: scalar_layers.trainable_pcen,
    LogCompression: scalar_layers.log_compression,
    WithoutMedian: scalar_layers.without_median,
    WeightedSum: scalar_layers.weighted_sum,
}
N_SAMPLES = 100
CLIP = 0.2 * torch.randn(1, N_SAMPLES, generator=torch.Generator().manual_seed(1))
MEL = {"n_fft": 32, "hop": 16, "n_mels": 3}
STFT = MEL | {"window": 20.5, "shortest": 16.0}
CASES = [
    LogMelLayers(**MEL),
    Leaf(n_filters=3, window_seconds=0.002, hop=16),
    EfficientLeaf(n_filters=4, n_groups=2, window_seconds=0.002, hop=16),
    DifferentiableStft(**STFT),
    DifferentiableStft(**STFT, windows="frame"),
    DifferentiableStft(**STFT, learn_hop=True),
    DifferentiableStft(**STFT, windows="frequency"),
    DifferentiableStft(**STFT, windows="time-frequency"),
    MultiResolution(**MEL, windows=(16, 32), hidden=2),
    MultiResolution(**MEL, windows=(16, 32), fusion="channels"),
]


def calls(network, clip):
    """{name: [(layer, inputs, output)]} of the layers that have a program, as one clip runs through."""
    found = {}
    handles = [
        layer.register_forward_hook(lambda layer, inputs, output, name=name: found.setdefault(name, []).append(
            (layer, inputs, output)
        ))
        for name, layer in network.named_modules()
        if type(layer) in PROGRAMS
    ]  # fmt: skip
    with torch.no_grad():
        network(clip)
    for handle in handles:
        handle.remove()
    return found


def without_batch(machine, value):
    return scalar_layers.scalars(machine, value[0]) if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("options", CASES, ids=str)
def test_each_layer_of_a_learnt_front_end_costs_what_its_program_does(options):
    torch.manual_seed(0)
    network = options.build(N_SAMPLES, 8000).eval()
    costs, walk = layer_costs(network, CLIP), dispatched_operations(network, CLIP, bytes_alone=True)
    seen = calls(network, CLIP)

    assert seen
    for name, of_layer in seen.items():
        machine = Machine()
        for layer, inputs, output in of_layer:
            with machine.step(name):
                found = PROGRAMS[type(layer)](machine, layer, *(without_batch(machine, value) for value in inputs))
            result = torch.tensor(scalar_layers.each(found, number))
            torch.testing.assert_close(result, output[0], atol=1e-4, rtol=1e-4)
        done = dict(machine.counts[name])
        done.pop("sram_bytes", None)  # of butterflies, which `fourier_bytes` has
        counted = dict(costs[name].operations)
        if isinstance(layer, WithoutMedian):  # how much a median takes depends on the order that it finds
            assert done.pop("compare_fp32") <= counted.pop("compare_fp32")
        assert counted == done
        assert costs[name].activation_bytes == walk.activation_bytes[name]
        assert costs[name].weight_bytes == walk.weight_bytes[name]


def test_every_front_end_that_learns_and_every_layer_of_theirs_is_counted_so():
    built = [options.build(N_SAMPLES, 8000) for options in CASES]

    assert {type(options) for options in CASES} == set(FRONT_ENDS.values())
    own = {type(layer) for network in built for layer in network.modules() if hasattr(layer, "layer_operations")}
    assert own == set(PROGRAMS)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 7])
def test_the_comparisons_of_a_median_are_the_most_that_merging_takes(n):
    most = 0
    for order in permutations(range(n)):
        machine = Machine()
        assert [x.value for x in scalar_layers.merge_sorted([machine.scalar(x) for x in order])] == list(range(n))
        most = max(most, machine.counts[None]["compare_fp32"])

    counted = WithoutMedian().layer_operations((torch.zeros(1, 1, n),), torch.zeros(1, 2, n))["compare_fp32"]
    depth = ceil(log2(n))
    assert counted == most == n * depth - 2**depth + 1
