# quantum/classifiers/fidelity_kernel.py
"""Quantum kernel: a support vector machine on the fidelities of states, fitted by scikit-learn (libsvm).

    encoded   [batch, amplitude]   unit states x, from a state code
    kernel    k(x, v) = |<v|x>|^2                         v the support vectors, which are states of training clips
    d_ij      = sum over the v of classes i < j of a_ij(v) k(x, v) + b_ij             one class against one
    logits    wins of a class, and s / (3 (|s| + 1)) with s the sum of its decisions: ties are settled by s

Havlíček et al., Nature 567, 209 (2019), arXiv 1804.11326: a processor finds k as the share of outcomes 0...0 of one
circuit, the code of x and then the inverse of the code of v. A decision needs a circuit for every support vector, and
the fit one for every pair of training clips.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Angle, Circuit, Gate, inverse_of
from quantum.circuits.real_state import real_state_circuit
from quantum.classifiers.many_circuits import ManyCircuits
from quantum.classifiers.sized_by_fit import SizedByFit
from quantum.engine.amplitudes import qubits_of
from quantum.engine.overlaps import squared_overlaps


def overlap_circuit(preparation: Circuit) -> Circuit:
    """The code of one clip, then the inverse code of another: features of the first, then those of the second."""

    def of_second(gate: Gate) -> Gate:
        angle = gate.angle
        if angle is None or angle.feature is None:
            return gate
        moved = Angle(angle.offset, None, angle.feature + preparation.n_features, angle.scale)
        return Gate(gate.name, gate.qubits, moved)

    back = tuple(of_second(inverse_of(gate)) for gate in reversed(preparation.gates))
    return Circuit(preparation.n_qubits, preparation.gates + back)


class FidelityClassifier(SizedByFit, ManyCircuits):
    """What was fitted, as buffers; two of them get their size by the fit."""

    sized_by_fit = ("vectors", "coefficients")
    vectors: Tensor  # [support, amplitude, 2]: real and imaginary parts of the support vectors
    coefficients: Tensor  # [pair, support]: 0 where a vector is of neither class of a pair
    intercepts: Tensor  # [pair], pairs (0, 1), (0, 2), ..., (1, 2), ...
    n_fitted: Tensor  # training clips

    def __init__(self, c: float, n_amplitudes: int, n_classes: int) -> None:
        super().__init__()
        self.c = c
        self.n_classes = n_classes
        self.pairs = tuple(combinations(range(n_classes), 2))
        self.register_buffer("vectors", torch.zeros(0, n_amplitudes, 2))
        self.register_buffer("coefficients", torch.zeros(len(self.pairs), 0))
        self.register_buffer("intercepts", torch.zeros(len(self.pairs)))
        self.register_buffer("n_fitted", torch.zeros((), dtype=torch.long))

    def states(self, encoded: Tensor) -> Tensor:
        """In double precision, complex."""
        return encoded.to(torch.complex128)

    def fit_directly(self, encoded: Tensor, targets: Tensor, seed: int) -> bool:
        """Fit to the states of the training clips; the solution does not depend on the seed."""
        from sklearn.svm import SVC

        del seed
        missing = sorted(set(range(self.n_classes)) - set(targets.tolist()))
        if missing:
            raise InputError(f"The training clips hold no clip of the classes {missing}. Give some of each.")
        states = self.states(encoded)
        fitted = SVC(C=self.c, kernel="precomputed").fit(squared_overlaps(states, states).numpy(), targets.numpy())
        n_support, support = fitted.n_support_, fitted.support_
        # scikit-learn keeps, of a vector of class i, its coefficient against class j in row j - 1 for j > i, else j;
        # of two classes it turns the sign.
        sign = -1 if self.n_classes == 2 else 1
        ends = np.cumsum(n_support)
        of_class = [slice(end - n, end) for end, n in zip(ends, n_support, strict=True)]
        coefficients = np.zeros((len(self.pairs), len(support)))
        for pair, (i, j) in enumerate(self.pairs):
            coefficients[pair, of_class[i]] = sign * fitted.dual_coef_[j - 1, of_class[i]]
            coefficients[pair, of_class[j]] = sign * fitted.dual_coef_[i, of_class[j]]
        like = self.intercepts
        self.vectors = torch.view_as_real(states[support.tolist()]).to(like)
        self.coefficients = torch.from_numpy(coefficients).to(like)
        self.intercepts.copy_(torch.from_numpy(sign * fitted.intercept_))
        self.n_fitted.fill_(len(states))
        return True

    def n_parameters(self) -> int:
        return self.vectors.numel() + int(self.coefficients.count_nonzero()) + self.intercepts.numel()

    def kernel(self, encoded: Tensor) -> Tensor:
        """[batch, support], exact, double."""
        if not len(self.vectors):
            raise RuntimeError("This quantum kernel has not been fitted. Call fit_directly, or load its weights.")
        return squared_overlaps(self.states(encoded), torch.view_as_complex(self.vectors.double().contiguous()))

    def logits_of(self, kernel: Tensor) -> Tensor:
        """[batch, support] -> logits [batch, class], float32."""
        decisions = kernel @ self.coefficients.double().T + self.intercepts.double()
        if self.n_classes == 2:
            return torch.cat([decisions, -decisions], 1).float()
        first, second = (torch.tensor(of_pair) for of_pair in zip(*self.pairs, strict=True))
        none = decisions.new_zeros(len(decisions), self.n_classes)
        sums = none.index_add(1, first, decisions).index_add(1, second, -decisions)
        won = (decisions >= 0).to(decisions.dtype)
        wins = none.index_add(1, first, won).index_add(1, second, 1 - won)
        return (wins + sums / (3 * (sums.abs() + 1))).float()

    def forward(self, encoded: Tensor) -> Tensor:
        return self.logits_of(self.kernel(encoded))

    def n_circuits(self, encoded: Tensor) -> int:
        return len(self.vectors)

    @property
    def n_circuits_of_fit(self) -> int:
        """One for every pair of training clips."""
        n = int(self.n_fitted)
        return n * (n - 1) // 2

    def circuit(self, preparation: Circuit | None) -> Circuit:
        return overlap_circuit(preparation or real_state_circuit(qubits_of(self.vectors.shape[1])))

    def logits_in_shots(self, encoded: Tensor, n_shots: int, draw: np.random.Generator) -> Tensor:
        exact = self.kernel(encoded).clamp(0, 1).cpu().numpy()
        return self.logits_of(torch.from_numpy(draw.binomial(n_shots, exact) / n_shots))

    def classical_operations(self, encoded: Tensor) -> OperationCounts:
        """Decisions, votes and ties, of a kernel that is known."""
        n_coefficients, n_pairs = int(self.coefficients.count_nonzero()), len(self.pairs)
        decisions = OperationCounts.of(
            "readout",
            "decisions",
            mac_fp32=n_coefficients,
            add_fp32=n_pairs,
            sram_bytes=4 * (n_coefficients + len(self.vectors) + 2 * n_pairs),
        )
        votes = OperationCounts.of(
            "readout",
            "votes",
            compare_fp32=n_pairs + self.n_classes,
            add_fp32=3 * n_pairs + 2 * self.n_classes,
            multiply_fp32=self.n_classes,
            transcendental_fp32=self.n_classes,
            sram_bytes=4 * (n_pairs + self.n_classes),
        )
        return decisions + votes

    def count_operations(self, encoded: Tensor) -> OperationCounts:
        """Of one clip on a classical machine: the inner products of its state, which take no circuit."""
        n_support, n = self.vectors.shape[:2]
        parts = 4 if encoded.is_complex() else 1  # real multiply-accumulates of a product
        kernel = OperationCounts.of(
            "network",
            "kernel",
            mac_fp32=parts * n_support * n,
            multiply_fp32=(2 if parts == 4 else 1) * n_support,
            add_fp32=n_support if parts == 4 else 0,
            sram_bytes=4 * (2 if parts == 4 else 1) * (n_support * n + n) + 4 * n_support,
        )
        return kernel + self.classical_operations(encoded)


@dataclass(frozen=True)
class FidelityKernel:
    """The options of the machine."""

    c: float = 10.0  # the price of a margin error

    def __post_init__(self) -> None:
        if not self.c > 0:
            raise InputError(f"c must be greater than 0; got {self.c}.")

    def build(self, shape: EncodedShape, n_classes: int) -> FidelityClassifier:
        if shape.code not in {"state", "complex-state"}:
            raise InputError(
                f"fidelity-kernel reads states, got the code {shape.code!r}. Choose a state code, such as amplitude."
            )
        qubits_of(shape.n_channels)
        return FidelityClassifier(self.c, shape.n_channels, n_classes)
