# studies/circuit_measures.py
"""What the circuits of the hybrids can do before any training, against qubits and depth.

    circuit    layers, a transform of all qubits, as many layers again; with and without transform, two-qubit gates
    measures   gradient variance of a local and of a global cost, expressibility, entangling capability

Every value is drawn, of |0...0>; one seed gives one table. Amplitude codes start from other states: what stands here is
of the circuit, not of the clips.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.engine.amplitudes import MAX_QUBITS
from quantum.measures.entangling import entangling_capability, haar_mean
from quantum.measures.expressibility import expressibility, haar_floor
from quantum.measures.gradients import gradient_variance

MOST_LAYERS = 256
MOST_DRAWS = 100_000


@dataclass(frozen=True)
class Variant:
    """A circuit family: the hybrids' own, or a control of it."""

    name: str
    title: str
    entangler: str
    fourier: bool


VARIANTS = (
    Variant("qft", "QFT between layers", "cx-ring", True),
    Variant("no-transform", "no transform", "cx-ring", False),
    Variant("no-entangler", "QFT, layers without two-qubit gates", "none", True),
    Variant("product", "neither", "none", False),
)


@dataclass(frozen=True)
class Measured:
    """One variant at one size."""

    variant: str
    n_qubits: int
    n_layers: int  # half of them before the transform, the odd one too
    n_angles: int
    local_variance: float
    global_variance: float
    expressibility: float
    haar_floor: float  # what Haar's own states give with as many pairs
    entangling: float
    haar_entangling: float


def variant_circuit(variant: Variant, n_qubits: int, n_layers: int) -> Circuit:
    """The circuit of a variant; half of its layers, rounded up, stand before the transform."""
    before = n_layers - n_layers // 2
    registers = ((0, n_qubits),) if variant.fourier else ()
    return described_circuit(CircuitDescription(n_qubits, before, n_layers // 2, variant.entangler, registers))


def measured_circuits(qubits: Sequence[int], layers: Sequence[int], n_draws: int, seed: int) -> Iterator[Measured]:
    """Every variant at every number of qubits and layers."""
    check_sizes(qubits, layers, n_draws)
    for variant in VARIANTS:
        for n_qubits in qubits:
            floor = haar_floor(2**n_qubits, n_draws, seed)
            for n_layers in layers:
                circuit = variant_circuit(variant, n_qubits, n_layers)
                generator = torch.Generator().manual_seed(seed)
                yield Measured(
                    variant.name,
                    n_qubits,
                    n_layers,
                    circuit.n_weights,
                    gradient_variance(circuit, "local", n_draws, generator),
                    gradient_variance(circuit, "global", n_draws, generator),
                    expressibility(circuit, n_draws, generator),
                    floor,
                    entangling_capability(circuit, n_draws, generator),
                    haar_mean(n_qubits),
                )


def check_sizes(qubits: Sequence[int], layers: Sequence[int], n_draws: int, seed: int = 0) -> None:
    """Refuse sizes that no circuit here has, before any work."""
    if not qubits or not all(1 <= n <= MAX_QUBITS for n in qubits):
        raise InputError(f"--qubits must lie in 1 to {MAX_QUBITS}; got {_said(qubits)}.")
    if not layers or not all(1 <= n <= MOST_LAYERS for n in layers):
        raise InputError(f"--layers must lie in 1 to {MOST_LAYERS}; got {_said(layers)}.")
    if not 2 <= n_draws <= MOST_DRAWS:
        raise InputError(f"--draws must lie in 2 to {MOST_DRAWS}; got {n_draws}.")
    if seed < 0:
        raise InputError(f"--seed must be 0 or more; got {seed}.")


def variance_per_qubit(found: Sequence[Measured], variant: str, cost: str) -> float | None:
    """By which factor the variance changes with every qubit, at the most layers: a line through its logarithms. None
    with fewer than two numbers of qubits."""
    n_layers = max(one.n_layers for one in found)
    rows = [one for one in found if one.variant == variant and one.n_layers == n_layers]
    values = [getattr(one, f"{cost}_variance") for one in rows]
    if len(rows) < 2 or min(values) <= 0:
        return None
    slope = np.polyfit([one.n_qubits for one in rows], np.log(values), 1)[0]
    return float(np.exp(slope))


def records(found: Sequence[Measured]) -> list[dict[str, str | float | int]]:
    """A row per variant and size."""
    return [asdict(one) for one in found]


def _said(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
