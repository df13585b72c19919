# neuro/lif_scan/scan.py
"""The LIF recurrences with the engine that is fastest where the currents lie."""

from functools import cache
from importlib.util import find_spec
from types import ModuleType

import torch
from torch import Tensor

from neuro.lif_scan import torch_scan
from neuro.neuron import CubaNeuron, LifNeuron


def lif_scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of `neuron` driven by currents [step, ...]."""
    spikes: Tensor = engine_for(currents).lif_scan(currents, neuron)
    return spikes


def cuba_scan(currents: Tensor, neuron: CubaNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of current-based `neuron` driven by currents [step, ...]."""
    spikes: Tensor = engine_for(currents).cuba_scan(currents, neuron)
    return spikes


def scan(currents: Tensor, neuron: LifNeuron) -> Tensor:
    """Spikes [step, ...] of a layer of either kind of neuron."""
    return cuba_scan(currents, neuron) if isinstance(neuron, CubaNeuron) else lif_scan(currents, neuron)


def engine_for(currents: Tensor) -> ModuleType:
    """Compiled for a CPU, one kernel on a GPU that triton serves, else torch."""
    if currents.device.type == "cpu" and currents.dtype in {torch.float32, torch.float64}:
        from neuro.lif_scan import numba_scan

        return numba_scan
    if currents.device.type == "cuda" and currents.dtype == torch.float32 and _has_triton():
        from neuro.lif_scan import triton_scan

        return triton_scan
    return torch_scan


@cache
def _has_triton() -> bool:
    return find_spec("triton") is not None
