# quantum/noise/target.py
"""A calibration as Qiskit's `Target`: what the transpiler routes and translates for, and what noise is made from.

Both orders of a symmetric gate stand in it. The properties of a measurement carry the two readout errors under the
names that Aer reads, `prob_meas1_prep0` and `prob_meas0_prep1`; Qiskit's own property has one error, their mean.
"""

from functools import lru_cache

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate, Measure, Parameter
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

from classical_baselines.harness.choices import InputError
from quantum.noise.calibration import SYMMETRIC_GATES, Calibration, QubitValues

WITH_ANGLE = ("rx", "ry", "rz", "p", "rzz")


class MeasurementProperties(InstructionProperties):
    """With the two errors that a calibration knows."""

    prob_meas1_prep0: float
    prob_meas0_prep1: float


@lru_cache(maxsize=16)
def target_of(calibration: Calibration) -> Target:
    """The processor of a calibration."""
    target = Target(
        description=calibration.title,
        num_qubits=calibration.n_qubits,
        qubit_properties=[QubitProperties(t1=one.t1_seconds, t2=one.t2_seconds) for one in calibration.qubits],
    )
    for name in calibration.one_qubit_basis:
        values = {(number,): qubit.gates[name] for number, qubit in enumerate(calibration.qubits)}
        target.add_instruction(
            _gate(name), {place: InstructionProperties(one.seconds, one.error) for place, one in values.items()}
        )
    for name in calibration.two_qubit_basis:
        pairs = {}
        for (other, first, second), one in calibration.edges.items():
            if other == name:
                pairs[first, second] = InstructionProperties(one.seconds, one.error)
                if name in SYMMETRIC_GATES:
                    pairs.setdefault((second, first), InstructionProperties(one.seconds, one.error))
        target.add_instruction(_gate(name), pairs)
    target.add_instruction(Measure(), {(number,): _measurement(one) for number, one in enumerate(calibration.qubits)})
    return target


def check_basis(calibration: Calibration) -> None:
    """Refuse native gates that Qiskit makes no rotation by an open angle of, or no CX."""
    tried = QuantumCircuit(min(2, calibration.n_qubits))
    for turn in (tried.rx, tried.ry, tried.rz):
        turn(Parameter(turn.__name__), 0)
    if calibration.n_qubits > 1:
        tried.cx(0, 1)
    try:
        transpile(tried, target=target_of(calibration), optimization_level=1)
    except QiskitError as error:
        raise InputError(
            f"The calibration {calibration.name} has the basis {', '.join(calibration.basis)}, of which Qiskit does "
            "not make every rotation. Give it gates that do, such as rz with sx, or rx with rz."
        ) from error


def _measurement(qubit: QubitValues) -> MeasurementProperties:
    made = MeasurementProperties(qubit.readout_seconds, (qubit.p1_given_0 + qubit.p0_given_1) / 2)
    made.prob_meas1_prep0, made.prob_meas0_prep1 = qubit.p1_given_0, qubit.p0_given_1
    return made


def _gate(name: str) -> Gate:
    gate = get_standard_gate_name_mapping()[name]
    return gate.base_class(Parameter("angle")) if name in WITH_ANGLE else gate
