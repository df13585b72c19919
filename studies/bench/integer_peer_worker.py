# studies/bench/integer_peer_worker.py
"""Runs a dense network of LIF neurons in another package's integers: `python -P integer_peer_worker.py PEER IN OUT`.

A process of its own, by whichever Python has the package, as its pins may conflict with ours: nothing but numpy and
the peer is imported here. `IN` is an .npz with weights_1, ... [neuron, channel], thresholds and decays of each layer,
events [step, clip, channel] and the numbers of turns and threads; `OUT` gets the spikes of every layer, the last
potentials, the seconds of each turn and the versions.

    nengo-loihi   its emulator in numpy, whose blocks are given our integers in place of its own; one clip at a time,
                  a step an event brought in and a step each layer, as on its chip
    lava-dl       SLAYER's CUBA neuron, its dynamics in 64-bit integers, behind its dense synapse; all clips at once

Potentials of SLAYER are integers divided by 4096; its neuron fires at v >= threshold + 0.01 / 4096, so that among
integers it is v > threshold.
"""

import importlib
import importlib.metadata
import json
import platform
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import numpy as np

Array = np.ndarray[Any, Any]
Result = tuple[list[Array], Array]  # spikes of every layer [step, clip, neuron], last potentials [clip, class]
FRACTION = 64  # potentials and thresholds carry six more bits than synaptic sums
LARGEST_POTENTIAL = 2**23 - 1
LAVA_WORKER = Path(__file__).parents[2] / "neuro" / "loihi"  # the folder of lava_worker.py, which mends Lava
UNUSED = ("cv2", "torchvision")  # lava-dl's object detection, imported with SLAYER and not used here


def nengo_loihi(network: dict[str, Any], n_threads: int) -> Callable[[], Result]:
    """One emulator a clip, built before time is taken: numpy has no use for more threads here."""
    del n_threads
    from nengo_loihi.block import Axon, LoihiBlock, Synapse
    from nengo_loihi.builder import Model
    from nengo_loihi.emulator import EmulatorInterface
    from nengo_loihi.inputs import SpikeInput
    from nengo_loihi.probe import LoihiProbe

    events = network["events"]
    n_steps, n_clips, n_channels = events.shape

    def connected(source: Any, weights: Array, block: Any) -> None:
        synapse = Synapse(weights.shape[1])
        synapse.weights = [(FRACTION * row)[None].astype(np.int32) for row in weights.T]
        synapse.indices = [np.arange(len(weights))[None]] * weights.shape[1]
        block.add_synapse(synapse)
        axon = Axon(weights.shape[1])
        axon.target = synapse
        source.add_axon(axon)

    def emulator(clip: int) -> tuple[Any, list[Any]]:
        model = Model()
        source: Any = SpikeInput(n_channels)
        model.inputs[source] = None
        for step, fired in enumerate(events[:, clip], start=1):
            source.add_spikes(step, fired.nonzero()[0], permanent=True)
        for layer, weights in enumerate(network["weights"]):
            block = LoihiBlock(len(weights))
            held = block.compartment
            for name, value in (
                ("decay_u", 4095),
                ("decay_v", network["decays"][layer]),
                ("vth", FRACTION * network["thresholds"][layer]),
                ("bias", 0),
                ("refract_delay", 1),
            ):
                setattr(held, name, np.full(len(weights), value, dtype=np.int32))
            held.vmin, held.vmax = -LARGEST_POTENTIAL, LARGEST_POTENTIAL
            held.scale_u = held.scale_v = False
            connected(source, weights, block)
            model.blocks[block] = layer
            model.probes.append(LoihiProbe(block, "spiked"))
            source = block
        model.probes.append(LoihiProbe(source, "voltage"))
        return EmulatorInterface(model, seed=0), list(model.probes)

    def build() -> list[tuple[Any, list[Any]]]:
        return [emulator(clip) for clip in range(n_clips)]

    built = build()

    def run() -> Result:
        for one, _ in built:
            one.run_steps(n_steps + len(network["weights"]))
        every = [[one.collect_probe_output(probe) for probe in probes] for one, probes in built]
        spikes = [
            np.stack([outputs[layer][layer + 1 : layer + 1 + n_steps] for outputs in every], axis=1)
            for layer in range(len(network["weights"]))
        ]
        return spikes, np.stack([outputs[-1][-1] for outputs in every])

    run.again = lambda: built.__setitem__(slice(None), build())  # type: ignore[attr-defined]  # it starts at rest
    return run


