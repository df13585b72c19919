"""Delay and level between the ears, against closed forms and a correlation by numpy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.binaural.ears import interleaved
from classical_baselines.front_ends.binaural_spectra import onset_weights
from classical_baselines.front_ends.interaural import Interaural
from classical_baselines.front_ends.interaural_delay import InterauralDelay
from classical_baselines.front_ends.two_ears import TwoEars
from classical_baselines.harness.choices import InputError

RATE_HZ = 32_000  # of both ears


def clip(delay_samples, gain=1.0, seed=0, n_samples=8000):
    """Noise that comes to the right ear so many samples after the left, `gain` times as strong: [1, 2 sample]."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal(n_samples)
    spectrum, frequency = np.fft.rfft(noise), np.fft.rfftfreq(n_samples)
    right = gain * np.fft.irfft(spectrum * np.exp(-2j * np.pi * frequency * delay_samples), n_samples)
    return interleaved(torch.tensor(np.stack([noise, right]), dtype=torch.float32))[None]


def heard(front_end, waveform):
    return front_end(waveform, torch.tensor([waveform.shape[1]]), RATE_HZ)[0]


@given(st.floats(-15, 15), st.floats(0.05, 3), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_the_delay_is_that_of_the_far_ear_in_eighths_of_a_sample(delay, gain, seed):
    found = float(heard(InterauralDelay(), clip(delay, gain, seed)))

    # from -1 to 1 ms in 257 steps: eighths of a sample at 16 kHz
    assert (2 * found - 1) * 16 == pytest.approx(delay, abs=0.126)


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0, 2.0])
def test_the_level_is_that_of_the_powers(gain):
    picture = heard(Interaural(), clip(0, gain))

    expected = 0.5 - 20 * np.log10(gain) / 60
    torch.testing.assert_close(picture[:, -1], torch.full((17,), expected), atol=1e-4, rtol=0)


def test_one_band_has_the_correlation_that_numpy_finds():
    front_end = Interaural(n_fft=8192, hop=8192, n_bands=1, low_hz=0.0, floor_db=100.0, n_lags=33)
    waveform = clip(5, 0.5, n_samples=8192)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8192) / 8192)
    ears = [np.pad(ear, 4096) for ear in waveform[0].double().numpy().reshape(-1, 2).T]
    phases = 0
    for start in (0, 8192):  # frames around samples 0 and 8192
        left, right = (np.fft.rfft(ear[start : start + 8192] * window) for ear in ears)
        phases = phases + np.conj(left) * right / np.abs(left * right) / 2
    weights = front_end.filters(RATE_HZ)[0].numpy()
    frequency = np.arange(4097) * 16000 / 8192
    lags = np.linspace(-0.001, 0.001, 33)
    gathered = [(weights * phases * np.exp(2j * np.pi * frequency * lag)).sum().real for lag in lags]
    expected = gathered / np.abs(gathered).max()

    found = heard(front_end, waveform)[0, :-1] * 2 - 1

    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)
    assert int(found.argmax()) == 16 + 5


@given(st.floats(-12, 12), st.floats(0.2, 4))
@settings(max_examples=10, deadline=None)
def test_swapped_ears_turn_the_picture_round(delay, gain):
    waveform = clip(delay, gain)
    swapped = waveform.unflatten(1, (-1, 2)).flip(2).flatten(1)

    one, other = heard(Interaural(), waveform), heard(Interaural(), swapped)

    torch.testing.assert_close(other[:, :-1], one[:, :-1].flip(1), atol=1e-4, rtol=0)
    torch.testing.assert_close(other[:, -1], 1 - one[:, -1], atol=1e-4, rtol=0)


def test_silence_comes_from_nowhere():
    silence = torch.zeros(1, 4000)

    assert torch.equal(heard(Interaural(), silence), torch.full((17, 66), 0.5))
    assert float(heard(InterauralDelay(), silence)) == 0.5


def test_noise_of_a_weak_band_is_not_listened_to():
    tone = 0.3 * torch.sin(2 * torch.pi * 500 * torch.arange(8000) / 16000)
    noise = 1e-5 * torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    waveform = interleaved(torch.stack([tone, tone]) + noise)[None]

    picture = heard(Interaural(), waveform)

    assert torch.equal(picture[-2, :-1], torch.full((65,), 0.5))  # 8 kHz
    assert float(picture[3:5, 32].max()) > 0.95  # around 500 Hz


def test_by_onsets_the_front_of_a_sound_tells_where_it_is_and_not_its_long_echo():
    burst, generator = np.zeros(8000), np.random.default_rng(0)
    burst[2000:2800] = generator.standard_normal(800) * np.exp(-np.arange(800) / 100)
    echo = np.zeros(8000)
    echo[2160:6160] = generator.standard_normal(4000) * np.exp(-np.arange(4000) / 2000) * 0.3  # 10 ms later, and longer
    left, right = 0.1 * (burst + np.roll(echo, 6)), 0.1 * (np.roll(burst, 6) + echo)
    waveform = interleaved(torch.tensor(np.stack([left, right]), dtype=torch.float32))[None]

    def delay(**options):
        return (2 * float(heard(InterauralDelay(hop=64, **options), waveform)) - 1) * 16  # samples

    assert delay() == pytest.approx(-6, abs=0.5)
    assert delay(onset_seconds=0.2) == pytest.approx(6, abs=0.5)


@given(st.lists(st.just(0.0) | st.floats(1e-6, 9), min_size=1, max_size=8), st.floats(0.1, 1))
def test_an_onset_is_what_rises_above_all_that_came_before_and_is_not_forgotten(powers, kept):
    weights = onset_weights(torch.tensor(powers, dtype=torch.float64)[None, :, None], kept)[0, :, 0].tolist()

    for t, (power, weight) in enumerate(zip(powers, weights, strict=True)):
        reached = max((kept ** (t - 1 - s) * powers[s] for s in range(t)), default=0)
        expected = 1 - reached / power if power else 1 if reached == 0 else 0
        assert weight == pytest.approx(max(0, expected), abs=1e-9)


def test_what_cannot_be_is_refused():
    for options, said in (
        ({"n_lags": 64}, "n_lags must be odd.* got 64"),
        ({"longest_seconds": 0.1}, r"longest_seconds must be above 0 and at most 0\.01"),
        ({"floor_db": 0.0}, "floor_db must be greater than 0"),
        ({"n_fft": 500}, "n_fft must be a power of two"),
        ({"onset_seconds": -0.1}, r"onset_seconds must be 0 \(all frames alike\) to 1; got -0\.1"),
    ):
        for front_end in (Interaural, InterauralDelay):
            with pytest.raises(InputError, match=said):
                front_end(**options)
    with pytest.raises(InputError, match="no bin lies in 7990"):
        heard(InterauralDelay(low_hz=7990.0, high_hz=7999.0), clip(0))
    with pytest.raises(InputError, match=r"0 <= low_hz < high_hz"):
        InterauralDelay(low_hz=500.0, high_hz=400.0)


def test_the_samples_of_both_ears_stand_side_by_side_at_one_scale():
    picture = heard(TwoEars(), torch.tensor([[0.1, 0.2, -0.4, 0.0]]))

    torch.testing.assert_close(picture, torch.tensor([[0.25, -1.0], [0.5, 0.0]]))
