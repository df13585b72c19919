# studies/bench/neuro.py
"""Neuromorphic kernels beside their peers: the emulator of the chip's integers beside Lava, per clip and step.

dense        256-512-256-35, 256 clips of 100 steps, a spike in one input of twenty, hidden layers at 4 to 8 %
convolution  16 maps of 40 x 50 into 32 maps, 3 x 3, a spike in one input of twenty, then LIF

The same spikes come out of both, recorded on both sides. Lava runs one clip at a time; of the convolution, a step of
which takes it seconds, two steps of a clip. Its start is left out: both
times are the difference of a long and a short run, so what a run takes before its first step is in neither.
Emulator and Lava take turns; a time is the median of the turns, first with one thread of ours, then with two. The
largest difference is over all spikes of all layers and the readout's potentials, of the clips that Lava ran. The dense
network also stands beside the integer models of other packages (`integer_peers`). The rows of a training step are those
of `neuro_training`.
"""

import os
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median

import numpy as np
import torch
from torch import Tensor

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import LavaRecord, run_on_lava
from studies.bench import integer_peers
from studies.bench.timing import BenchRow

INPUT_RATE = 0.05
LAVA = "Lava 0.10, fixed point, its start left out"
N_PAIRS = 5
SECONDS_OF_OURS = 1.0  # about as long as this, ours is repeated in a turn


def bench() -> Iterator[BenchRow]:
    """A training step; then emulator beside Lava, dense and convolution, with one thread and with two."""
    from studies.bench import neuro_training

    yield from neuro_training.bench()
    yield from _dense()
    yield from _convolution()


def _dense() -> list[BenchRow]:
    generator = np.random.default_rng(0)
    network = LoihiNetwork(
        (
            _layer(generator, (512, 256), Lif(decay=512, threshold=450)),
            _layer(generator, (256, 512), Lif(decay=512, threshold=600)),
            _layer(generator, (35, 256), Lif(decay=0, threshold=2**17 - 1)),
        ),
        graded_input=False,
        readout_gain=1.0,
    )
    inputs = torch.from_numpy((generator.random((100, 256, 256)) < INPUT_RATE).astype(np.float32))
    return _beside_lava("emulator, 256-512-256-35", network, inputs, n_lava_steps=100, n_clips=4, target=1500.0)


def _convolution() -> list[BenchRow]:
    generator = np.random.default_rng(0)
    layer = LoihiLayer(
        kind="convolution",
        weights=2 * generator.integers(-60, 61, (32, 16, 3, 3)),
        bias_mantissa=np.zeros(32, dtype=np.int64),
        bias_exponent=0,
        neuron=Lif(decay=512, threshold=450),
        input_grid=(16, 40, 50),
        output_grid=(32, 40, 50),
        stride=1,
        padding=1,
    )
    network = LoihiNetwork((layer,), graded_input=False, readout_gain=1.0)
    inputs = torch.from_numpy((generator.random((20, 16, 16 * 40 * 50)) < INPUT_RATE).astype(np.float32))
    return _beside_lava("emulator, 16 x 40 x 50 to 32, 3 x 3", network, inputs, n_lava_steps=2, n_clips=2, target=500.0)


def _layer(generator: np.random.Generator, shape: tuple[int, int], neuron: Lif) -> LoihiLayer:
    n_out, n_in = shape
    return LoihiLayer(
        kind="dense",
        weights=2 * generator.integers(-60, 61, (n_out, n_in)),
        bias_mantissa=np.zeros(n_out, dtype=np.int64),
        bias_exponent=0,
        neuron=neuron,
        input_grid=(n_in,),
        output_grid=(n_out,),
    )


def _beside_lava(
    name: str, network: LoihiNetwork, inputs: Tensor, *, n_lava_steps: int, n_clips: int, target: float
) -> list[BenchRow]:
    """Rows of both numbers of threads beside Lava, then of a dense network beside other peers, with one thread.

    Lava runs the first `n_lava_steps` of one clip and of `n_clips` more; the difference is that of the latter.
    """
    n_steps, n_ours = inputs.shape[:2]
    record = emulate(network, inputs)
    name = f"{name}, layers at " + ", ".join(f"{100 * float(s.mean()):.1f}" for s in record.spikes) + " %"
    threads = [n for n in (1, 2) if n <= _n_processors()]
    ours: dict[int, list[float]] = {n: [] for n in threads}
    theirs: list[float] = []
    of_lava: list[LavaRecord] = []
    for_lava = inputs[:n_lava_steps, : 1 + n_clips]
    for _ in range(N_PAIRS):
        for n_threads in threads:
            ours[n_threads].append(_seconds_of_ours(network, inputs, n_threads) / (n_steps * n_ours))
        if find_spec("lava") is not None:
            short = _timed(lambda: run_on_lava(network, for_lava[:, :1]))
            long = _timed(lambda: of_lava.append(run_on_lava(network, for_lava)))
            theirs.append((long - short) / (n_lava_steps * n_clips))
    rows = []
    for n_threads in (1, 2):
        named = f"{name}, {n_threads} thread{'s'[: n_threads - 1]}, per clip and step"
        goal = target if n_threads == 2 else None
        mine = median(ours[n_threads]) if n_threads in ours else None
        reason = _why_no_ratio(mine, theirs)
        peer = None if reason else median(theirs)
        difference = _largest_difference(network, for_lava, of_lava[0]) if of_lava else None
        rows.append(BenchRow(named, mine, LAVA, peer, goal, difference, reason))
    if all(layer.kind == "dense" for layer in network.layers):
        rows += integer_peers.rows(f"{name}, 1 thread, per clip and step", median(ours[1]), network, inputs)
    return rows


def _why_no_ratio(ours: float | None, theirs: list[float]) -> str | None:
    if ours is None:
        return f"this process may use {_n_processors()} processor"
    if not theirs:
        return "lava is not installed; `make demo` does it"
    if median(theirs) <= 0:
        return "the machine was too busy: Lava's start took longer than its run"
    return None


def _seconds_of_ours(network: LoihiNetwork, inputs: Tensor, n_threads: int) -> float:
    """Of one call, from as many as fill a turn."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        once = _timed(lambda: emulate(network, inputs))
        n_calls = max(1, round(SECONDS_OF_OURS / once))
        return _timed(lambda: [emulate(network, inputs) for _ in range(n_calls)]) / n_calls
    finally:
        torch.set_num_threads(before)


def _largest_difference(network: LoihiNetwork, inputs: Tensor, theirs: LavaRecord) -> float:
    ours = emulate(network, inputs)
    pairs = [*zip(ours.spikes, theirs.spikes, strict=True), (ours.readout_potentials, theirs.readout_potentials)]
    return float(max(np.abs(a.astype(np.int64) - b.astype(np.int64)).max() for a, b in pairs))


def _n_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
