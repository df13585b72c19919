# tests/classical_baselines/front_ends/test_rmmse.py
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.rmmse import Rmmse, fourier_estimate, reiterated
from classical_baselines.front_ends.stft import Stft
from classical_baselines.harness.choices import InputError

FORMS = {"mmse": 1.0, "mvdr": 0.0, "partially-constrained": 0.5}
SAMPLE_RATE_HZ = 16000


def dense(frame, n_points, n_iterations, exponent, loading):
    """The equations as they stand, with every matrix written out, complex128 and all n_points frequencies."""
    n = len(frame)
    steering = np.exp(2j * np.pi * np.outer(np.arange(n), np.arange(n_points)) / n_points)
    power = np.abs(steering.conj().T @ frame / n) ** 2
    for _ in range(n_iterations):
        covariance = steering @ np.diag(power) @ steering.conj().T + loading * power.sum() * np.eye(n)
        inverse = np.linalg.inv(covariance)
        own = np.einsum("nm,nk,km->m", steering.conj(), inverse, steering).real
        x = power**exponent * (steering.conj().T @ inverse @ frame) / own ** (1 - exponent)
        power = np.abs(x) ** 2
    return power


def two_tones(n_samples=SAMPLE_RATE_HZ, noise=0.05, seed=0):
    """1000 and 1075 Hz, 0.6 of the 125 Hz that 128 samples resolve."""
    time = np.arange(n_samples) / SAMPLE_RATE_HZ
    tones = np.cos(2 * np.pi * 1000 * time) + np.cos(2 * np.pi * 1075 * time + 1)
    return tones + noise * np.random.default_rng(seed).standard_normal(n_samples)


def peaks_hz(level, below_db=15):
    inner = level[1:-1]
    found = (inner > level[:-2]) & (inner >= level[2:]) & (inner > level.max() - below_db)
    return (found.nonzero().flatten() + 1) * SAMPLE_RATE_HZ / 512


def share_of_frames_that_show_both_tones_and_nothing_else(level):
    hits = 0
    frames = level.unbind(dim=1)[2:-2]
    for frame in frames:
        peaks = peaks_hz(frame)
        hits += len(peaks) == 2 and bool((peaks - torch.tensor([1000.0, 1075.0])).abs().max() < 32)
    return hits / len(frames)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n_window, n_points", [(128, 512), (20, 32)])
