# tests/classical_baselines/front_ends/test_prepared_log_mel.py
import pytest
import torch

from classical_baselines.front_ends.band_pass import band_passed
from classical_baselines.front_ends.mel import LogMel
from classical_baselines.front_ends.prepared_log_mel import PreparedLogMel
from classical_baselines.front_ends.spectral_gating import gated
from classical_baselines.harness.choices import InputError

LENGTHS = torch.tensor([4000, 3000])


def clips():
    sound = 0.1 * torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    sound[1, 3000:] = 0
    return sound


def test_it_is_the_log_mel_spectrogram_of_its_steps_in_order():
    band = band_passed(clips(), (100.0, 1000.0), 2, 8000)
    band[1, 3000:] = 0  # the filter rings on after the clip's end
    expected = LogMel(n_mels=20)(gated(band, LENGTHS, "non-stationary", 0.7, 128, 8000), LENGTHS, 8000)

    front_end = PreparedLogMel(
        n_mels=20,
        band_hz=(100.0, 1000.0),
        band_order=2,
        gating="non-stationary",
        gating_proportion=0.7,
        gating_n_fft=128,
    )
    torch.testing.assert_close(front_end(clips(), LENGTHS, 8000), expected)


def test_a_level_takes_gain_away_where_the_reference_is_fixed():
    for level in ("rms", "peak"):
        front_end = PreparedLogMel(gating="none", level=level, relative_to="fixed")
        torch.testing.assert_close(
            front_end(clips() * 0.01, LENGTHS, 8000), front_end(clips(), LENGTHS, 8000), atol=1e-3, rtol=0
        )
        prepared = front_end.prepared(clips(), LENGTHS, 8000)
        if level == "rms":
            assert float(prepared[1, :3000].square().mean().sqrt()) == pytest.approx(0.1, rel=1e-5)
        else:
            assert float(prepared[1].abs().max()) == pytest.approx(1)
        assert not front_end.prepared(torch.zeros(1, 4000), LENGTHS[:1], 8000).any()


def test_a_filter_that_rings_on_after_the_clips_end_is_cut_off_there():
    prepared = PreparedLogMel(band_hz=(100.0, 1000.0), gating="none").prepared(clips(), LENGTHS, 8000)

    assert prepared[1, :3000].any()
    assert not prepared[1, 3000:].any()


def test_a_domain_keeps_its_own_band():
    heart = PreparedLogMel(domain="heart", gating="none", n_mels=12, low_hz=0.0, n_fft=512, hop=128, top_db=80)
    level = heart(clips(), LENGTHS, 8000)[0]

    centres_hz = 700 * (10 ** (torch.linspace(0, 2146.06, 14)[1:-1] / 2595) - 1)  # HTK mel of 4000 Hz
    assert level[(centres_hz > 60) & (centres_hz < 350)].mean() > level[centres_hz > 1000].mean() + 40


def test_each_step_is_counted_and_none_that_is_left_out():
    plain = LogMel().operations(8000, 8000)
    whole = PreparedLogMel(domain="speech", level="rms", relative_to="fixed").operations(8000, 8000)
    gate = PreparedLogMel().operations(8000, 8000)

    def layers(counts):
        return {layer for (_, layer, _), _ in counts}

    gating = {"magnitude", "gate", "gate-smoothing", "overlap"}
    assert layers(gate) - layers(plain) == gating
    assert layers(whole) - layers(plain) == gating | {"band-pass", "level-of-clip"}
    assert whole.total("mac_fp32") > gate.total("mac_fp32") > plain.total("mac_fp32")


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"domain": "whale"}, "No domain is called 'whale'. Choose one of: none, heart, lung, speech"),
        ({"domain": "heart", "band_hz": (10.0, 20.0)}, "domain = 'heart' and band_hz both say which band"),
        ({"band_hz": (200.0, 100.0)}, r"band_hz must be two limits, 0 < low < high; got \[200.0, 100.0\]"),
        ({"band_order": 11}, "band_order must lie in 1 to 10; got 11"),
        ({"gating_proportion": 0.0}, "gating_proportion must be greater than 0"),
        ({"gating_n_fft": 100}, "gating_n_fft must be a power of two from 16"),
        ({"level": "rms"}, "level = 'rms' changes nothing in a picture relative to the clip's own maximum"),
        ({"gating": "none"}, "Nothing is prepared.*log-mel"),
        ({"n_fft": 300}, "n_fft must be a power of two"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        PreparedLogMel(**options)


def test_a_band_that_the_sample_rate_cannot_hold_is_refused_before_any_training():
    with pytest.raises(InputError, match="0 < low < high < 4000 Hz"):
        PreparedLogMel(band_hz=(100.0, 5000.0)).operations(8000, 8000)
