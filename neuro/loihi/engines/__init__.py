# neuro/loihi/engines/__init__.py
"""Engines of the emulator under one contract: a layer driven by spikes [step, clip, channel] gives a `LayerRecord`."""

from collections.abc import Callable, Mapping

from neuro.loihi.engines.layer_record import LayerRecord


def _torch() -> Callable[..., LayerRecord]:
    from neuro.loihi.engines.torch_engine import run_layer

    return run_layer


def _numba() -> Callable[..., LayerRecord]:
    from neuro.loihi.engines.numba_engine import run_layer

    return run_layer


ENGINES: Mapping[str, Callable[[], Callable[..., LayerRecord]]] = {"torch": _torch, "numba": _numba}
FASTEST = "numba"
