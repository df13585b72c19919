# neuro/lif_scan/__init__.py
"""The LIF recurrence over all steps of a layer, as one autograd function: engines under one contract.

currents   [step, ...]  ->  spikes   [step, ...]
"""

from collections.abc import Callable, Mapping


def _torch() -> Callable[..., object]:
    from neuro.lif_scan.torch_scan import lif_scan

    return lif_scan


def _numba() -> Callable[..., object]:
    from neuro.lif_scan.numba_scan import lif_scan

    return lif_scan


ENGINES: Mapping[str, Callable[[], Callable[..., object]]] = {"torch": _torch, "numba": _numba}
