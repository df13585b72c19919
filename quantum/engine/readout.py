# quantum/engine/readout.py
"""What is read from a state: outcome probabilities, and the values that a classical head is given.

    probabilities  [batch, outcome]   |amplitude|**2, or relative frequencies of sampled outcomes
    expectations   [batch, value]     <Z_i> for each qubit, then <Z_i Z_j> for i < j, in [-1, 1]
    marginals      [batch, band]      probability of each value of the leading (most significant) qubits

All three come from one measurement of every qubit in the Z basis, so shots give them as well as exact states do.
"""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from quantum.engine.amplitudes import qubits_of

MOST_QUBITS_OF_TABLE = 14  # of a table of signs [outcome, qubit]; above it, halves are added


def probabilities(states: Tensor) -> Tensor:
    """|amplitude|**2 of [batch, amplitude] states."""
    if not states.is_complex():
        return states.square()
    found: Tensor = _SquaredModulus.apply(states)
    return found


class _SquaredModulus(torch.autograd.Function):
    """The gradient of |a|**2 is 2 a, by torch's convention for complex numbers: one product, nothing in between."""

    @staticmethod
    def forward(ctx: Any, states: Tensor) -> Tensor:
        ctx.save_for_backward(states)
        return (states * states.conj()).real

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (states,) = ctx.saved_tensors
        return states * (2 * gradients[0])


def z_expectations(states: Tensor) -> Tensor:
    """<Z> of every qubit, [batch, qubit], of [batch, amplitude] states."""
    found = probabilities(states)
    n_qubits = found.shape[-1].bit_length() - 1
    if n_qubits > MOST_QUBITS_OF_TABLE:
        halved: Tensor = _HalvedUp.apply(found)
        return halved
    return found @ _z_signs(n_qubits, found.dtype, found.device)


@lru_cache(maxsize=32)
def _z_signs(n_qubits: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[outcome, qubit]: the eigenvalue +-1 of Z at every outcome."""
    outcome = torch.arange(2**n_qubits, device=device)
    return (1 - 2 * ((outcome[:, None] >> torch.arange(n_qubits, device=device)) & 1)).to(dtype)


class _HalvedUp(torch.autograd.Function):
    """<Z> of the highest qubit is the first half of the probabilities less the second; the sum of both halves is what
    the other qubits have. No table of signs, and a few additions an amplitude for all qubits together."""

    @staticmethod
    def forward(ctx: Any, outcome_probabilities: Tensor) -> Tensor:
        found = []
        left = outcome_probabilities
        while left.shape[-1] > 1:
            of_zero, of_one = left.chunk(2, -1)
            found.append(of_zero.sum(-1) - of_one.sum(-1))
            left = of_zero + of_one
        return torch.stack(found[::-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        of_outcomes = torch.zeros_like(gradients[0][..., :1])
        for of_qubit in gradients[0].split(1, -1):
            of_outcomes = torch.cat([of_outcomes + of_qubit, of_outcomes - of_qubit], -1)
        return of_outcomes


def sign_matrix(n_qubits: int) -> Tensor:
    """[outcome, value]: the eigenvalues +-1 of Z_i, then of Z_i Z_j for i < j, at every outcome."""
    outcome = torch.arange(2**n_qubits)
    single = 1 - 2 * ((outcome[:, None] >> torch.arange(n_qubits)) & 1)
    first, second = torch.triu_indices(n_qubits, n_qubits, offset=1)
    return torch.cat([single, single[:, first] * single[:, second]], dim=1).to(torch.get_default_dtype())


def marginals(outcome_probabilities: Tensor, n_leading: int) -> Tensor:
    """Probabilities of the `n_leading` most significant qubits: sums over runs of neighbouring outcomes."""
    n_qubits = qubits_of(outcome_probabilities.shape[-1])
    if not 1 <= n_leading <= n_qubits:
        raise ValueError(f"n_leading must lie in 1 to {n_qubits}, the qubits of the state; got {n_leading}.")
    return outcome_probabilities.unflatten(-1, (2**n_leading, -1)).sum(-1)


def outcomes_of(outcome_probabilities: Tensor, qubits: tuple[int, ...]) -> Tensor:
    """Probabilities [batch, 2**len(qubits)] of the outcomes of some qubits, given lowest first."""
    n_qubits = qubits_of(outcome_probabilities.shape[-1])
    by_qubit = outcome_probabilities.unflatten(-1, (2,) * n_qubits)  # the axis of qubit q is n - q, the batch is axis 0
    others = [n_qubits - qubit for qubit in range(n_qubits) if qubit not in qubits]
    return (by_qubit.sum(others) if others else by_qubit).flatten(1)
