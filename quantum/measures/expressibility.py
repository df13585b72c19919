# quantum/measures/expressibility.py
"""Expressibility: how far the states of a circuit at random angles are from states drawn from all states alike.

    F        |<state|other>|**2 of two states at independent random angles
    Haar     density (N - 1) (1 - F)**(N - 2) on [0, 1], N amplitudes; a bin [a, b] has (1 - a)**(N-1) - (1 - b)**(N-1)
    value    sum over bins of p log(p / q), natural logarithm: Kullback-Leibler divergence of the drawn fidelities (p)
             from Haar's (q); 0 is as expressive as can be, and a circuit of one state has (N - 1) log(bins)

Sim, Johnson & Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), arXiv 1905.10876, with
their 75 bins. Drawn from few pairs the value is too large: Haar's own states give about (bins that are hit - 1) /
(2 * pairs) in place of 0, which `haar_floor` has for a number of pairs.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit
from quantum.engine.overlaps import squared_overlaps_by_row
from quantum.measures.random_angles import drawn_angles, states_at

N_BINS = 75  # Sim et al. 2019, section 3.1


def divergence_from_haar(fidelity: NDArray[np.float64], n_amplitudes: int, n_bins: int = N_BINS) -> float:
    """Of drawn fidelities, by bins of equal width."""
    if n_amplitudes < 2 or n_bins < 2:
        raise InputError(f"Give 2 amplitudes or more and 2 bins or more; got {n_amplitudes} and {n_bins}.")
    edges = np.linspace(0, 1, n_bins + 1)
    counts, _ = np.histogram(np.clip(fidelity, 0, 1), edges)
    hit = counts > 0
    shares = counts[hit] / len(fidelity)
    # By logarithms in closed form: in the last bins of many amplitudes Haar's share itself is 0 in floats.
    return float(np.sum(shares * (np.log(shares) - log_haar_shares(n_amplitudes, edges)[hit])))


def log_haar_shares(n_amplitudes: int, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """[bin]: logarithm of the share of pairs of Haar-random states whose fidelity lies between two edges a and b.

    log((1 - a)**m - (1 - b)**m) = m log(1 - a) + log(1 - ((1 - b) / (1 - a))**m), m = N - 1
    """
    m = n_amplitudes - 1
    from_left = np.log1p(-edges[:-1])
    ratio = (1 - edges[1:]) / (1 - edges[:-1])
    found: NDArray[np.float64] = m * from_left + np.log1p(-(ratio**m))
    return found


def expressibility(circuit: Circuit, n_pairs: int, generator: torch.Generator) -> float:
    """Of |0...0> behind the circuit at `n_pairs` pairs of random settings."""
    with torch.no_grad():
        pair = [states_at(circuit, drawn_angles(circuit, n_pairs, generator)) for _ in range(2)]
    return divergence_from_haar(squared_overlaps_by_row(*pair).numpy(), 2**circuit.n_qubits)


def haar_floor(n_amplitudes: int, n_pairs: int, seed: int = 0, n_repeats: int = 20) -> float:
    """What `n_pairs` pairs of Haar-random states give in the mean, which no circuit is shown to be below."""
    draw = np.random.default_rng(seed)
    # The inverse of the distribution function 1 - (1 - F)**(N - 1).
    drawn = 1 - draw.random((n_repeats, n_pairs)) ** (1 / (n_amplitudes - 1))
    return float(np.mean([divergence_from_haar(row, n_amplitudes) for row in drawn]))
