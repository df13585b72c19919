# neuro/lif_scan/__init__.py
"""The LIF recurrence over all steps of a layer, as one autograd function: engines under one contract.

    lif_scan(currents, LifNeuron)     currents   [step, ...]   ->   spikes   [step, ...]
    cuba_scan(currents, CubaNeuron)   likewise, for neurons whose synaptic current decays too

An engine is a module with these two. All give the spikes and gradients of `torch_scan`, within rounding.
"""

from collections.abc import Callable, Mapping
from types import ModuleType


def _torch() -> ModuleType:
    from neuro.lif_scan import torch_scan

    return torch_scan


def _numba() -> ModuleType:
    from neuro.lif_scan import numba_scan

    return numba_scan


def _triton() -> ModuleType:
    from neuro.lif_scan import triton_scan  # optional: needs triton, and a GPU or its interpreter

    return triton_scan


ENGINES: Mapping[str, Callable[[], ModuleType]] = {"torch": _torch, "numba": _numba, "triton": _triton}
