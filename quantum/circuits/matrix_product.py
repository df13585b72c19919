# quantum/circuits/matrix_product.py
"""Real matrix-product states: the best chain of small tensors for a state, and the circuit that prepares it.

    states      [batch, amplitude]     real, unit norm; sites are qubits in a chain, the first site most significant
    projected   [batch, amplitude]     unit norm, of bond dimension chi = 2**m at most
    features    [batch, feature]       radians; of `matrix_product_circuit`, which prepares the projected state

From each end of the chain towards its middle, the states of the sites so far are reduced to the chi directions of the
largest singular values; in the middle a chi x chi matrix is left. The circuit runs outwards: the middle is a state of
m qubits copied to m others (its singular values) and a rotation of either side (its singular vectors), and each further
site is one new qubit, turned by an angle for each state of the m qubits of the bond, which are then rotated by a matrix
for each of its own.

    CX      chi = 1: 0      2: 2 n - 3      4: 9 n - 29      8: 50 n - 263      for n qubits between any two of them

The cosine-sine decomposition of a tensor leaves an orthogonal matrix at its bond, which goes into the next tensor
inwards, since a bond's basis is free: so a real tensor of chi = 2 takes 2 CX, where a general one takes 3.

The reduction: Schollwoeck, Annals of Physics 326, 96 (2011), arXiv 1008.3477, section 4.1.3. Preparation site by site:
Schoen et al., Phys. Rev. Lett. 95, 110503 (2005), arXiv quant-ph/0501096. Layers of chi = 2 (Ran, Phys. Rev. A 101,
032310 (2020), arXiv 1908.07958) were passed over: `docs/state_preparation.md` compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from quantum.circuits.circuit import Circuit
from quantum.circuits.decompositions import CosineSine, cosine_sine, first_column_sign, half_signs, plane_angles
from quantum.circuits.orthogonal import Synthesis


@dataclass(frozen=True)
class Chain:
    """A matrix-product state: orthonormal tensors from both ends, and what is between the two middle sites."""

    left: tuple[Tensor, ...]  # each [batch, chi * 2, chi]: rows (bond, site), from the end inwards
    right: tuple[Tensor, ...]  # of the chain read backwards
    middle: Tensor  # [batch, left bond, right bond], of unit norm

    @property
    def n_bond_qubits(self) -> int:
        """m: the bond dimension is 2**m."""
        return self.middle.shape[1].bit_length() - 1

    def states(self) -> Tensor:
        """[batch, amplitude]: the product."""
        left, right = _basis(self.left, self.middle), _basis(self.right, self.middle)
        n_right = right.shape[1].bit_length() - 1
        return (left @ self.middle @ right[:, reversed_bits(n_right)].mT).flatten(1)


def matrix_product(states: Tensor, bond_dimension: int) -> Chain:
    """The chain of [batch, amplitude] real states; the bond dimension is a power of two.

    One beyond 2**floor(n / 2) is reduced to that, with which every state is exact.
    """
    n_sites = states.shape[1].bit_length() - 1
    n_left = n_sites // 2
    chi = min(bond_dimension, 2**n_left)
    left, rest = _reduced(states.unflatten(1, (2**n_left, -1)), chi)
    right, middle = _reduced(rest[..., reversed_bits(n_sites - n_left)].mT, chi)
    return Chain(left, right, middle.mT / torch.linalg.matrix_norm(middle)[:, None, None])


def _reduced(rows: Tensor, chi: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """Of [batch, site states, rest]: a tensor for each site behind the first m, and [batch, chi, rest] of the rest."""
    n_batch, n_states, n_rest = rows.shape
    tensors: list[Tensor] = []
    n_states //= chi
    while n_states > 1:
        n_states //= 2
        matrix = rows.reshape(n_batch, 2 * chi, n_states * n_rest)
        tensors.append(torch.linalg.svd(matrix, full_matrices=False)[0][..., :chi])
        rows = tensors[-1].mT @ matrix
    return tuple(tensors), rows.reshape(n_batch, chi, n_rest)


def _basis(tensors: Sequence[Tensor], middle: Tensor) -> Tensor:
    """[batch, site states, chi]: the directions that the tensors of one side span."""
    chi = middle.shape[1]
    basis = torch.eye(chi, dtype=middle.dtype, device=middle.device).expand(len(middle), -1, -1)
    for tensor in tensors:
        basis = (basis @ tensor.reshape(-1, chi, 2 * chi)).reshape(len(middle), -1, chi)
    return basis


def reversed_bits(n: int) -> Tensor:
    """[2**n]: every number of n bits, with its bits in reverse."""
    index = torch.arange(2**n)
    backwards = torch.zeros_like(index)
    for bit in range(n):
        backwards |= ((index >> bit) & 1) << (n - 1 - bit)
    return backwards


@lru_cache(maxsize=64)
def matrix_product_circuit(qubits: tuple[int, ...], bond_dimension: int) -> Circuit:
    """The circuit for a chain of all qubits of a register, the first site first."""
    any_state = torch.linspace(1, 2, 2 ** len(qubits), dtype=torch.float64)[None]
    gates = synthesised(matrix_product(any_state, bond_dimension), qubits).gates  # they do not depend on the state
    return Circuit(len(qubits), tuple(gates))


def synthesised(chain: Chain, qubits: Sequence[int]) -> Synthesis:
    """Gates and features that prepare the chain on qubits, the first site first."""
    made = Synthesis()
    m, n_left = chain.n_bond_qubits, chain.n_bond_qubits + len(chain.left)
    sides = (qubits[:n_left], qubits[n_left:][::-1])
    left, left_turn = _sites(chain.left, chain.middle)
    right, right_turn = _sites(chain.right, chain.middle)
    middle = left_turn.mT @ chain.middle @ right_turn
    if m:
        _prepare_middle(made, middle, sides[0][-m:], sides[1][-m:])
    for side, sites in zip(sides, (left, right), strict=True):
        for number, site in reversed(list(enumerate(sites))):
            _add_site(made, side[number], side[number + 1 : number + 1 + m], site)
    if not m:  # the sign of the whole, which no singular value holds: one rotation by 2 pi more
        made.features[0] = made.features[0] + 2 * torch.pi * (middle[:, :, 0] < 0).to(middle)
    return made


def _sites(tensors: Sequence[Tensor], middle: Tensor) -> tuple[list[CosineSine], Tensor]:
    """The decomposed tensors of one side, and the orthogonal matrix that is left at the middle."""
    chi = middle.shape[1]
    turn = torch.eye(chi, dtype=middle.dtype, device=middle.device).expand(len(middle), -1, -1)
    sites: list[CosineSine] = []
    for tensor in tensors:
        turned = (turn.mT @ tensor.reshape(-1, chi, 2 * chi)).reshape(tensor.shape)
        sites.append(cosine_sine(turned[:, :chi], turned[:, chi:]))
        turn = sites[-1].right
    return sites, turn


def _prepare_middle(made: Synthesis, middle: Tensor, left: Sequence[int], right: Sequence[int]) -> None:
    """The singular values as a state, its basis states copied, and each side rotated to its singular vectors."""
    outer, values, inner = torch.linalg.svd(middle)
    outer_sign, inner_sign = torch.linalg.det(outer).sign(), torch.linalg.det(inner).sign()
    values = values * first_column_sign(outer, outer_sign * inner_sign)[:, 0]
    made.real_state(left, values)
    for copied, copy in zip(left, right, strict=True):
        made.gate("cx", copied, copy)
    made.orthogonal(left, (outer * first_column_sign(outer, outer_sign))[:, None])
    made.orthogonal(right, (inner.mT * first_column_sign(outer, inner_sign))[:, None])


def _add_site(made: Synthesis, new: int, bond: Sequence[int], site: CosineSine) -> None:
    """A qubit in |0>, turned by an angle for each state of the bond; then the bond, by a matrix for each of its own."""
    if not bond:
        made.rotation("ry", new, 2 * site.angles)
        return
    made.rotation("ry", new, 2 * site.angles, bond, last=False)
    # The last gate of each rotation without it is a sign where both qubits hold 1, which the lower matrix is given.
    signs = half_signs(len(site.angles[0]) // 2).to(site.lower)
    if len(bond) == 1:
        matrices = torch.stack([site.upper, signs[:, None] * site.lower * signs], 1)
        made.rotation("ry", bond[0], plane_angles(matrices), (new,), last=False)
    else:
        made.orthogonal(bond, torch.stack([site.upper, site.lower * signs], 1), (new,))
