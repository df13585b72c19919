# tests/classical_baselines/front_ends/test_handcrafted.py
from itertools import pairwise

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct

from classical_baselines.front_ends.handcrafted import (
    Handcrafted,
    deltas,
    orthonormal_dct,
    part_averages,
    spectral_centroid,
    spectral_roll_off,
    zero_crossing_rate,
)
from classical_baselines.front_ends.mel import power_spectrogram
from classical_baselines.harness.choices import InputError


def noise(n_clips, n_samples, seed=0):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 0.1


def rows(front_end, features):
    return dict(zip(front_end.feature_names, features.transpose(0, 1), strict=True))


def test_the_cepstrum_is_the_mfcc_of_librosa():
    waveforms = noise(2, 4000)
    front_end = Handcrafted(n_coefficients=20, top_db=80.0)

    ours = front_end.cepstrum(power_spectrogram(waveforms, 256, 80), 8000)

    for clip, cepstrum in zip(waveforms.numpy(), ours.numpy(), strict=True):
        mel = librosa.feature.melspectrogram(
            y=clip, sr=8000, n_fft=256, hop_length=80, n_mels=40, pad_mode="constant", dtype=np.float64
        )
        expected = librosa.feature.mfcc(S=librosa.power_to_db(mel, ref=np.max, top_db=80), n_mfcc=20)
        np.testing.assert_allclose(cepstrum, expected, atol=1e-3)


def test_the_cosine_transform_is_that_of_scipy():
    expected = dct(np.eye(13), type=2, norm="ortho", axis=0)

    np.testing.assert_allclose(orthonormal_dct(13, 13).numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(orthonormal_dct(5, 13).numpy(), expected[:5], atol=1e-12)


def test_the_deltas_are_those_of_librosa_with_repeated_edges():
    values = noise(2, 60).reshape(2, 3, 20)

    np.testing.assert_allclose(
        deltas(values).numpy(), librosa.feature.delta(values.numpy(), mode="nearest"), atol=1e-12
    )


def test_centroid_and_roll_off_are_those_of_librosa_as_a_share_of_half_the_sample_rate():
    magnitude = power_spectrogram(noise(1, 4000), 256, 80).sqrt()
    given_to_librosa = magnitude[0].T.numpy()

    centroid = librosa.feature.spectral_centroid(S=given_to_librosa, sr=8000)[0]
    roll_off = librosa.feature.spectral_rolloff(S=given_to_librosa, sr=8000, roll_percent=0.85)[0]

    np.testing.assert_allclose(spectral_centroid(magnitude)[0].numpy() * 4000, centroid, rtol=1e-9)
    np.testing.assert_allclose(spectral_roll_off(magnitude)[0].numpy() * 4000, roll_off, rtol=1e-9)


def test_the_zero_crossings_are_counted_pair_by_pair():
    waveforms = noise(2, 100)

    ours = zero_crossing_rate(waveforms, 16, 10)

    for clip, rates in zip(waveforms.tolist(), ours.tolist(), strict=True):
        padded = [0.0] * 8 + clip + [0.0] * 8
        frames = [padded[start : start + 16] for start in range(0, len(padded) - 15, 10)]
        expected = [sum((a < 0) != (b < 0) for a, b in pairwise(f)) / 15 for f in frames]
        assert rates == pytest.approx(expected)


def test_a_tone_crosses_zero_twice_a_period_and_has_its_centroid_at_its_frequency():
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000, dtype=torch.float64) / 8000 + 0.1)[None]
    front_end = Handcrafted()

    named = rows(front_end, front_end(tone, torch.tensor([8000]), 8000))

    assert named["zero-crossing-rate"][0, 3] == pytest.approx(2 * 1000 / 8000, abs=1 / 255)
    assert named["centroid"][0, 3] == pytest.approx(1000 / 4000, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(1, 12))
