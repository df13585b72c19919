# studies/bench/quantum_peers.py
"""The training step of `quantum` in other packages, each as its documentation has it for a batch of states.

A step is handed over as tensors; each peer gives a function that returns the gradient [layer, ry or rz, qubit]. Wires
of PennyLane and TensorCircuit count from the most significant qubit, so their wire w is our qubit n - 1 - w.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from quantum.circuits.circuit import Fourier


@dataclass(frozen=True)
class Step:
    """What a training step is given."""

    states: Tensor  # [batch, amplitude], float64, unit norm
    weights: Tensor  # [layer, ry or rz, qubit], float64, radians
    targets: Tensor  # [batch, qubit], float64

    @property
    def n_qubits(self) -> int:
        return int(self.weights.shape[2])

    def from_zero(self) -> "Step":
        """The same step of states |0...0>."""
        states = torch.zeros_like(self.states)
        states[:, 0] = 1
        return replace(self, states=states)

    def on(self, device: str, precision: torch.dtype) -> "Step":
        """The same step on another device, in another precision."""
        return Step(*(values.to(device, precision) for values in (self.states, self.weights, self.targets)))

    def first(self) -> "Step":
        """The same step of its first state."""
        return replace(self, states=self.states[:1], targets=self.targets[:1])


Gradient = Callable[[], Tensor]


def _pennylane_backprop(step: Step) -> Gradient:
    return _pennylane(step, "default.qubit", "backprop")


def _pennylane_adjoint(step: Step) -> Gradient:
    return _pennylane(step, "lightning.qubit", "adjoint")


def _pennylane(step: Step, device: str, differentiation: str) -> Gradient:
    import pennylane

    n = step.n_qubits
    wires = list(range(n))

    @pennylane.qnode(pennylane.device(device, wires=n), interface="torch", diff_method=differentiation)  # type: ignore[untyped-decorator]
    def circuit(states: Tensor, weights: Tensor) -> Any:
        pennylane.StatePrep(states, wires=wires)
        for layer in weights:
            for qubit in range(n):
                pennylane.RY(layer[0, qubit], wires=n - 1 - qubit)
                pennylane.RZ(layer[1, qubit], wires=n - 1 - qubit)
            for qubit in range(n):
                pennylane.CNOT(wires=[n - 1 - qubit, n - 1 - (qubit + 1) % n])
        pennylane.QFT(wires=wires)
        return [pennylane.expval(pennylane.PauliZ(n - 1 - qubit)) for qubit in range(n)]

    weights = step.weights.clone().requires_grad_()

    def gradient() -> Tensor:
        weights.grad = None
        values = torch.stack(circuit(step.states, weights), dim=1)
        (values - step.targets).square().mean().backward()
        assert weights.grad is not None
        return weights.grad

    return gradient


def _tensorcircuit(step: Step) -> Gradient:
    import jax
    import tensorcircuit

    backend = tensorcircuit.set_backend("jax")
    tensorcircuit.set_dtype("complex128")
    n = step.n_qubits
    targets = jax.numpy.asarray(step.targets.numpy())
    states = jax.numpy.asarray(step.states.numpy().astype(np.complex128))
    weights = jax.numpy.asarray(step.weights.numpy())

    def values(weights: Any, state: Any) -> Any:
        circuit = tensorcircuit.Circuit(n, inputs=state)
        for layer in range(weights.shape[0]):
            for qubit in range(n):
                circuit.ry(n - 1 - qubit, theta=weights[layer, 0, qubit])
                circuit.rz(n - 1 - qubit, theta=weights[layer, 1, qubit])
            for qubit in range(n):
                circuit.cnot(n - 1 - qubit, n - 1 - (qubit + 1) % n)
        for gate in Fourier(0, n).gates():
            own = [n - 1 - qubit for qubit in gate.qubits]
            if gate.angle is None:
                getattr(circuit, gate.name)(*own)
            else:
                circuit.cphase(*own, theta=gate.angle.offset)
        return backend.stack([backend.real(circuit.expectation_ps(z=[n - 1 - qubit])) for qubit in range(n)])

    def loss(weights: Any) -> Any:
        return backend.mean((backend.vmap(values, vectorized_argnums=1)(weights, states) - targets) ** 2)

    compiled = jax.jit(jax.grad(loss))

    def gradient() -> Tensor:
        return torch.from_numpy(np.asarray(compiled(weights).block_until_ready()).copy())

    return gradient


def _qulacs(step: Step) -> Gradient:
    """Its adjoint starts from |0...0> and takes one state at a time; `Step.from_zero` gives ours the same start."""
    import qulacs

    n = step.n_qubits
    circuit = qulacs.ParametricQuantumCircuit(n)
    for layer in step.weights.tolist():
        for qubit in range(n):  # its rotations turn the other way
            circuit.add_parametric_RY_gate(qubit, -layer[0][qubit])
            circuit.add_parametric_RZ_gate(qubit, -layer[1][qubit])
        for qubit in range(n):
            circuit.add_CNOT_gate(qubit, (qubit + 1) % n)
    for gate in Fourier(0, n).gates():
        if gate.name == "h":
            circuit.add_H_gate(*gate.qubits)
        elif gate.name == "swap":
            circuit.add_SWAP_gate(*gate.qubits)
        elif gate.angle is not None:
            phase = np.diag([1, 1, 1, np.exp(1j * gate.angle.offset)])
            circuit.add_dense_matrix_gate(list(gate.qubits), phase)
    observables = [qulacs.Observable(n) for _ in range(n)]
    for qubit, observable in enumerate(observables):
        observable.add_operator(1.0, f"Z {qubit}")
    targets = step.targets.numpy()

    def gradient() -> Tensor:
        total = np.zeros(step.weights.numel())
        for target in targets:
            state = qulacs.QuantumState(n)
            circuit.update_quantum_state(state)
            values = np.array([observable.get_expectation_value(state) for observable in observables])
            pulled = qulacs.Observable(n)
            for qubit, weight in enumerate(2 * (values - target) / targets.size):
                pulled.add_operator(float(weight), f"Z {qubit}")
            total += np.array(circuit.backprop(pulled))
        return -torch.from_numpy(total.reshape(len(step.weights), n, 2)).movedim(2, 1)

    return gradient


def _with_parameters(step: Step) -> tuple[Any, Any]:
    """The circuit in Qiskit with its weights left open, and those, in the order of `step.weights`."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    n = step.n_qubits
    weights = ParameterVector("w", step.weights.numel())
    circuit = QuantumCircuit(n)
    for layer in range(len(step.weights)):
        for qubit in range(n):
            circuit.ry(weights[2 * layer * n + qubit], qubit)
            circuit.rz(weights[(2 * layer + 1) * n + qubit], qubit)
        for qubit in range(n):
            circuit.cx(qubit, (qubit + 1) % n)
    for gate in Fourier(0, n).gates():
        getattr(circuit, gate.name)(*([] if gate.angle is None else [gate.angle.offset]), *gate.qubits)
    return circuit, weights


