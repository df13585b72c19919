"""Fake quantisation against plain Python, and its gradients against the rules of the papers."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from classical_baselines.models.integer_network import integer_weights
from classical_baselines.models.quantised import ActivationQuantiser, LinearMap, quantise_late, round_through


def quantising(quantiser, reach):
    quantiser.range.data.fill_(reach)
    quantiser.quantising.fill_(True)
    return quantiser.eval()


@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=8), st.integers(1, 8), st.booleans())
def test_an_activation_becomes_the_nearest_of_its_levels_half_to_even(values, bits, signed):
    assume(bits > 1 or not signed)  # one signed bit has no level above its zero
    quantiser = quantising(ActivationQuantiser(bits, signed=signed), 2.0)
    zero = 2 ** (bits - 1) if signed else 0
    top = 2**bits - 1
    scale = np.float32(2.0) / np.float32(top - zero)

    result = quantiser(torch.tensor(values)).tolist()

    steps = [min(max(round(float(np.float32(x) / scale)) + zero, 0), top) - zero for x in values]
    assert result == pytest.approx([step * float(scale) for step in steps], abs=1e-6)


def test_the_gradient_passes_inside_the_range_and_stops_outside():
    quantiser = quantising(ActivationQuantiser(4), 1.0)
    values = torch.tensor([-0.5, -0.04, -0.03, 0.3, 0.9, 1.03, 1.04, 1.5], requires_grad=True)

    quantiser(values).sum().backward()

    assert values.grad.tolist() == [0, 0, 1, 1, 1, 1, 0, 0]  # a step is 1/15: what rounds to -1 or 16 is outside


def test_a_trained_range_has_the_gradient_of_learned_step_sizes():
    """Esser et al., equation 3, times d scale / d range = 1 / n_levels: round(v) - v inside, n_levels above."""
    quantiser = quantising(ActivationQuantiser(2, trained_range=3.0), 3.0)  # so that the scale is 1

    quantiser(torch.tensor([-1.0, 0.7, 2.2, 9.0])).sum().backward()

    assert float(quantiser.range.grad) == pytest.approx(((1 - 0.7) + (2 - 2.2) + 3) / 3, abs=1e-6)


def test_rounding_is_half_to_even_and_its_gradient_one():
    values = torch.tensor([0.5, 1.5, 2.5, -0.5], requires_grad=True)

    rounded = round_through(values)
    rounded.sum().backward()

    assert rounded.tolist() == [0, 2, 2, 0]
    assert values.grad.tolist() == [1, 1, 1, 1]


def test_the_range_follows_the_largest_value_in_training_alone():
    quantiser = ActivationQuantiser(8)

    quantiser(torch.tensor([1.0, -4.0]))
    assert float(quantiser.range) == 4
    quantiser(torch.tensor([5.0]))
    assert float(quantiser.range) == pytest.approx(4 + 0.02 * 1)
    quantiser.eval()(torch.tensor([50.0]))
    assert float(quantiser.range) == pytest.approx(4.02)


def test_folding_changes_no_output():
    torch.manual_seed(0)
    layer = LinearMap(3, 5, (3, 3), biased=True, rectified=False)
    torch.nn.init.normal_(layer.norm.weight)
    torch.nn.init.normal_(layer.norm.bias)
    layer.train()(torch.randn(8, 3, 6, 6))
    layer.eval()
    maps = torch.randn(2, 3, 6, 6)

    weight, bias = layer.folded()

    torch.testing.assert_close(torch.nn.functional.conv2d(maps, weight, bias, padding=1), layer(maps))


def test_weights_are_integers_of_a_scale_per_channel():
    layer = LinearMap(1, 2, normalised=False, rectified=False, bits=8, quantised_output=False)
    layer.convolution.weight.data = torch.tensor([[[[1.27]]], [[[-0.5]]]])

    integers, scales = integer_weights(layer)

    assert integers.flatten().tolist() == [127, -127]
    assert scales.tolist() == pytest.approx([0.01, 0.5 / 127])


@pytest.mark.parametrize(("epoch", "on"), [(0, False), (6, False), (7, True), (9, True)])
def test_quantisation_is_switched_on_late_and_stays_in_the_weights_file(epoch, on):
    layer = LinearMap(1, 2, bits=8)

    quantise_late(layer, epoch, 10, 0.7)
    again = LinearMap(1, 2, bits=8)
    again.load_state_dict(layer.state_dict())

    assert bool(again.quantising) is bool(again.output.quantising) is on


def test_a_quantising_layer_works_with_the_integers_that_are_deployed_and_trains_the_floats_behind_them():
    layer = LinearMap(4, 3, normalised=False, rectified=False, bits=8, quantised_output=False)
    layer.quantising.fill_(True)
    one_by_one = torch.eye(4)[:, :, None, None]

    columns = layer(one_by_one)[:, :, 0, 0]
    columns.sum().backward()

    integers, scales = integer_weights(layer)
    expected = integers[:, :, 0, 0].float() * scales[:, None] + layer.convolution.bias[:, None]
    torch.testing.assert_close(columns.T, expected)
    assert torch.equal(layer.convolution.weight.grad, torch.ones(3, 4, 1, 1))


@pytest.mark.parametrize("is_quantising", [False, True])
def test_a_map_of_one_place_is_the_same_as_that_place_of_a_larger_map(is_quantising):
    """On one place the convolution is worked out as a matrix product."""
    layer = LinearMap(5, 3, bits=8, biased=True)
    layer.train()(torch.randn(8, 5, 6, 6) + 1)  # so that batch norm folds to more than nothing
    layer.eval().quantising.fill_(is_quantising)
    maps = torch.randn(4, 5, 2, 3)

    assert torch.allclose(layer(maps)[:, :, 1:, 2:], layer(maps[:, :, 1:, 2:]), atol=1e-6)
