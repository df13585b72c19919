# tests/studies/test_causality.py
"""What is said to hear frame by frame does, and what is refused does not: the property, for every entry."""

import pytest
import torch

from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.harness.seeds import generator_for
from classical_baselines.harness.unencoded import Unencoded
from neuro.encoders import ENCODERS
from studies.causality import (
    code_looks_ahead,
    front_end_looks_ahead,
    n_complete_frames,
    n_frames_of_clip,
    streams,
)
from studies.registries import CLASSIFIERS

RATE_HZ = 8000
N_SAMPLES = 4000
HOP, N_FFT = 128, 256
CAUSAL = [
    ("log-mel", {"relative_to": "fixed"}),
    ("log-mel", {"relative_to": "fixed", "engine": "compiled"}),
    ("stft", {"relative_to": "fixed"}),
    ("pcen", {}),
    ("pcen", {"start": "first-frame"}),
]
LOOKING_AHEAD = [
    ("log-mel", {}, "relative to the clip maximum"),
    ("stft", {}, "relative to the clip maximum"),
    ("log-mel", {"relative_to": "fixed", "trim_below_db": 30.0}, "trim_below_db"),
    ("log-mel", {"relative_to": "fixed", "stretch_to_frames": 20}, "stretch_to_frames"),
]


def quiet_then(loud):
    """A clip whose second half is as asked: silence at its start too, so that an end is there to be found."""
    waveform = 0.01 * torch.randn(1, N_SAMPLES, generator=torch.Generator().manual_seed(0))
    waveform[:, :500] = 0
    waveform[:, 2000:] *= loud
    return waveform


def picture(front_end, waveform):
    return front_end(waveform, torch.tensor([waveform.shape[1]]), RATE_HZ)


@pytest.mark.parametrize(("name", "options"), CAUSAL)
@pytest.mark.parametrize("n_heard", [300, 1000, 2000, 3999])
def test_what_comes_after_t_changes_no_frame_that_was_complete_by_t(name, options, n_heard):
    front_end = FRONT_ENDS[name]()(**options)
    whole = quiet_then(loud=1)
    other = whole.clone()
    other[:, n_heard:] = torch.randn(1, N_SAMPLES - n_heard, generator=torch.Generator().manual_seed(1))
    n = n_complete_frames(n_heard / RATE_HZ, HOP / RATE_HZ, N_FFT / RATE_HZ)

    assert front_end_looks_ahead(name, front_end) == ""
    expected = picture(front_end, whole)
    torch.testing.assert_close(picture(front_end, other)[..., :n], expected[..., :n], rtol=0, atol=1e-5)
    cut = picture(front_end, whole[:, :n_heard])  # a clip that ends there has the same frames
    torch.testing.assert_close(cut[..., :n], expected[..., :n], rtol=0, atol=1e-5)
    # and no frame is called complete too late: the next one hears what comes
    if n < expected.shape[2] and n_heard < 3900:
        assert not torch.equal(picture(front_end, other)[..., n], expected[..., n])


@pytest.mark.parametrize(("name", "options", "says"), LOOKING_AHEAD)
def test_what_knows_the_whole_clip_is_refused_and_does_look_ahead(name, options, says):
    front_end = FRONT_ENDS[name]()(**options)

    assert says in front_end_looks_ahead(name, front_end)
    soft, loud = quiet_then(loud=1), quiet_then(loud=60)
    before_either = slice(5, 9)  # frames that are over long before the two clips part
    one = picture(front_end, soft)[..., before_either]
    louder_and_shorter = front_end(loud, torch.tensor([3000]), RATE_HZ)[..., before_either]
    assert not torch.equal(one, louder_and_shorter)


@pytest.mark.parametrize("name", sorted(set(FRONT_ENDS) - {name for name, _ in CAUSAL}))
def test_any_other_front_end_is_refused_with_those_to_use_instead(name):
    front_end = FRONT_ENDS[name]()()

    assert f"{name!r} is not known" in front_end_looks_ahead(name, front_end)
    assert "relative_to = 'fixed', and pcen" in front_end_looks_ahead(name, front_end)


def codes():
    found = [(name, {}) for name in sorted(ENCODERS)]
    return [*found, ("direct-current", {"framewise": True}), ("direct-current", {"framewise": True, "n_steps": 3})]


@pytest.mark.parametrize(("name", "options"), codes())
def test_a_code_is_let_through_where_the_first_frames_give_its_beginning_and_nowhere_else(name, options):
    encoder = ENCODERS[name]()(**options)
    if encoder.reads != "intensity":
        assert code_looks_ahead(encoder)
        return
    intensity = torch.rand(3, 8, 24, generator=torch.Generator().manual_seed(0))
    whole, part = (encoder(shown, generator_for(0, "encoding")) for shown in (intensity, intensity[..., :12]))
    is_beginning = len(whole) == 2 * len(part) and whole.shape == (len(whole), *part.shape[1:])
    is_beginning = is_beginning and torch.equal(whole[: len(part)], part)

    assert (code_looks_ahead(encoder) == "") == is_beginning


@pytest.mark.parametrize(
    ("classifier", "encoder", "does"),
    [
        ("causal-tcn", Unencoded(), True),
        ("causal-rnn", Unencoded(), True),
        ("linear-layer", Unencoded(), False),
        ("ds-cnn", Unencoded(), False),
        ("delay-snn", ENCODERS["send-on-delta"]()(), True),
        ("dense-snn", ENCODERS["latency"]()(), False),
    ],
)
def test_a_network_streams_where_its_code_and_its_state_do(classifier, encoder, does):
    network = CLASSIFIERS[classifier]()().build(encoder.shape(32, 64), 10)

    assert streams(encoder, network) is does


def test_frames_are_counted_as_they_stand_around_their_samples():
    for n_samples in range(0, 1200, 37):
        complete = [f for f in range(20) if f * HOP + N_FFT // 2 <= n_samples]
        assert n_complete_frames(n_samples / RATE_HZ, HOP / RATE_HZ, N_FFT / RATE_HZ) == len(complete)
    for n_samples in (4000, 8064, 1280):
        waveform = torch.zeros(1, n_samples)
        n_frames = FRONT_ENDS["log-mel"]()()(waveform, torch.tensor([n_samples]), RATE_HZ).shape[2]
        assert n_frames_of_clip(n_samples / RATE_HZ, HOP / RATE_HZ) == n_frames