def test_the_parts_share_out_the_frames_of_the_clip_and_of_nothing_else(n_samples, n_parts):
    weights = part_averages(torch.tensor([n_samples]), 10, 41, n_parts)[0]
    n_own = 1 + n_samples // 10

    assert weights.sum(dim=0).tolist() == pytest.approx([1.0] * n_parts)
    assert not weights[n_own:].any()
    for column in weights.T:
        taken = column.nonzero().flatten().tolist()
        assert taken == list(range(taken[0], taken[-1] + 1))
        assert column[taken].tolist() == pytest.approx([1 / len(taken)] * len(taken))
    if n_own >= n_parts:
        assert ((weights > 0).sum(dim=1)[:n_own] == 1).all()


@pytest.mark.parametrize("with_deltas", [False, True])
def test_what_lies_beyond_the_end_and_the_level_change_nothing(with_deltas):
    front_end = Handcrafted(with_deltas=with_deltas, with_duration=True)
    waveforms = noise(2, 4000)
    n_samples = torch.tensor([2500, 4000])
    features = front_end(waveforms, n_samples, 8000)

    loud_end = waveforms.clone()
    loud_end[0, 2500:] = 1.0

    torch.testing.assert_close(front_end(loud_end, n_samples, 8000), features)
    torch.testing.assert_close(front_end(waveforms * 0.25, n_samples, 8000), features, atol=1e-6, rtol=1e-6)


def test_the_duration_is_the_logarithm_of_the_seconds_and_only_there_if_chosen():
    front_end = Handcrafted(with_duration=True)
    named = rows(front_end, front_end(noise(2, 8000), torch.tensor([800, 8000]), 8000))

    assert named["log-duration"].tolist() == [pytest.approx([-1.0] * 8), pytest.approx([0.0] * 8)]
    assert "log-duration" not in Handcrafted().feature_names


def test_each_option_adds_or_leaves_out_its_rows():
    front_end = Handcrafted(n_coefficients=13, first_coefficient=1, with_deltas=True, with_shape=False, n_parts=3)

    assert front_end.feature_names[0] == "c1"
    assert front_end(noise(2, 2000), torch.tensor([2000, 900]), 8000).shape == (2, 24, 3)


def test_the_counts_on_paper():
    counts = Handcrafted(n_coefficients=20, with_deltas=True, with_duration=True).operations(8000, 8000)

    n_frames, n_bins = 101, 129
    arithmetic = {key[1:]: n for key, n in counts if key[2] != "sram_bytes"}
    assert arithmetic["cosine-transform", "mac_fp32"] == 20 * 40 * n_frames
    assert arithmetic["deltas", "mac_fp32"] == 20 * 4 * n_frames
    assert arithmetic["zero-crossings", "compare_fp32"] == 255 * n_frames
    assert arithmetic["magnitude", "transcendental_fp32"] == n_bins * n_frames
    assert arithmetic["centroid", "mac_fp32"] == n_bins * n_frames
    assert arithmetic["roll-off", "compare_fp32"] == n_bins * n_frames
    assert arithmetic["parts", "add_fp32"] == 43 * n_frames
    assert arithmetic["parts", "multiply_fp32"] == 43 * 8
    assert arithmetic["duration", "transcendental_fp32"] == 1
    assert arithmetic["window", "multiply_fp32"] == 255 * n_frames  # the first weight is 0
    assert counts.stages() == ("front_end",)


def test_a_row_that_is_left_out_is_not_paid_for():
    layers = {layer for (_, layer, _), _ in Handcrafted(with_shape=False).operations(8000, 8000)}

    assert layers == {"window", "fourier", "power", "mel", "level", "cosine-transform", "parts"}


def test_coefficients_out_of_order_are_refused():
    with pytest.raises(InputError, match="n_coefficients <= n_mels; got 0, 41 and 40"):
        Handcrafted(n_coefficients=41)
    with pytest.raises(InputError, match="n_parts must lie in 1 to 1000; got 0"):
        Handcrafted(n_parts=0)
    with pytest.raises(InputError, match="n_parts must lie in 1 to 1000; got 1001"):
        Handcrafted(n_parts=1001)


def test_a_clip_shorter_than_a_frame_is_refused():
    with pytest.raises(InputError, match="A clip of 255 samples is shorter than one frame of n_fft = 256"):
        Handcrafted()(torch.zeros(1, 255), torch.tensor([255]), 8000)
