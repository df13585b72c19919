# classical_baselines/harness/backends/__init__.py
"""Backends that run any classifier of the suite as it is; those of one paradigm stand in its own package."""

from collections.abc import Callable, Mapping


def _torch_float() -> type:
    from classical_baselines.harness.backends.torch_float import TorchFloat

    return TorchFloat


BACKENDS: Mapping[str, Callable[[], type]] = {"torch-float": _torch_float}
