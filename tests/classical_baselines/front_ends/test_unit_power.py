# tests/classical_baselines/front_ends/test_unit_power.py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends.unit_power import of_unit_power, unit_power_operations


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-6, 100), st.integers(1, 300), st.integers(0, 2**31))
def test_the_mean_power_over_the_own_length_becomes_1_whatever_the_level(level, length, seed):
    waveforms = level * torch.randn(2, 300, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    scaled = of_unit_power(waveforms, torch.tensor([length, 300])).numpy()

    assert (scaled[0, length:] == 0).all()
    for clip, before, n in zip(scaled, waveforms.numpy(), (length, 300), strict=True):
        np.testing.assert_allclose(clip[:n], before[:n] / np.sqrt(np.mean(before[:n] ** 2)), rtol=1e-12)


@pytest.mark.parametrize("length", [0, 100])
def test_silence_and_an_empty_clip_stay_silent(length):
    assert (of_unit_power(torch.zeros(1, 100), torch.tensor([length])) == 0).all()


def test_a_clip_is_read_twice_and_written_once():
    counts = {operation: count for (_, _, operation), count in unit_power_operations(1000, result_bytes=4)}

    assert counts == {
        **{"mac_fp32": 1000, "multiply_fp32": 1000, "compare_fp32": 1, "transcendental_fp32": 2},
        "sram_bytes": 8000,
    }
