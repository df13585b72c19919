# studies/bench/qft_circuit.py
"""The circuit engine beside its limit and beside Qiskit Aer: nine qubits, two layers, the QFT, two layers.

limit      the bare matrix products and Fourier transforms of a forward and a backward pass, nothing else
forward    Aer's state vector, one circuit per clip, built beforehand
gradient   Aer with the parameter-shift rule: two circuits per angle and clip, built beforehand
"""

from typing import Any

import torch
from torch import Tensor

from quantum.circuits.description import CircuitDescription
from quantum.circuits.gates import variational_circuit
from quantum.circuits.variational import VariationalCircuit
from quantum.engine.kernels import rotation_blocks
from quantum.engine.readout import probabilities
from studies.bench.timing import BenchRow, alternating

N_QUBITS, BATCH, N_GRADIENT_CLIPS = 9, 64, 2
DESCRIPTION = CircuitDescription(N_QUBITS, fourier_register=(0, 4))


def bench() -> list[BenchRow]:
    """Three rows."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    states = torch.randn(BATCH, 2**N_QUBITS, generator=generator)
    states = states / states.norm(dim=1, keepdim=True)
    return [_against_limit(states), _forward_against_aer(states), _gradient_against_aer(states[:N_GRADIENT_CLIPS])]


def _loss(circuit: VariationalCircuit, states: Tensor) -> Tensor:
    """The probability of the lower half of the outcomes, summed over the clips: (1 + <Z of the last qubit>) / 2."""
    return probabilities(circuit(states))[:, : 2 ** (N_QUBITS - 1)].sum()


def _against_limit(states: Tensor) -> BenchRow:
    circuit = VariationalCircuit(DESCRIPTION)
    upper, lower = (block.detach() for block in rotation_blocks(circuit.angles))
    grid = states.to(torch.complex64).reshape(BATCH, upper.shape[-1], lower.shape[-1])
    register = grid.reshape(BATCH, -1, 2**4)

    def ours() -> None:
        circuit.zero_grad()
        _loss(circuit, states).backward()

    def limit() -> None:
        for layer in range(DESCRIPTION.n_layers):
            torch.matmul(upper[layer], grid @ lower[layer].T)  # forward
            backward = torch.matmul(upper[layer].mH, grid)  # to the states before the upper block
            torch.matmul(backward, lower[layer].conj())  # to the states before the lower block
            torch.einsum("bij,bkj->ik", grid, grid)  # to the upper block
            torch.einsum("bij,bik->jk", grid, grid)  # to the lower block
        torch.fft.ifft(register, norm="ortho")
        torch.fft.fft(register, norm="ortho")

    ours_seconds, peer_seconds = alternating(ours, limit)
    name = f"qft-circuit, forward and gradient, {BATCH} clips"
    return BenchRow(name, ours_seconds, "limit: bare products and FFT", peer_seconds, target=0.67)


def _simulator() -> Any:
    from qiskit_aer import AerSimulator

    return AerSimulator(method="statevector", max_parallel_threads=torch.get_num_threads())


def _aer_circuits(states: Tensor, native: Any) -> list[Any]:
    from quantum.backends.aer_circuits import clip_circuits

    circuits = clip_circuits(states, native)
    for circuit in circuits:
        circuit.save_probabilities()
    return circuits


def _forward_against_aer(states: Tensor) -> BenchRow:
    from qiskit import transpile

    circuit = VariationalCircuit(DESCRIPTION).double()
    states = states.double() / states.double().norm(dim=1, keepdim=True)
    simulator = _simulator()
    native = transpile(variational_circuit(DESCRIPTION, circuit.angles), simulator, optimization_level=1)
    circuits = _aer_circuits(states, native)

    @torch.no_grad()
    def ours() -> Tensor:
        return probabilities(circuit(states))

    def aer() -> Tensor:
        result = simulator.run(circuits, shots=1).result()
        return torch.stack([torch.from_numpy(result.data(i)["probabilities"]) for i in range(len(circuits))])

    difference = float((ours() - aer()).abs().max())
    ours_seconds, peer_seconds = alternating(ours, aer, n_rounds=5)
    return BenchRow(
        f"qft-circuit, forward, {BATCH} clips", ours_seconds, "Aer, state vector", peer_seconds, 10.0, difference
    )


def _gradient_against_aer(states: Tensor) -> BenchRow:
    from qiskit import transpile

    circuit = VariationalCircuit(DESCRIPTION).double()
    states = states.double() / states.double().norm(dim=1, keepdim=True)
    simulator = _simulator()
    shifted = []
    for index in range(DESCRIPTION.n_parameters):
        for sign in (1, -1):
            angles = circuit.angles.detach().clone()
            angles.view(-1)[index] += sign * torch.pi / 2
            shifted.append(variational_circuit(DESCRIPTION, angles))
    natives = transpile(shifted, simulator, optimization_level=1)
    circuits = [one for native in natives for one in _aer_circuits(states, native)]

    def ours() -> Tensor:
        circuit.zero_grad()
        _loss(circuit, states).backward()
        assert circuit.angles.grad is not None
        return circuit.angles.grad.flatten()

    def aer() -> Tensor:
        result = simulator.run(circuits, shots=1).result()
        sums = [float(result.data(i)["probabilities"][: 2 ** (N_QUBITS - 1)].sum()) for i in range(len(circuits))]
        losses = torch.tensor(sums, dtype=torch.float64).reshape(-1, 2, len(states)).sum(-1)
        return (losses[:, 0] - losses[:, 1]) / 2

    difference = float((ours() - aer()).abs().max())
    ours_seconds, peer_seconds = alternating(ours, aer, n_rounds=3)
    name = f"qft-circuit, gradient, {N_GRADIENT_CLIPS} clips"
    return BenchRow(name, ours_seconds, "Aer, parameter shift", peer_seconds, 50.0, difference)
