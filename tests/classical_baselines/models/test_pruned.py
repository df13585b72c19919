"""Pruning: which weights go, when, and what is still counted."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.pruned import Pruned, largest_kept
from tests.classical_baselines.models.pruning import trained_by_epochs

SHAPE = EncodedShape("intensity", (16, 20))
PICTURES = torch.rand(12, 16, 20, generator=torch.Generator().manual_seed(0))
SMALL = {
    "name": "se-residual-cnn",
    "options": {"stem_width": 8, "widths": (8,), "strides": ((1, 1),), "dilations": (1,)},
}


def trained(n_epochs=10, sparsity=0.75):
    torch.manual_seed(0)
    network = Pruned(network=SMALL, sparsity=sparsity).build(SHAPE, 4)
    return trained_by_epochs(network, PICTURES, n_epochs)


@given(st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=12, unique_by=abs), st.floats(0, 0.99))
def test_the_weights_of_least_magnitude_go_and_one_stays(values, sparsity):
    mask = largest_kept(torch.tensor(values), sparsity)

    n_kept = max(1, len(values) - round(sparsity * len(values)))
    kept = {i for i, m in enumerate(mask.tolist()) if m}
    assert kept == set(sorted(range(len(values)), key=lambda i: -abs(values[i]))[:n_kept])


def test_the_share_of_zeros_follows_the_cube_and_stays_where_the_schedule_ends():
    _, shares = trained()

    done = (np.arange(10) / 10 - 0.2) / 0.5
    expected = np.where(done < 0, 0, 0.75 * (1 - (1 - done.clip(0, 1)) ** 3))
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_however_few_the_epochs_the_last_one_has_all_zeros():
    assert trained(n_epochs=1)[1][-1] == pytest.approx(0.75, abs=0.01)


def test_zeros_stay_where_they_are_once_the_schedule_has_ended():
    network, _ = trained()
    before = {name: mask.clone() for name, mask in network.masks().items()}
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight))

    network.start_epoch(9, 10)

    assert all(torch.equal(mask, before[name]) for name, mask in network.masks().items())


def test_it_is_the_plain_network_with_its_small_weights_set_to_zero():
    network, _ = trained()
    logits = network(PICTURES)
    masks = network.masks()
    with torch.no_grad():
        for name, mask in masks.items():
            network.network.get_parameter(name).mul_(mask)

    torch.testing.assert_close(network.network(PICTURES), logits)


def test_each_layer_costs_what_its_weights_that_are_left_are_multiplied():
    network, _ = trained()
    dense = count_modules(network.network, PICTURES[:1])

    counts = classifier_operations(network, PICTURES)

    masks = network.masks()
    places = {"stem.1.0": 80, "blocks.0.branch.0.0": 80, "blocks.0.branch.1.0": 80, "readout.2": 1}
    for layer, n_places in places.items():
        # every weight that is left is multiplied once at every place of the output, 8 x 10 of them
        assert counts.counts["network", layer, "mac_fp32"] == n_places * int(masks[f"{layer}.weight"].sum()), layer
    n_zeros = sum(int((mask == 0).sum()) for mask in masks.values())
    n_left = sum(int(mask.sum()) for mask in masks.values())
    assert dense.total("sram_bytes") - counts.total("sram_bytes") == 4 * n_zeros - 2 * n_left
    assert counts.total("add_fp32") == dense.total("add_fp32")
    assert network.n_parameters() == network.network.n_parameters() - n_zeros


def test_before_anything_is_pruned_it_costs_what_the_plain_network_costs():
    network = Pruned(network=SMALL).build(SHAPE, 4)

    assert dict(network.count_operations(PICTURES).counts) == dict(count_modules(network.network, PICTURES[:1]).counts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sparsity": 1.0}, r"sparsity must lie in \[0, 1\); got 1.0"),
        ({"prune_from": 0.8, "prune_until": 0.5}, "in this order"),
        ({"network": {"name": "resnet"}}, "No network for network is called 'resnet'. Choose one of: ast, audio"),
        ({"network": {"name": "ds-cnn", "options": {"bits": 8}}}, "must be a network of floats"),
        ({"network": {"name": "ds-cnn", "width": 8}}, r"must be \{ name = ..., options = \{ ... \} \}; got the keys"),
        ({"network": {"options": {}}}, "got the keys .'options'."),
    ],
)
def test_options_that_make_no_network_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Pruned(**options)
