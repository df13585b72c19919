# studies/causality.py
"""What can decide before a clip is over: front ends, codes and networks whose present does not wait for the future.

    causal front end   changing the samples after t changes no frame that was complete by t: a frame is complete when
                       its window is heard, n_complete(t) = 1 + floor((t - window / 2) / hop) for frames around f * hop
    causal code        the code of the first frames is the beginning of the code of all frames
    streaming network  a causal code, and state that is carried from step to step: the decision after n frames is that
                       of the same network on these n frames, so that one run can be stopped at any of them

A front end is causal by its options: a level relative to the clip's own maximum, or an utterance cut at its ends, knows
the whole clip in its first frame. What is not causal, or not known to be, is refused by name with what to use instead.
The lists here are held against the property itself in `tests/studies/test_causality.py`, for every entry of the
registries.
"""

from collections.abc import Callable, Mapping
from math import floor
from typing import Any

from classical_baselines.harness.contracts import Classifier, Encoder

CAUSAL_FRONT_ENDS = "log-mel and stft with relative_to = 'fixed', and pcen"
CAUSAL_CODES = "none, send-on-delta, threshold-adaptive, moving-window, direct-current with framewise = true"
ROUNDING = 1e-9  # of a quotient of two decimal fractions that is a whole number


def n_complete_frames(seconds: float, hop_seconds: float, window_seconds: float) -> int:
    """Frames whose window has been heard after so many seconds; frame f stands around f * hop.

    >>> [n_complete_frames(t, 0.016, 0.032) for t in (0.0, 0.016, 0.031, 0.032, 0.2)]
    [0, 1, 1, 2, 12]
    """
    return max(0, 1 + floor((seconds - window_seconds / 2) / hop_seconds + ROUNDING))


def n_frames_of_clip(seconds: float, hop_seconds: float) -> int:
    """Frames of a whole clip: the last ones reach beyond its end, where there is silence.

    >>> n_frames_of_clip(1.008, 0.016)
    64
    """
    return 1 + floor(seconds / hop_seconds + ROUNDING)


def front_end_looks_ahead(name: str, front_end: Any) -> str:
    """Why pictures of this front end are not known frame by frame; "" where they are."""
    reason = _FRONT_ENDS.get(name)
    if reason is None:
        return f"the front end {name!r} is not known to hear frame by frame. Those that do: {CAUSAL_FRONT_ENDS}."
    said = reason(front_end)
    return f"the front end {name!r} {said}" if said else ""


def _of_levels(front_end: Any) -> str:
    """Log-mel and STFT by their reference; log-mel by what it does to the ends of the clip too."""
    if front_end.relative_to != "fixed":
        return (
            f"takes levels relative to the {front_end.relative_to.replace('-', ' ')}, which is known when the clip is "
            "over. Set relative_to = 'fixed', or choose pcen."
        )
    for option, what in (
        ("trim_below_db", "cuts each utterance at its ends, which are found in the whole clip"),
        ("stretch_to_frames", "stretches each clip by its length, which is known at its end"),
        ("keep_frames", "keeps a number of frames that is not the clip's, so that seconds and frames part"),
    ):
        if getattr(front_end, option, None) is not None:
            return f"{what}. Leave {option} out."
    return ""


def _always(_: Any) -> str:
    return ""


_FRONT_ENDS: Mapping[str, Callable[[Any], str]] = {"log-mel": _of_levels, "stft": _of_levels, "pcen": _always}


def code_looks_ahead(encoder: Encoder) -> str:
    """Why a code of the first frames is not the beginning of the code of all; "" where it is, or there is no code."""
    from classical_baselines.harness.unencoded import Unencoded
    from neuro.encoders.direct_current import DirectCurrentEncoder
    from neuro.encoders.moving_window import MovingWindowEncoder
    from neuro.encoders.send_on_delta import SendOnDeltaEncoder
    from neuro.encoders.threshold_adaptive import ThresholdAdaptiveEncoder
    from quantum.encoders.amplitude import AmplitudeEncoder

    causal = (Unencoded, SendOnDeltaEncoder, ThresholdAdaptiveEncoder, MovingWindowEncoder)
    # an amplitude code is made anew of each picture: nothing of it is carried from one decision to the next
    if isinstance(encoder, (*causal, AmplitudeEncoder)) or (
        isinstance(encoder, DirectCurrentEncoder) and encoder.framewise
    ):
        return ""
    return (
        f"the encoder {type(encoder).__name__} is not known to send frame by frame: it spends its steps on the whole "
        f"picture, or waits for later frames. Those that send what they have heard: {CAUSAL_CODES}."
    )


def streams(encoder: Encoder, classifier: Classifier) -> bool:
    """Whether one run of the network can be stopped after any frame; otherwise each decision is a run of its own."""
    from classical_baselines.harness.unencoded import Unencoded
    from classical_baselines.models.causal_rnn import CausalRnnClassifier
    from classical_baselines.models.causal_tcn import CausalTcnClassifier
    from neuro.classifiers.spiking_network import SpikingNetwork
    from neuro.encoders.learnt import LearntCodeNetwork

    if isinstance(encoder, Unencoded):
        return isinstance(classifier, CausalRnnClassifier | CausalTcnClassifier | LearntCodeNetwork)
    return isinstance(classifier, SpikingNetwork) and not code_looks_ahead(encoder)


def done_at_each_decision(classifier: Classifier) -> tuple[str, ...]:
    """Layers of a streaming network that work for a decision, beside the frames: what in their counts does not grow
    with the length is done at each decision.

    The readout of a spiking network integrates from step to step, and is there to be read at any time.
    """
    from classical_baselines.models.causal_rnn import CausalRnnClassifier
    from classical_baselines.models.causal_tcn import CausalTcnClassifier

    return ("mean", "readout") if isinstance(classifier, CausalRnnClassifier | CausalTcnClassifier) else ()
