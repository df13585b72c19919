# tests/classical_baselines/front_ends/test_compiled_mel.py
"""The compiled engine of `log-mel` against NumPy in double precision, against librosa, and against the torch engine."""

import librosa
import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends import compiled_mel
from classical_baselines.front_ends.compiled_mel import compiled_mel_power, compiled_relative_level
from classical_baselines.front_ends.mel import LogMel, mel_filter_bank
from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel
from classical_baselines.harness.choices import InputError, UnknownChoiceError

RATE = 8000


def sounds(n_clips, n_samples, seed):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed))


def powers_in_double_precision(clips, filters, n_fft, hop):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = np.pad(clips.numpy().astype(float), ((0, 0), (n_fft // 2, n_fft // 2)))
    starts = range(0, clips.shape[1] + 1, hop)
    frames = np.stack([padded[:, start : start + n_fft] for start in starts], axis=1)
    return np.einsum("mk,ctk->cmt", filters.numpy(), np.abs(np.fft.rfft(frames * window)) ** 2)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([4, 8, 16, 64, 128, 256, 512, 1024]),
    st.integers(1, 1100),
    st.integers(1, 4),
    st.integers(0, 3000),
    st.sampled_from(["htk", "slaney"]),
    st.integers(0, 1000),
)
def test_powers_are_those_of_numpy_in_double_precision(n_fft, hop, n_clips, more_samples, mel_scale, seed):
    hop = max(hop, n_fft // 64)
    filters = mel_filter_bank(RATE, n_fft, 1 if n_fft < 64 else 8, 0.0, None, mel_scale, "slaney")
    clips = sounds(n_clips, n_fft + more_samples, seed)
    found = compiled_mel_power(clips, filters, n_fft, hop).numpy()

    expected = powers_in_double_precision(clips, filters, n_fft, hop)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * expected.max())


@pytest.mark.parametrize("n_fft", [4, 8, 16, 32, 64, 128, 256, 2048, 8192])
def test_a_band_for_each_bin_shows_the_power_spectrum_from_0_hz_to_half_the_rate(n_fft):
    every_bin = torch.eye(n_fft // 2 + 1, dtype=torch.float64)
    clips = sounds(1, 2 * n_fft, 3)
    found = compiled_mel_power(clips, every_bin, n_fft, n_fft // 4).numpy()

    expected = powers_in_double_precision(clips, every_bin, n_fft, n_fft // 4)
    np.testing.assert_allclose(found, expected, atol=2e-6 * expected.max())


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([256, 512]),
    st.sampled_from([64, 100, 160]),
    st.sampled_from(["htk", "slaney"]),
    st.sampled_from(["none", "slaney"]),
    st.floats(0, 200),
    st.floats(2000, 4000),
    st.floats(20, 90),
    st.integers(0, 1000),
)
def test_levels_are_those_of_librosa(n_fft, hop, mel_scale, mel_norm, low_hz, high_hz, top_db, seed):
    clips = sounds(3, 3000, seed) * torch.tensor([[1.0], [1e-3], [30.0]])
    log_mel = LogMel(n_fft, hop, 12, mel_scale, mel_norm, low_hz, high_hz, top_db, engine="compiled")
    levels = log_mel(clips, torch.full((3,), 3000), RATE)

    for level, clip in zip(levels, clips, strict=True):
        power = librosa.feature.melspectrogram(
            y=clip.numpy(),
            sr=RATE,
            n_fft=n_fft,
            hop_length=hop,
            n_mels=12,
            fmin=low_hz,
            fmax=high_hz,
            htk=mel_scale == "htk",
            norm=None if mel_norm == "none" else mel_norm,
        )
        expected = librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=top_db)
        np.testing.assert_allclose(level, expected, rtol=0, atol=2e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "n_fft": st.sampled_from([128, 256, 512]),
            "hop": st.integers(40, 300),
            "n_mels": st.integers(1, 16),
            "mel_scale": st.sampled_from(["htk", "slaney"]),
            "mel_norm": st.sampled_from(["none", "slaney"]),
            "low_hz": st.floats(0, 300),
            "high_hz": st.one_of(st.none(), st.floats(2500, 4000)),
            "top_db": st.floats(10, 100),
            "relative_to": st.sampled_from(["clip-maximum", "fixed"]),
            "trim_below_db": st.sampled_from([None, 3.0, 30.0]),
        }
    ),
    st.sampled_from([{}, {"stretch_to_frames": 20}, {"keep_frames": 9}, {"keep_frames": 90}]),
    st.lists(st.integers(0, 2000), min_size=4, max_size=4),
    st.sampled_from([1e-6, 0.1, 1.0]),
    st.integers(0, 1000),
)
def test_levels_are_those_of_the_torch_engine(options, shape, lengths, gain, seed):
    clips = gain * sounds(5, 2000, seed)
    clips[1] = 0  # silence
    n_samples = torch.tensor([2000, *lengths])  # also shorter than a window, and none at all
    try:
        torch_levels = LogMel(**options, **shape)(clips, n_samples, RATE)
    except InputError:  # more bands than bins
        with pytest.raises(InputError, match="holds no Fourier bin"):
            LogMel(**options, **shape, engine="compiled")(clips, n_samples, RATE)
        return
    levels = LogMel(**options, **shape, engine="compiled")(clips, n_samples, RATE)

    torch.testing.assert_close(levels, torch_levels, rtol=0, atol=1e-3)  # decibels


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(2.0**-96, 2.0**100, width=32), min_size=1, max_size=40),
    st.floats(2.0**-60, 2.0**60, width=32),
    st.floats(1, 1000),
)
def test_a_level_is_ten_logarithms_of_the_ratio_to_the_last_places_of_the_level(powers, reference, top_db):
    values = torch.tensor(powers)[None, None]
    expected = (10 * (values.double().log10() - torch.tensor(reference).double().log10())).clamp(-top_db, 0)
    found = compiled_relative_level(values, torch.tensor([[[reference]]]), top_db, 1e-30)

    torch.testing.assert_close(found.double(), expected, rtol=3e-7, atol=1e-6)