def _aer(step: Step) -> Gradient:
    """The parameter-shift rule: two circuits per weight and state, their angles bound in C++."""
    from qiskit import QuantumCircuit, transpile
    from qiskit_aer import AerSimulator

    n = step.n_qubits
    simulator = AerSimulator(
        method="statevector", max_parallel_threads=torch.get_num_threads(), runtime_parameter_bind_enable=True
    )
    trained, weights = _with_parameters(step)
    native = transpile(trained, simulator, optimization_level=1)
    circuits = []
    for state in step.states.numpy():
        circuit = QuantumCircuit(n)
        circuit.set_statevector(state)
        circuit.compose(native, inplace=True, copy=False)
        circuit.save_probabilities()
        circuits.append(circuit)
    centre = step.weights.flatten().numpy()
    shifts = np.concatenate([np.zeros((1, len(centre))), np.eye(len(centre)), -np.eye(len(centre))]) * np.pi / 2
    angles = centre + shifts
    binds = {weight: angles[:, number].tolist() for number, weight in enumerate(weights)}
    outcome = np.arange(2**n)
    signs = 1 - 2 * ((outcome[:, None] >> np.arange(n)) & 1)

    def gradient() -> Tensor:
        result = simulator.run(circuits, shots=1, parameter_binds=[binds] * len(circuits)).result()
        found = np.stack([result.data(number)["probabilities"] for number in range(len(circuits) * len(angles))])
        values = (found @ signs).reshape(len(circuits), len(angles), n)
        slopes = (values[:, 1 : len(centre) + 1] - values[:, len(centre) + 1 :]) / 2
        errors = 2 * (values[:, 0] - step.targets.numpy()) / step.targets.numel()
        total = np.einsum("bwq,bq->w", slopes, errors)
        return torch.from_numpy(total.reshape(step.weights.shape))

    return gradient


def _qiskit_machine_learning(step: Step) -> Gradient:
    """Its estimator network by the parameter-shift rule, of the state |0...0>: behind amplitudes it has no gradient."""
    from qiskit.primitives import StatevectorEstimator
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_machine_learning.gradients import ParamShiftEstimatorGradient
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    n = step.n_qubits
    circuit, weights = _with_parameters(step)
    estimator = StatevectorEstimator()
    network = EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], n) for qubit in range(n)],
        weight_params=list(weights),
        estimator=estimator,
        gradient=ParamShiftEstimatorGradient(estimator),
        default_precision=0.0,  # its default would add noise of 1 / 64
    )
    values = step.weights.flatten().numpy()

    def gradient() -> Tensor:
        errors = 2 * (network.forward([], values)[0] - step.targets.numpy()[0]) / step.targets.numel()
        _, slopes = network.backward([], values)
        return torch.from_numpy((errors @ slopes[0]).reshape(step.weights.shape))

    return gradient


@dataclass(frozen=True)
class Peer:
    """Another package: what must be importable, its step, and what it cannot be given."""

    package: str
    gradient: Callable[[Step], Gradient]
    from_zero: bool = False  # it starts from |0...0>; so does ours beside it
    one_state: bool = False  # it is timed on one state; its seconds are multiplied by the batch


PEERS: Mapping[str, Peer] = {
    "PennyLane default.qubit, backprop": Peer("pennylane", _pennylane_backprop),
    "PennyLane lightning.qubit, adjoint": Peer("pennylane_lightning", _pennylane_adjoint),
    "TensorCircuit-NG, JAX, compiled": Peer("tensorcircuit", _tensorcircuit),
    "Qulacs, adjoint, from |0...0>": Peer("qulacs", _qulacs, from_zero=True),
    "Aer, parameter shift, bound in C++": Peer("qiskit_aer", _aer),
    "qiskit-machine-learning, parameter shift, from |0...0>": Peer(
        "qiskit_machine_learning", _qiskit_machine_learning, from_zero=True, one_state=True
    ),
}
