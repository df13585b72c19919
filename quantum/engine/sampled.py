# quantum/engine/sampled.py
"""Frequencies of shots in place of probabilities, with an unbiased gradient: training as shots would let it train.

    p    [batch, outcome]   probabilities of the circuit, exact
    f    [batch, outcome]   frequencies of S shots: the head and the loss see these
    f'   [batch, outcome]   frequencies of S other shots: the gradient is estimated from these

The score-function (likelihood-ratio) form. With v = d loss / d f, as backpropagation brings it, and the baseline
b = sum_k p_k v_k, the gradient that is passed on to p_k is

    g_k = b + (v_k - b) f'_k / p_k        E[g_k] = v_k, since E[f'_k] = p_k and f' is drawn apart from f, and so from v

so that the gradient of an angle is an unbiased estimate of sum_k v_k dp_k/dtheta: of the exact gradient, for every
linear function of the frequencies, an expectation value of the readout among them. (Where the loss is not linear, v is
taken at f: the loss of noisy frequencies is what is then trained, as it is on a processor.) Its variance is

    Var = 1/S * ( sum_k p_k ((v_k - b) d ln p_k / dtheta)**2 - (sum_k v_k dp_k/dtheta)**2 )  <=  max_k (v_k - b)**2 / S

for an angle of a rotation exp(-i theta P / 2): the Fisher information sum_k p_k (d ln p_k / dtheta)**2 of its outcomes
is at most the quantum one, and that at most 1 (Braunstein & Caves, Phys. Rev. Lett. 72, 3439 (1994)). The rule of
parameter shifts with S shots at each of its two points has (Var_+ + Var_-)(v) / 4 S, of the same order; but it takes
two runs for every angle, and this one backward pass for all of them, the front's weights among them.

Estimates from few shots as stochastic gradients: Sweke et al., Quantum 4, 314 (2020), arXiv 1910.01155.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError

MOST_SHOTS = 1_000_000  # of a clip in one training step


def sampled(outcome_probabilities: Tensor, n_shots: int) -> Tensor:
    """[batch, outcome] frequencies of `n_shots` shots of each clip; drawn from torch's global generator."""
    seed = int(torch.randint(2**31 - 1, (1,)))
    frequencies: Tensor = _Sampled.apply(outcome_probabilities, n_shots, np.random.default_rng(seed))
    return frequencies


class _Sampled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, exact: Tensor, n_shots: int, draw: np.random.Generator) -> Tensor:
        values = exact.detach().double().cpu().numpy().clip(min=0)
        values = values / values.sum(axis=1, keepdims=True)  # single precision misses 1, which numpy does not draw from
        seen, other = (torch.from_numpy(draw.multinomial(n_shots, values) / n_shots).to(exact) for _ in range(2))
        ctx.save_for_backward(exact, other)
        return seen

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        exact, other = ctx.saved_tensors
        (gradient,) = gradients
        baseline = (exact * gradient).sum(dim=1, keepdim=True)
        # An outcome of probability 0 is never drawn, and its probability is least there: it has no slope.
        ratio = torch.where(exact > 0, other / exact.clamp_min(torch.finfo(exact.dtype).tiny), 0)
        return baseline + (gradient - baseline) * ratio, None, None


def check_training_shots(training_shots: int | None) -> None:
    """Refuse a number of shots that is none."""
    if training_shots is not None and not 1 <= training_shots <= MOST_SHOTS:
        raise InputError(
            f"training_shots must lie in 1 to {MOST_SHOTS}, or be left out to train on exact probabilities; "
            f"got {training_shots}."
        )
