# tests/conformance/test_spike_encoders.py
"""Every spike encoder keeps the contract: shape, values, same draw for the same seed, input unchanged, counted."""

import pytest
import torch

from neuro.encoders import ENCODERS
from neuro.encoders.measures import CodeMeter

OF_PICTURES = sorted(name for name, entry in ENCODERS.items() if entry().reads == "intensity")
OF_WAVEFORMS = sorted(name for name, entry in ENCODERS.items() if entry().reads == "waveform")
CASES = [
    *((name, {"pool": pool}) for name in OF_PICTURES for pool in [(1, 1), (2, 3)]),
    *((name, {"hop": hop}) for name in OF_WAVEFORMS for hop in (40, 128)),
    *(("events", {"units_per_channel": together}) for together in (1, 3)),
    ("coincidence", {"hop": 100}),
    ("coincidence", {"hop": 250, "shares": (0.3,), "width": 0}),
]

# Resonators, a cochlea, events and what keeps the mean of a band to itself do not give a picture back: they have no
# `decoded`, and promise none.
WITHOUT_MEAN = {"centred-current"}
DECODED = [(name, options) for name, options in CASES if hasattr(ENCODERS[name](), "decoded")]


def inputs_of(encoder, n_clips=3):
    """Clips as the encoder reads them."""
    generator = torch.Generator().manual_seed(1)
    if encoder.reads == "intensity":
        return torch.rand(n_clips, 8, 12, generator=generator)
    if encoder.reads == "waveform":
        return torch.rand(n_clips, 1, 1000, generator=generator) * 2 - 1
    if encoder.reads == "events":
        return torch.poisson(torch.full((n_clips, 8, 12), 0.3), generator=generator)
    if encoder.reads == "two ears":
        return torch.rand(n_clips, 2, 1000, generator=generator) * 2 - 1
    raise AssertionError(f"no test input for an encoder that reads {encoder.reads!r}")


def test_every_encoder_is_tried():
    assert {name for name, _ in CASES} == set(ENCODERS)
    assert {name for name, _ in DECODED} == set(OF_PICTURES) - WITHOUT_MEAN


@pytest.mark.parametrize(("name", "options"), CASES)
def test_an_encoder_keeps_the_contract(name, options):
    encoder = ENCODERS[name]()(**options)
    given = inputs_of(encoder)
    before = given.clone()
    encoded = encoder(given, torch.Generator().manual_seed(5))
    shape = encoder.shape(*given.shape[1:])

    assert encoded.shape == (shape.n_steps, 3, shape.n_channels)
    assert encoded.dtype == given.dtype
    assert torch.equal(encoded, encoder(given, torch.Generator().manual_seed(5)))
    assert torch.equal(given, before)
    least = -1 if name in WITHOUT_MEAN else 0
    assert float(encoded.min()) >= least and float(encoded.max()) <= 1
    if shape.code == "spikes":
        assert set(encoded.unique().tolist()) == {0.0, 1.0}
    assert encoder.operations(given, encoded).stages() == ("encoder",)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_counts_are_a_mean_over_clips(name, options):
    encoder = ENCODERS[name]()(**options)
    given = inputs_of(encoder)
    encoded = encoder(given, torch.Generator().manual_seed(5))
    apart = [encoder.operations(given[[clip]], encoded[:, [clip]]) for clip in range(3)]

    for key, count in encoder.operations(given, encoded):
        assert count == pytest.approx(sum(counts.counts[key] for counts in apart) / 3), key


@pytest.mark.parametrize(("name", "options"), DECODED)
def test_what_is_decoded_is_a_picture_and_tells_more_than_nothing(name, options):
    encoder = ENCODERS[name]()(**options)
    smooth = torch.linspace(0, 6, 24).sin().square().expand(2, 8, 24).contiguous()
    encoded = encoder(smooth, torch.Generator().manual_seed(5))
    n_bands, n_frames = 8 // encoder.pool[0], 24 // encoder.pool[1]
    decoded = encoder.decoded(encoded, 8, 24)
    meter = CodeMeter(encoder)
    meter.add(smooth, encoded)

    assert decoded.shape == (2, n_bands, n_frames)
    assert float(decoded.min()) >= 0 and float(decoded.max()) <= 1
    assert meter.measures().relative_rms_error < 1  # the error of an empty picture


@pytest.mark.parametrize("name", OF_PICTURES)
def test_an_encoder_refuses_decibels(name):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        ENCODERS[name]()()(torch.full((1, 8, 12), -20.0), torch.Generator())
