# tests/classical_baselines/front_ends/test_compiled_mel.py
"""The compiled pass from spectrum to bands against NumPy in double precision, and against the torch engine."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.front_ends import compiled_mel
from classical_baselines.front_ends.compiled_mel import compiled_mel_power
from classical_baselines.front_ends.mel import LogMel, mel_filter_bank
from classical_baselines.harness.choices import InputError, UnknownChoiceError

RATE = 8000


def sounds(n_clips, n_samples, seed):
    return torch.randn(n_clips, n_samples, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([64, 128, 256]),
    st.integers(16, 300),
    st.integers(1, 7),
    st.integers(300, 3000),
    st.sampled_from(["htk", "slaney"]),
    st.integers(0, 1000),
)
def test_powers_are_those_of_numpy_in_double_precision(n_fft, hop, n_clips, n_samples, mel_scale, seed):
    filters = mel_filter_bank(RATE, n_fft, 8, 0.0, None, mel_scale, "slaney")
    clips = sounds(n_clips, n_samples, seed)
    found = compiled_mel_power(clips, filters, n_fft, hop).numpy()

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = np.pad(clips.numpy().astype(float), ((0, 0), (n_fft // 2, n_fft // 2)))
    starts = range(0, n_samples + 1, hop)
    frames = np.stack([padded[:, start : start + n_fft] for start in starts], axis=1)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    expected = np.einsum("mk,ctk->cmt", filters.numpy(), power)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6 * expected.max())


@settings(max_examples=25, deadline=None)
@given(
    st.booleans(),
    st.sampled_from(["clip-maximum", "fixed"]),
    st.sampled_from([None, 30.0]),
    st.sampled_from([None, 20]),
    st.integers(0, 1000),
)
def test_levels_are_those_of_the_torch_engine(with_silence, relative_to, trim_below_db, stretch_to_frames, seed):
    clips = sounds(5, 2000, seed)
    n_samples = torch.tensor([2000, 1500, 700, 2000, 300])
    if with_silence:
        clips[3] = 0
    options = {
        "n_mels": 16,
        "relative_to": relative_to,
        "trim_below_db": trim_below_db,
        "stretch_to_frames": stretch_to_frames,
    }
    torch_levels = LogMel(**options)(clips, n_samples, RATE)
    levels = LogMel(**options, engine="compiled")(clips, n_samples, RATE)

    torch.testing.assert_close(levels, torch_levels, rtol=0, atol=1e-3)  # decibels


def test_tiles_do_not_show(monkeypatch):
    """In tiles of one clip and in a tile of all: the last tile may hold fewer clips than there is room for."""
    filters, clips = mel_filter_bank(RATE, 128, 12), sounds(7, 1000, 0)
    found = []
    for size in (1, 3 * 17 * 128, 2**30):
        monkeypatch.setattr(compiled_mel, "_FRAMED_SAMPLES_IN_TILE", size)
        found.append(compiled_mel_power(clips, filters, 128, 64))

    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[2])


@pytest.mark.parametrize(
    "clips",
    [torch.zeros(1, 1000, dtype=torch.float64), torch.zeros(1, 1000, requires_grad=True)],
    ids=["double precision", "with a gradient"],
)
def test_what_only_torch_can_do_is_refused(clips):
    with pytest.raises(InputError, match='Choose engine = "torch"'):
        LogMel(engine="compiled")(clips, torch.tensor([1000]), RATE)


def test_an_unknown_engine_is_refused():
    with pytest.raises(UnknownChoiceError, match="torch, compiled"):
        LogMel(engine="fortran")