def lava_dl(network: dict[str, Any], n_threads: int) -> Callable[[], Result]:
    """All clips at once."""
    import torch

    torch.set_num_threads(n_threads)
    slayer = importlib.import_module("lava.lib.dl.slayer")
    layers = []
    for weights, threshold, decay in zip(network["weights"], network["thresholds"], network["decays"], strict=True):
        synapse = slayer.synapse.Dense(weights.shape[1], weights.shape[0])
        synapse.weight.data = torch.from_numpy(weights / FRACTION).float().reshape(synapse.weight.shape)
        neuron = slayer.neuron.cuba.Neuron(
            threshold=int(threshold) / FRACTION,
            current_decay=1.0,
            voltage_decay=int(decay) / 4096,
            scale=FRACTION,
            shared_param=True,
        )
        layers.append((synapse, neuron))
    events = torch.from_numpy(np.ascontiguousarray(network["events"].transpose(1, 2, 0))).float()

    @torch.no_grad()
    def run() -> Result:
        spikes, fired = [], events
        for synapse, neuron in layers:
            _, voltage = neuron.dynamics(synapse(fired))
            fired = neuron.spike(voltage)
            spikes.append(fired)
        last = voltage[..., -1] * (1 - fired[..., -1])
        return [one.permute(2, 0, 1).numpy() for one in spikes], np.rint(last.numpy().astype(float) * FRACTION**2)

    return run


PEERS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any], int], Callable[[], Result]]]] = {
    "nengo-loihi": (("nengo-loihi", "nengo", "numpy"), nengo_loihi),
    "lava-dl": (("lava-dl", "torch", "numpy"), lava_dl),
}


def versions(packages: tuple[str, ...]) -> str:
    """`nengo-loihi 1.1.0, numpy 1.26.4, Python 3.11.7`, or which of them is not installed."""
    said = []
    for package in packages:
        try:
            said.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            said.append(f"{package} not installed")
    return ", ".join([*said, f"Python {platform.python_version()}"])


def main() -> None:
    """Read the network, run it turn by turn, write the answer; or write why not."""
    peer, asked, answer = sys.argv[1:]
    packages, made = PEERS[peer]
    told: dict[str, Any] = {"versions": versions(packages), "unavailable": ""}
    warnings.simplefilter("ignore")
    try:
        _make_importable(peer)
        with np.load(asked, allow_pickle=False) as read:
            n_layers = len(read["thresholds"])
            network = {
                "weights": [read[f"weights_{number}"] for number in range(1, n_layers + 1)],
                "thresholds": read["thresholds"],
                "decays": read["decays"],
                "events": read["events"],
            }
            n_turns, n_threads = int(read["n_turns"]), int(read["n_threads"])
        run = made(network, n_threads)
        seconds = []
        for _ in range(n_turns):
            getattr(run, "again", lambda: None)()
            started = time.perf_counter()
            spikes, potentials = run()
            seconds.append(time.perf_counter() - started)
        found: dict[str, Any] = {f"spikes_{n}": np.asarray(s, dtype=np.int8) for n, s in enumerate(spikes, start=1)}
        found |= {"potentials": np.asarray(potentials, dtype=np.int64), "seconds": np.asarray(seconds)}
    except Exception as error:  # of whatever kind: the row says it
        found = {}
        told["unavailable"] = f"{type(error).__name__}: {error}".splitlines()[0]
    np.savez_compressed(answer, told=json.dumps(told), **found)


def _make_importable(peer: str) -> None:
    """lava-dl stands on Lava, which needs mending, and imports vision packages that no LIF neuron needs."""
    if peer != "lava-dl":
        return
    sys.path.append(str(LAVA_WORKER))
    lava_worker = importlib.import_module("lava_worker")
    lava_worker.make_lava_importable()
    for name in UNUSED:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = MagicMock()


if __name__ == "__main__":
    main()
