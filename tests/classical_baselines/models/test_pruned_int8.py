"""Pruning of a network that trains as integers: which weights go, and that its zeros are zeros in the integers."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.integer_network import IntegerNetwork, integer_weights
from classical_baselines.models.pruned_int8 import PrunedInt8, largest_kept_in_channels
from classical_baselines.models.quantised import LinearMap
from classical_baselines.models.residual_cnn import ResidualCnn
from classical_baselines.twins.integer_graph import integer_graph
from tests.classical_baselines.models.pruning import trained_by_epochs
from tests.classical_baselines.models.test_integer_network import (
    Recording,
    ds_cnn_as_onnx,
    residual_cnn_as_onnx,
    units_of_the_readout,
)

SHAPE = EncodedShape("intensity", (12, 20))
PICTURES = torch.rand(12, 12, 20, generator=torch.Generator().manual_seed(0))
SMALL = {"stem_width": 8, "widths": (8, 12), "strides": (1, 2)}
NETWORKS = {"residual-cnn": (ResidualCnn, residual_cnn_as_onnx), "ds-cnn": (DsCnn, ds_cnn_as_onnx)}


def begun(name="residual-cnn", sparsity=0.75):
    torch.manual_seed(0)
    return PrunedInt8(network={"name": name, "options": SMALL}, sparsity=sparsity).build(SHAPE, 4)


def trained(name="residual-cnn", n_epochs=10, sparsity=0.75):
    """The network, and the share of zeros in each epoch."""
    return trained_by_epochs(begun(name, sparsity), PICTURES, n_epochs)


def maps_of(network):
    return [module for module in network.modules() if isinstance(module, LinearMap)]


def plain_twin(name, network):
    """A network of the plain classifier into whose weights the zeros are written."""
    plain = NETWORKS[name][0](**SMALL, bits=8).build(SHAPE, 4)
    state = network.network.state_dict()
    for layer in [key.removesuffix("0.mask") for key in state if key.endswith(".0.mask")]:
        mask, weight = state.pop(f"{layer}0.mask"), state.pop(f"{layer}original")
        state[f"{layer.removesuffix('parametrizations.weight.')}weight"] = torch.where(mask == 1, weight, 0.0)
    plain.load_state_dict(state)
    return plain.eval()


WEIGHTS = st.integers(1, 4).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(1, 10**6).map(lambda x: x / 8), min_size=n, max_size=n), min_size=1, max_size=4
    )
)


@given(WEIGHTS, st.floats(0, 0.99))
def test_the_least_go_but_for_the_largest_of_each_channel(rows, sparsity):
    rows = [[(-1) ** j * (x + (i * 4 + j) / 100) for j, x in enumerate(row)] for i, row in enumerate(rows)]  # no ties
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    largest = {
        max(((i, j) for j in range(len(row))), key=lambda at: abs(rows[at[0]][at[1]])) for i, row in enumerate(rows)
    }
    others = sorted((at for at in places if at not in largest), key=lambda at: abs(rows[at[0]][at[1]]))
    gone = set(others[: round(sparsity * len(places))])

    mask = largest_kept_in_channels(torch.tensor(rows, dtype=torch.float64), sparsity)

    assert {(i, j) for i, j in places if mask[i, j] == 0} == gone
    assert set(mask.flatten().tolist()) <= {0.0, 1.0}


def test_the_share_of_zeros_follows_the_cube_and_stays_where_the_schedule_ends():
    _, shares = trained()

    done = (np.arange(10) / 10 - 0.2) / 0.5
    expected = np.where(done < 0, 0, 0.75 * (1 - (1 - done.clip(0, 1)) ** 3))
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_however_few_the_epochs_the_last_one_has_all_zeros_and_is_one_of_integers():
    network, shares = trained(n_epochs=1)

    assert shares[-1] == pytest.approx(0.75, abs=0.01)
    assert all(bool(module.quantising) for module in maps_of(network))


def test_zeros_stay_where_they_are_once_the_schedule_has_ended_also_in_a_network_read_back():
    network, _ = trained()
    other = begun()
    other.load_state_dict(network.state_dict())
    before = {name: mask.clone() for name, mask in network.masks().items()}
    with torch.no_grad():
        for weight in other.parameters():
            weight.add_(torch.randn_like(weight))

    other.start_epoch(9, 10)

    assert all(torch.equal(mask, before[name]) for name, mask in other.masks().items())
    assert sum(int((mask == 0).sum()) for mask in before.values()) > 1000


@pytest.mark.parametrize("n_epochs", [4, 10])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_it_is_the_plain_network_with_its_small_weights_set_to_zero(name, n_epochs):
    network, _ = trained(name, n_epochs)

    plain = plain_twin(name, network)

    torch.testing.assert_close(plain(PICTURES), network(PICTURES))
    assert torch.equal(IntegerNetwork(plain).logits(PICTURES), IntegerNetwork(network).logits(PICTURES))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_layer_holds_the_integers_that_onnxruntime_gives_the_masked_network(name):
    network, _ = trained(name)

    logits, layers = Recording(network).integers(PICTURES)
    plain = plain_twin(name, network)
    expected = NETWORKS[name][1](plain).run(PICTURES[:, None].numpy())

    assert len(layers) >= 5
    for layer in layers.keys() - {"network.dropout"}:
        integers = expected[layer.removeprefix("network.")]
        np.testing.assert_array_equal(layers[layer].numpy(), integers, err_msg=layer)
    np.testing.assert_allclose(logits.numpy(), expected["readout"] * units_of_the_readout(plain), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_what_is_pruned_is_zero_in_the_integers_and_the_largest_of_a_channel_is_the_largest_integer(name):
    network, _ = trained(name)
    masks = list(network.masks().values())

    for module, mask in zip(maps_of(network), masks, strict=True):
        integers, _ = integer_weights(module)
        assert (integers[mask == 0] == 0).all()
        assert (integers.abs().flatten(1).amax(1) == 127).all()
    assert sum(int((mask == 0).sum()) for mask in masks) > 0.7 * sum(mask.numel() for mask in masks)


def test_biases_fit_their_integers_where_nearly_all_is_pruned():
    network, _ = trained(sparsity=0.98)

    graph = integer_graph(network, SHAPE.grid)  # refuses a bias beyond int32

    assert (
        min(np.abs(layer.weights).reshape(len(layer.weights), -1).max(1).min() for layer in graph.convolutions) == 127
    )


def test_a_copy_has_weights_and_zeros_of_its_own():
    network, _ = trained()
    before = network(PICTURES)

    other = copy.deepcopy(network)
    assert torch.equal(other(PICTURES), before)
    with torch.no_grad():
        for mask in other.masks().values():
            mask.zero_()

    assert torch.equal(network(PICTURES), before)
    assert not torch.equal(other(PICTURES), before)


def test_as_floats_each_layer_costs_what_its_weights_that_are_left_are_multiplied():
    network, _ = trained()
    dense = count_modules(network.network, PICTURES[:1])

    counts = classifier_operations(network, PICTURES)

    masks = network.masks()
    places = {"stem": 60, "blocks.0.first": 60, "blocks.1.first": 15, "blocks.1.shortcut": 15, "readout": 1}
    for layer, n_places in places.items():
        kept = int(masks[f"{layer}.convolution.weight"].sum())
        assert counts.counts["network", layer, "mac_fp32"] == pytest.approx(n_places * kept), layer
    n_zeros = sum(int((mask == 0).sum()) for mask in masks.values())
    n_left = sum(int(mask.sum()) for mask in masks.values())
    assert dense.total("sram_bytes") - counts.total("sram_bytes") == 4 * n_zeros - 2 * n_left
    assert network.n_parameters() == network.network.n_parameters() - n_zeros


def test_it_offers_the_maps_of_the_network_within():
    network = begun()

    assert network.hidden_maps == tuple(f"network.{name}" for name in network.network.hidden_maps)
    assert len(network.hidden_maps) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"network": {"name": "audio-transformer"}}, r"train as integers \(ds-cnn, residual-cnn\); got 'audio-transf"),
        ({"network": {"name": "ds-cnn", "options": {"bits": 8}}}, "Leave its bits at 32"),
        ({"network": {"name": "raw-cnn"}}, "No network for network is called 'raw-cnn'"),
        ({"sparsity": 1.0}, r"sparsity must lie in \[0, 1\); got 1.0"),
        ({"prune_from": 0.8, "prune_until": 0.5}, "in this order"),
    ],
)
def test_options_that_make_no_such_network_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PrunedInt8(**options)
