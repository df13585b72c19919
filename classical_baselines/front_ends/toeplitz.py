# classical_baselines/front_ends/toeplitz.py
"""Solve many real symmetric positive definite Toeplitz systems R u = y by Levinson's recursion, in 64 bits.

    r    [system, lag]       first column of R: R[i, j] = r[|i - j|]
    y    [system, row]
    u    [system, row]       R^-1 y
    d    [system, lag]       sums over the k-th subdiagonal of R^-1 (if asked for)

The recursion takes (N - 1)(2 N - 1) multiply-accumulates where a Cholesky factorisation of R takes N^3 / 6 (Golub & Van
Loan, Matrix Computations, 4th edition, section 4.7). It ends with the predictor a (a[0] = 1) and its error E, which
hold all of R^-1 (Gohberg-Semencul formula), and from which (Musicus, IEEE TASSP 33(5), 1985, 1333-1335)

    d[k] = 1/E sum_i (N - k - 2 i) a[i] a[i + k]

A system whose r[0] is 0 (a silent frame) gives u = 0 and d = 0.
"""

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.operations import OperationCounts


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})  # type: ignore[untyped-decorator]
def _levinson(
    r: NDArray[Any], y: NDArray[Any], u: NDArray[Any], d: NDArray[Any], with_diagonals: bool
) -> None:  # fastmath: sums may be taken in any order, which lets the compiler take several terms at a time
    n_systems, n = r.shape
    backward_r = np.empty(n)
    forward = np.empty(n)  # the predictor a
    backward = np.empty(n)  # the same, reversed
    for system in range(n_systems):
        error = r[system, 0]
        if error <= 0:
            continue
        for lag in range(n):
            backward_r[lag] = r[system, n - 1 - lag]
        solution = u[system]
        forward[0] = 1.0
        backward[0] = 1.0
        solution[0] = y[system, 0] / error
        for order in range(1, n):
            lags = backward_r[n - 1 - order :]  # lags[i] = r[order - i]
            correlation = 0.0
            residual = 0.0
            for i in range(order):
                correlation += forward[i] * lags[i]
                residual += solution[i] * lags[i]
            reflection = -correlation / error
            # a[i] += reflection * a[order - i]; what is reversed is kept beside it, so that all runs forward in memory.
            forward[order] = 0.0
            for i in range(order, 0, -1):
                backward[i] = backward[i - 1]
            backward[0] = 0.0
            for i in range(order + 1):
                old = forward[i]
                forward[i] = old + reflection * backward[i]
                backward[i] = backward[i] + reflection * old
            error *= 1.0 - reflection * reflection
            step = (y[system, order] - residual) / error
            solution[order] = 0.0
            for i in range(order + 1):
                solution[i] += step * backward[i]
        if with_diagonals:
            for lag in range(n):
                total = 0.0
                for i in range(n - lag):
                    total += (n - lag - 2 * i) * forward[i] * forward[i + lag]
                d[system, lag] = total / error


def toeplitz_solve(r: Tensor, y: Tensor, with_diagonals: bool = False) -> tuple[Tensor, Tensor]:
    """(u, d) [system, row], [system, lag], float64 on the CPU; d is empty unless it is asked for."""
    columns, right = (np.ascontiguousarray(values.detach().cpu().double().numpy()) for values in (r, y))
    u = np.zeros_like(right)
    d = np.zeros_like(columns) if with_diagonals else np.zeros((0, 0))
    _levinson(columns, right, u, d, with_diagonals)
    return torch.from_numpy(u), torch.from_numpy(d)


def levinson_operations(n: int, n_systems: int, with_diagonals: bool) -> OperationCounts:
    """Per order m: two sums of m products, m - 1 and m updates, the error, two divisions; then the subdiagonals."""
    counts = OperationCounts.of(
        "front_end",
        "levinson",
        mac_fp32=((n - 1) * (2 * n - 1) + (n - 1)) * n_systems,
        multiply_fp32=(n - 1) * n_systems,
        transcendental_fp32=(2 * (n - 1) + 1) * n_systems,
        # Each product reads two values; each update reads two and writes one.
        sram_bytes=4 * (2 * n * (n - 1) + 3 * (n - 1) * (n - 1)) * n_systems,
    )
    if with_diagonals:
        n_products = n * (n + 1) // 2
        counts += OperationCounts.of(
            "front_end",
            "subdiagonals",
            multiply_fp32=(n_products + n) * n_systems,
            mac_fp32=n_products * n_systems,
            transcendental_fp32=n_systems,
            sram_bytes=4 * (2 * n_products + n) * n_systems,
        )
    return counts
