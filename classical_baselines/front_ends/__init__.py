# classical_baselines/front_ends/__init__.py
"""Front ends, from waveform [batch, sample] to a picture [batch, mel, frame], by name.

An entry imports its options when it is called: `FRONT_ENDS["log-mel"]()` is the dataclass `LogMel`. A front
end whose attribute `gives` is "decibels" is scaled to an intensity; "features" go to the classifier as they are.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType


def _log_mel() -> type:
    from classical_baselines.front_ends.mel import LogMel

    return LogMel


def _handcrafted() -> type:
    from classical_baselines.front_ends.handcrafted import Handcrafted

    return Handcrafted


FRONT_ENDS: Mapping[str, Callable[[], type]] = MappingProxyType(
    {
        "log-mel": _log_mel,
        "handcrafted": _handcrafted,
    }
)
