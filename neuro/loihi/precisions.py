# neuro/loihi/precisions.py
"""Backends that run a trained spiking network at one precision, and one that measures what saturates as integers.

    snn-float                floats; `torch-float` runs a network that was trained on the chip's grid as it was trained.
                             Also of spiking networks that no chip holds (adaptive-snn, spiking-transformer), which it
                             runs as `torch-float` does: it is this backend that notes their spike rates
    snn-integer-weights      weights on the chip's grid
    snn-integer-constants    weights, thresholds, decays and biases on the grid; the arithmetic of floats
    loihi-saturation         what `loihi-emulator` gives, and how often its integers reach their limits

With `loihi-emulator` behind them they are the precisions from floats to integers, each on the same weights and clips
(`neuro/loihi/partly_quantised.py`). They pair clip by clip with a code that draws nothing: one that draws (`rate`)
draws anew for each backend. Notes have a value per layer, the readout last, where a name ends in `_by_layer`; spike
rates are of hidden layers.
"""

import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, Outcome, Trained
from classical_baselines.harness.macs import evaluating
from classical_baselines.harness.operations import OperationCounts
from neuro.encoders.learnt import coded
from neuro.loihi.backends import LoihiEmulator, chip_input
from neuro.loihi.emulator import emulate
from neuro.loihi.finite import check_floats
from neuro.loihi.partly_quantised import Rounded, partly_quantised, rounding_by_layer
from neuro.loihi.quantise import quantised
from neuro.loihi.saturation import saturation_by_layer

SATURATIONS = ("currents_wrapped", "membranes_clipped")


@dataclass(frozen=True)
class SnnFloat:
    """Nothing is rounded."""

    batch_size: int = 256

    rounded: ClassVar[Rounded] = "nothing"
    measured: ClassVar[tuple[str, ...]] = ()  # of `rounding_by_layer`, in the notes

    def __post_init__(self) -> None:
        _check_batch_size(self.batch_size)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """Logits, counts as floats, and spike rates; no pictures. A weight that is no number is refused."""
        del n_exhibits
        trained = coded(trained)
        network = _float_only(trained.classifier) if self.rounded == "nothing" else None
        if network is None:
            network = partly_quantised(trained.classifier, self.rounded)
        else:
            check_floats(network)
        logits, counts, seconds = [], OperationCounts(), 0.0
        n_spikes: Any = 0.0  # per layer
        with torch.no_grad(), evaluating(network):
            for part in intensity.split(self.batch_size):
                encoded = trained.encoder(part, generator)
                began = time.perf_counter()
                logits.append(network(encoded).float())
                seconds += time.perf_counter() - began
                share = len(part) / len(intensity)
                counts += trained.encoder.operations(part, encoded).scaled(share)
                counts += classifier_operations(network, encoded).scaled(share)
                every = network.hidden_spikes(encoded)
                n_spikes += np.array([float((spikes != 0).sum(dtype=torch.float64)) for spikes in every])
        n_updates = np.array([len(intensity) * spikes[:, 0].numel() for spikes in every])
        rounding = rounding_by_layer(trained.classifier) if self.measured else {}
        return Outcome(
            logits=torch.cat(logits),
            counts=counts,
            wall_seconds=seconds,
            notes={
                "n_parameters": trained.classifier.n_parameters(),
                "spike_rate": float(n_spikes.sum() / n_updates.sum()),
                "spike_rate_by_layer": (n_spikes / n_updates).tolist(),
                **{f"{name}_by_layer": rounding[name] for name in self.measured},
            },
        )


@dataclass(frozen=True)
class SnnIntegerWeights(SnnFloat):
    """Weights on the chip's grid."""

    rounded: ClassVar[Rounded] = "weights"
    measured: ClassVar[tuple[str, ...]] = ("weights_clipped", "weights_to_zero")


@dataclass(frozen=True)
class SnnIntegerConstants(SnnFloat):
    """Weights and all constants on the chip's grid."""

    rounded: ClassVar[Rounded] = "constants"
    measured: ClassVar[tuple[str, ...]] = ("biases_clipped", "bias_change")


@dataclass(frozen=True)
class LoihiSaturation:
    """The emulator's run, measured on the same clips."""

    batch_size: int = 128

    def __post_init__(self) -> None:
        _check_batch_size(self.batch_size)

    def run(self, trained: Trained, intensity: Tensor, generator: torch.Generator, n_exhibits: int = 0) -> Outcome:
        """What `loihi-emulator` gives, and the measures; a code that draws is measured on a draw of its own."""
        del n_exhibits  # the emulator's own
        outcome = LoihiEmulator(self.batch_size).run(trained, intensity, generator)
        trained = coded(trained)
        network = quantised(trained.classifier)
        shares = np.zeros((len(network.layers), len(SATURATIONS)))
        for part in intensity.split(self.batch_size):
            record = emulate(network, chip_input(network, trained.encoder(part, generator)))
            found = saturation_by_layer(network, record)
            of_part = [[getattr(layer, name) for name in SATURATIONS] for layer in found]
            shares += len(part) / len(intensity) * np.array(of_part)
        notes = {f"{name}_by_layer": shares[:, place].tolist() for place, name in enumerate(SATURATIONS)}
        return replace(outcome, notes={**outcome.notes, **notes})


@runtime_checkable
class _Spiking(Protocol):
    def hidden_spikes(self, encoded: Tensor) -> list[Tensor]: ...


def _float_only(classifier: Classifier) -> Any:
    """The network itself where it fires and no chip holds it; None for all others."""
    unmappable = getattr(classifier, "not_on_chip", None) is not None
    return classifier if unmappable and isinstance(classifier, _Spiking) else None


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise InputError(f"batch_size must be 1 or more; got {batch_size}.")
