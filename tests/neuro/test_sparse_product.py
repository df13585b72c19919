"""The product with what is there equals that with everything, in values and gradients, on any number of threads."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuro.sparse_product import sparse_linear


def both(spikes, weight, bias=None, arriving=None):
    """(currents, gradients) of ours and of torch's own linear layer."""
    results = []
    for linear in (sparse_linear, torch.nn.functional.linear):
        leaves = [value.clone().requires_grad_() for value in (spikes, weight, bias) if value is not None]
        currents = linear(*leaves)
        (currents * (torch.ones_like(currents) if arriving is None else arriving)).sum().backward()
        results.append((currents.detach(), [leaf.grad for leaf in leaves]))
    return results


def assert_equal(results, tolerance):
    (ours, our_gradients), (theirs, their_gradients) = results
    assert torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    for one, other in zip(our_gradients, their_gradients, strict=True):
        assert torch.allclose(one, other, rtol=tolerance, atol=tolerance)


@given(
    st.integers(0, 2**31),
    st.floats(0, 1),
    st.integers(1, 9),
    st.integers(0, 5),
    st.integers(1, 20),
    st.integers(1, 90),
    st.booleans(),
)
def test_values_and_gradients_are_those_of_a_linear_layer(seed, rate, n_steps, n_clips, n_in, n_out, graded):
    generator = torch.Generator().manual_seed(seed)
    spikes = (torch.rand(n_steps, n_clips, n_in, generator=generator) < rate).double()
    if graded:
        spikes = spikes * torch.randn(spikes.shape, generator=generator, dtype=torch.float64)
    weight = torch.randn(n_out, n_in, generator=generator, dtype=torch.float64)
    bias = torch.randn(n_out, generator=generator, dtype=torch.float64)
    arriving = torch.randn(n_steps, n_clips, n_out, generator=generator, dtype=torch.float64)

    assert_equal(both(spikes, weight, bias, arriving), 1e-12)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_large_layer_on_any_number_of_threads(n_threads):
    generator = torch.Generator().manual_seed(1)
    spikes = (torch.rand(50, 11, 130, generator=generator) < 0.1).float()
    weight = torch.randn(150, 130, generator=generator)
    arriving = torch.randn(50, 11, 150, generator=generator)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        results = both(spikes, weight, arriving=arriving)
        again = both(spikes, weight, arriving=arriving)
    finally:
        torch.set_num_threads(before)

    assert_equal(results, 1e-4)
    assert torch.equal(results[0][0], again[0][0])


def test_a_first_layer_forms_no_gradient_of_its_input():
    spikes, weight = torch.ones(3, 4), torch.ones(5, 4, requires_grad=True)
    currents = sparse_linear(spikes, weight)

    assert currents.grad_fn.next_functions[0][0] is None
    currents.sum().backward()
    assert torch.equal(weight.grad, torch.full((5, 4), 3.0))


def test_another_float_is_multiplied_densely():
    spikes, weight = torch.ones(3, 4, dtype=torch.bfloat16), torch.ones(5, 4, dtype=torch.bfloat16)

    assert torch.equal(sparse_linear(spikes, weight), torch.full((3, 5), 4.0, dtype=torch.bfloat16))
