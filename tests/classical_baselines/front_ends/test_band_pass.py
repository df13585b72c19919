# tests/classical_baselines/front_ends/test_band_pass.py
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.band_pass import (
    band_pass_operations,
    band_pass_sections,
    band_passed,
    domain_band,
)
from classical_baselines.harness.choices import InputError


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("frequency_hz", [50.0, 200.0, 350.0, 900.0, 1500.0, 2500.0])
def test_a_tone_keeps_its_phase_and_is_weakened_as_the_formula_says(order, frequency_hz):
    low_hz, high_hz, rate = 200.0, 1500.0, 8000
    tone = torch.cos(2 * torch.pi * frequency_hz / rate * torch.arange(32000, dtype=torch.float64) + 0.3)[None]

    filtered = band_passed(tone, (low_hz, high_hz), order, rate)[0, 12000:20000]

    low, high, here = (np.tan(np.pi * f / rate) for f in (low_hz, high_hz, frequency_hz))
    gain = 1 / (1 + ((here**2 - low * high) / (here * (high - low))) ** (2 * order))  # of both passes
    torch.testing.assert_close(filtered, gain * tone[0, 12000:20000], atol=1e-6, rtol=0)


def test_domains_are_cut_at_what_the_sample_rate_holds():
    assert domain_band("speech", 16000) == (80.0, 7600.0)
    assert domain_band("speech", 8000) == (80.0, 3800.0)
    assert domain_band("heart", 2000) == (25.0, 400.0)


def test_the_counts_are_five_products_a_section_sample_and_pass_and_what_it_begins_with():
    counts = band_pass_operations(order=3, n_samples=1000)

    n_sections = len(band_pass_sections((100.0, 500.0), 3, 8000))
    n_extended = 1000 + 2 * 21
    assert counts.total("multiply_fp32") + counts.total("mac_fp32") == (5 * n_extended + 2) * n_sections * 2
    assert counts.total("add_fp32") == 2 + 2 * 21  # the odd reflections


def test_limits_beyond_the_sample_rate_and_clips_that_are_too_short_are_refused():
    with pytest.raises(InputError, match=r"0 < low < high < 4000 Hz .half of 8000 Hz.; got 100 and 4000"):
        band_passed(torch.zeros(1, 1000), (100.0, 4000.0), 4, 8000)
    with pytest.raises(InputError, match="A clip of 27 samples is too short for a band-pass of order 4"):
        band_passed(torch.zeros(1, 27), (100.0, 1000.0), 4, 8000)
