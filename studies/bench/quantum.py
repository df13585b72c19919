# studies/bench/quantum.py
"""The circuit engine beside its limit and beside other packages: one training step of a common hybrid.

    RY, RZ on each qubit, a ring of CX, three times; QFT; <Z> of each qubit; mean squared error; gradient of 48 weights

Eight qubits, 64 states, double precision, one thread unless a row says otherwise. Ours and the peer take turns; a time
is the minimum of 50 turns, of 3 where a turn of the peer takes longer than a fifth of a second, of 1 where it takes
longer than five. Compilation is left out; a peer that takes one state at a time and needs seconds for it is timed on
one, times 64. The largest difference is that of the gradients. The limit is the bare matrix
products of the forward and the backward pass and two Fourier transforms. The sweep asks where more qubits or fewer
states cost more than that, and where another package is the faster: one that batches states is asked as far as its
batch of intermediate states fits in memory, one that takes a state at a time is timed on one, times the batch. Behind
it stands the memory of a step of twenty qubits (`quantum_memory.py`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec

import torch
from torch import Tensor

from quantum.circuits.circuit import Circuit, Fourier, Gate, Operation, layer_of
from quantum.engine.execution import Engine
from quantum.engine.program import blocks_of
from quantum.engine.readout import z_expectations
from studies.bench.quantum_memory import bench as wide_steps
from studies.bench.quantum_peers import PEERS, Peer, Step
from studies.bench.timing import BenchRow

N_QUBITS, N_LAYERS, BATCH = 8, 3, 64
N_TURNS, N_SLOW_TURNS = 50, 3
SLOW_SECONDS, SLOWEST_SECONDS = 0.2, 5.0
TARGETS = {
    "PennyLane default.qubit, backprop": 20.0,
    "PennyLane lightning.qubit, adjoint": 120.0,
    "Aer, parameter shift, bound in C++": 500.0,
    "TensorCircuit-NG, JAX, compiled": 4.0,
}
SWEEP_QUBITS = (4, 8, 12, 16)
SWEEP_BATCHES = (1, 64, 1024)
MOST_AMPLITUDES = 2**22  # of a batch in the sweep: 64 MiB a state tensor
SWEEP_PEERS = {  # and whether it takes a whole batch of states at once
    "PennyLane default.qubit, backprop": True,
    "TensorCircuit-NG, JAX, compiled": True,
    "PennyLane lightning.qubit, adjoint": False,
    "Qulacs, adjoint, from |0...0>": False,
}
MOST_PEER_AMPLITUDES = 2**18  # 4 MiB a state tensor, of which backprop keeps one for each of some 200 gates


def bench() -> Iterator[BenchRow]:
    """The limit, every peer, the sweep, the memory of a wide step."""
    step = common_step(N_QUBITS, BATCH)
    yield _limit_row(step, target=0.4)
    for name, peer in PEERS.items():
        yield _peer_row(step, name, peer, TARGETS.get(name))
    for n_qubits in SWEEP_QUBITS:
        for batch in SWEEP_BATCHES:
            if batch * 2**n_qubits <= MOST_AMPLITUDES:
                yield from _sweep_rows(common_step(n_qubits, batch))
    yield from wide_steps()


def _sweep_rows(step: Step) -> Iterator[BenchRow]:
    yield _limit_row(step)
    for name, batches in SWEEP_PEERS.items():
        if not batches:
            yield _peer_row(step, name, replace(PEERS[name], one_state=True))
        elif step.states.numel() <= MOST_PEER_AMPLITUDES:
            yield _peer_row(step, name, PEERS[name])


def common_step(n_qubits: int, batch: int) -> Step:
    """States, weights and targets of one training step."""
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(batch, 2**n_qubits, generator=generator, dtype=torch.float64)
    return Step(
        states=states / states.norm(dim=1, keepdim=True),
        weights=torch.randn(N_LAYERS, 2, n_qubits, generator=generator, dtype=torch.float64),
        targets=torch.randn(batch, n_qubits, generator=generator, dtype=torch.float64),
    )


def common_circuit(n_qubits: int, n_layers: int = N_LAYERS) -> Circuit:
    """The circuit of the step; weights [layer, ry or rz, qubit] in one row."""
    operations: list[Operation] = []
    for layer in range(n_layers):
        for number, name in enumerate(("ry", "rz")):
            first = (2 * layer + number) * n_qubits
            operations += layer_of(name, range(n_qubits), first)
        operations += [Gate("cx", (qubit, (qubit + 1) % n_qubits)) for qubit in range(n_qubits)]
    return Circuit(n_qubits, (*operations, Fourier(0, n_qubits)))


def ours(step: Step, gradients: str = "stored") -> Callable[[], Tensor]:
    """One step of the engine, where the step's tensors lie and as precise as they are: the gradient of the weights."""
    engine = Engine(common_circuit(step.n_qubits), gradients).to(step.states.device)
    weights = step.weights.flatten().clone().requires_grad_()

    def gradient() -> Tensor:
        weights.grad = None
        loss = (z_expectations(engine(step.states, weights)) - step.targets).square().mean()
        loss.backward()
        assert weights.grad is not None
        return weights.grad

    return gradient


def bare(step: Step) -> Callable[[], None]:
    """The products and transforms alone: of each block forwards, backwards, and for its own gradient."""
    states = torch.complex(step.states, step.states).contiguous()
    matrices = [
        (torch.randn(2**size, 2**size).to(states), states.reshape(-1, 2**size)) for _, size in blocks_of(step.n_qubits)
    ]

    def products() -> None:
        for _ in range(N_LAYERS):
            for matrix, rows in matrices:
                rows @ matrix
                rows @ matrix
                rows.T @ rows
        torch.fft.ifft(states, norm="ortho")
        torch.fft.fft(states, norm="ortho")

    return products


def _limit_row(step: Step, target: float | None = None) -> BenchRow:
    seconds = _in_turns(ours(step), bare(step))
    return BenchRow(_name(step), seconds[0], "limit: bare products and FFT", seconds[1], target)


def _peer_row(step: Step, name: str, peer: Peer, target: float | None = None) -> BenchRow:
    if find_spec(peer.package) is None:
        missing = f"{peer.package} is not installed here"
        return BenchRow(_name(step), None, name, None, target, unavailable=missing)
    own_step = step.from_zero() if peer.from_zero else step
    compared = own_step.first() if peer.one_state else own_step
    theirs = peer.gradient(compared)
    difference = float((ours(compared)() - theirs().flatten()).abs().max())
    own_seconds, peer_seconds = _in_turns(ours(own_step), theirs)
    if peer.one_state:
        peer_seconds *= len(step.states)
    return BenchRow(_name(step), own_seconds, name, peer_seconds, target, difference)


def _name(step: Step) -> str:
    n_states = len(step.states)
    return f"training step, {step.n_qubits} qubits, {n_states} state{'' if n_states == 1 else 's'}"


def _in_turns(own: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """The least seconds of each, taking turns."""
    own()
    first = _seconds(peer)
    n_turns = N_TURNS if first < SLOW_SECONDS else N_SLOW_TURNS if first < SLOWEST_SECONDS else 1
    best = [float("inf"), first if n_turns == 1 else float("inf")]
    for _ in range(n_turns):
        best[0] = min(best[0], *(_seconds(own) for _ in range(max(1, N_TURNS // n_turns))))
        if n_turns > 1:
            best[1] = min(best[1], _seconds(peer))
    return best[0], best[1]


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started
