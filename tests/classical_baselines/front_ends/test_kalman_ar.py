# tests/classical_baselines/front_ends/test_kalman_ar.py
import numpy as np
import pytest
import torch
from scipy.signal import freqz, lfilter

from classical_baselines.front_ends.kalman_ar import KalmanAr, autoregressive_power, tracked
from classical_baselines.harness.choices import InputError


def resonance(frequency, radius):
    """Coefficients a of y_n = a_1 y_{n-1} + a_2 y_{n-2} + e_n with one resonance, in cycles per sample."""
    return np.array([2 * radius * np.cos(2 * np.pi * frequency), -(radius**2)])


def noise_through(coefficients, n_samples, seed=0):
    driven = np.random.default_rng(seed).standard_normal(n_samples)
    return lfilter([1.0], np.concatenate([[1.0], -coefficients]), driven)


def regressors(samples, order):
    """h_n of every sample, zeros before the first: [sample, order]."""
    padded = np.concatenate([np.zeros(order), samples])
    return np.stack([padded[order - k : len(padded) - k] for k in range(1, order + 1)], axis=1)


@pytest.mark.parametrize("order, measurement_noise", [(1, 0.3), (4, 0.1), (9, 2.0)])
def test_without_process_noise_the_coefficients_are_those_of_ridge_regression(order, measurement_noise):
    samples = noise_through(resonance(0.1, 0.95), 300)
    coefficients, _ = tracked(torch.from_numpy(samples)[None], order, 100, 0.0, measurement_noise)

    h = regressors(samples, order)
    for frame, n in enumerate((100, 200, 300)):
        normal = h[:n].T @ h[:n] + measurement_noise * np.eye(order)  # P begins as the unit matrix
        expected = np.linalg.solve(normal, h[:n].T @ samples[:n])
        np.testing.assert_allclose(coefficients[0, frame].numpy(), expected, atol=1e-9)


def test_with_process_noise_it_is_the_filter_in_its_information_form():
    samples, order, q, r = noise_through(resonance(0.2, 0.9), 120, seed=1), 3, 1e-3, 0.5
    coefficients, innovation_power = tracked(torch.from_numpy(samples)[None], order, 40, q, r)

    h = regressors(samples, order)
    estimate, covariance, errors = np.zeros(order), np.eye(order), []
    for row, sample in zip(h, samples, strict=True):
        predicted = np.linalg.inv(covariance + q * np.eye(order))
        errors.append(sample - row @ estimate)
        covariance = np.linalg.inv(predicted + np.outer(row, row) / r)
        estimate = covariance @ (predicted @ estimate + row * sample / r)
    np.testing.assert_allclose(coefficients[0, 2].numpy(), estimate, atol=1e-9)
    np.testing.assert_allclose(innovation_power[0].numpy(), np.square(errors).reshape(3, 40).mean(axis=1), rtol=1e-9)


def test_the_spectrum_is_that_of_scipys_filter():
    a = np.array([0.5, -0.3, 0.1])
    ours = autoregressive_power(torch.from_numpy(a)[None, None], torch.tensor([[2.0]], dtype=torch.float64), 64)

    _, response = freqz([1.0], np.concatenate([[1.0], -a]), worN=np.arange(33) * 2 * np.pi / 64)
    np.testing.assert_allclose(ours[0, 0].numpy(), 2 * np.abs(response) ** 2, rtol=1e-10)


def test_it_finds_a_resonance_and_follows_it_when_it_moves():
    before, after = noise_through(resonance(10 / 64, 0.97), 3000), noise_through(resonance(20 / 64, 0.97), 3000, seed=1)
    sound = torch.from_numpy(np.concatenate([before, after]))[None]
    level = KalmanAr(order=2, n_points=64, hop=100, process_noise=1e-4)(sound, torch.tensor([6000]), 8000)[0]

    loudest = level.argmax(dim=0)
    assert (loudest[5:30] - 10).abs().max() <= 1
    assert (loudest[40:] - 20).abs().max() <= 1


def test_gain_changes_nothing_and_a_pause_is_as_weak_as_it_is():
    sound = torch.from_numpy(noise_through(resonance(0.1, 0.9), 4000))[None]
    sound[:, 1500:2500] *= 0.01
    level = KalmanAr()(sound, torch.tensor([4000]), 8000)

    torch.testing.assert_close(KalmanAr()(100 * sound, torch.tensor([4000]), 8000), level, atol=1e-6, rtol=0)
    loudest = level[0].amax(dim=0)
    assert loudest[13:19].max() < loudest[22:].min() - 25


def test_frames_beyond_the_end_of_a_clip_are_the_floor():
    sound = torch.from_numpy(noise_through(resonance(0.1, 0.9), 4000))[None]
    level = KalmanAr()(sound, torch.tensor([1020]), 8000)[0]  # the filter remembers it beyond 1023

    assert level.shape == (65, 31)
    assert (level[:, 7] > -50).any()  # samples 896 to 1023
    assert (level[:, 8:] == -50).all()


def test_the_counts_are_those_of_plain_loops():
    order, n = 3, 8000
    products = 0
    for i in range(order):
        products += 1 + order + 1  # e, P h, h^T P h
        products += 1 + (i + 1)  # a, a row of one half of P
    counts = {
        (layer, operation): number
        for (_, layer, operation), number in KalmanAr(order=order, hop=128).operations(n, 8000)
    }
    n_tracked = 62 * 128

    assert counts["kalman", "mac_fp32"] == (products + 1) * n_tracked
    assert counts["kalman", "add_fp32"] == order * n_tracked
    assert counts["kalman", "transcendental_fp32"] == order * n_tracked
    assert counts["fourier", "add_fp32"] + counts["fourier", "multiply_fp32"] == 2.5 * 128 * 7 * 62


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"order": 0}, "order must lie in 1 to 127 .below n_points, at most 128.; got 0"),
        ({"order": 16, "n_points": 16}, "order must lie in 1 to 15 .below n_points"),
        ({"n_points": 100}, "n_points must be a power of two"),
        ({"hop": 0}, "hop must lie in 1 to 65536"),
        ({"process_noise": -1.0}, "process_noise must lie in 0 to 1; got -1"),
        ({"measurement_noise": 0.0}, "measurement_noise must lie in 1e-6 to 100; got 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        KalmanAr(**options)


def test_a_clip_shorter_than_a_hop_or_than_its_order_is_refused():
    with pytest.raises(InputError, match="A clip of 127 samples is shorter than 128: one hop, and order"):
        KalmanAr()(torch.zeros(1, 127), torch.tensor([127]), 8000)
    with pytest.raises(InputError, match="A clip of 12 samples is shorter than 13"):
        KalmanAr(hop=4)(torch.zeros(1, 12), torch.tensor([12]), 8000)
