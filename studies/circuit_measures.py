# studies/circuit_measures.py
"""What the circuits of the classifiers can do before any training, against qubits and depth.

    layered        layers, a transform of all qubits, as many layers again; with and without transform, two-qubit gates
    qcnn           stages down to one qubit, each of as many convolutions as there are layers, with shared unitaries
    re-uploading   layers that take up a clip, here of any one clip
    measures       gradient variance of a local and of a global cost, expressibility, entangling capability

Every value is drawn, of |0...0>; one seed gives one table. Amplitude codes start from other states: what stands here is
of the circuit, not of the clips. A convolutional network is read at the qubit that it keeps, which is counted as qubit
0 here, as that is what the local cost looks at. In re-uploading a trained angle and a value of the clip are added in
each gate; of an angle that is uniform over the circle the sum is uniform too, whatever the clip, so the values are left
out and the measures are those of every clip.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from classical_baselines.harness.choices import InputError
from quantum.circuits.circuit import Circuit, Gate
from quantum.circuits.description import CircuitDescription, described_circuit
from quantum.circuits.qcnn import QcnnDescription, qcnn_circuit
from quantum.circuits.reuploading import reuploading_circuit
from quantum.engine.amplitudes import MAX_QUBITS
from quantum.measures.entangling import entangling_capability, haar_mean
from quantum.measures.expressibility import expressibility, haar_floor
from quantum.measures.gradients import gradient_variance

MOST_LAYERS = 256
MOST_DRAWS = 100_000


@dataclass(frozen=True)
class Variant:
    """A circuit family: that of a classifier, or a control of it."""

    name: str
    title: str
    circuit: Callable[[int, int], Circuit]  # of so many qubits and layers
    fewest_qubits: int = 1


def layered_circuit(n_qubits: int, n_layers: int, *, entangler: str, fourier: bool) -> Circuit:
    """That of the hybrids; half of its layers, rounded up, stand before the transform."""
    before = n_layers - n_layers // 2
    registers = ((0, n_qubits),) if fourier else ()
    return described_circuit(CircuitDescription(n_qubits, before, n_layers // 2, entangler, registers))


def convolutional_circuit(n_qubits: int, n_layers: int) -> Circuit:
    """Of `qcnn`, all stages that the qubits allow; the qubit that is kept last changes places with qubit 0."""
    description = QcnnDescription(n_qubits, n_qubits.bit_length() - 1, n_layers)
    kept = description.kept[0]
    place = {0: kept, kept: 0}
    operations = []
    for gate in qcnn_circuit(description).gates:
        operations.append(replace(gate, qubits=tuple(place.get(qubit, qubit) for qubit in gate.qubits)))
    return Circuit(n_qubits, tuple(operations))


def reuploaded_circuit(n_qubits: int, n_layers: int) -> Circuit:
    """Of `data-reuploading`, without the gates that follow the clip."""
    whole = reuploading_circuit(n_qubits, n_layers)
    return Circuit(n_qubits, tuple(one for one in whole.operations if not _follows_the_clip(one)))


def _follows_the_clip(operation: object) -> bool:
    return isinstance(operation, Gate) and operation.angle is not None and operation.angle.feature is not None


def _layered(entangler: str, fourier: bool) -> Callable[[int, int], Circuit]:
    return lambda n_qubits, n_layers: layered_circuit(n_qubits, n_layers, entangler=entangler, fourier=fourier)


VARIANTS = (
    Variant("qft", "QFT between layers", _layered("cx-ring", True)),
    Variant("no-transform", "no transform", _layered("cx-ring", False)),
    Variant("no-entangler", "QFT, layers without two-qubit gates", _layered("none", True)),
    Variant("product", "neither", _layered("none", False)),
    Variant("qcnn", "convolutional network", convolutional_circuit, fewest_qubits=2),
    Variant("re-uploading", "data re-uploading", reuploaded_circuit),
)


@dataclass(frozen=True)
class Measured:
    """One variant at one size."""

    variant: str
    n_qubits: int
    n_layers: int  # with a transform half of them before it, the odd one too; of a qcnn the convolutions of a stage
    n_angles: int
    local_variance: float
    global_variance: float
    expressibility: float
    haar_floor: float  # what Haar's own states give with as many pairs
    entangling: float
    haar_entangling: float


def measured_circuits(qubits: Sequence[int], layers: Sequence[int], n_draws: int, seed: int) -> Iterator[Measured]:
    """Every variant at every number of qubits and layers."""
    check_sizes(qubits, layers, n_draws)
    for variant in VARIANTS:
        for n_qubits in (n for n in qubits if n >= variant.fewest_qubits):
            floor = haar_floor(2**n_qubits, n_draws, seed)
            for n_layers in layers:
                circuit = variant.circuit(n_qubits, n_layers)
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
