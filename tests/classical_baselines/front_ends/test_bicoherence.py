# tests/classical_baselines/front_ends/test_bicoherence.py
"""Against the closed form of three tones whose phases are known, a plain loop of numpy, and scipy's moments."""

import cmath
import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.front_ends.bicoherence import Bicoherence, moments, pairs
from classical_baselines.harness.choices import InputError

N, K, L = 64, 16, 6  # three tones at bins 16, 6 and 22, none in the main lobe of another
N_FRAMES = 40


def three_tones(sum_phases, sum_amplitudes=None, seed=0):
    """A clip of abutting frames; in each, tones at K and L have random phases and one at K + L has theirs plus its own.

    The first frame is centred on sample 0 and stays silent: half of it lies before the clip.
    """
    draw = np.random.default_rng(seed)
    n = np.arange(N)
    frames = [np.zeros(N // 2)]
    for t, phase in enumerate(sum_phases):
        one, other = draw.uniform(-np.pi, np.pi, 2)
        amplitude = 1.0 if sum_amplitudes is None else sum_amplitudes[t]
        frames.append(
            0.3 * np.cos(2 * np.pi * K * n / N + one)
            + 0.2 * np.cos(2 * np.pi * L * n / N + other)
            + 0.1 * amplitude * np.cos(2 * np.pi * (K + L) * n / N + one + other + phase)
        )
    return torch.tensor(np.concatenate([*frames, np.zeros(N // 2)])[None])


def coupling_of(waveform, **options):
    picture = Bicoherence(n_fft=N, hop=N, **options)(waveform, torch.tensor([waveform.shape[1]]), 8000)[0]
    n_rows = N // 4
    return complex(picture[L - 1, K - 1], picture[n_rows + L - 1, K - 1])


@pytest.mark.parametrize("phase", [0.0, 1.0, -2.5, math.pi / 2])
def test_a_quadratic_phase_coupling_has_a_bicoherence_of_one_and_its_own_biphase(phase):
    """Phases theta_k + theta_l + phase at k + l: every product is e^(-i phase) times one real number."""
    found = coupling_of(three_tones([phase] * N_FRAMES))

    assert abs(found) == pytest.approx(1, abs=1e-6)
    assert cmath.phase(found) == pytest.approx(-phase, abs=1e-6)


def test_without_coupling_it_is_the_length_of_the_mean_of_random_directions():
    phases = np.random.default_rng(1).uniform(-np.pi, np.pi, N_FRAMES)

    found = coupling_of(three_tones(phases))

    assert found == pytest.approx(np.exp(-1j * phases).mean(), abs=1e-6)
    assert abs(found) < 3 / math.sqrt(N_FRAMES)


def test_its_square_is_the_share_of_power_that_is_coupled():
    """In a part p of the frames the tone at k + l is coupled with amplitude a, in the others it has the phases of a
    whole turn, which cancel: |c|^2 = (p a)^2 / (p a^2 + 1 - p), by the definition."""
    p, a = 0.5, 3.0
    n_coupled = round(p * N_FRAMES)
    turn = 2 * np.pi * np.arange(N_FRAMES - n_coupled) / (N_FRAMES - n_coupled)
    phases = [0.0] * n_coupled + list(turn)
    amplitudes = [a] * n_coupled + [1.0] * (N_FRAMES - n_coupled)

    found = coupling_of(three_tones(phases, amplitudes))

    assert abs(found) ** 2 == pytest.approx((p * a) ** 2 / (p * a**2 + 1 - p), abs=1e-6)


def test_noise_has_one_over_the_number_of_frames():
    """Independent frames of Gaussian noise: the mean square over the pairs is 1 / n_frames (Kim & Powers 1979)."""
    n_frames = 400
    waveform = torch.randn(1, n_frames * 16, generator=torch.Generator().manual_seed(0))

    picture = Bicoherence(n_fft=16, hop=16)(waveform, torch.tensor([n_frames * 16]), 8000)[0]

    k, low = pairs(16)
    # of a bin with itself, 1 + 1 products are alike, and bin N / 2 is real: left out
    inner = [(int(a), int(b)) for a, b in zip(k, low, strict=True) if a != b and a + b < 8]
    squares = [float(picture[b - 1, a - 1] ** 2 + picture[4 + b - 1, a - 1] ** 2) for a, b in inner]
    assert np.mean(squares) == pytest.approx(1 / n_frames, rel=0.5)


@given(st.integers(0, 2**31), st.sampled_from([8, 16, 32]), st.floats(1e-3, 1e3))
def test_a_plain_loop_finds_the_same_at_any_gain(seed, n_fft, gain):
    hop, draw = n_fft // 2, np.random.default_rng(seed)
    samples = draw.normal(size=6 * n_fft)
    padded = np.concatenate([np.zeros(n_fft // 2), samples, np.zeros(n_fft // 2)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    spectra = [np.fft.fft(padded[t : t + n_fft] * window) for t in range(0, len(samples) + 1, hop)]
    expected = np.zeros((2 * (n_fft // 4), n_fft // 2 - 1))
    for k in range(1, n_fft // 2):
        for low in range(1, n_fft // 4 + 1):
            if low > k or k + low > n_fft // 2:
                continue
            triple = sum(x[k] * x[low] * x[k + low].conjugate() for x in spectra)
            scale = sum(abs(x[k] * x[low]) ** 2 for x in spectra) * sum(abs(x[k + low]) ** 2 for x in spectra)
            expected[low - 1, k - 1] = triple.real / math.sqrt(scale)
            expected[n_fft // 4 + low - 1, k - 1] = triple.imag / math.sqrt(scale)

    waveform = gain * torch.tensor(samples)[None]
    found = Bicoherence(n_fft=n_fft, hop=hop)(waveform, torch.tensor([len(samples)]), 8000)[0]

    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)
    assert (np.hypot(*np.split(expected, 2)) <= 1 + 1e-12).all()


def test_moments_are_those_of_scipy():
    values = torch.randn(3, 500, generator=torch.Generator().manual_seed(2), dtype=torch.float64).exp()

    found = moments(values).T.numpy()

    np.testing.assert_allclose(found[0], values.mean(dim=1))
    np.testing.assert_allclose(found[1], values.var(dim=1, correction=0))
    np.testing.assert_allclose(found[2], scipy.stats.skew(values, axis=1))
    np.testing.assert_allclose(found[3], scipy.stats.kurtosis(values, axis=1, fisher=False))


def test_the_moments_are_of_the_magnitudes_and_angles_of_the_map():
    waveform = torch.randn(1, 640, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    lengths = torch.tensor([640])
    picture = Bicoherence(n_fft=16, hop=8)(waveform, lengths, 8000)[0].numpy()
    k, low = (one.numpy() for one in pairs(16))
    c = picture[low - 1, k - 1] + 1j * picture[4 + low - 1, k - 1]

    found = Bicoherence(n_fft=16, hop=8, kind="moments")(waveform, lengths, 8000)[0].numpy()

    for row, values in zip(found, (np.abs(c), np.angle(c)), strict=True):
        expected = (values.mean(), values.var(), scipy.stats.skew(values), scipy.stats.kurtosis(values, fisher=False))
        np.testing.assert_allclose(row, expected)


def test_silence_gives_zeros():
    silent = torch.zeros(1, 400)

    for kind in ("map", "moments"):
        assert not Bicoherence(kind=kind)(silent, torch.tensor([400]), 8000).any()


@pytest.mark.parametrize("n_fft", [4, 512])
def test_frames_that_leave_no_pairs_or_too_many_are_refused(n_fft):
    with pytest.raises(InputError, match=rf"n_fft of a bicoherence must lie in 8 to 256; got {n_fft}"):
        Bicoherence(n_fft=n_fft, hop=2)
