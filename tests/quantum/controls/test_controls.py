# tests/quantum/controls/test_controls.py
"""The controls: as many parameters as the circuit, and the arithmetic that their docstrings state."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.classifiers.qft_hybrid import QftHybrid
from quantum.controls.circuit_removed import CircuitRemoved
from quantum.controls.same_size_layer import RingLayer, RunMeans, SameSizeLayer

PICTURE = EncodedShape("intensity", (8, 16))
STATE = EncodedShape("state", (4, 8))


def n_parameters(classifier):
    return sum(parameter.numel() for parameter in classifier.parameters())


@pytest.mark.parametrize("readout", ["probabilities", "expectations"])
def test_the_layer_in_the_circuits_place_has_exactly_its_parameters(readout):
    widths, grid = (4, 6), (2, 2, 4)
    hybrid = QftHybrid(widths=widths, grid=grid, readout=readout).build(PICTURE, 3)
    layer = SameSizeLayer(widths=widths, grid=grid, readout=readout).build(PICTURE, 3)
    alone = QftCircuit(readout=readout).build(STATE, 3)
    beside = SameSizeLayer(widths=(), readout=readout, n_layers_before=2, n_layers_after=2).build(STATE, 3)

    assert n_parameters(layer) == n_parameters(hybrid)
    assert n_parameters(beside) == n_parameters(alone)


@pytest.mark.parametrize("nonlinearity", ["square", "rectify"])
def test_the_ring_is_the_sum_of_its_docstring(nonlinearity):
    layer = RingLayer(8, 3, nonlinearity).double()
    vector = np.random.default_rng(0).normal(size=8)
    weight = layer.weight.detach().numpy()
    mixed = np.array([sum(weight[t] * vector[(i + 2 * t) % 8] for t in range(3)) for i in range(8)])
    expected = mixed**2 if nonlinearity == "square" else np.maximum(mixed, 0)

    np.testing.assert_allclose(layer(torch.from_numpy(vector)[None])[0].detach().numpy(), expected, atol=1e-12)


def test_runs_are_means_of_neighbours():
    torch.testing.assert_close(RunMeans(2)(torch.tensor([[1.0, 3.0, 5.0, 9.0]])), torch.tensor([[2.0, 7.0]]))


def test_without_the_circuit_the_logits_are_linear_in_the_scaled_vector():
    torch.manual_seed(0)
    control = CircuitRemoved(widths=()).build(STATE, 3).eval()
    vector = torch.nn.functional.normalize(torch.randn(2, 32), dim=1)
    linear = control.network[1]

    torch.testing.assert_close(control(vector), vector @ linear.weight.T * 32**0.5 + linear.bias)


def test_the_control_is_counted_by_hand():
    control = SameSizeLayer(widths=(), n_layers_before=1, n_layers_after=0).build(STATE, 3)
    counts = control.count_operations(torch.ones(1, 32) / 32**0.5)

    # 10 weights on 32 elements, then batch norm as a scale and shift, and 32 x 3 of the head
    assert counts.total("mac_fp32") == 32 * 10 + 32 * 3
    assert counts.total("multiply_fp32") == 32 + 32 + 32  # squares, means of one, batch norm


def test_options_that_make_no_control_are_refused():
    with pytest.raises(InputError, match="Choose the classifier circuit-removed"):
        SameSizeLayer(n_layers_before=0, n_layers_after=0)
    with pytest.raises(InputError, match=r"dropout must lie in \[0, 1\); got 1\.0"):
        CircuitRemoved(dropout=1.0)
    with pytest.raises(InputError, match="No nonlinearity is called 'cube'"):
        SameSizeLayer(nonlinearity="cube")
    with pytest.raises(InputError, match="Choose a state code"):
        CircuitRemoved(widths=()).build(PICTURE, 3)
