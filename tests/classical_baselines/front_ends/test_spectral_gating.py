# tests/classical_baselines/front_ends/test_spectral_gating.py
from cmath import exp, pi
from math import floor, log10, sqrt

import numpy as np
import pytest
import torch

from classical_baselines.front_ends.spectral_gating import GATES, gated, gating_operations

SAMPLE_RATE_HZ = 8000


def slowly_gated(samples, gate, proportion, n_fft):
    """The equations as they stand, in plain Python, with sums written out over bins, frames and neighbours."""
    hop, n_bins = n_fft // 4, n_fft // 2 + 1
    n_frames = 1 + len(samples) // hop
    window = [0.5 - 0.5 * np.cos(2 * np.pi * i / n_fft) for i in range(n_fft)]

    def at(n):
        return samples[n] if 0 <= n < len(samples) else 0.0

    turn = np.array([[exp(-2j * pi * k * i / n_fft) for i in range(n_fft)] for k in range(n_fft)])
    frames = [np.array([window[i] * at(t * hop - n_fft // 2 + i) for i in range(n_fft)]) for t in range(n_frames)]
    spectrum = [turn @ frame for frame in frames]
    mask = [[0.0] * n_bins for _ in range(n_frames)]
    for k in range(n_bins):
        sizes = [abs(spectrum[t][k]) for t in range(n_frames)]
        if gate == "stationary":
            levels = [20 * log10(size + 2.0**-52) for size in sizes]
            levels = [max(level, max(levels) - 40) for level in levels]
            mean = sum(levels) / n_frames
            sd = sqrt(sum((level - mean) ** 2 for level in levels) / (n_frames - 1))
            column = [float(level > mean + 1.5 * sd) for level in levels]
        else:
            column = []
            for t in range(n_frames):
                mean = sum(sizes[u] for u in range(max(0, t - 9), min(n_frames, t + 11))) / 20
                column.append(1 / (1 + np.exp(-((sizes[t] - mean) / mean - 1.3) / 0.1)))
        for t in range(n_frames):
            mask[t][k] = proportion * (column[t] - 1) + 1
    reach_k, reach_t = floor(500 / (SAMPLE_RATE_HZ / (n_fft / 2))), floor(50 / (hop / SAMPLE_RATE_HZ * 1000))
    smooth = np.zeros((n_frames, n_bins))
    weights = {
        (dt, dk): (1 - abs(dt) / (reach_t + 1)) * (1 - abs(dk) / (reach_k + 1))
        for dt in range(-reach_t, reach_t + 1)
        for dk in range(-reach_k, reach_k + 1)
    }
    for t in range(n_frames):
        for k in range(n_bins):
            for (dt, dk), weight in weights.items():
                if 0 <= t + dt < n_frames and 0 <= k + dk < n_bins:
                    smooth[t, k] += weight * mask[t + dt][k + dk]
    smooth /= sum(weights.values())
    total, envelope = np.zeros(len(samples)), np.zeros(len(samples))
    for t in range(n_frames):
        both = np.concatenate([smooth[t], smooth[t][-2:0:-1]])
        back = (turn.conj() @ (spectrum[t] * both)).real / n_fft
        for i in range(n_fft):
            n = t * hop - n_fft // 2 + i
            if 0 <= n < len(samples):
                total[n] += window[i] * back[i]
                envelope[n] += window[i] ** 2
    return total / envelope


def recording(n_samples, seed=0):
    """A tone that comes and goes, in noise."""
    generator = np.random.default_rng(seed)
    n = np.arange(n_samples)
    return 0.3 * np.sin(2 * np.pi * 0.11 * n) * (np.sin(2 * np.pi * n / 900) > 0.8) + 0.02 * generator.standard_normal(
        n_samples
    )


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("proportion", [1.0, 0.6])
def test_it_is_what_the_equations_say_slowly(gate, proportion):
    samples = recording(900)
    waveforms = torch.zeros(2, 1200, dtype=torch.float64)
    waveforms[0, :900] = torch.from_numpy(samples)

    ours = gated(waveforms, torch.tensor([900, 0]), gate, proportion, 64, SAMPLE_RATE_HZ)

    np.testing.assert_allclose(ours[0, :900].numpy(), slowly_gated(samples, gate, proportion, 64), atol=1e-9)
    assert not ours[0, 900:].any()
    assert not ours[1].any()


@pytest.mark.parametrize("gate", GATES)
def test_it_takes_more_of_the_noise_than_of_the_tone(gate):
    sound = torch.from_numpy(recording(8000))
    spoken = torch.from_numpy(np.sin(2 * np.pi * np.arange(8000) / 900) > 0.8)

    after = gated(sound[None], torch.tensor([8000]), gate, 1.0, 256, SAMPLE_RATE_HZ)[0]

    def left(where):
        return float(after[where].square().mean() / sound[where].square().mean())

    assert left(spoken) > 3 * left(~spoken)


def test_a_clip_shorter_than_two_frames_is_left_as_it_is():
    sound = torch.from_numpy(recording(511))[None]

    assert torch.equal(gated(sound, torch.tensor([511]), "stationary", 1.0, 256, SAMPLE_RATE_HZ), sound)


def test_the_counts_are_two_transforms_a_frame_and_two_triangles_a_cell():
    counts = gating_operations("stationary", 256, 8000, SAMPLE_RATE_HZ, 2)
    of = {(layer, operation): n for (_, layer, operation), n in counts}
    n_frames = 126

    assert of["fourier", "add_fp32"] + of["fourier", "multiply_fp32"] == 2 * 2.5 * 256 * 8 * n_frames
    assert of["gate-smoothing", "mac_fp32"] == (17 + 13) * 129 * n_frames
    assert of["overlap", "add_fp32"] == 255 * n_frames  # the first weight of the window is 0
    soft = gating_operations("non-stationary", 256, 8000, SAMPLE_RATE_HZ, 2)
    assert (
        soft.total("transcendental_fp32") - counts.total("transcendental_fp32") == 2 * 129 * n_frames - 129
    )  # less a root a bin
