# studies/bench/loihi.py
"""The Loihi emulator beside Lava's fixed-point model, on the same integers: seconds per clip.

Lava is started anew for each run; what a run of one clip takes is subtracted from that of several, so that its
start does not count against it.
"""

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import torch

from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import LavaRecord, run_on_lava
from studies.bench.timing import BenchRow

N_CHANNELS, N_HIDDEN, N_CLASSES, N_STEPS, N_CLIPS = 512, 128, 10, 32, 9
PEER = "Lava 0.10, fixed point, start-up subtracted"
TARGET = 50.0


def bench() -> list[BenchRow]:
    """Two dense layers, a spike in one input of ten."""
    name = f"loihi, {N_CHANNELS}-{N_HIDDEN}-{N_CLASSES}, {N_STEPS} steps, per clip"
    if find_spec("lava") is None:
        return [BenchRow(name, None, PEER, None, TARGET, unavailable="lava is not installed; `make demo` does it")]
    generator = np.random.default_rng(0)
    network = LoihiNetwork((_layer(generator, N_CHANNELS, N_HIDDEN), _readout(generator)), False, 1.0)
    spikes = torch.from_numpy((generator.random((N_STEPS, N_CLIPS, N_CHANNELS)) < 0.1).astype(np.float32))
    ours = emulate(network, spikes)
    emulate_seconds = min(_timed(lambda: emulate(network, spikes)) for _ in range(20))
    start_seconds = min(_timed(lambda: run_on_lava(network, spikes[:, :1])) for _ in range(2))
    records: list[LavaRecord] = []
    all_seconds = min(_timed(lambda: records.append(run_on_lava(network, spikes))) for _ in range(2))
    differences = [int((a != b).sum()) for a, b in zip(ours.spikes, records[0].spikes, strict=True)]
    differences.append(int(np.abs(ours.readout_potentials - records[0].readout_potentials).max()))
    peer_seconds = (all_seconds - start_seconds) / (N_CLIPS - 1)
    if peer_seconds <= 0:
        reason = "the machine was too busy: Lava's start took longer than its run"
        return [BenchRow(name, emulate_seconds / N_CLIPS, PEER, None, TARGET, max(differences), reason)]
    return [BenchRow(name, emulate_seconds / N_CLIPS, PEER, peer_seconds, TARGET, max(differences))]


def _layer(generator: np.random.Generator, n_in: int, n_out: int) -> LoihiLayer:
    return LoihiLayer(
        kind="dense",
        weights=2 * generator.integers(-60, 64, (n_out, n_in)),
        bias_mantissa=np.zeros(n_out, dtype=np.int64),
        bias_exponent=0,
        neuron=Lif(decay=512, threshold=600),
        input_grid=(n_in,),
        output_grid=(n_out,),
    )


def _readout(generator: np.random.Generator) -> LoihiLayer:
    return LoihiLayer(
        kind="dense",
        weights=2 * generator.integers(-60, 60, (N_CLASSES, N_HIDDEN)),
        bias_mantissa=np.zeros(N_CLASSES, dtype=np.int64),
        bias_exponent=0,
        neuron=Lif(decay=0, threshold=2**17 - 1),
        input_grid=(N_HIDDEN,),
        output_grid=(N_CLASSES,),
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
