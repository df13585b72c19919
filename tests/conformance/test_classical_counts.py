"""Every operation and every byte of each classical network, layer by layer, against what PyTorch dispatches.

What is known to differ stands in `corrected`, by its exact size: the counts are part of published results, whose
cells would have to be run again. No correction is wider than the layer that it names.
"""

import pytest
import torch
from torch import nn

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.macs import layer_costs, peak_activation_bytes
from classical_baselines.models import CLASSIFIERS
from classical_baselines.models.audio_transformer import Positions, Sum, TokenMean
from classical_baselines.models.convolutions import StochasticDepth
from classical_baselines.models.cross_modal_fusion import EventGate, FramePositions, LateMean
from classical_baselines.models.light_transformer import GridPositions
from classical_baselines.models.low_bit import LowBitMap
from classical_baselines.models.quantised import ActivationQuantiser, LinearMap
from studies.fit import activation_bytes
from tests.conformance.test_classical_classifiers import CASES, FITTED_DIRECTLY, clips_for, new
from tests.references.dispatched_operations import dispatched_operations

NETWORKS = [(name, options) for name, options in CASES if name not in FITTED_DIRECTLY]
MORE = [
    ("causal-rnn", {"cell": "lstm", "n_layers": 2, "width": 8}),
    ("causal-rnn", {"cell": "gru", "n_layers": 2, "width": 8}),
    ("se-residual-cnn", {"stochastic_depth": 0.0}),
]
INNER = {"pruned": "network", "distilled": "student", "front-end-cnn": "body"}


@pytest.mark.parametrize(("name", "options"), NETWORKS + MORE, ids=str)
def test_every_operation_and_byte_of_a_layer_is_what_is_dispatched(name, options):
    classifier, clip = new(name, options).eval(), clips_for(name)[:1]
    if name == "front-end-cnn":  # the layers of the front end are counted by scalars: test_learnt_front_end_counts.py
        with torch.no_grad():
            picture = classifier.front_end(clip[:, 0]).unflatten(
                1, (classifier.front_end.n_channels, classifier.front_end.n_bands)
            )
        classifier, clip = classifier.body, picture if classifier.front_end.n_channels > 1 else picture[:, 0]
        inner = None
    else:
        inner = INNER.get(name)

    walk = dispatched_operations(classifier, clip)

    network = getattr(classifier, inner) if inner else classifier
    prefix = f"{inner}." if inner else ""
    costs, layers = layer_costs(network, clip), dict(network.named_modules())
    for layer, cost in costs.items():
        counted, activation_bytes, weight_bytes = corrected(layers["" if layer == "model" else layer], cost)
        assert counted == walk.operations[prefix + layer], layer
        assert activation_bytes == walk.activation_bytes[prefix + layer], layer
        assert weight_bytes == walk.weight_bytes[prefix + layer], layer
    assert {(layer or "").removeprefix(prefix) for layer in walk.operations} <= set(
        costs
    )  # arithmetic between the layers would be counted nowhere


def corrected(layer, cost):
    """(operations, activation bytes, weight bytes) of a layer with what is known to be wrong in them put right."""
    counts = {operation: n for operation, n in cost.operations.items() if n}
    activation_bytes, weight_bytes = cost.activation_bytes, cost.weight_bytes
    if isinstance(layer, StochasticDepth | ActivationQuantiser) or (isinstance(layer, LateMean) and not counts):
        activation_bytes = 0  # counted as its input and its output, though a deployed network has no such layer
    if isinstance(layer, TokenMean) and layer.n_special:
        width = counts["multiply_fp32"]
        activation_bytes = 4 * width * (layer.n_special + 1)  # counted as if it read every token
    if isinstance(layer, GridPositions | FramePositions) or (isinstance(layer, Positions) and layer.learnt is None):
        n_calls = 2 if isinstance(layer, FramePositions) else 1  # for two views, that share the table
        weight_bytes += 4 * counts["add_fp32"] / n_calls  # not counted: only parameters are
    if (
        isinstance(layer, LinearMap | LowBitMap)
        and layer.output is not None
        and isinstance(layer.output.range, nn.Parameter)
    ):
        counts["compare_fp32"] *= 2  # not counted: the trained limit of a float network's activations,
        weight_bytes += 4  # and the limit itself
    if isinstance(layer, EventGate) and layer.strength == 1:
        del counts["multiply_fp32"]  # counted: a product with 1
    if isinstance(layer, nn.RNNBase):
        lstm = isinstance(layer, nn.LSTM)
        n = counts["multiply_fp32"] / (3 if lstm else 2)
        n_sigmoids, n_gates = (3, 4) if lstm else (2, 3)
        # a convention: the biases of what comes in and of the state, which are only summed, are one constant; the
        # dispatched network adds both
        counts["add_fp32"] += n * (n_gates if lstm else n_gates - 1)
        # not counted: the reset gate of a GRU stands between the two biases of the new state, which stay two
        counts["add_fp32"] += 0 if lstm else n
        # not counted: a sigmoid is an exponential, a sum and a division, as the layer nn.Sigmoid has it
        counts["add_fp32"] += n * n_sigmoids
        counts["transcendental_fp32"] += n * n_sigmoids
    return counts, activation_bytes, weight_bytes


@pytest.mark.parametrize(("name", "options"), [one for one in CASES if one[0] not in FITTED_DIRECTLY], ids=str)
def test_memory_in_tables_is_no_less_than_a_run_holds_and_one_layer_at_work_no_more(name, options):
    classifier, clip = new(name, options).eval(), clips_for(name)[:1]
    network = getattr(classifier, INNER[name]) if name in ("pruned", "distilled") else classifier
    weight_bytes = sum(cost.weight_bytes for cost in layer_costs(network, clip).values())

    held = dispatched_operations(classifier, clip, bytes_alone=True).peak_bytes()

    counts = classifier_operations(classifier, clip)
    assert peak_activation_bytes(network, clip) <= held <= activation_bytes(counts, weight_bytes) <= 8 * held


def test_a_run_holds_what_is_still_to_be_read():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow, self.sum = nn.Linear(4, 9), nn.Linear(9, 4), Sum()

        def forward(self, x):
            return self.sum(x, self.narrow(self.wide(x)))

    # 4 of the input are kept for the sum while 9 become 4
    assert dispatched_operations(Residual(), torch.rand(1, 4)).peak_bytes() == 4 * (4 + 9 + 4)
    assert peak_activation_bytes(Residual(), torch.rand(1, 4)) == 4 * (9 + 4)


def test_all_networks_of_the_registry_are_counted_so():
    assert {name for name, _ in NETWORKS} == set(CLASSIFIERS) - set(FITTED_DIRECTLY)
