# quantum/noise/native.py
"""A circuit in the native gates of a calibrated processor, on a part of it that has as many qubits as the circuit.

The part is grown from each qubit in turn by the neighbour that adds the least error of readout and of the gate to it,
and the best of these parts is taken; so routing has a real coupling, and no qubit is simulated that idles. The circuit
is transpiled once: angles that follow a clip stay parameters, and each angle of the native circuit is a number plus a
linear map of them. What is measured as bit i of the outcome may stand on another qubit behind the routing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterExpression
from torch import Tensor

from classical_baselines.harness.choices import InputError
from quantum.engine.density import DensityEngine, NoisyOperation
from quantum.engine.one_qubit_gates import FIXED, PARTS
from quantum.engine.pauli import transfer_matrix
from quantum.noise.calibration import Calibration
from quantum.noise.channels import gate_noise
from quantum.noise.target import target_of
from quantum.transpiled import GENERIC_SEED, OPTIMIZATION_LEVEL, CircuitCost, part_cost

_HALF = math.sqrt(0.5)
TWO_QUBIT_UNITARIES: Mapping[str, tuple[tuple[complex, ...], ...]] = {  # the first qubit is the least significant
    "cx": ((1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0), (0, 1, 0, 0)),
    "cz": ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, -1)),
    "ecr": (
        (0, _HALF, 0, 1j * _HALF),
        (_HALF, 0, -1j * _HALF, 0),
        (0, 1j * _HALF, 0, _HALF),
        (-1j * _HALF, 0, _HALF, 0),
    ),
}
TURNING = (*PARTS, "rzz")


@dataclass(frozen=True)
class NativeGate:
    """A gate of the basis; its angle, where it has one, is offset + sum of coefficient * feature, in radians."""

    name: str
    qubits: tuple[int, ...]
    offset: float = 0.0
    coefficients: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, eq=False)
class NativeCircuit:
    """A transpiled circuit, and the part of the machine that it fills."""

    part: Calibration
    gates: tuple[NativeGate, ...]
    n_preparation: int  # of the gates stand before the circuit's own barrier
    measured: tuple[int, ...]  # the qubit that is read as bit i of the outcome
    n_features: int
    qiskit: QuantumCircuit  # the same, with its measurements; its parameters are those of the circuit that was given

    def outcome_probabilities(self, features: Tensor) -> Tensor:
        """[clip, outcome] under the noise of the gates, of readout without errors; bit i of an outcome is the
        circuit's qubit i."""
        n = self.part.n_qubits
        behind = density_engine(self).to(features.device).probabilities(features)
        axes = behind.reshape(-1, *[2] * n)  # the qubit n - 1 of the machine first
        order = [n - self.measured[bit] for bit in reversed(range(n))]
        return axes.permute(0, *order).flatten(1)

    def cost(self) -> CircuitCost:
        """Gates and seconds of one execution, by the times of its gates."""
        timed = [(gate.qubits, self.part.gate(gate.name, gate.qubits).seconds) for gate in self.gates]
        return CircuitCost(part_cost(timed[: self.n_preparation]), part_cost(timed[self.n_preparation :]))


def best_part(calibration: Calibration, n_qubits: int) -> Calibration:
    """Connected qubits of least error, as a calibration of their own."""
    if n_qubits > calibration.n_qubits:
        raise InputError(
            f"The calibration {calibration.name} has {calibration.n_qubits} qubits; the circuit needs {n_qubits}. "
            "Pool more, or choose another calibration."
        )
    grown = [_grown(calibration, first, n_qubits) for first in range(calibration.n_qubits)]
    _, chosen = min(grown)
    return part_of(calibration, chosen)


def _readout_error(calibration: Calibration, qubit: int) -> float:
    return (calibration.qubits[qubit].p1_given_0 + calibration.qubits[qubit].p0_given_1) / 2


def _grown(calibration: Calibration, first: int, n_qubits: int) -> tuple[float, tuple[int, ...]]:
    chosen, error = [first], _readout_error(calibration, first)
    while len(chosen) < n_qubits:
        candidates = [
            (values.error + _readout_error(calibration, new), new)
            for (_, a, b), values in calibration.edges.items()
            for old, new in ((a, b), (b, a))
            if old in chosen and new not in chosen
        ]
        added, qubit = min(candidates)
        chosen.append(qubit)
        error += added
    return error, tuple(sorted(chosen))


def part_of(calibration: Calibration, qubits: Sequence[int]) -> Calibration:
    """Some qubits of a calibration, numbered anew in the order given, with the edges between them."""
    place = {qubit: number for number, qubit in enumerate(qubits)}
    return replace(
        calibration,
        qubits=tuple(calibration.qubits[qubit] for qubit in qubits),
        coupling=tuple((place[a], place[b]) for a, b in calibration.coupling if a in place and b in place),
        edges={
            (name, place[a], place[b]): values
            for (name, a, b), values in calibration.edges.items()
            if a in place and b in place
        },
    )


