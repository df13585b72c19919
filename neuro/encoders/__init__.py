# neuro/encoders/__init__.py
"""The spike encoders: from an intensity picture, or a waveform, to spikes [step, batch, channel].

An encoder says what it `reads`: "intensity" [batch, mel, frame] in [0, 1], "waveform" [batch, 1, sample] as the front
end of that name gives it, "events" [batch, unit, step] as the front end of that name gives them, or
"two ears" [batch, 2, sample] as the front end `two-ears` does. One whose spikes
give the picture back has `decoded(encoded, n_mels, n_frames)`; `measures` says how well, and in how many bits.
"""

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


def _centred_current() -> type[Any]:
    from neuro.encoders.centred_current import CentredCurrentEncoder

    return CentredCurrentEncoder


def _rate() -> type[Any]:
    from neuro.encoders.rate import RateEncoder

    return RateEncoder


def _threshold_adaptive() -> type[Any]:
    from neuro.encoders.threshold_adaptive import ThresholdAdaptiveEncoder

    return ThresholdAdaptiveEncoder


def _moving_window() -> type[Any]:
    from neuro.encoders.moving_window import MovingWindowEncoder

    return MovingWindowEncoder


def _bsa() -> type[Any]:
    from neuro.encoders.bsa import BsaEncoder

    return BsaEncoder


def _population() -> type[Any]:
    from neuro.encoders.population import PopulationEncoder

    return PopulationEncoder


def _resonate_and_fire() -> type[Any]:
    from neuro.encoders.resonate_and_fire import ResonateAndFireEncoder

    return ResonateAndFireEncoder


def _cochlea() -> type[Any]:
    from neuro.encoders.cochlea import CochleaEncoder

    return CochleaEncoder


def _events() -> type[Any]:
    from neuro.encoders.events import EventsEncoder

    return EventsEncoder


def _coincidence() -> type[Any]:
    from neuro.encoders.coincidence import CoincidenceEncoder

    return CoincidenceEncoder


ENCODERS: Mapping[str, Callable[[], type[Any]]] = {
    "latency": _latency,
    "send-on-delta": _send_on_delta,
    "direct-current": _direct_current,
    "centred-current": _centred_current,
    "rate": _rate,
    "threshold-adaptive": _threshold_adaptive,
    "moving-window": _moving_window,
    "bsa": _bsa,
    "population": _population,
    "resonate-and-fire": _resonate_and_fire,
    "cochlea": _cochlea,
    "events": _events,
    "coincidence": _coincidence,
}
