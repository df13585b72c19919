# studies/bench/integer_peers.py
"""The emulator beside other packages' integer models of the chip, each in a process of its own.

    nengo-loihi   its emulator in numpy, event by event, one clip at a time
    lava-dl       SLAYER's quantised CUBA neuron in torch, a batch at a time; what its `netx` makes of a network runs on
                  Lava's own processes, which have rows of their own

Neither declares that it runs beside our numpy and Python, so each is tried by this Python and then by every one that
`trichord bench --peer-python PATH` names (an environment with `pip install "numpy<2" nengo-loihi`, say). The first that
runs the network gives the row; where none does, the row says what each one answered.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import Lif, LoihiNetwork
from neuro.loihi.emulator import emulate
from studies.bench.timing import BenchRow
from studies.worker import thread_environment

WORKER = Path(__file__).with_name("integer_peer_worker.py")  # by its path: it runs where the suite is not installed
PYTHONS_VARIABLE = "TRICHORD_PEER_PYTHON"  # paths as in PATH
SECONDS_LIMIT = 600.0
N_TURNS = 5
CLIPS: Mapping[str, int] = {"nengo-loihi": 4, "lava-dl": 64}  # that each runs in a turn; per clip their times are even


@dataclass(frozen=True)
class PeerRun:
    """What a peer made of the network, or why it did not."""

    versions: str
    unavailable: str
    seconds: float | None = None  # per clip and step, median of the turns
    spikes: tuple[NDArray[Any], ...] = ()  # of each layer, [step, clip, neuron]
    potentials: NDArray[np.int64] | None = None  # of the last layer at the end, [clip, class]


def use_pythons(paths: list[Path]) -> None:
    """Have peers tried by these interpreters too."""
    for path in paths:
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise InputError(f"--peer-python {path}: no program is there. Give the path of a Python, as bin/python.")
    os.environ[PYTHONS_VARIABLE] = os.pathsep.join(map(str, paths))


def rows(name: str, ours_seconds: float, network: LoihiNetwork, inputs: Tensor) -> Iterator[BenchRow]:
    """One row a peer, beside ours with one thread; the difference is that of all spikes and the last potentials."""
    for peer, n_clips in CLIPS.items():
        part = inputs[:, :n_clips]
        answers = []
        for python in _pythons():
            answers.append(run_peer(peer, python, network, part))
            if not answers[-1].unavailable:
                break
        found = answers[-1]
        if found.seconds is None or found.potentials is None:
            why = "; ".join(f"{one.unavailable} ({one.versions})" for one in answers)
            yield BenchRow(name, ours_seconds, peer, None, unavailable=f"{why}; --peer-python names another Python")
            continue
        ours = emulate(network, part)
        pairs = [*zip(ours.spikes, found.spikes, strict=True), (ours.readout_potentials, found.potentials)]
        difference = max(np.abs(a.astype(np.int64) - b.astype(np.int64)).max() for a, b in pairs)
        yield BenchRow(
            name, ours_seconds, f"{peer} ({found.versions})", found.seconds, max_difference=float(difference)
        )


def run_peer(peer: str, python: str, network: LoihiNetwork, inputs: Tensor) -> PeerRun:
    """Dense layers of LIF neurons without biases on spikes [step, clip, channel], by `python`, with one thread."""
    n_steps, n_clips = inputs.shape[:2]
    request: dict[str, Any] = {"events": inputs.numpy().astype(bool), "n_turns": N_TURNS, "n_threads": 1}
    neurons = [layer.neuron for layer in network.layers]
    assert all(isinstance(neuron, Lif) for neuron in neurons)
    request["thresholds"] = np.array([neuron.threshold for neuron in neurons if isinstance(neuron, Lif)])
    request["decays"] = np.array([neuron.decay for neuron in neurons if isinstance(neuron, Lif)])
    for number, layer in enumerate(network.layers, start=1):
        assert layer.kind == "dense" and not layer.weight_exponent and not layer.bias_mantissa.any()
        request[f"weights_{number}"] = layer.weights
    with tempfile.TemporaryDirectory(prefix="trichord-peer-") as folder:
        question, answer = Path(folder, "request.npz"), Path(folder, "answer.npz")
        np.savez_compressed(question, **request)
        try:
            finished = subprocess.run(
                [python, "-P", str(WORKER), peer, str(question), str(answer)],
                capture_output=True,
                text=True,
                timeout=SECONDS_LIMIT,
                check=False,
                env={**os.environ, **thread_environment(1)},
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            return PeerRun(python, f"{type(error).__name__}: {error}")
        if not answer.is_file():
            last = (finished.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return PeerRun(python, f"exit code {finished.returncode}: {last}")
        with np.load(answer, allow_pickle=False) as stored:
            told = json.loads(str(stored["told"]))
            if told["unavailable"]:
                return PeerRun(told["versions"], told["unavailable"])
            return PeerRun(
                told["versions"],
                "",
                median(stored["seconds"].tolist()) / (n_steps * n_clips),
                tuple(stored[f"spikes_{number}"] for number in range(1, len(neurons) + 1)),
                stored["potentials"],
            )


def _pythons() -> list[str]:
    return [sys.executable, *filter(None, os.environ.get(PYTHONS_VARIABLE, "").split(os.pathsep))]
