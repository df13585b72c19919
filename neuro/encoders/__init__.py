# neuro/encoders/__init__.py
"""The spike encoders: from an intensity picture to spikes [step, batch, channel]."""

from collections.abc import Callable, Mapping
from typing import Any


def _latency() -> type[Any]:
    from neuro.encoders.latency import LatencyEncoder

    return LatencyEncoder


def _send_on_delta() -> type[Any]:
    from neuro.encoders.send_on_delta import SendOnDeltaEncoder

    return SendOnDeltaEncoder


def _direct_current() -> type[Any]:
    from neuro.encoders.direct_current import DirectCurrentEncoder

    return DirectCurrentEncoder


def _rate() -> type[Any]:
    from neuro.encoders.rate import RateEncoder

    return RateEncoder


ENCODERS: Mapping[str, Callable[[], type[Any]]] = {
    "latency": _latency,
    "send-on-delta": _send_on_delta,
    "direct-current": _direct_current,
    "rate": _rate,
}
