# classical_baselines/front_ends/__init__.py
"""Front ends, from waveform [batch, sample] to a picture [batch, mel, frame], by name.

An entry imports its options when it is called: `FRONT_ENDS["log-mel"]()` is the dataclass `LogMel`. A front
end whose attribute `gives` is "decibels" (or another level, of one unit all over the picture) is scaled to an
intensity; "features" go to the classifier as they are.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType


def _log_mel() -> type:
    from classical_baselines.front_ends.mel import LogMel

    return LogMel


def _handcrafted() -> type:
    from classical_baselines.front_ends.handcrafted import Handcrafted

    return Handcrafted


def _band_statistics() -> type:
    from classical_baselines.front_ends.band_statistics import BandStatistics

    return BandStatistics


def _stft() -> type:
    from classical_baselines.front_ends.stft import Stft

    return Stft


def _librosa_mel() -> type:
    from classical_baselines.front_ends.librosa_mel import LibrosaMel

    return LibrosaMel


def _kaldi_fbank() -> type:
    from classical_baselines.front_ends.kaldi_fbank import KaldiFbank

    return KaldiFbank


def _ast_fbank() -> type:
    from classical_baselines.front_ends.ast_fbank import AstFbank

    return AstFbank


def _pcen() -> type:
    from classical_baselines.front_ends.pcen import Pcen

    return Pcen


def _waveform() -> type:
    from classical_baselines.front_ends.waveform import Waveform

    return Waveform


def _rmmse() -> type:
    from classical_baselines.front_ends.rmmse import Rmmse

    return Rmmse


def _kalman_ar() -> type:
    from classical_baselines.front_ends.kalman_ar import KalmanAr

    return KalmanAr


def _group_delay() -> type:
    from classical_baselines.front_ends.group_delay import GroupDelay

    return GroupDelay


def _phase_derivative() -> type:
    from classical_baselines.front_ends.phase_derivative import PhaseDerivative

    return PhaseDerivative


def _instantaneous_frequency() -> type:
    from classical_baselines.front_ends.instantaneous_frequency import InstantaneousFrequency

    return InstantaneousFrequency


def _prepared_log_mel() -> type:
    from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel

    return PreparedLogMel


def _paired_views() -> type:
    from classical_baselines.front_ends.paired_views import PairedViews

    return PairedViews


def _part_of_clip() -> type:
    from classical_baselines.front_ends.part_of_clip import PartOfClip

    return PartOfClip


def _events() -> type:
    from classical_baselines.front_ends.events import Events

    return Events


def _interaural() -> type:
    from classical_baselines.front_ends.interaural import Interaural

    return Interaural


def _interaural_delay() -> type:
    from classical_baselines.front_ends.interaural_delay import InterauralDelay

    return InterauralDelay


def _two_ears() -> type:
    from classical_baselines.front_ends.two_ears import TwoEars

    return TwoEars


def _sound_and_image() -> type:
    from classical_baselines.front_ends.sound_and_image import SoundAndImage

    return SoundAndImage


def _bicoherence() -> type:
    from classical_baselines.front_ends.bicoherence import Bicoherence

    return Bicoherence


def _plain_numbers() -> type:
    from classical_baselines.front_ends.plain_numbers import PlainNumbers

    return PlainNumbers


FRONT_ENDS: Mapping[str, Callable[[], type]] = MappingProxyType(
    {
        "log-mel": _log_mel,
        "handcrafted": _handcrafted,
        "band-statistics": _band_statistics,
        "stft": _stft,
        "librosa-mel": _librosa_mel,
        "kaldi-fbank": _kaldi_fbank,
        "ast-fbank": _ast_fbank,
        "pcen": _pcen,
        "waveform": _waveform,
        "rmmse": _rmmse,
        "kalman-ar": _kalman_ar,
        "group-delay": _group_delay,
        "phase-derivative": _phase_derivative,
        "instantaneous-frequency": _instantaneous_frequency,
        "prepared-log-mel": _prepared_log_mel,
        "paired-views": _paired_views,
        "part-of-clip": _part_of_clip,
        "events": _events,
        "interaural": _interaural,
        "interaural-delay": _interaural_delay,
        "two-ears": _two_ears,
        "bicoherence": _bicoherence,
        "plain-numbers": _plain_numbers,
        "sound-and-image": _sound_and_image,
    }
)