def test_it_is_the_dense_solution_in_complex_numbers(form, n_window, n_points):
    frames = torch.from_numpy(np.stack([two_tones(n_window, noise, seed) for noise, seed in ((0.05, 0), (1.0, 1))]))

    ours = reiterated(frames, fourier_estimate(frames, n_points), n_points, 4, FORMS[form], 1e-3)

    for frame, power in zip(frames.numpy(), ours.numpy(), strict=True):
        expected = dense(frame, n_points, 4, FORMS[form], 1e-3)[: n_points // 2 + 1]
        np.testing.assert_allclose(power, expected, rtol=1e-6, atol=1e-9 * expected.max())


def test_in_a_study_its_decibels_are_those_of_the_dense_solution():
    sound = torch.from_numpy(two_tones(640))[None].float()
    level = Rmmse(top_db=60)(sound, torch.tensor([640]), SAMPLE_RATE_HZ)[0]

    padded = np.pad(sound[0].double().numpy(), 64)
    frames = [padded[64 * t : 64 * t + 128] for t in range(11)]
    expected = np.stack([dense(frame, 512, 4, 1.0, 1e-3)[:257] for frame in frames], axis=1)
    decibels = (10 * np.log10(expected / expected.max() + 1e-30)).clip(-60)
    np.testing.assert_allclose(level.numpy(), decibels, atol=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_it_resolves_two_tones_0_6_bins_apart_where_fourier_windows_show_one(form):
    sound = torch.from_numpy(two_tones())[None]
    lengths = torch.tensor([SAMPLE_RATE_HZ])

    ours = share_of_frames_that_show_both_tones_and_nothing_else(Rmmse(form=form)(sound, lengths, SAMPLE_RATE_HZ)[0])
    fourier = [
        share_of_frames_that_show_both_tones_and_nothing_else(
            Stft(n_fft=512, win_length=128, hop=64, window=window)(sound, lengths, SAMPLE_RATE_HZ)[0]
        )
        for window in ("hann", "rectangular")
    ]

    assert ours > 0.85
    assert max(fourier) < 0.05


def test_a_warm_start_needs_fewer_iterations_on_a_steady_sound():
    sound = torch.from_numpy(two_tones())[None]
    cold, warm = (
        share_of_frames_that_show_both_tones_and_nothing_else(
            Rmmse(n_iterations=1, warm_start=warm)(sound, torch.tensor([SAMPLE_RATE_HZ]), SAMPLE_RATE_HZ)[0]
        )
        for warm in (False, True)
    )

    assert cold < 0.3
    assert warm > 0.95


def test_a_warm_start_hears_a_tone_that_begins():
    time = torch.arange(8000, dtype=torch.float64) / SAMPLE_RATE_HZ
    sound = torch.sin(2 * torch.pi * 1000 * time) + torch.sin(2 * torch.pi * 3000 * time) * (time > 0.25)
    level = Rmmse(warm_start=True)(sound[None], torch.tensor([8000]), SAMPLE_RATE_HZ)[0]

    assert (level[96, 10:58] == -50).all()
    assert (level[96, 68:120] > -1.5).all()


def test_a_strong_line_keeps_its_power_and_one_in_noise_is_too_low_least_where_gain_is_constrained():
    generator = np.random.default_rng(0)
    phases = generator.uniform(0, 2 * np.pi, (100, 1))
    tone = np.cos(2 * np.pi * 1000 * np.arange(128) / SAMPLE_RATE_HZ + phases)
    bias = {}
    for form, exponent in FORMS.items():
        for snr_db in (40, 10):
            noisy = torch.from_numpy(tone + np.sqrt(0.5 / 10 ** (snr_db / 10)) * generator.standard_normal(tone.shape))
            power = reiterated(noisy, fourier_estimate(noisy, 512), 512, 4, exponent, 1e-3)
            bias[form, snr_db] = 10 * float(torch.log10(power[:, 30:35].sum(dim=1).mean() / 0.25))

    assert all(abs(bias[form, 40]) < 0.1 for form in FORMS)
    assert -3.5 < bias["mmse", 10] < bias["partially-constrained", 10] < bias["mvdr", 10] < 0
    assert bias["mmse", 10] < -1.5


def test_noise_alone_shows_peaks_that_a_fourier_spectrum_has_not():
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((200, 128)))
    start = fourier_estimate(noise, 512)

    def peak_db(power):
        return float(10 * torch.log10(power.amax(dim=1) / power.mean(dim=1)).mean())

    assert peak_db(start) < 8
    assert peak_db(reiterated(noise, start, 512, 4, 1.0, 1e-3)) > 12


def test_its_mel_bands_are_sums_of_its_bins():
    sound = 0.1 * torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([4000, 3000])
    bins, bands = Rmmse(top_db=1000), Rmmse(top_db=1000, n_mels=20)

    power = 10 ** (bins(sound, lengths, 8000) / 10)
    summed = bands._filters(8000).float() @ power

    expected = 10 * torch.log10(summed / summed.amax(dim=(1, 2), keepdim=True))
    ours = bands(sound, lengths, 8000)
    heard = summed > 1e-8 * summed.max()  # below it the bins have reached the smallest power of a level
    torch.testing.assert_close(ours[heard], expected[heard], atol=1e-3, rtol=0)


def test_the_counts_of_an_iteration_are_two_transforms_and_a_recursion():
    one, two = (Rmmse(n_iterations=n).operations(16000, 16000) for n in (1, 2))
    n_frames, n_bins = 251, 257

    def extra(layer):
        keys = {key for key, _ in two if key[1] == layer}
        return {key[2]: two.counts[key] - one.counts.get(key, 0) for key in keys if key[2] != "sram_bytes"}

    assert sum(extra("fourier").values()) == 2 * 2.5 * 512 * 9 * n_frames
    assert extra("levinson")["mac_fp32"] == (127 * 255 + 127) * n_frames
    assert extra("filter") == {"multiply_fp32": (1 + 2 * n_bins) * n_frames, "transcendental_fp32": 0}
    assert sum(extra("power").values()) == 3 * n_bins * n_frames
    mvdr = Rmmse(n_iterations=1, form="mvdr").operations(16000, 16000)
    assert {layer for (_, layer, _), _ in mvdr} - {layer for (_, layer, _), _ in one} == {"subdiagonals", "gain"}


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"n_window": 2000}, "n_window must lie in 2 to 1024; got 2000"),
        ({"n_points": 100}, "n_points must be a power of two from n_window = 128 to 65536; got 100"),
        ({"n_points": 64}, "n_points must be a power of two from n_window = 128"),
        ({"hop": 129}, "hop must lie in 1 to n_window = 128; got 129"),
        ({"n_iterations": 0}, "n_iterations must lie in 1 to 100; got 0"),
        ({"form": "capon"}, "No form is called 'capon'. Choose one of: mmse, mvdr, partially-constrained"),
        ({"exponent": 1.0}, "exponent must lie between 0 and 1; got 1.0. For 0 choose the form mvdr, for 1 mmse"),
        ({"loading": 0.0}, "loading must lie in 1e-9 to 1; got 0"),
        ({"n_mels": 0}, "n_mels must lie in 1 to 1024"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Rmmse(**options)


def test_a_clip_shorter_than_a_frame_and_a_band_without_a_bin_are_refused():
    with pytest.raises(InputError, match="A clip of 127 samples is shorter than one frame"):
        Rmmse()(torch.zeros(1, 127), torch.tensor([127]), 8000)
    with pytest.raises(InputError, match="holds no Fourier bin"):
        Rmmse(n_mels=300)(torch.zeros(1, 4000), torch.tensor([4000]), 8000)