def test_no_power_is_the_floor_whatever_the_reference():
    powers = torch.tensor([[[0.0, 1e-30, 1e-38, 1e-29]], [[0.0, 0.0, 0.0, 0.0]]])
    found = compiled_relative_level(powers, torch.tensor([1e-29, 0.0])[:, None, None], 50.0, 1e-30)

    assert found.tolist() == [[[-50.0, -50.0, -50.0, 0.0]], [[-50.0, -50.0, -50.0, -50.0]]]


def test_a_gain_that_is_a_power_of_two_changes_not_one_bit():
    clips, n_samples = sounds(2, 4000, 0), torch.tensor([4000, 3000])
    log_mel = LogMel(engine="compiled")

    assert torch.equal(log_mel(clips, n_samples, RATE), log_mel(clips / 64, n_samples, RATE))


def test_a_clip_looks_the_same_alone_in_a_batch_and_with_several_threads(monkeypatch):
    clips, n_samples = sounds(7, 3000, 0), torch.full((7,), 3000)
    log_mel = LogMel(engine="compiled")
    together = log_mel(clips, n_samples, RATE)
    assert torch.equal(torch.cat([log_mel(clip[None], n_samples[:1], RATE) for clip in clips]), together)

    monkeypatch.setattr(compiled_mel, "_FRAMED_SAMPLES_WORTH_A_THREAD", 1)
    for n_threads in (2, 3, 16):
        monkeypatch.setattr(torch, "get_num_threads", lambda n=n_threads: n)
        assert torch.equal(log_mel(clips, n_samples, RATE), together)


def test_waveforms_are_left_as_they_are_and_may_lie_anywhere_in_memory():
    apart = sounds(3, 4000, 1)[:, ::2]
    before = apart.clone()
    levels = LogMel(engine="compiled")(apart, torch.full((3,), 2000), RATE)

    assert torch.equal(apart, before)
    assert torch.equal(levels, LogMel(engine="compiled")(before, torch.full((3,), 2000), RATE))


def test_no_clips_give_no_pictures():
    assert compiled_mel_power(torch.zeros(0, 1000), mel_filter_bank(RATE, 128, 12), 128, 64).shape == (0, 12, 16)


def test_a_prepared_clip_is_seen_alike_by_both_engines():
    clips, n_samples = sounds(3, 4000, 2), torch.tensor([4000, 2500, 4000])
    options = {"gating": "stationary", "domain": "speech", "relative_to": "fixed"}

    torch.testing.assert_close(
        PreparedLogMel(**options, engine="compiled")(clips, n_samples, RATE),
        PreparedLogMel(**options)(clips, n_samples, RATE),
        rtol=0,
        atol=1e-3,
    )


@pytest.mark.parametrize(
    "clips",
    [
        torch.zeros(1, 1000, dtype=torch.float64),
        torch.zeros(1, 1000, requires_grad=True),
        torch.zeros(1, 1000, device="meta"),
    ],
    ids=["double precision", "with a gradient", "on another device"],
)
def test_what_only_torch_can_do_is_refused(clips):
    with pytest.raises(InputError, match='Choose engine = "torch"'):
        compiled_mel_power(clips, mel_filter_bank(RATE, 128, 12), 128, 64)


def test_a_power_beyond_32_bit_floats_is_refused():
    with pytest.raises(InputError, match="overflows"):
        LogMel(engine="compiled")(1e25 * sounds(1, 1000, 0), torch.tensor([1000]), RATE)


def test_an_unknown_engine_is_refused():
    with pytest.raises(UnknownChoiceError, match="torch, compiled"):
        LogMel(engine="fortran")


def test_where_no_folder_takes_the_compiled_code_it_is_compiled_all_the_same(monkeypatch):
    compile_it, asked = numba.njit, []

    def no_folder(*, cache=False, **options):
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_it(**options)

    monkeypatch.setattr(numba, "njit", no_folder)

    assert compiled_mel._compiled(lambda x: x + 1)(2) == 3
    assert asked == [True, False]
