# neuro/loihi/backends.py
"""Backends that run a trained spiking network as Loihi integers: the emulator, and Lava for comparison."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.contracts import Exhibit, Outcome, Trained
from classical_baselines.harness.operations import OperationCounts
from neuro.classifiers.spiking_network import SpikingNetwork
from neuro.encoders.direct_current import N_LEVELS
from neuro.encoders.learnt import coded
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, SpikeRecord
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_adapter import RUN_CONFIGURATIONS, SIMULATION, verify_against_lava
from neuro.loihi.mapping.chips import CHIPS
from neuro.loihi.mapping.core_map import core_map
from neuro.loihi.mapping.placed_run import placed_run, placement_notes
from neuro.loihi.operations import STEP_SECONDS, chip_operations, n_cores, n_own_synapses, n_synapses
from neuro.loihi.partly_quantised import clipped_by_layer
from neuro.loihi.quantise import HasIntegers, quantised
from neuro.loihi.saturation import readouts_saturated

N_RASTERS = 2  # pictures of one clip


def chip_input(network: LoihiNetwork, encoded: Tensor) -> Tensor:
    """The encoder's [step, clip, channel] as the chip takes it: spikes, or levels of -255 to 255."""
    return torch.round(encoded * N_LEVELS) if network.graded_input else encoded


def logits_of(network: LoihiNetwork, record: SpikeRecord) -> Tensor:
    """[clip, class] from the readout's membrane potentials: the gain is one positive number, so it decides nothing."""
    n_steps = record.input_spikes.shape[0]
    return torch.from_numpy(record.readout_potentials).double().mul(network.readout_gain / n_steps).float()


