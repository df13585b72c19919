# quantum/encoders/__init__.py
"""The state encoders: from an intensity picture to unit vectors [batch, amplitude]."""

from collections.abc import Callable, Mapping
from typing import Any


def _amplitude() -> type[Any]:
    from quantum.encoders.amplitude import AmplitudeEncoder

    return AmplitudeEncoder


ENCODERS: Mapping[str, Callable[[], type[Any]]] = {"amplitude": _amplitude}
