# neuro/loihi/__init__.py
"""Where a trained spiking network is run: as floats, as the chip's integers, or between them.

An entry imports its module when it is chosen.
"""

from collections.abc import Callable, Mapping


def _emulator() -> type:
    from neuro.loihi.backends import LoihiEmulator

    return LoihiEmulator


def _lava() -> type:
    from neuro.loihi.backends import LoihiLava

    return LoihiLava


def _lava_membranes() -> type:
    from neuro.loihi.lava_membranes import LoihiLavaMembranes

    return LoihiLavaMembranes


def _stream() -> type:
    from neuro.loihi.stream import LoihiStream

    return LoihiStream


def _spike_code() -> type:
    from neuro.encoders.code_backend import SpikeCode

    return SpikeCode


def _snn_float() -> type:
    from neuro.loihi.precisions import SnnFloat

    return SnnFloat


def _snn_integer_weights() -> type:
    from neuro.loihi.precisions import SnnIntegerWeights

    return SnnIntegerWeights


def _snn_integer_constants() -> type:
    from neuro.loihi.precisions import SnnIntegerConstants

    return SnnIntegerConstants


def _saturation() -> type:
    from neuro.loihi.precisions import LoihiSaturation

    return LoihiSaturation


BACKENDS: Mapping[str, Callable[[], type]] = {
    "loihi-emulator": _emulator,
    "loihi-lava": _lava,
    "loihi-lava-membranes": _lava_membranes,
    "loihi-stream": _stream,
    "spike-code": _spike_code,
    "snn-float": _snn_float,
    "snn-integer-weights": _snn_integer_weights,
    "snn-integer-constants": _snn_integer_constants,
    "loihi-saturation": _saturation,
}
