"""The image above a spectrogram: upright, as wide as the sound, and the spectrogram the one that it is alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.two_senses.image_behind import joined
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.sound_and_image import SoundAndImage, column_of_frame, gathered, spread
from classical_baselines.harness.choices import InputError

IMAGES = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
SOUND = 0.1 * torch.randn(3, 8064, generator=torch.Generator().manual_seed(1))
LENGTHS = torch.tensor([8064, 3000, 8128])  # the last as a set might say that counts the pixels


def test_the_rows_of_the_sound_are_the_log_mel_of_the_recording_between_0_and_1():
    picture = SoundAndImage()(joined(SOUND, IMAGES), LENGTHS, 8000)
    levels = LogMel(n_fft=256, hop=128, n_mels=32, low_hz=60.0, top_db=50.0)(SOUND, LENGTHS.clamp_max(8064), 8000)

    assert picture.shape == (3, 40, 64)
    torch.testing.assert_close(picture[:, :32], 1 + levels / 50)
    assert float(picture[:, :32].max()) == 1 and float(picture[:, :32].min()) == 0


def test_drawn_from_below_the_image_stands_upright_above_the_sound():
    """numpy's own repetition, turned upside down."""
    picture = SoundAndImage(rows_per_pixel=3)(joined(SOUND, IMAGES), LENGTHS, 8000)

    drawn = picture[:, 32:].flip(1).numpy()
    np.testing.assert_array_equal(drawn, np.repeat(np.repeat(IMAGES.numpy(), 3, axis=1), 8, axis=2))


def test_one_sense_alone_is_cell_for_cell_that_of_both():
    waveform = joined(SOUND, IMAGES)
    both, sound, image = (SoundAndImage(only=only)(waveform, LENGTHS, 8000) for only in ("both", "sound", "image"))

    assert torch.equal(torch.cat([sound, image], dim=1), both)


@given(st.integers(8, 200))
def test_a_frame_shows_the_column_whose_share_of_the_frames_it_lies_in(n_frames):
    column = column_of_frame(n_frames).tolist()

    for frame, c in enumerate(column):
        assert c * n_frames // 8 <= frame < (c + 1) * n_frames // 8
    assert torch.equal(gathered(spread(IMAGES, n_frames, 2)), IMAGES)


def test_fewer_frames_than_columns_and_a_clip_without_sound_are_refused():
    with pytest.raises(InputError, match="An image of 8 columns needs as many frames; the picture has 7"):
        column_of_frame(7)
    with pytest.raises(InputError, match="has more than 64 samples, the pixels of its image; got 64"):
        SoundAndImage()(torch.zeros(1, 64), torch.tensor([64]), 8000)
    with pytest.raises(InputError, match="rows_per_pixel must lie in 1 to 64; got 0"):
        SoundAndImage(rows_per_pixel=0)
    with pytest.raises(InputError, match="No only is called 'touch'"):
        SoundAndImage(only="touch")
    with pytest.raises(InputError, match="n_fft must be a power of two"):
        SoundAndImage(n_fft=100)
