# neuro/loihi/lava_adapter.py
"""A `LoihiNetwork` on Lava, in a fresh process with a time limit, and the comparison with the emulator, bit for bit."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.harness.contracts import Check
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork
from neuro.loihi.emulator import emulate

SECONDS_LIMIT = 900.0
WORKER = Path(__file__).with_name("lava_worker.py")  # by its path: it must run where the suite is not installed


class LavaError(RuntimeError):
    """Lava could not be run; the message carries its last words."""


@dataclass(frozen=True)
class LavaRecord:
    """What Lava did: spikes per layer [step, clip, neuron], and the readout's potentials at each clip's end."""

    spikes: tuple[NDArray[np.bool_], ...]
    readout_potentials: NDArray[np.int64]  # [clip, class]


def run_on_lava(network: LoihiNetwork, input_spikes: torch.Tensor, seconds_limit: float = SECONDS_LIMIT) -> LavaRecord:
    """Run input spikes [step, clip, channel] through Lava's fixed-point model."""
    if importlib.util.find_spec("lava") is None:
        raise LavaError(
            "lava is not installed. `make demo` does it: pip install --no-deps --ignore-requires-python lava-nc==0.10.0"
        )
    n_steps, n_clips, n_channels = input_spikes.shape
    layers = [
        {
            "kind": layer.kind,
            **_lif_options(layer),
            "bias_exponent": layer.bias_exponent,
            "input_grid": list(layer.input_grid),
            "output_grid": list(layer.output_grid),
            "stride": layer.stride,
            "padding": layer.padding,
        }
        for layer in network.layers
    ]
    request: dict[str, Any] = {
        "layers": json.dumps(layers),
        "n_steps": n_steps,
        "n_clips": n_clips,
        "graded_input": network.graded_input,
        # clip after clip: [channel, clip * step]
        "input_spikes": input_spikes.permute(2, 1, 0).reshape(n_channels, n_clips * n_steps).to(torch.int32).numpy(),
    }
    for number, layer in enumerate(network.layers, start=1):
        request[f"weights_{number}"] = layer.weights
        request[f"bias_{number}"] = layer.bias_mantissa
    with tempfile.TemporaryDirectory(prefix="trichord-lava-") as folder:
        question, answer = Path(folder, "request.npz"), Path(folder, "answer.npz")
        np.savez_compressed(question, **request)
        try:
            finished = subprocess.run(
                [sys.executable, "-P", str(WORKER), str(question), str(answer)],
                capture_output=True,
                text=True,
                timeout=seconds_limit,
                check=False,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise LavaError(
                f"Lava took more than {seconds_limit:.0f} s for {n_clips} clips and was stopped."
            ) from error
        if finished.returncode or not answer.is_file():
            last = finished.stderr.strip().splitlines()[-3:]
            raise LavaError(f"Lava failed with exit code {finished.returncode}: {' | '.join(last)}")
        with np.load(answer, allow_pickle=False) as stored:
            spikes = tuple(
                np.unpackbits(stored[f"spikes_{number}"], axis=1, count=layer.n_neurons)
                .astype(bool)
                .reshape(n_clips, n_steps, layer.n_neurons)
                .transpose(1, 0, 2)
                for number, layer in enumerate(network.layers, start=1)
            )
            return LavaRecord(spikes, stored["readout_potentials"])


def _lif_options(layer: LoihiLayer) -> dict[str, int]:
    neuron = layer.neuron
    plain = isinstance(neuron, Lif) and neuron == Lif(neuron.decay, neuron.threshold)
    if not plain or layer.weight_exponent or layer.delays is not None or layer.recurrence is not None:
        raise LavaError(f"{layer.kind} layer of {neuron}: only plain layers of Lif are handed to Lava.")
    assert isinstance(neuron, Lif)
    return {"decay": neuron.decay, "threshold": neuron.threshold}


def verify_against_lava(network: LoihiNetwork, input_spikes: torch.Tensor) -> Check:
    """Every spike of every layer in every step, and every readout potential: emulator and Lava must agree in all."""
    ours, theirs = emulate(network, input_spikes), run_on_lava(network, input_spikes)
    mismatches = [int((mine != other).sum()) for mine, other in zip(ours.spikes, theirs.spikes, strict=True)]
    readout_mismatches = int((ours.readout_potentials != theirs.readout_potentials).sum())
    n_steps, n_clips, _ = input_spikes.shape
    return Check(
        name="lava-equality",
        passed=not any(mismatches) and not readout_mismatches,
        details={
            "n_clips": n_clips,
            "n_steps": n_steps,
            "n_layers": len(network.layers),
            "entries_compared": int(sum(spikes.size for spikes in ours.spikes)),
            "spikes_per_layer": [int(spikes.sum()) for spikes in ours.spikes],
            "mismatches_per_layer": mismatches,
            "readout_mismatches": readout_mismatches,
        },
    )