def native_circuit_of(circuit: QuantumCircuit, columns: Mapping[str, int], calibration: Calibration) -> NativeCircuit:
    """Transpile a circuit without measurements; a parameter is the feature in the column that its name has."""
    part = best_part(calibration, circuit.num_qubits)
    measured = circuit.copy()
    measured.measure_all()
    return transpiled_for(part, [measured], columns)[0]


def transpiled_for(
    part: Calibration, measured: list[QuantumCircuit], columns: Mapping[str, int], layout: list[int] | None = None
) -> list[NativeCircuit]:
    """Circuits in the gates of a part that has as many qubits; with a layout each circuit's qubits stand there."""
    made = transpile(
        measured,
        target=target_of(part),
        initial_layout=layout,
        optimization_level=OPTIMIZATION_LEVEL,
        seed_transpiler=GENERIC_SEED,
    )
    return [_native(one, part, columns) for one in made]


def _native(native: QuantumCircuit, part: Calibration, columns: Mapping[str, int]) -> NativeCircuit:
    gates: list[NativeGate] = []
    read = [0] * part.n_qubits
    ends: list[int] = []
    for instruction in native.data:
        name = instruction.operation.name
        qubits = tuple(native.find_bit(qubit).index for qubit in instruction.qubits)
        if name == "barrier":
            ends.append(len(gates))
        elif name == "measure":
            read[native.find_bit(instruction.clbits[0]).index] = qubits[0]
        else:
            offset, coefficients = _linear(instruction.operation.params, columns)
            gates.append(NativeGate(name, qubits, offset, coefficients))
    n_preparation = ends[0] if len(ends) > 1 else 0  # the last barrier is that of the measurements
    return NativeCircuit(part, tuple(gates), n_preparation, tuple(read), len(columns), native)


def _linear(
    parameters: Sequence[float | ParameterExpression], columns: Mapping[str, int]
) -> tuple[float, tuple[tuple[int, float], ...]]:
    """An angle as a number and its coefficients; the transpiler adds and scales angles, and does no more to them."""
    if not parameters:
        return 0.0, ()
    (angle,) = parameters
    if not isinstance(angle, ParameterExpression) or not angle.parameters:
        return float(angle), ()
    slopes = {columns[parameter.name]: angle.gradient(parameter) for parameter in angle.parameters}
    if any(isinstance(slope, ParameterExpression) for slope in slopes.values()):
        raise AssertionError(f"the transpiled angle {angle} is not linear in the parameters")
    at_zero = angle.bind(dict.fromkeys(angle.parameters, 0.0))
    return float(at_zero.numeric()), tuple(sorted((number, float(slope)) for number, slope in slopes.items()))


def density_engine(native: NativeCircuit) -> DensityEngine:
    """The circuit on density matrices, with the noise of its calibration behind each gate."""
    noisy: dict[tuple[str, tuple[int, ...]], tuple[Tensor, Tensor | None, Tensor | None]] = {}
    operations = []
    for gate in native.gates:
        place = (gate.name, gate.qubits)
        if place not in noisy:
            noise = gate_noise(native.part, *place)
            fixed, cosine, sine = _matrices(gate.name)
            noisy[place] = (noise @ fixed, _behind(noise, cosine), _behind(noise, sine))
        operations.append(NoisyOperation(gate.qubits, *noisy[place], gate.offset, dict(gate.coefficients)))
    return DensityEngine(native.part.n_qubits, operations, native.n_features)


def _behind(noise: Tensor, matrix: Tensor | None) -> Tensor | None:
    return None if matrix is None else noise @ matrix


@lru_cache(maxsize=32)
def _matrices(name: str) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """On Pauli strings: fixed, and what goes with the cosine and the sine of the angle."""
    if name not in TURNING:
        return transfer_matrix(_unitary(name, 0.0)), None, None
    none, quarter, half = (transfer_matrix(_unitary(name, angle)) for angle in (0.0, torch.pi / 2, torch.pi))
    fixed = (none + half) / 2  # R(angle) = fixed + cosine cos + sine sin holds for exp(-i angle P / 2), and for p
    return fixed, (none - half) / 2, quarter - fixed


def _unitary(name: str, angle: float) -> Tensor:
    """[1, 2**k, 2**k], up to a phase."""
    turned = torch.tensor(angle, dtype=torch.float64)
    if name in FIXED:
        matrix = torch.tensor(FIXED[name], dtype=torch.complex128)
    elif name in PARTS:
        cosine, sine, constant = (torch.tensor(one, dtype=torch.complex128) for one in PARTS[name])
        factor = 1.0 if name == "p" else 0.5
        matrix = (factor * turned).cos() * cosine + (factor * turned).sin() * sine + constant
    elif name == "rzz":
        phases = torch.tensor([-0.5, 0.5, 0.5, -0.5], dtype=torch.float64) * turned
        matrix = torch.diag(torch.polar(torch.ones_like(phases), phases))
    else:
        matrix = torch.tensor(TWO_QUBIT_UNITARIES[name], dtype=torch.complex128)
    return matrix[None]
