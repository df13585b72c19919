"""Counts of the classifiers that are fitted directly, and of those that run in integers, made a second way.

The first by programs of numbers that count themselves, the second by a plain integer run of the layers; both give the
logits too, so that what is counted is the model.
"""

import numpy as np
import pytest
import torch

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models import BACKENDS, CLASSIFIERS
from classical_baselines.models.causal_tcn import CausalTcn
from classical_baselines.models.dense_twin import DenseTwin
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.int8_zeros_skipped import ZerosSkippedNetwork
from classical_baselines.models.integer_network import IntegerNetwork
from classical_baselines.models.low_bit_backend import LowBitNetwork
from classical_baselines.models.low_bit_cnn import LowBitCnn
from classical_baselines.models.pruned_int8 import PrunedInt8
from classical_baselines.models.raw_cnn import RawCnn
from classical_baselines.models.residual_cnn import ResidualCnn
from classical_baselines.twins.integer_graph import integer_graph
from tests.classical_baselines.models.test_integer_network import quantised
from tests.conformance.test_classical_classifiers import FITTED_DIRECTLY, READ_A_DELAY
from tests.references import scalar_models
from tests.references.counting_integers import counted_run
from tests.references.counting_scalars import Machine

PROGRAMS = {
    "delay-polynomial": scalar_models.delay_polynomial,
    "linear-model": scalar_models.linear_model,
    "support-vector-machine": scalar_models.support_vector_machine,
}


SHAPES = {"delay-polynomial": (1, 1)}  # of one clip
SECTORS = {"delay-polynomial": (4, 10, 36)}


@pytest.mark.parametrize(
    ("name", "n_classes"), [(name, n) for name in sorted(PROGRAMS) for n in SECTORS.get(name, (2, 3, 4))]
)
def test_a_fitted_model_costs_what_its_program_does(name, n_classes):
    generator = torch.Generator().manual_seed(n_classes)
    targets, shape = torch.arange(24) % n_classes, SHAPES.get(name, (2, 3))
    features = torch.randn(24, *shape, generator=generator) + targets[:, None, None]
    if name in READ_A_DELAY:
        features = features.sigmoid()
    model = CLASSIFIERS[name]()().build(EncodedShape("intensity", shape), n_classes)
    model.fit_directly(features, targets, 0)
    machine, clip = Machine(), features[5]

    logits = PROGRAMS[name](machine, model, clip.flatten().tolist())

    torch.testing.assert_close(torch.tensor(logits), model(clip[None])[0], atol=1e-4, rtol=1e-4)
    counted = {(layer, operation): n for (_, layer, operation), n in model.count_operations(features) if n}
    assert counted == {(layer, what): n for layer, counts in machine.counts.items() for what, n in counts.items()}


def test_every_model_that_is_fitted_directly_is_counted_so():
    assert set(PROGRAMS) == set(FITTED_DIRECTLY)


TINY = {"stem_width": 4, "widths": (4, 6), "strides": (1, 2)}
INTEGER = {
    "int8": [
        (DsCnn(stem_width=4, widths=(4, 6), strides=(1, 2), bits=8), (6, 8), 8),
        (ResidualCnn(stem_width=4, widths=(4, 6), strides=(1, 2), bits=8), (6, 8), 8),
        (DenseTwin(hidden=(7, 5), n_steps=15), (4, 5), 8),
        (RawCnn(widths=(3, 4), kernels=(8, 5), strides=(4, 2), bits=8), (1, 64), 8),
    ],
    "int8-zeros-skipped": [
        (PrunedInt8(network={"name": "ds-cnn", "options": TINY}, sparsity=0.6), (6, 8), 8),
        (PrunedInt8(network={"name": "residual-cnn", "options": TINY}), (6, 8), 8),
        (DenseTwin(hidden=(7, 5), n_steps=15), (4, 5), 8),
    ],
    "low-bit": [
        (CausalTcn(width=5, dilations=(1, 2), bits=8), (4, 7), 8),
        (LowBitCnn(channels=(3, 4), strides=(2, 2), hidden=(5,), weight_bits=4), (6, 8), 4),
        (LowBitCnn(channels=(3,), strides=(2,), weight_bits=2, activation_bits=3), (6, 8), 2),
    ],
}
NETWORKS = {"int8": IntegerNetwork, "int8-zeros-skipped": ZerosSkippedNetwork, "low-bit": LowBitNetwork}


@pytest.mark.parametrize(
    ("backend", "options", "grid", "bits"),
    [(backend, *case) for backend, cases in INTEGER.items() for case in cases],
    ids=lambda value: type(value).__name__ if hasattr(value, "build") else str(value),
)
def test_an_integer_network_costs_what_its_run_in_plain_integers_does(backend, options, grid, bits):
    network = quantised(options, shape=EncodedShape("intensity", grid))
    graph, clip = integer_graph(network, grid), torch.rand(1, *grid)
    run = NETWORKS[backend](network)

    reported = run.logits(clip)[0].numpy()

    logits, done = counted_run(graph, graph.quantised(clip)[0], bits, zeros_skipped=backend == "int8-zeros-skipped")
    np.testing.assert_array_equal(graph.reported(logits[None])[0], reported)
    counted = {(layer, operation): n for (_, layer, operation), n in run.counts if n}
    assert counted == {(layer, what): n for layer, counts in done.items() for what, n in counts.items()}


def test_every_integer_backend_is_counted_so():
    assert set(INTEGER) == set(BACKENDS)
