# neuro/loihi/lava_adapter.py
"""A `LoihiNetwork` on Lava, in a fresh process with a time limit, and the comparison with the emulator, bit for bit."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from classical_baselines.harness.choices import choose
from classical_baselines.harness.contracts import Check
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, Recurrence, ResonateAndFire
from neuro.loihi.emulator import emulate

SECONDS_LIMIT = 900.0
SIMULATION = "Loihi2SimCfg"
RUN_CONFIGURATIONS: Mapping[str, str] = {SIMULATION: "simulation of Loihi 2", "Loihi2HwCfg": "a board with Loihi 2"}
WORKER = Path(__file__).with_name("lava_worker.py")  # by its path: it must run where the suite is not installed


class LavaError(RuntimeError):
    """Lava could not be run; the message carries its last words."""


@dataclass(frozen=True)
class LavaRecord:
    """What Lava did: spikes per layer [step, clip, neuron], and the readout's potentials at each clip's end."""

    spikes: tuple[NDArray[Any], ...]
    readout_potentials: NDArray[np.int64]  # [clip, class]
    potentials: tuple[NDArray[np.int64], ...] = ()  # per layer [step, clip, neuron], where asked for


def run_on_lava(
    network: LoihiNetwork,
    input_spikes: torch.Tensor,
    seconds_limit: float = SECONDS_LIMIT,
    *,
    potentials: bool = False,
    run_configuration: str = SIMULATION,
) -> LavaRecord:
    """Run input spikes [step, clip, channel] through Lava's fixed-point model; `potentials` keeps all steps'."""
    (record,) = run_all_on_lava(
        [(network, input_spikes)], seconds_limit, potentials=potentials, run_configuration=run_configuration
    )
    return record


def run_all_on_lava(
    networks: Sequence[tuple[LoihiNetwork, torch.Tensor]],
    seconds_limit: float = SECONDS_LIMIT,
    *,
    potentials: bool = False,
    run_configuration: str = SIMULATION,
) -> list[LavaRecord]:
    """Run each network on its input, all in one process of Lava.

    `run_configuration` names the class of Lava's that chooses where processes run: its simulation of Loihi 2, or
    `Loihi2HwCfg` on a host with a board and Intel's extension of Lava for it.
    """
    choose(RUN_CONFIGURATIONS, run_configuration, what="run configuration of Lava")
    if importlib.util.find_spec("lava") is None:
        raise LavaError(
            "lava is not installed. `make demo` does it: pip install --no-deps --ignore-requires-python lava-nc==0.10.0"
        )
    request: dict[str, Any] = {}
    described = []
    for number, (network, input_spikes) in enumerate(networks):
        plain = all(_is_plain(layer) for layer in network.layers)
        described.append(
            {
                "layers": [_description(network, index) for index in range(len(network.layers))],
                "clips_in_a_row": plain and not potentials,
                "run_configuration": run_configuration,
            }
        )
        # clip after clip: [channel, clip, step]
        request[f"{number}/input_spikes"] = input_spikes.permute(2, 1, 0).to(torch.int32).numpy()
        for index, layer in enumerate(network.layers, start=1):
            for name, values in _arrays(layer).items():
                request[f"{number}/{name}_{index}"] = values
    request["networks"] = json.dumps(described)
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
            n_clips = sum(input_spikes.shape[1] for _, input_spikes in networks)
            raise LavaError(
                f"Lava took more than {seconds_limit:.0f} s for {n_clips} clips and was stopped."
            ) from error
        if finished.returncode or not answer.is_file():
            last = finished.stderr.strip().splitlines()[-3:]
            raise LavaError(f"Lava failed with exit code {finished.returncode}: {' | '.join(last)}")
        with np.load(answer, allow_pickle=False) as stored:
            return [_record(network, inputs, number, stored) for number, (network, inputs) in enumerate(networks)]


def _is_plain(layer: LoihiLayer) -> bool:
    """Whether a reset of u and v between two clips leaves nothing of the first: many may follow in one simulation."""
    return (
        isinstance(layer.neuron, Lif) and not layer.neuron.reset_interval and layer.delays is None is layer.recurrence
    )


def _description(network: LoihiNetwork, index: int) -> dict[str, Any]:
    layer, recurrence = network.layers[index], network.layers[index].recurrence
    return {
        "kind": layer.kind,
        "neuron": {
            "model": type(layer.neuron).__name__,
            **{name: value for name, value in vars(layer.neuron).items() if not isinstance(value, np.ndarray)},
        },
        "bias_exponent": layer.bias_exponent,
        "input_grid": list(layer.input_grid),
        "output_grid": list(layer.output_grid),
        "stride": layer.stride,
        "padding": layer.padding,
        "graded": network.is_graded(index),
        **_synapses(layer),
        "recurrence": None if recurrence is None else _synapses(recurrence),
    }


def _synapses(held: LoihiLayer | Recurrence) -> dict[str, Any]:
    return {
        "weight_exponent": held.weight_exponent,
        "weight_bits": held.weight_bits,
        "sign_mode": held.sign_mode,
    }


def _arrays(layer: LoihiLayer) -> dict[str, Any]:
    arrays = {"weights": layer.weights, "bias": layer.bias_mantissa}
    if layer.delays is not None:
        arrays["delays"] = layer.delays
    if layer.recurrence is not None:
        arrays["recurrent"] = layer.recurrence.weights
    if isinstance(layer.neuron, ResonateAndFire):
        arrays |= {"cosine": layer.neuron.cosine, "sine": layer.neuron.sine}
    return arrays


def _record(network: LoihiNetwork, input_spikes: torch.Tensor, number: int, stored: Any) -> LavaRecord:
    n_steps, n_clips, _ = input_spikes.shape

    def of_layers(name: str) -> tuple[NDArray[Any], ...]:
        return tuple(
            stored[f"{number}/{name}_{index}"].reshape(n_clips, n_steps, layer.n_neurons).transpose(1, 0, 2)
            for index, layer in enumerate(network.layers, start=1)
        )

    spikes = zip(of_layers("spikes"), network.layers, strict=True)
    return LavaRecord(
        spikes=tuple(fired.astype(layer.neuron.spike_type) for fired, layer in spikes),
        readout_potentials=stored[f"{number}/readout_potentials"],
        potentials=of_layers("potentials") if f"{number}/potentials_1" in stored else (),
    )


def verify_against_lava(
    network: LoihiNetwork, input_spikes: torch.Tensor, run_configuration: str = SIMULATION
) -> Check:
    """Every spike of every layer in every step, and every readout potential: emulator and Lava must agree in all."""
    ours = emulate(network, input_spikes)
    theirs = run_on_lava(network, input_spikes, run_configuration=run_configuration)
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
            "spikes_per_layer": [int((spikes != 0).sum()) for spikes in ours.spikes],
            "mismatches_per_layer": mismatches,
            "readout_mismatches": readout_mismatches,
        },
    )
