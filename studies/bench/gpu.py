# studies/bench/gpu.py
"""The kernels on a GPU: a spiking training step beside snnTorch on the same GPU, circuits beside the CPU and the limit.

spiking     256-512-256-35, 100 steps, 5 % of the inputs fire, floats of 32 bits (no TF32): the recurrences as triton's
            kernels, snnTorch's step loop, and the dense products alone
circuits    the training step of `quantum`, in single and in double precision, beside the bare products and Fourier
            transforms on the GPU, and beside the same engine on all cores of this machine's CPU
wide        20 qubits, one state, adjoint gradients: seconds, and the peak of the GPU's memory above what lay there

Ways take turns; a time is the minimum over the rounds, each ended by a synchronisation. max_difference is the largest
one between gradients, as a share of the largest gradient (spiking) or absolute (circuits).
"""

import os
from collections.abc import Callable, Iterator
from functools import partial

import torch

from studies.bench.neuro_training import (
    NEURON,
    PRODUCTS,
    SNNTORCH,
    WIDTHS,
    bare_products,
    by_layer,
    by_snntorch,
    common_step,
    differences_of,
    gradients_of,
    ready_for_products,
    spike_rates,
)
from studies.bench.quantum import bare
from studies.bench.quantum import common_step as common_quantum_step
from studies.bench.quantum import ours as quantum_ours
from studies.bench.timing import BenchRow, in_turn

N_STEPS, N_CLIPS = 100, (64, 1024)
CIRCUITS = ((8, 64), (8, 1024), (8, 16384), (12, 64), (12, 1024), (16, 64))  # qubits, states
PRECISIONS = {"single": torch.float32, "double": torch.float64}
WIDE_QUBITS = 20
N_ROUNDS = 7
SNNTORCH_TARGET = 10.0
ON_CPU, LIMIT = "the same engine on the CPU, all cores", "limit: bare products and FFT on the GPU"


def bench() -> Iterator[BenchRow]:
    """Every row; where torch sees no GPU, one that says so."""
    if not torch.cuda.is_available():
        yield BenchRow("GPU kernels", None, SNNTORCH, None, unavailable="torch sees no CUDA device")
        return
    for n_clips in N_CLIPS:
        yield from _spiking(n_clips)
    for n_qubits, n_states in CIRCUITS:
        for precision in PRECISIONS:
            yield from _circuit(n_qubits, n_states, precision)
    for precision in PRECISIONS:
        yield _wide(precision)


def _spiking(n_clips: int) -> list[BenchRow]:
    spikes, weights, arriving = common_step(N_STEPS, n_clips, "cuda")
    linear = torch.nn.functional.linear

    def own() -> list[torch.Tensor]:
        return gradients_of(by_layer(spikes, weights, linear), arriving, weights)

    def theirs() -> list[torch.Tensor]:
        return gradients_of(by_snntorch(spikes, weights), arriving, weights)

    products = partial(bare_products, *ready_for_products(spikes, weights))
    difference = differences_of({"dense": own}, {SNNTORCH: theirs})["dense", SNNTORCH]
    seconds = in_turn([_ended(way) for way in (own, theirs, products)], N_ROUNDS)
    name = f"LIF training step on the GPU, {'-'.join(map(str, WIDTHS))}, {n_clips} clips"
    rates = {**spike_rates(spikes, weights), "beta": NEURON.chip_beta}
    target = SNNTORCH_TARGET if n_clips == N_CLIPS[0] else None
    return [
        BenchRow(name, seconds[0], SNNTORCH, seconds[1], target, difference, figures=rates),
        BenchRow(name, seconds[0], PRODUCTS, seconds[2]),
    ]


def _circuit(n_qubits: int, n_states: int, precision: str) -> list[BenchRow]:
    step = common_quantum_step(n_qubits, n_states)
    on_gpu, on_cpu = (step.on(device, PRECISIONS[precision]) for device in ("cuda", "cpu"))
    own, there, limit = quantum_ours(on_gpu), quantum_ours(on_cpu), bare(on_gpu)
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        difference = float((own().cpu() - there()).abs().max())
        seconds = in_turn([_ended(own), there, _ended(limit)], N_ROUNDS)
    finally:
        torch.set_num_threads(before)
    name = f"circuit training step on the GPU, {n_qubits} qubits, {n_states} states, {precision}"
    return [
        BenchRow(name, seconds[0], ON_CPU, seconds[1], max_difference=difference),
        BenchRow(name, seconds[0], LIMIT, seconds[2]),
    ]


def _wide(precision: str) -> BenchRow:
    step = common_quantum_step(WIDE_QUBITS, 1).on("cuda", PRECISIONS[precision])
    own = quantum_ours(step, "adjoint")
    own()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    lying = torch.cuda.memory_allocated()
    own()
    torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated() - lying
    seconds = in_turn([_ended(own), _ended(bare(step))], N_ROUNDS)
    name = f"circuit training step on the GPU, {WIDE_QUBITS} qubits, 1 state, adjoint, {precision}"
    return BenchRow(name, seconds[0], LIMIT, seconds[1], figures={"peak_MB": peak / 1e6})


def _ended(way: Callable[[], object]) -> Callable[[], None]:
    """The way, waited for."""

    def whole() -> None:
        way()
        torch.cuda.synchronize()

    return whole