@dataclass(frozen=True)
class LoihiEmulator:
    """The options of the integer emulator."""

    batch_size: int = 128
    step_seconds: float = STEP_SECONDS  # of one synchronised step of the chip, where no chip is named
    chip: str = ""  # "loihi-1" or "loihi-2": map the network to its cores, and count cores, messages, hops, time there

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise InputError(f"batch_size must be 1 or more; got {self.batch_size}.")
        if not self.step_seconds > 0:
            raise InputError(f"step_seconds must be positive; got {self.step_seconds}.")
        if self.chip and self.chip not in CHIPS:
            raise InputError(f"chip must be one of {', '.join(CHIPS)}, or be left out; got {self.chip!r}.")
        if self.chip and self.step_seconds != STEP_SECONDS:
            raise InputError(
                f"step_seconds of {self.step_seconds} with the chip {self.chip}: there the time of a step comes from "
                "the placement. Give one of the two."
            )

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits from integers, counts from the spikes that occurred."""
        trained = coded(trained)
        network = quantised(trained.classifier)
        on_cores = core_map(network, CHIPS[self.chip]) if self.chip else None
        step_seconds: dict[str, float] = {}
        logits, counts, seconds = [], OperationCounts(), 0.0
        fired, saturated = np.zeros(len(network.layers)), 0.0
        exhibits: tuple[Exhibit, ...] = ()
        for part in intensity.split(self.batch_size):
            encoded = trained.encoder(part, generator)
            began = time.perf_counter()
            record = emulate(network, chip_input(network, encoded))
            seconds += time.perf_counter() - began
            share = len(part) / len(intensity)
            if on_cores is None:
                on_chip = chip_operations(network, record, self.step_seconds)
            else:
                on_chip, times = placed_run(on_cores, record)
                for name, of_part in times.items():
                    step_seconds[name] = step_seconds.get(name, 0.0) + share * of_part
            counts += (trained.encoder.operations(part, encoded) + on_chip).scaled(share)
            logits.append(logits_of(network, record))
            fired += [float((spikes != 0).mean()) * share for spikes in record.spikes]
            saturated += readouts_saturated(network, record) * share
            exhibits += _rasters(record, n_exhibits - len(exhibits) // N_RASTERS)
        return Outcome(
            logits=torch.cat(logits),
            counts=counts,
            wall_seconds=seconds,
            exhibits=exhibits,
            notes=_notes(network, fired, saturated)
            | _clipped(trained.classifier, network)
            | ({} if on_cores is None else placement_notes(on_cores))
            | {f"step_seconds_{name}": time_of for name, time_of in step_seconds.items()},
        )


@dataclass(frozen=True)
class LoihiLava:
    """The options of the comparison with Lava: how many of the given clips are run through both, and where."""

    n_clips: int = 20
    run_configuration: str = SIMULATION  # Lava's class that says where; "Loihi2HwCfg" on a host with a board of Loihi 2

    def __post_init__(self) -> None:
        choose(RUN_CONFIGURATIONS, self.run_configuration, what="run configuration of Lava")
        if self.n_clips < 1:
            raise InputError(f"n_clips must be 1 or more; got {self.n_clips}.")

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """The emulator's outcome on clips spread over the given ones, and whether Lava's spikes equal it."""
        chosen = np.unique(np.linspace(0, len(intensity) - 1, min(self.n_clips, len(intensity))).round().astype(int))
        trained = coded(trained)
        network = quantised(trained.classifier)
        part = intensity[torch.from_numpy(chosen)]
        encoded = trained.encoder(part, generator)
        inputs = chip_input(network, encoded)
        began = time.perf_counter()
        check = verify_against_lava(network, inputs, self.run_configuration)
        seconds = time.perf_counter() - began
        record = emulate(network, inputs)
        return Outcome(
            logits=logits_of(network, record),
            counts=trained.encoder.operations(part, encoded) + chip_operations(network, record),
            wall_seconds=seconds,
            checks=(check,),
            clip_indices=tuple(int(index) for index in chosen),
            notes=_notes(
                network,
                [float((spikes != 0).mean()) for spikes in record.spikes],
                readouts_saturated(network, record),
            )
            | _clipped(trained.classifier, network),
        )


def _notes(network: LoihiNetwork, fired: Any, saturated: float) -> dict[str, Any]:
    hidden = list(network.layers[:-1])
    n_hidden = sum(layer.n_neurons for layer in hidden)
    rates = [float(rate) for rate in fired[: len(hidden)]]
    mean_rate = sum(rate * layer.n_neurons for rate, layer in zip(rates, hidden, strict=True)) / n_hidden
    return {
        "chip": _chip(network),
        "n_neurons": network.n_neurons,
        "n_synapses": sum(n_synapses(layer) + n_own_synapses(layer) for layer in network.layers),
        "n_parameters": sum(_n_parameters(layer) for layer in network.layers),
        "n_cores": sum(n_cores(layer) for layer in network.layers),
        "readout_saturation_rate": float(fired[-1]),  # of its neurons and steps, those that fire: none should
        "readouts_saturated_per_clip": saturated,  # neurons of it that reach a limit and lose what they gathered
        "spike_rate": mean_rate,
        "spike_rate_by_layer": rates,
    }


def _n_parameters(layer: LoihiLayer) -> int:
    """Weights, those from the layer to itself among them, biases, and the delays of single synapses."""
    n_delays = 0 if layer.delays is None else layer.delays.size
    return int(layer.weights.size + n_own_synapses(layer) + layer.bias_mantissa.size + n_delays)


def _clipped(classifier: nn.Module, network: LoihiNetwork) -> dict[str, Any]:
    """Shares of weights and biases that the chip cannot hold and that are clipped, by layer, where any are."""
    if not isinstance(classifier, SpikingNetwork) or isinstance(classifier, HasIntegers):
        return {}  # one that makes its own integers refuses what does not fit, or was trained with it
    found = clipped_by_layer(classifier, network)
    return {f"{name}_by_layer": shares for name, shares in found.items()} if any(map(any, found.values())) else {}


def _chip(network: LoihiNetwork) -> str:
    """The least chip that runs it, and why."""
    if network.graded_input:
        return "Loihi 2 (graded input)"
    others = sorted({type(layer.neuron).__name__ for layer in network.layers} - {Lif.__name__})
    return f"Loihi 2 (neurons of {', '.join(others)})" if others else "Loihi 1"


def _rasters(record: SpikeRecord, n_clips: int) -> tuple[Exhibit, ...]:
    """Input [channel, step] and first hidden layer [neuron, step] of the first clips: N_RASTERS each."""
    rasters: list[Exhibit] = []
    for clip in range(min(n_clips, record.input_spikes.shape[1])):
        for title, axis, spikes in (
            ("Input spikes", "channel", record.input_spikes),
            ("Spikes of layer 1", "neuron", record.spikes[0]),
        ):
            rasters.append(Exhibit(title, spikes[:, clip].T.astype(np.float32), (axis, "step"), "spikes"))
    return tuple(rasters)
