# quantum/circuits/patch_circuit.py
"""Quanvolution's circuit on a patch of 2 x 2 intensities, and the linear map of 81 features that it is.

    circuit    RY(scale x) on each of four qubits, then layers of RZ, RY and a ring of CX; Z of each qubit is read
    features   products over the four intensities of 1, sin(scale x) or cos(scale x)                  3**4 = 81
    map        <Z_q> = sum over P of M[q, P] feature[P]       P a product of I, X or Z on each qubit

Behind the RY the state of a qubit is (I + sin X + cos Z) / 2, so with U the unitary of the layers
M[q, P] = Tr(P U* Z_q U) / 16, and nothing is left out: whatever the layers are, the circuit is a linear model of these
features (Schuld, Sweke & Meyer, Phys. Rev. A 103, 032430 (2021), arXiv 2008.08605, for one feature).

Henderson, Shakya, Pradhan & Cook, Quantum Machine Intelligence 2, 2 (2020), arXiv 1904.04767; on speech: Yang et al.,
ICASSP 2021, arXiv 2010.13309, with random layers that are not trained.
"""

from functools import lru_cache

import torch
from torch import Tensor

from quantum.circuits.circuit import Angle, Circuit, Gate, Operation
from quantum.circuits.description import CircuitDescription, described_circuit

PATCH = 2  # intensities along each axis of a patch
N_QUBITS = PATCH**2
N_FEATURES = 3**N_QUBITS


@lru_cache(maxsize=32)
def layers_circuit(n_layers: int) -> Circuit:
    """The layers behind the intensities."""
    return described_circuit(CircuitDescription(N_QUBITS, n_layers, 0, "cx-ring"))


@lru_cache(maxsize=32)
def patch_circuit(n_layers: int) -> Circuit:
    """The whole of it; feature i is the angle, in radians, of the RY on qubit i."""
    turned: tuple[Operation, ...] = tuple(Gate("ry", (qubit,), Angle(feature=qubit)) for qubit in range(N_QUBITS))
    return Circuit(N_QUBITS, turned + layers_circuit(n_layers).operations)


def patch_features(angles: Tensor) -> Tensor:
    """[..., 4] radians -> [..., 81]; qubit 3 varies slowest, and of each qubit 1, sine, cosine in turn."""
    of_qubits = torch.stack([torch.ones_like(angles), angles.sin(), angles.cos()], -1)
    product = of_qubits[..., 0, :]
    for qubit in range(1, N_QUBITS):
        product = (of_qubits[..., qubit, :, None] * product[..., None, :]).flatten(-2)
    return product


def patch_map(unitary: Tensor) -> Tensor:
    """[16, 16], complex -> M [4, 81], real, in the order of `patch_features`."""
    index = torch.arange(2**N_QUBITS, device=unitary.device)
    signs = 1 - 2 * ((index >> torch.arange(N_QUBITS, device=unitary.device)[:, None]) & 1)
    observables = unitary.mH @ (signs[:, :, None] * unitary)  # [4, 16, 16]: U* Z_q U
    found = torch.einsum("qab,pba->qp", observables, _products(unitary.dtype, unitary.device))
    return found.real / 2**N_QUBITS


@lru_cache(maxsize=8)
def _products(dtype: torch.dtype, device: torch.device) -> Tensor:
    """[81, 16, 16]: the products of I, X and Z on each qubit."""
    identity, x, z = ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]])
    one = torch.tensor([identity, x, z], dtype=dtype, device=device)
    product = one
    for _ in range(1, N_QUBITS):  # the next qubit is more significant: it stands to the left
        product = torch.einsum("pij,qkl->pqikjl", one, product).reshape(
            3 * len(product), 2 * product.shape[1], 2 * product.shape[2]
        )
    return product
