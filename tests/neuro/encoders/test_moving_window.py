# tests/neuro/encoders/test_moving_window.py
"""The moving-window code against its rule in plain Python."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.encoders.moving_window import MovingWindowEncoder, window_means


@given(st.lists(st.integers(0, 64), min_size=1, max_size=20), st.integers(1, 7))
def test_the_base_is_the_mean_of_the_frames_before_and_silence_before_the_clip(sixtyfourths, n_frames):
    padded = [0] * n_frames + sixtyfourths
    expected = [
        float(Fraction(sum(padded[frame : frame + n_frames]), 64 * n_frames)) for frame in range(len(sixtyfourths))
    ]
    levels = torch.tensor([[sixtyfourths]], dtype=torch.float64) / 64

    assert window_means(levels, n_frames)[0, 0].tolist() == pytest.approx(expected, abs=1e-15)


@given(st.lists(st.integers(0, 64), min_size=1, max_size=20), st.integers(1, 5))
def test_a_band_fires_where_it_leaves_its_mean_by_more_than_delta(sixtyfourths, n_frames):
    delta = 0.1371  # no sum of 64ths over 1 to 5 frames lies on it
    encoder = MovingWindowEncoder(n_frames=n_frames, delta=delta)
    padded = [0] * n_frames + sixtyfourths
    expected, decoded, level = [], [], 0.0
    for frame, value in enumerate(sixtyfourths):
        rise = value / 64 - sum(padded[frame : frame + n_frames]) / (64 * n_frames)
        sign = (rise > delta) - (rise < -delta)
        expected.append([float(sign > 0), float(sign < 0)])
        level = min(max(level + delta * sign, 0), 1)
        decoded.append(level)
    encoded = encoder(torch.tensor([[sixtyfourths]], dtype=torch.float64) / 64, torch.Generator())

    assert encoded[:, 0].tolist() == expected
    assert encoder.decoded(encoded, 1, len(decoded))[0, 0].tolist() == pytest.approx(decoded, abs=1e-12)


def test_on_bands_come_before_off_bands_and_each_level_costs_a_running_mean():
    intensity = torch.tensor([[[0.5, 0.5, 0.0], [0.0, 0.0, 0.3]]])
    encoder = MovingWindowEncoder(n_frames=1, delta=0.25)
    encoded = encoder(intensity, torch.Generator())
    counts = encoder.operations(intensity, encoded)

    assert encoded[:, 0].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]]
    assert (encoder.shape(2, 3).grid, encoder.shape(2, 3).n_steps) == ((4,), 3)
    assert (counts.total("add_fp32"), counts.total("compare_fp32"), counts.total("multiply_fp32")) == (24, 12, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_frames": 0}, "n_frames must be 1 to 1024; got 0"), ({"delta": 1.0}, "delta must lie between 0 and 1")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        MovingWindowEncoder(**options)
