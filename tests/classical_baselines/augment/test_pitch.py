# tests/classical_baselines/augment/test_pitch.py
import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.augment.pitch import phase_vocoder, pitch_shifted
from classical_baselines.harness.choices import InputError

RATE_HZ = 8000


def tone(frequency_hz, n_samples=8000):
    return torch.sin(2 * torch.pi * frequency_hz * torch.arange(n_samples, dtype=torch.float64) / RATE_HZ)[None]


def loudest_hz(waveform):
    """The frequency of a tone: the top of a parabola through the loudest bins of a long, windowed transform."""
    inner = np.asarray(waveform)[..., 1000:-1000].reshape(-1)
    level = np.log(np.abs(np.fft.rfft(inner * np.hanning(inner.size))) + 1e-12)
    k = int(level.argmax())
    below, here, above = level[k - 1 : k + 2]
    return (k + 0.5 * (below - above) / (below - 2 * here + above)) * RATE_HZ / inner.size


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.0, 1.13, 2.0])
def test_the_phase_vocoder_is_librosas(ratio):
    spectrum = librosa.stft(np.random.default_rng(0).normal(size=4000), n_fft=256, hop_length=64)

    ours = phase_vocoder(torch.from_numpy(spectrum)[None], ratio)[0].numpy()
    theirs = librosa.phase_vocoder(spectrum, rate=1 / ratio, hop_length=64)

    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(spectrum).max())


@pytest.mark.parametrize("semitones", [-12.0, -5.5, 0.5, 7.0, 12.0])
def test_a_tone_is_shifted_by_its_semitones_within_3_cents_as_by_librosa_and_keeps_its_length(semitones):
    given_ = tone(440.0)

    shifted = pitch_shifted(given_, torch.tensor([8000]), semitones, RATE_HZ)

    assert shifted.shape == given_.shape
    found, expected = loudest_hz(shifted), 440 * 2 ** (semitones / 12)
    assert 1200 * abs(np.log2(found / expected)) < 3
    theirs = by_librosa(given_, semitones)
    assert 1200 * abs(np.log2(found / loudest_hz(theirs))) < 3
    # What the phases of neighbouring bins take from each other, they take there too.
    power, expected_power = (float((one[1000:-1000] ** 2).mean()) for one in (shifted[0].numpy(), theirs))
    assert power == pytest.approx(expected_power, rel=0.01)


def by_librosa(waveforms, semitones):
    return librosa.effects.pitch_shift(waveforms[0].numpy(), sr=RATE_HZ, n_steps=semitones, n_fft=512, res_type="scipy")


def centre(waveform, first, last):
    return first + np.average(np.arange(last - first), weights=waveform[first:last] ** 2)


@pytest.mark.parametrize("semitones", [-6.0, 4.0])
def test_the_tempo_is_kept_as_by_librosa(semitones):
    # Bursts of a tone stay where they are, within half a window; a change of speed would move the last by a second.
    bursts = torch.zeros(1, 8000, dtype=torch.float64)
    starts = (1000, 3000, 5000)
    for start in starts:
        bursts[0, start : start + 400] = tone(700.0)[0, :400]

    shifted = pitch_shifted(bursts, torch.tensor([8000]), semitones, RATE_HZ)[0].numpy()
    theirs = by_librosa(bursts, semitones)

    for start in starts:
        found, expected = (centre(one, start - 500, start + 900) for one in (shifted, theirs))
        assert found == pytest.approx(start + 200, abs=256)
        assert found == pytest.approx(expected, abs=15)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([-12.0, -3.5, 0.0, 0.5, 6.0]), st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_a_batch_is_shifted_as_its_clips_alone_and_is_silent_beyond_their_ends(semitones, lengths):
    waveforms = torch.randn(len(lengths), 700, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    n_samples = torch.tensor(lengths)
    before = waveforms.clone()

    shifted = pitch_shifted(waveforms, n_samples, semitones, RATE_HZ)

    assert torch.equal(waveforms, before)
    for clip, length in enumerate(lengths):
        alone = pitch_shifted(waveforms[clip : clip + 1], n_samples[clip : clip + 1], semitones, RATE_HZ)
        torch.testing.assert_close(shifted[clip : clip + 1], alone)
        assert (shifted[clip, length:] == 0).all()
        if semitones == 0:
            assert torch.equal(shifted[clip, :length], waveforms[clip, :length])


@pytest.mark.parametrize("semitones", [13.0, float("nan")])
def test_a_shift_of_more_than_an_octave_is_refused(semitones):
    with pytest.raises(InputError, match="within 12 semitones either way"):
        pitch_shifted(tone(440.0), torch.tensor([8000]), semitones, RATE_HZ)
