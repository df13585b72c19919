"""The compiled blocks are those of torch, in value and gradient, and those of numpy's Kronecker product."""

from functools import reduce

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum.circuits.circuit import Angle, Circuit, Gate
from quantum.engine import compiled_blocks, torch_blocks
from quantum.engine.circuit_tensors import COMPLEX
from quantum.engine.execution import Engine
from tests.quantum.random_circuits import circuits


def blocks_and_gradient(engine, table, values):
    values = values.clone().requires_grad_()
    made = engine.blocks(table.angles(values), table, COMPLEX[values.dtype])
    generator = torch.Generator().manual_seed(7)
    parts = [torch.randn(block.shape, generator=generator, dtype=block.dtype) for block in made]
    loss = sum((block * part).real.sum() for block, part in zip(made, parts, strict=True))
    if not loss.requires_grad:  # no angle follows a value
        return made, torch.zeros_like(values)
    return made, *torch.autograd.grad(loss, values)


@settings(max_examples=60)
@given(circuits(), st.sampled_from([torch.float64, torch.float32]), st.integers(1, 3))
def test_both_engines_make_the_same_blocks_and_gradients(circuit, precision, n_clips):
    engine = Engine(circuit)
    generator = torch.Generator().manual_seed(circuit.n_weights)
    n_values = max(1, circuit.n_weights + circuit.n_features)
    tolerance = 1e-12 if precision == torch.float64 else 2e-4
    for table, shape in ((engine.shared_blocks, (n_values,)), (engine.clip_blocks, (n_clips, n_values))):
        if not table.n_steps:
            continue
        values = torch.randn(shape, generator=generator, dtype=precision)
        compiled, gradient = blocks_and_gradient(compiled_blocks, table, values)
        reference, expected = blocks_and_gradient(torch_blocks, table, values)

        assert [one.shape for one in compiled] == [one.shape for one in reference]
        for one, other in zip(compiled, reference, strict=True):
            assert torch.allclose(one, other, rtol=0, atol=tolerance)
        assert torch.allclose(gradient, expected, rtol=tolerance, atol=tolerance * 10)


@pytest.mark.parametrize("engine", [compiled_blocks, torch_blocks])
def test_a_block_is_the_kronecker_product_of_its_qubits(engine):
    angles = [0.3, -1.1, 2.0, 0.7]
    circuit = Circuit(4, tuple(Gate("ry", (qubit,), Angle(weight=qubit)) for qubit in range(4)))
    table = Engine(circuit).shared_blocks
    (block,), _ = blocks_and_gradient(engine, table, torch.tensor(angles, dtype=torch.float64))

    halves = [(np.cos(angle / 2), np.sin(angle / 2)) for angle in angles]
    expected = reduce(np.kron, [np.array([[c, -s], [s, c]]) for c, s in reversed(halves)])
    assert np.allclose(block[0].detach().numpy(), expected, rtol=0, atol=1e-14)
