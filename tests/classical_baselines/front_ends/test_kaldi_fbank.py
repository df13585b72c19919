# tests/classical_baselines/front_ends/test_kaldi_fbank.py
import kaldi_native_fbank as knf
import numpy as np
import pytest
import torch

from classical_baselines.front_ends.ast_fbank import AstFbank
from classical_baselines.front_ends.kaldi_fbank import FLOOR, KaldiFbank
from classical_baselines.harness.choices import InputError


def kaldi(waveform, sample_rate_hz, n_mels=23, window="povey", high_hz=0.0, htk_compat=False):
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = sample_rate_hz
    options.frame_opts.window_type = window
    options.mel_opts.num_bins = n_mels
    options.mel_opts.high_freq = high_hz
    options.htk_compat = htk_compat
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(sample_rate_hz, np.asarray(waveform, dtype=np.float32).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)], axis=1)


def sound(n_samples, seed=0):
    """Noise with an offset, so that the mean that a frame loses matters."""
    return 0.02 + 0.1 * torch.randn(1, n_samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sample_rate_hz", [8000, 16000, 22050])
@pytest.mark.parametrize("window", ["povey", "hanning", "hamming"])
def test_the_energies_are_those_of_kaldi(sample_rate_hz, window):
    waveform = sound(5003)

    ours = KaldiFbank(window=window, n_mels=40)(waveform, torch.tensor([5003]), sample_rate_hz)[0]

    expected = kaldi(waveform[0] * 32768, sample_rate_hz, 40, window)
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours.numpy(), expected, atol=2e-3)  # both are computed in 32 bits


def test_limits_of_the_bands_are_those_of_kaldi():
    waveform = sound(4000)

    ours = KaldiFbank(high_hz=3400.0)(waveform, torch.tensor([4000]), 8000)[0]

    np.testing.assert_allclose(ours.numpy(), kaldi(waveform[0] * 32768, 8000, high_hz=3400.0), atol=2e-3)


def test_a_shorter_clip_has_its_own_frames_and_the_floor_after_them():
    waveform = sound(4000)
    ours = KaldiFbank()(waveform, torch.tensor([1900]), 8000)[0]

    expected = kaldi(waveform[0, :1900] * 32768, 8000)
    n_own = expected.shape[1]
    assert n_own == 22
    np.testing.assert_allclose(ours[:, :n_own].numpy(), expected, atol=2e-3)
    assert (ours[:, n_own:] == FLOOR).all()
    assert ours.shape[1] == 48
    assert (KaldiFbank()(waveform, torch.tensor([199]), 8000) == FLOOR).all()


def test_the_transformers_input_is_that_of_kaldi_and_of_the_published_extractor():
    from transformers import ASTFeatureExtractor

    waveform = sound(9000)
    centred = waveform[0] - waveform[0].mean()

    ours = AstFbank(n_frames=64)(waveform, torch.tensor([9000]), 16000)[0]

    published = ASTFeatureExtractor(max_length=64)(centred.numpy(), sampling_rate=16000, return_tensors="np")
    np.testing.assert_allclose(ours.T.numpy(), published["input_values"][0], atol=1e-3)
    # Kaldi itself refuses bands without a bin, so it is asked for 40.
    energies = kaldi(centred, 16000, 40, "hanning", htk_compat=True)
    filled = np.pad(energies, ((0, 0), (0, 64 - energies.shape[1])))
    fewer = AstFbank(n_frames=64, n_mels=40)(waveform, torch.tensor([9000]), 16000)[0]
    np.testing.assert_allclose(fewer.numpy(), (filled + 4.2677393) / (2 * 4.5689974), atol=1e-3)


def test_the_transformers_input_is_cut_to_its_frames_and_filled_by_the_clips_own_length():
    waveform = sound(9000)
    long = AstFbank(n_frames=20)(waveform, torch.tensor([9000]), 16000)
    short = AstFbank(n_frames=64)(waveform, torch.tensor([4000]), 16000)
    alone = AstFbank(n_frames=64)(waveform[:, :4000], torch.tensor([4000]), 16000)

    torch.testing.assert_close(long, AstFbank(n_frames=64)(waveform, torch.tensor([9000]), 16000)[:, :, :20])
    torch.testing.assert_close(short, alone)
    assert short[0, 0, 23] == pytest.approx(4.2677393 / (2 * 4.5689974))  # 1 + (4000 - 400) // 160 = 23 frames


def test_the_counts_are_those_on_paper():
    counts = KaldiFbank(n_mels=23).operations(8000, 8000)

    def of(layer):
        return {operation: n for (_, name, operation), n in counts if name == layer and operation != "sram_bytes"}

    n_frames, length, n_fft = 98, 200, 256  # 1 + (8000 - 200) // 80
    assert of("pre-emphasis") == {
        "add_fp32": 2 * length * n_frames,
        "multiply_fp32": n_frames,
        "mac_fp32": length * n_frames,
    }
    assert of("window") == {"multiply_fp32": (length - 2) * n_frames}  # the outermost weights are 0
    assert sum(of("fourier").values()) == 2.5 * n_fft * 8 * n_frames
    assert of("level") == {"transcendental_fp32": 23 * n_frames, "compare_fp32": 23 * n_frames}
    ast = AstFbank(n_frames=20).operations(16000, 16000)
    assert ast.total("transcendental_fp32") == 128 * 20  # frames that are cut off are not computed


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"shift_seconds": 0.03}, "0 < shift_seconds <= frame_seconds <= 10; got 0.03 and 0.025"),
        ({"window": "hann"}, "No window is called 'hann'. Choose one of: povey, hanning, hamming"),
        ({"full_scale": 0.0}, "full_scale must be greater than 0"),
        ({"n_mels": 0}, "n_mels must be greater than 0"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        KaldiFbank(**options)


def test_empty_bands_short_clips_and_impossible_frames_are_refused():
    with pytest.raises(InputError, match=r"of 128 mel bands hold no Fourier bin.*allow_empty_bands"):
        KaldiFbank(n_mels=128).filters(16000)
    with pytest.raises(InputError, match="A clip of 199 samples is shorter than one frame of 200"):
        KaldiFbank()(torch.zeros(1, 199), torch.tensor([199]), 8000)
    with pytest.raises(InputError, match="low_hz < high_hz <= 4000"):
        KaldiFbank(high_hz=5000.0).filters(8000)
    with pytest.raises(InputError, match="are 0 and 0 samples at 8 Hz"):
        KaldiFbank().filters(8)
    with pytest.raises(InputError, match="sd must be greater than 0"):
        AstFbank(sd=0.0)
    with pytest.raises(InputError, match="n_frames must lie in 1 to 10000"):
        AstFbank(n_frames=0)
