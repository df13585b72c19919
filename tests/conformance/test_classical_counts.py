"""Every operation and every byte of each classical network, layer by layer, against what PyTorch dispatches."""

import pytest
import torch
from torch import nn

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.macs import BYTES_PER_FLOAT, layer_costs
from classical_baselines.models import CLASSIFIERS
from classical_baselines.models.audio_transformer import Sum
from studies.fit import activation_bytes
from tests.conformance.test_classical_classifiers import CASES, FITTED_DIRECTLY, clips_for, new
from tests.references.dispatched_operations import dispatched_operations

NETWORKS = [(name, options) for name, options in CASES if name not in FITTED_DIRECTLY]
MORE = [
    ("causal-rnn", {"cell": "lstm", "n_layers": 2, "width": 8}),
    ("causal-rnn", {"cell": "gru", "n_layers": 2, "width": 8}),
    ("se-residual-cnn", {"stochastic_depth": 0.0}),
    ("audio-transformer", {"n_special_tokens": 1}),
]
INNER = {"pruned": "network", "pruned-int8": "network", "distilled": "student", "front-end-cnn": "body"}


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
        counted = with_separate_biases(layers["" if layer == "model" else layer], cost.operations)
        assert counted == walk.operations[prefix + layer], layer
        assert cost.activation_bytes == walk.activation_bytes[prefix + layer], layer
        assert cost.weight_bytes == walk.weight_bytes[prefix + layer], layer
    assert {(layer or "").removeprefix(prefix) for layer in walk.operations} <= set(
        costs
    )  # arithmetic between the layers would be counted nowhere


def with_separate_biases(layer, operations):
    """{operation: number} of a layer; of a recurrence with the two biases that its gates only sum counted as two.

    That they are one constant is a convention of `harness.layer_operations`; PyTorch adds and stores both.
    """
    counts = {operation: n for operation, n in operations.items() if n}
    if isinstance(layer, nn.LSTM):  # three products a cell
        counts["add_fp32"] += 4 * counts["multiply_fp32"] / 3
    elif isinstance(layer, nn.GRU):  # two; the reset gate stands between the biases of the new state
        counts["add_fp32"] += 2 * counts["multiply_fp32"] / 2
    return counts


@pytest.mark.parametrize(("name", "options"), [one for one in CASES if one[0] not in FITTED_DIRECTLY], ids=str)
def test_memory_in_tables_is_no_less_than_a_run_holds(name, options):
    classifier, clip = new(name, options).eval(), clips_for(name)[:1]
    network = getattr(classifier, INNER[name]) if name in ("pruned", "pruned-int8", "distilled") else classifier
    counted = sum(cost.weight_bytes for cost in layer_costs(network, clip).values())
    noted = BYTES_PER_FLOAT * classifier.n_parameters()  # by the backend: without tables, which makes the bound wider

    held = dispatched_operations(classifier, clip, bytes_alone=True).peak_bytes()

    counts = classifier_operations(classifier, clip)
    assert held <= activation_bytes(counts, noted)
    assert held <= activation_bytes(counts, counted) <= 8 * held


def test_a_run_holds_what_is_still_to_be_read():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.narrow, self.sum = nn.Linear(4, 9), nn.Linear(9, 4), Sum()

        def forward(self, x):
            return self.sum(x, self.narrow(self.wide(x)))

    # 4 of the input are kept for the sum while 9 become 4
    assert dispatched_operations(Residual(), torch.rand(1, 4)).peak_bytes() == 4 * (4 + 9 + 4)


def test_all_networks_of_the_registry_are_counted_so():
    assert {name for name, _ in NETWORKS} == set(CLASSIFIERS) - set(FITTED_DIRECTLY)
