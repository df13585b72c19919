"""Coincidence code: delay lines from both ears and neurons that fire where their spikes meet, after Jeffress.

    y_b        band b of an ear: a band-pass of second order (Butterworth), both ears alike
    spike      y_b[n-1] < 0 <= y_b[n], where |y_b| has passed `floor` since the spike before: one a period, at one phase
    detector   (b, d) counts the pairs of a left and a right spike that come d samples apart, to within `width`
    step       the `hop` samples in which the later spike of a pair falls
    channel    (share, b, d) spikes in a step in which its detector counted at least share x f_b x hop / rate pairs: a
               share of the periods of a tone at the centre f_b of the band

A sound from the left comes to the right ear later, and its spikes meet where the line from the left is as much longer:
which detector fires says where the sound is. A period is told from the next where it is longer than the delays, below
1 kHz; bands up to 2 kHz add finer places that repeat.

    samples   [batch, 2, sample]        as the front end `two-ears` gives them
    spikes    [step, batch, channel]    0 or 1; channel = (share * n_bands + band) * n_delays + delay

There is no decoder: of the spikes of the ears only their meetings are kept.

References: Jeffress, J. Comp. Physiol. Psychol. 41 (1948), 35-39; Lazzaro & Mead, Neural Computation 1 (1989), 47-57
(the same on a chip).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.operations import OperationCounts
from neuro.encoders.samples import Bands, check_hop
from neuro.encoders.steps import check_n_steps

N_EARS = 2
MOST_DELAY = 256  # samples: ten times what a head takes at 16 kHz


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _spike_times(samples: NDArray[Any], filters: NDArray[Any], floor: float, times: NDArray[Any]) -> Any:
    """Samples [sample] of an ear -> times [band, n] of its spikes and how many there are, [band]."""
    n_bands = filters.shape[1]
    n_spikes = np.zeros(n_bands, np.int64)
    for band in range(n_bands):
        b0, b1, b2, a1, a2 = filters[:, band]
        first = second = before = largest = 0.0
        for n in range(len(samples)):
            x = samples[n]
            y = b0 * x + first
            first = b1 * x - a1 * y + second
            second = b2 * x - a2 * y
            if abs(y) < 1e-20:
                y = 0.0
            largest = max(largest, abs(y))
            if before < 0.0 and y >= 0.0 and largest >= floor:
                times[band, n_spikes[band]] = n
                n_spikes[band] += 1
                largest = 0.0
            before = y
    return n_spikes


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _meetings(
    left: NDArray[Any],
    n_left: NDArray[Any],
    right: NDArray[Any],
    n_right: NDArray[Any],
    limits: NDArray[Any],
    pairs: NDArray[Any],
) -> None:
    """Times of both ears -> pairs [step, band, delay]; limits are (longest delay, width, hop)."""
    longest, width, hop = limits
    n_steps = pairs.shape[0]
    for band in range(len(n_left)):
        start = 0
        for i in range(n_left[band]):
            n = left[band, i]
            while start < n_right[band] and right[band, start] < n - longest - width:
                start += 1
            k = start
            while k < n_right[band] and right[band, k] <= n + longest + width:
                apart = right[band, k] - n
                step = max(n, right[band, k]) // hop
                if step < n_steps:
                    for d in range(max(-longest, apart - width), min(longest, apart + width) + 1):
                        pairs[step, band, d + longest] += 1
                k += 1


@dataclass(frozen=True)
class CoincidenceEncoder:
    """The options of a coincidence code; calling it encodes a batch of clips of two ears."""

    sample_rate_hz: int = 32000  # of both ears together, as the clips are told
    n_bands: int = 12
    low_hz: float = 200.0
    high_hz: float = 2000.0
    longest_delay: int = 16  # samples, either way: 1 ms at 16 kHz
    width: int = 1  # samples by which two spikes may miss each other
    shares: tuple[float, ...] = (0.2, 0.5)
    floor: float = 1e-3  # of the largest sample of the clip
    hop: int = 500  # samples of an ear that make a step
    reads: ClassVar[str] = "two ears"

    def __post_init__(self) -> None:
        check_hop(self.hop)
        if not 1 <= self.longest_delay <= MOST_DELAY or not 0 <= self.width <= self.longest_delay:
            raise InputError(
                f"longest_delay must be 1 to {MOST_DELAY} samples and width 0 to that; got {self.longest_delay} and "
                f"{self.width}."
            )
        if not self.shares or not all(0 < share <= 1 for share in self.shares) or self.floor <= 0:
            raise InputError(f"shares must lie in (0, 1] and floor be positive; got {self.shares} and {self.floor}.")
        self.filters()

    @property
    def bands(self) -> Bands:
        """Where the bands stand."""
        return Bands(self.n_bands, self.low_hz, self.high_hz, "mel", self.sample_rate_hz // N_EARS)

    def filters(self) -> NDArray[np.float64]:
        """[(b0, b1, b2, a1, a2), band]: from the middle to the band below to the middle to the band above."""
        from scipy.signal import butter

        corners = self.bands.corners_hz()
        edges = (corners[1:] + corners[:-1]) / 2
        made = [
            butter(1, (low, high), btype="bandpass", fs=self.sample_rate_hz / N_EARS) for low, high in pairwise(edges)
        ]
        return np.array([[*b, *a[1:]] for b, a in made]).T.copy()

    def thresholds(self) -> NDArray[np.float64]:
        """[share, band], pairs in a step; at least one."""
        periods = self.bands.centres_hz() * self.hop / (self.sample_rate_hz / N_EARS)
        return np.maximum(1.0, np.outer(self.shares, periods))

    def __call__(self, intensity: Tensor, generator: torch.Generator) -> Tensor:
        del generator  # part of the encoder contract; this code draws nothing
        pairs, _ = self._heard(intensity)
        spikes = pairs[:, :, None] >= self.thresholds()[..., None]  # [clip, step, share, band, delay]
        return torch.from_numpy(spikes).flatten(2).transpose(0, 1).to(intensity)

    def _heard(self, samples: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs [clip, step, band, delay], and spikes [clip, ear]."""
        check_axes("samples", samples, "batch", "ear", "sample")
        check_finite("samples", samples)
        shape = self.shape(*samples.shape[1:])
        signal = samples.detach().cpu().numpy().astype(np.float64)
        filters, n_delays = self.filters(), 2 * self.longest_delay + 1
        limits = np.array([self.longest_delay, self.width, self.hop])
        pairs = np.zeros((len(signal), shape.n_steps, self.n_bands, n_delays), dtype=np.int64)
        n_spikes = np.zeros((len(signal), N_EARS), dtype=np.int64)
        for clip, ears in enumerate(signal):
            times = np.zeros((N_EARS, self.n_bands, ears.shape[1]), dtype=np.int64)
            counts = [_spike_times(one, filters, self.floor, of) for one, of in zip(ears, times, strict=True)]
            _meetings(times[0], counts[0], times[1], counts[1], limits, pairs[clip])
            n_spikes[clip] = [count.sum() for count in counts]
        return pairs, n_spikes

    def shape(self, n_mels: int, n_frames: int) -> EncodedShape:
        if n_mels != N_EARS:
            raise InputError(
                f"coincidence reads samples of two ears [2, sample]; it is given a picture of {n_mels} x {n_frames}. "
                "Choose the front end 'two-ears'."
            )
        if n_frames < self.hop:
            raise InputError(f"coincidence needs clips of at least a hop of {self.hop} samples; got {n_frames}.")
        check_n_steps(n_frames // self.hop)
        return EncodedShape(
            "spikes", (len(self.shares), self.n_bands, 2 * self.longest_delay + 1), n_frames // self.hop
        )

    def operations(self, intensity: Tensor, encoded: Tensor) -> OperationCounts:
        """Per sample, ear and band: the filter, four MACs and a multiplication; a magnitude against the largest, and
        three comparisons for a spike. Of each spike a sum and a comparison at every detector that its line passes, and
        at `width` more on either side; per step and channel a comparison; integer ones are counted as sums."""
        n_steps, _, n_channels = encoded.shape
        n_updates = N_EARS * intensity.shape[2] * self.n_bands
        _, n_spikes = self._heard(intensity)
        n_met = float(n_spikes.sum()) / max(1, len(n_spikes)) * (2 * (self.longest_delay + self.width) + 1)
        return (
            OperationCounts.of("encoder", "bands", mac_fp32=4 * n_updates, multiply_fp32=n_updates)
            + OperationCounts.of("encoder", "crossings", compare_fp32=4 * n_updates)
            + OperationCounts.of("encoder", "detectors", add_int32=2 * n_met + n_steps * n_channels)
        )
