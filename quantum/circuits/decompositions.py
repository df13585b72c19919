# quantum/circuits/decompositions.py
"""Decompositions of batches of small orthogonal and unitary matrices, as circuits need them.

Whatever the input, the factors are orthogonal (or unitary) to rounding error, and every determinant that a circuit
must be given is +1: signs are moved into the angles.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_HALF = math.sqrt(0.5)


@dataclass(frozen=True)
class CosineSine:
    """W0 = upper cos(angles) right^T, W1 = lower sin(angles) right^T; all three of determinant +1."""

    upper: Tensor  # [..., p, p]
    angles: Tensor  # [..., p], radians
    lower: Tensor  # [..., p, p]
    right: Tensor  # [..., p, p]


def cosine_sine(upper_block: Tensor, lower_block: Tensor) -> CosineSine:
    """Of [..., p, p] blocks W0, W1 of orthonormal columns, W0^T W0 + W1^T W1 = 1.

    Golub & Van Loan, Matrix Computations (2013), section 2.5.4.
    """
    upper, cosine, right_transposed = torch.linalg.svd(upper_block)
    # Largest sine first: the columns of W1 right are orthogonal, and those that are rounding error come last, where QR
    # completes the basis with whatever is orthogonal to the others.
    upper, cosine, right = upper.flip(-1), cosine.flip(-1), right_transposed.mT.flip(-1)
    lower, triangle = torch.linalg.qr(lower_block @ right)
    # Cosines near 1 do not tell small sines apart, so the directions of these are found anew, from W1.
    diagonal = triangle.diagonal(dim1=-2, dim2=-1)
    is_small = diagonal.abs() < _HALF
    among_small = triangle * (is_small[..., :, None] & is_small[..., None, :])
    left_turn, sine, turn_transposed = torch.linalg.svd(among_small + torch.diag_embed(diagonal * ~is_small))
    turn = turn_transposed.mT
    upper, lower, right = upper @ turn, lower @ left_turn, right @ turn
    cosine = (turn.square() * cosine[..., :, None]).sum(-2)
    upper_sign, lower_sign, right_sign = (torch.linalg.det(one).sign() for one in (upper, lower, right))
    upper, lower, right = (
        one * first_column_sign(one, sign)
        for one, sign in ((upper, upper_sign), (lower, lower_sign), (right, right_sign))
    )
    cosine[..., 0] *= upper_sign * right_sign
    sine[..., 0] *= lower_sign * right_sign
    return CosineSine(upper, torch.atan2(sine, cosine), lower, right)


def first_column_sign(matrix: Tensor, sign: Tensor) -> Tensor:
    """[..., 1, p]: ones, and `sign` for the first column of a matrix [..., p, p]."""
    signs = torch.ones_like(matrix[..., :1, :])
    signs[..., 0] = sign[..., None]
    return signs


def half_signs(n: int) -> Tensor:
    """n times +1, then n times -1: Z of the most significant qubit."""
    return torch.cat([torch.ones(n), -torch.ones(n)])


def plane_angles(matrices: Tensor) -> Tensor:
    """The angles of RY for rotations of the plane [..., 2, 2]."""
    return 2 * torch.atan2(matrices[..., 1, 0], matrices[..., 0, 0])


def tensor_factors(product: Tensor) -> tuple[Tensor, Tensor]:
    """A, B of SU(2) with A (x) B = product [..., 4, 4], which must be one; the sign of the product is kept."""
    blocks = product.unflatten(-1, (2, 2)).unflatten(-3, (2, 2)).transpose(-3, -2)  # [..., A row, A column, B, B]
    dets = blocks[..., 0, 0] * blocks[..., 1, 1] - blocks[..., 0, 1] * blocks[..., 1, 0]  # [..., 2, 2]: squares of A
    flat = dets.flatten(-2)
    largest = flat.abs().argmax(-1)
    chosen = blocks.flatten(-4, -3).gather(-3, largest[..., None, None, None].expand(*largest.shape, 1, 2, 2))
    second = chosen.squeeze(-3) / flat.gather(-1, largest[..., None])[..., None].sqrt()
    first = torch.einsum("...ijkl,...kl->...ij", blocks, second.conj()) / 2
    return first, second


def euler_angles(matrices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """c, b, a of SU(2) matrices [..., 2, 2] = RZ(a) RY(b) RZ(c): in the order in which the rotations act."""
    top, bottom = matrices[..., 0, 0], matrices[..., 1, 0]
    sum_of_angles, difference = -2 * top.angle(), 2 * bottom.angle()
    b = 2 * torch.atan2(bottom.abs(), top.abs())
    return (sum_of_angles - difference) / 2, b, (sum_of_angles + difference) / 2


def demultiplexed(zero: Tensor, one: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """V, angle, W with zero = V RZ(angle) W and one = V RZ(-angle) W, for SU(2) matrices [..., 2, 2]."""
    turn = zero @ one.mH  # V RZ(2 angle) V^-1: a rotation by some angle about some axis
    x, y, z = -turn[..., 0, 1].imag, -turn[..., 0, 1].real, -turn[..., 0, 0].imag
    tilt, azimuth = torch.atan2(torch.hypot(x, y), z), torch.atan2(y, x)
    angle = torch.atan2(torch.sqrt(x**2 + y**2 + z**2), turn[..., 0, 0].real)
    after = _turned(azimuth, tilt)
    phase = torch.polar(torch.ones_like(angle), -angle / 2)
    diagonal = torch.stack([phase, phase.conj()], -1)
    return after, angle, diagonal[..., None] * (after.mH @ one)


def _turned(azimuth: Tensor, tilt: Tensor) -> Tensor:
    """RZ(azimuth) RY(tilt): it takes the z axis to the axis of those angles."""
    cosine, sine = torch.cos(tilt / 2).to(torch.complex128), torch.sin(tilt / 2).to(torch.complex128)
    phase = torch.polar(torch.ones_like(azimuth), azimuth / 2).to(torch.complex128)
    rows = [torch.stack([cosine / phase, -sine / phase], -1), torch.stack([sine * phase, cosine * phase], -1)]
    return torch.stack(rows, -2)
