# neuro/loihi/__init__.py
"""Where a trained spiking network is run as the chip's integers; an entry imports its module when it is chosen."""

from collections.abc import Callable, Mapping


def _emulator() -> type:
    from neuro.loihi.backends import LoihiEmulator

    return LoihiEmulator


def _lava() -> type:
    from neuro.loihi.backends import LoihiLava

    return LoihiLava


BACKENDS: Mapping[str, Callable[[], type]] = {"loihi-emulator": _emulator, "loihi-lava": _lava}
