# neuro/loihi/__init__.py
"""Where a trained spiking network is run: as the chip's integers, or as floats with its code measured.

An entry imports its module when it is chosen.
"""

from collections.abc import Callable, Mapping


def _emulator() -> type:
    from neuro.loihi.backends import LoihiEmulator

    return LoihiEmulator


def _lava() -> type:
    from neuro.loihi.backends import LoihiLava

    return LoihiLava


def _spike_code() -> type:
    from neuro.encoders.code_backend import SpikeCode

    return SpikeCode


BACKENDS: Mapping[str, Callable[[], type]] = {
    "loihi-emulator": _emulator,
    "loihi-lava": _lava,
    "spike-code": _spike_code,
}
