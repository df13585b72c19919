# classical_baselines/front_ends/kalman_ar.py
"""Adaptive spectrogram of an autoregressive model whose coefficients a Kalman filter tracks, sample by sample.

The clip is scaled to a mean power of 1 over its own length. With h_n = [y_{n-1}, ..., y_{n-p}], p = order,

    a_n = a_{n-1} + w_n,   cov w = Q = process_noise * I
    y_n = h_n^T a_n + v_n, var v = R = measurement_noise

    P <- P + Q;   e = y - h^T a;   K = P h / (h^T P h + R);   a <- a + K e;   P <- P - K h^T P

begins at a = 0, P = I. Frame t is read after sample (t + 1) hop - 1, of which the clip holds n // hop,

    S[f, t] = sigma_t^2 / |1 - sum_k a_k e^{-j 2 pi f k}|^2      f in cycles per sample, n_points / 2 + 1 bins
    level   10 log10(S / the clip's maximum of S), limited to [-top_db, 0]            [batch, bin, frame]

with sigma_t^2 the mean of e^2 over the frame's own hop samples, so that a pause is as weak as it is (R alone would draw
it as loud as speech). Frames after a clip's own end are silence, -top_db.

Aboy, Marquez, McNames, Hornero, Trong & Goldstein, IEEE Trans. Biomed. Eng. 52(8), 2005, 1485-1489. The filter costs
order^2 per sample, in 64 bits; counted, as everywhere, as 32-bit operations.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import count_fourier, count_power
from classical_baselines.front_ends.mel import LARGEST_HOP, LARGEST_N_FFT, relative_level
from classical_baselines.front_ends.stft import check_top_db, level_operations
from classical_baselines.front_ends.unit_power import of_unit_power, unit_power_operations
from classical_baselines.harness.checks import check_axes, check_finite
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

LARGEST_ORDER = 128


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _track(
    samples: NDArray[Any],
    order: int,
    hop: int,
    process_noise: float,
    measurement_noise: float,
    coefficients: NDArray[Any],
    innovation_power: NDArray[Any],
) -> None:
    """One clip [sample] -> coefficients [frame, order] and mean squared innovation [frame]."""
    n_frames = len(innovation_power)
    a = np.zeros(order)
    history = np.zeros(order)
    covariance = np.eye(order)
    gain = np.empty(order)
    for frame in range(n_frames):
        total = 0.0
        for n in range(frame * hop, (frame + 1) * hop):
            innovation = samples[n]
            variance = measurement_noise
            for i in range(order):
                covariance[i, i] += process_noise
            for i in range(order):
                innovation -= history[i] * a[i]
                product = 0.0
                for j in range(order):
                    product += covariance[i, j] * history[j]
                gain[i] = product
                variance += history[i] * product
            for i in range(order):
                share = gain[i] / variance
                a[i] += share * innovation
                for j in range(i + 1):  # P stays symmetric: one half is computed, the other copied
                    covariance[i, j] -= share * gain[j]
                    covariance[j, i] = covariance[i, j]
            for i in range(order - 1, 0, -1):
                history[i] = history[i - 1]
            history[0] = samples[n]
            total += innovation * innovation
        coefficients[frame] = a
        innovation_power[frame] = total / hop


def tracked(
    waveforms: Tensor, order: int, hop: int, process_noise: float, measurement_noise: float
) -> tuple[Tensor, Tensor]:
    """[batch, sample] -> coefficients [batch, frame, order], innovation power [batch, frame]; float64 on the CPU."""
    samples = np.ascontiguousarray(waveforms.detach().cpu().double().numpy())
    n_frames = samples.shape[1] // hop
    coefficients = np.zeros((len(samples), n_frames, order))
    innovation_power = np.zeros((len(samples), n_frames))
    for clip in range(len(samples)):
        if samples[clip].any():
            _track(
                samples[clip], order, hop, process_noise, measurement_noise, coefficients[clip], innovation_power[clip]
            )
    return torch.from_numpy(coefficients), torch.from_numpy(innovation_power)


def autoregressive_power(coefficients: Tensor, innovation_power: Tensor, n_points: int) -> Tensor:
    """S [batch, frame, bin] of coefficients [batch, frame, order] and the power of what drives them [batch, frame]."""
    whitening = torch.cat([torch.ones_like(coefficients[..., :1]), -coefficients], dim=-1)
    response = torch.fft.rfft(whitening, n=n_points)
    return innovation_power[..., None] / (response.real.square() + response.imag.square()).clamp_min(1e-12)


@dataclass(frozen=True)
class KalmanAr:
    """Options of a Kalman-filtered autoregressive spectrogram; calling it gives decibels in [-top_db, 0]."""

    order: int = 12  # p, autoregressive coefficients; two for each resonance
    n_points: int = 128  # the spectrum is read at n_points / 2 + 1 frequencies
    hop: int = 128
    process_noise: float = 1e-5
    measurement_noise: float = 0.1  # of the clip's mean power
    top_db: float = 50.0
    gives: ClassVar[Literal["decibels"]] = "decibels"

    def __post_init__(self) -> None:
        check_top_db(self.top_db)
        if not 4 <= self.n_points <= LARGEST_N_FFT or self.n_points & (self.n_points - 1):
            raise InputError(f"n_points must be a power of two from 4 to {LARGEST_N_FFT}; got {self.n_points}.")
        most = min(LARGEST_ORDER, self.n_points - 1)
        if not 1 <= self.order <= most:
            raise InputError(
                f"order must lie in 1 to {most} (below n_points, at most {LARGEST_ORDER}); got {self.order}."
            )
        if not 1 <= self.hop <= LARGEST_HOP:
            raise InputError(f"hop must lie in 1 to {LARGEST_HOP}; got {self.hop}.")
        if not 0 <= self.process_noise <= 1:
            raise InputError(f"process_noise must lie in 0 to 1; got {self.process_noise}.")
        if not 1e-6 <= self.measurement_noise <= 100:  # far below it, P loses its positive sign to rounding
            raise InputError(f"measurement_noise must lie in 1e-6 to 100; got {self.measurement_noise}.")

    def __call__(self, waveforms: Tensor, n_samples: Tensor, sample_rate_hz: int) -> Tensor:
        """[batch, sample] and each clip's own length -> decibels [batch, bin, frame]."""
        del sample_rate_hz  # frequencies are counted in shares of it
        check_axes("waveforms", waveforms, "batch", "sample")
        check_finite("waveforms", waveforms)
        shortest = max(self.hop, self.order + 1)
        if waveforms.shape[1] < shortest:
            raise InputError(
                f"A clip of {waveforms.shape[1]} samples is shorter than {shortest}: one hop, and order + 1 samples. "
                "Choose longer clip_seconds, a smaller hop or a smaller order."
            )
        scaled = of_unit_power(waveforms.double(), n_samples)
        coefficients, innovations = tracked(scaled, self.order, self.hop, self.process_noise, self.measurement_noise)
        begins = torch.arange(innovations.shape[1]) * self.hop
        innovations = innovations.masked_fill(begins >= n_samples.cpu()[:, None], 0)
        power = autoregressive_power(coefficients, innovations, self.n_points).to(waveforms.device)
        level = relative_level(power, power.amax(dim=(1, 2), keepdim=True), self.top_db)
        return level.transpose(1, 2).to(waveforms.dtype)

    def operations(self, n_samples: int, sample_rate_hz: int) -> OperationCounts:
        """Counts of one clip that fills the window. Per sample: p additions of Q; p + p^2 + p products for e, P h and
        h^T P h; p divisions; p products for a, p (p + 1) / 2 for P; the square of e."""
        del sample_rate_hz
        p = self.order
        n_frames = n_samples // self.hop
        n_tracked = n_frames * self.hop
        n_bins = (self.n_points // 2 + 1) * n_frames
        track = OperationCounts.of(
            "front_end",
            "kalman",
            add_fp32=p * n_tracked,
            mac_fp32=(p * p + 3 * p + p * (p + 1) // 2 + 1) * n_tracked,
            transcendental_fp32=p * n_tracked,
            # P is read for P h; then one half of it is read, and both are written, the other from the first. The sample
            # is read; a, h and the gain are read and written once.
            sram_bytes=4 * (2 * p * p + p * (p + 1) // 2 + 6 * p + 1) * n_tracked,
        )
        spectrum = OperationCounts.of(
            "front_end",
            "spectrum",
            compare_fp32=n_bins,
            transcendental_fp32=n_bins,
            multiply_fp32=n_frames,
            sram_bytes=8 * n_bins,
        )
        return (
            unit_power_operations(n_samples, result_bytes=4)
            + track
            + count_fourier(self.n_points, n_frames)
            + count_power(self.n_points, n_frames)
            + spectrum
            + level_operations(n_bins)
        )
