# neuro/encoders/cochlea.py
"""Cochlea code: a cascade of second-order low-pass filters whose differences fire as address events.

In the manner of the neuromorphic auditory sensor (NAS): the sound runs through low-pass filters whose cut-offs fall,
and what a stage takes away is its band. Each band's magnitude drives a pulse generator, whose events carry its sign:

    y_0 = x,   y_k = second-order Butterworth low-pass of y_(k-1), cut off at g_k        g_1 > g_2 > ...
    d_k = y_(k-1) - y_k
    v_k = v_k + |d_k|;      v_k >= threshold:  event (k, sign of d_k),  v_k = v_k - threshold
    a step of (k, sign) spikes where at least one event of its `hop` samples fell

An event stands for `threshold` of rectified signal, so that loud bands fire often. The sensor works on trains of spikes
from the microphone on, in hardware of its own; here the filters are those of samples, and are counted as such.

    waveform   [batch, 1, sample]          in [-1, 1], as the front end `waveform` gives it
    spikes     [step, batch, channel]      0 or 1; channel = polarity * n_bands + band, bands from low to high

There is no decoder: of the events only the step is kept.

References: Lyon & Mead, IEEE Transactions on Acoustics, Speech, and Signal Processing 36 (1988), 1119-1134 (the
cascade); Jiménez-Fernández et al., IEEE TNNLS 28 (2017), 804-818 (the sensor).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.encoders.samples import Bands, Spacing, check_hop, checked_samples, steps_of

N_POLARITIES = 2
FAINT = 1e-20  # added to every sample: filters that ring out to numbers below 1e-308 are slow, and nothing else notices


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _events(samples: NDArray[Any], filters: NDArray[Any], threshold: float, hop: int, fired: NDArray[Any]) -> None:
    """Samples of one clip, filters [(b0, b1, b2, a1, a2), stage] -> fired [step, polarity, stage], 1 where events fell.

    At one tick each stage works on the sample that the stage before it has left at the tick before: stage k is k
    samples behind the first, and all stages are computed side by side.
    """
    n_steps, _, n_stages = fired.shape
    n_samples = n_steps * hop
    b0, b1, b2, a1, a2 = filters
    first, second = np.zeros(n_stages), np.zeros(n_stages)  # state of the transposed direct form
    charge, rose, fell = np.zeros(n_stages), np.zeros(n_stages), np.zeros(n_stages)
    inputs, outputs = np.zeros(n_stages), np.zeros(n_stages)
    for tick in range(n_samples + n_stages - 1):
        inputs[1:] = outputs[:-1]
        inputs[0] = FAINT + (samples[tick] if tick < n_samples else 0.0)
        for stage in range(n_stages):
            x = inputs[stage]
            y = b0[stage] * x + first[stage]
            first[stage] = b1[stage] * x - a1[stage] * y + second[stage]
            second[stage] = b2[stage] * x - a2[stage] * y
            outputs[stage] = y
            gathered = charge[stage] + abs(x - y)
            fires = 1.0 if gathered >= threshold else 0.0
            charge[stage] = gathered - threshold * fires
            rose[stage] += fires if x >= y else 0.0
            fell[stage] += fires if x < y else 0.0
        for stage in range((tick + 1) % hop, min(n_stages, tick + 1), hop):  # those that have come to the end of a step
            step = (tick + 1 - stage) // hop - 1
            if step < n_steps:
                fired[step, 0, stage] = rose[stage] > 0
                fired[step, 1, stage] = fell[stage] > 0
            rose[stage] = 0.0
            fell[stage] = 0.0


@dataclass(frozen=True)
class CochleaEncoder:
    """The options of a cochlea code; calling it encodes a batch of waveforms."""

    sample_rate_hz: int = 8000  # of the clips; a study whose clips have another is refused
    n_bands: int = 32
    low_hz: float = 80.0
    high_hz: float = 3800.0
    spacing: Spacing = "mel"
    threshold: float = 2.0  # of rectified signal that an event stands for: mean magnitude times samples
    hop: int = 128  # samples of a step
    reads: ClassVar[str] = "waveform"

    def __post_init__(self) -> None:
        check_hop(self.hop)
        if not self.threshold > 0:
            raise InputError(f"threshold must be positive; got {self.threshold}.")
        self.filters()

    @property
    def bands(self) -> Bands:
        """Where the bands stand."""
        return Bands(self.n_bands, self.low_hz, self.high_hz, self.spacing, self.sample_rate_hz)

    def filters(self) -> NDArray[np.float64]:
        """[(b0, b1, b2, a1, a2), stage], the highest cut-off first: the lower edge of each band."""
        from scipy.signal import butter

        corners = self.bands.corners_hz()
        cut_offs = (corners[:-2] + corners[1:-1]) / 2
        made = [butter(2, cut_off, fs=self.sample_rate_hz) for cut_off in cut_offs[::-1]]
        return np.array([[*b, *a[1:]] for b, a in made]).T.copy()

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        samples = checked_samples(intensity, self.hop, "cochlea")
        signal = samples.detach().cpu().numpy().astype(np.float64)
        n_steps = signal.shape[1] // self.hop
        fired = np.empty((len(signal), n_steps, N_POLARITIES, self.n_bands), dtype=np.int8)
        filters = self.filters()
        for clip in range(len(signal)):
            _events(signal[clip], filters, self.threshold, self.hop, fired[clip])
        from_low = np.ascontiguousarray(fired[..., ::-1]).reshape(len(signal), n_steps, -1)
        return torch.from_numpy(from_low).transpose(0, 1).to(intensity)

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        n_steps = steps_of(n_mels, n_frames, self.hop, "cochlea")
        return EncodedShape("spikes", (N_POLARITIES * self.n_bands,), n_steps)

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per sample and stage: the filter, four MACs and a multiplication; the difference, its magnitude and the sum
        of the charge; the comparison, the subtraction and the sign, computed without branches."""
        del intensity
        n_updates = len(encoded) * self.hop * self.n_bands
        return OperationCounts.of(
            "encoder", "cascade", mac_fp32=4 * n_updates, multiply_fp32=n_updates
        ) + OperationCounts.of("encoder", "pulses", add_fp32=3 * n_updates, compare_fp32=3 * n_updates)
