# classical_baselines/front_ends/band_pass.py
"""Butterworth band-pass without delay: second-order sections, run over a clip forward and backward.

    |H(f)|^2 of one pass = 1 / (1 + ((W^2 - Wl Wh) / (W (Wh - Wl)))^(2 order)),   W = tan(pi f / sample_rate)

and both passes together multiply an amplitude by |H|^2 and turn no phase: -6 dB at either limit. The clip is extended
by its odd reflection at both ends, as scipy does (Gustafsson, IEEE Trans. Signal Processing 44(4), 1996, 988-992,
discusses the choice). `order` is that of one limit and one pass.

Limits of a domain: heart 25 to 400 Hz (as Springer et al., IEEE TBME 63(4), 2016, filter before they segment); lung 50
to 2000 Hz and speech 80 to 7600 Hz, customary limits. A domain that reaches beyond what the sample rate holds is cut at
95 % of half the rate.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from classical_baselines.front_ends.front_end_operations import FLOAT_BYTES, SAMPLE_BYTES
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts

DOMAINS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"heart": (25.0, 400.0), "lung": (50.0, 2000.0), "speech": (80.0, 7600.0)}
)
HIGHEST_SHARE = 0.95  # of half the sample rate
LARGEST_ORDER = 10


def domain_band(domain: str, sample_rate_hz: int) -> tuple[float, float]:
    """Limits of a domain in hertz, as far as the sample rate holds them.

    >>> domain_band("speech", 8000)
    (80.0, 3800.0)
    """
    low_hz, high_hz = DOMAINS[domain]
    return low_hz, min(high_hz, HIGHEST_SHARE * sample_rate_hz / 2)


def band_pass_sections(band_hz: tuple[float, float], order: int, sample_rate_hz: int) -> Any:
    """Second-order sections [section, 6], numerators then denominators, float64."""
    from scipy.signal import butter

    low_hz, high_hz = band_hz
    if not 0 < low_hz < high_hz < sample_rate_hz / 2:
        raise InputError(
            f"A band-pass must satisfy 0 < low < high < {sample_rate_hz / 2:g} Hz (half of {sample_rate_hz} Hz); got "
            f"{low_hz:g} and {high_hz:g}."
        )
    return butter(order, band_hz, btype="bandpass", fs=sample_rate_hz, output="sos")


def n_extension(order: int) -> int:
    """Samples by which a clip is extended at either end: three times the filter's length, as in scipy."""
    return 3 * (2 * order + 1)


def band_passed(waveforms: Tensor, band_hz: tuple[float, float], order: int, sample_rate_hz: int) -> Tensor:
    """[batch, sample] -> [batch, sample], filtered in 64 bits."""
    from scipy.signal import sosfiltfilt

    sections = band_pass_sections(band_hz, order, sample_rate_hz)
    if waveforms.shape[-1] <= n_extension(order):
        raise InputError(
            f"A clip of {waveforms.shape[-1]} samples is too short for a band-pass of order {order}, which needs more "
            f"than {n_extension(order)}. Choose longer clip_seconds or a lower order."
        )
    filtered = sosfiltfilt(sections, waveforms.detach().cpu().double().numpy(), padlen=n_extension(order))
    return torch.from_numpy(filtered.copy()).to(waveforms)


def band_pass_operations(order: int, n_samples: int) -> OperationCounts:
    """Per sample, pass and section (there are `order`): five products, four of which are added to a sum. Either
    reflection is a difference per sample from twice the outermost one; a pass begins each section from two states, in
    proportion to its first sample. The first section reads samples of 16 bits."""
    n_extended = n_samples + 2 * n_extension(order)
    n_steps = 2 * order * n_extended
    return OperationCounts.of(
        "front_end",
        "band-pass",
        add_fp32=2 * (1 + n_extension(order)),
        multiply_fp32=n_steps + 2 * 2 * order,
        mac_fp32=4 * n_steps,
        # the sample and two states are read and written
        sram_bytes=FLOAT_BYTES * (1 + 1 + 2 + 2) * n_steps - (FLOAT_BYTES - SAMPLE_BYTES) * n_extended,
    )
