# tests/studies/test_heard_so_far.py
"""Decisions before the clip is over: each against a second way to the same numbers."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.seeds import generator_for, seeded_globally
from classical_baselines.harness.unencoded import Unencoded
from neuro.encoders import ENCODERS
from neuro.loihi.backends import chip_input
from neuro.loihi.emulator import emulate
from neuro.loihi.quantise import quantised
from studies.heard_so_far import HeardSoFar, logit_gaps
from studies.registries import CLASSIFIERS, build

N_FRAMES = 26  # of 0.4 s at a hop of 16 ms
SECONDS = (0.1, 0.2, 0.4)
FRAMES = (6, 12, 26)  # (0.1 - 0.016) / 0.016 = 5.25, (0.2 - 0.016) / 0.016 = 11.5; one stands around sample 0


def trained(classifier, encoder=None, **options):
    encoder = encoder or Unencoded()
    with seeded_globally(0, "weights"):
        network = CLASSIFIERS[classifier]()(**options).build(encoder.shape(8, N_FRAMES), 5)
    intensity = torch.rand(7, 8, N_FRAMES, generator=torch.Generator().manual_seed(0))
    network.start_epoch(9, 10)  # on the integers of its last epochs, where it has such
    network.train()(encoder(intensity, generator_for(0, "encoding")))
    return Trained(encoder, network.eval(), intensity), intensity


def heard(system, intensity, of="torch-float", **options):
    backend = HeardSoFar(of=of, options=options, seconds=SECONDS)
    outcome = backend.run(system, intensity, generator_for(0, "backend"))
    return outcome, outcome.notes["heard_so_far"]


def assert_alike(gaps, logits):
    """Hundredths below the largest, of logits that were found in another way."""
    logits = logits.detach().double().numpy()
    below = 100 * (logits.max(axis=1, keepdims=True) - logits)
    np.testing.assert_allclose(gaps, below, atol=1.01)  # a hundredth at most, as what is no prediction is 1 at least
    assert np.argmin(gaps, axis=1).tolist() == logits.argmax(axis=1).tolist()


@pytest.mark.parametrize(
    ("classifier", "of", "options"),
    [("causal-tcn", "torch-float", {}), ("causal-tcn", "low-bit", {"bits": 8}), ("causal-rnn", "torch-float", {})],
)
def test_a_stream_stopped_after_n_frames_says_what_the_network_says_at_that_frame_of_the_whole_clip(
    classifier, of, options
):
    system, intensity = trained(classifier, **options)
    _, note = heard(system, intensity, of)
    with torch.no_grad():
        each_frame = system.classifier.decisions(intensity)

    assert note["streams"] and note["frames"] == list(FRAMES)
    for gaps, n in zip(note["gaps"], FRAMES, strict=True):
        np.testing.assert_array_less(np.abs(np.asarray(gaps) - _below(each_frame[:, n - 1])), 3.0 if options else 1.01)


def _below(logits):
    logits = logits.double().numpy()
    return 100 * (logits.max(axis=1, keepdims=True) - logits)


@pytest.mark.parametrize("classifier", ["dense-snn", "delay-snn", "recurrent-snn"])
def test_a_spiking_network_stopped_after_n_steps_says_what_its_readout_holds_then_in_the_whole_run(classifier):
    system, intensity = trained(classifier, ENCODERS["send-on-delta"]()(pool=(1, 2)), hidden=(12, 12))
    _, note = heard(system, intensity, "loihi-emulator")
    network = quantised(system.classifier)
    encoded = system.encoder(intensity, generator_for(0, "encoding"))
    record = emulate(network, chip_input(network, encoded), potentials=True)

    assert note["streams"]
    for gaps, n_steps in zip(note["gaps"], (3, 6, 13), strict=True):  # two frames a step
        at_step = torch.from_numpy(record.potentials[-1][n_steps - 1].astype(np.float64))
        assert_alike(gaps, at_step * network.readout_gain / n_steps)


def test_a_poll_decides_anew_from_a_picture_whose_later_frames_are_silent():
    system, intensity = trained("linear-layer")
    _, note = heard(system, intensity)

    assert not note["streams"]
    for gaps, n in zip(note["gaps"], FRAMES, strict=True):
        silent = intensity.clone()
        silent[:, :, n:] = 0
        with torch.no_grad():
            assert_alike(gaps, system.classifier(silent))


def test_the_outcome_is_that_of_the_backend_itself_on_the_whole_clips():
    system, intensity = trained("causal-tcn")
    outcome, _ = heard(system, intensity)
    itself = build("backend", HeardSoFar(seconds=SECONDS).backend).run(system, intensity, generator_for(0, "backend"))

    assert torch.equal(outcome.logits, itself.logits)
    assert outcome.counts == itself.counts
    assert {name: value for name, value in outcome.notes.items() if name != "heard_so_far"} == itself.notes


def test_a_stream_counts_the_frames_that_it_heard_and_a_poll_every_time_the_whole_picture():
    counts = {}
    for classifier in ("causal-tcn", "linear-layer"):
        _, note = heard(*trained(classifier))
        macs = [row[3] for row in note["counts"] if row[2] == "mac_fp32"]
        counts[classifier] = np.sum(macs, axis=0)

    # width 64 from 8 bands; four blocks of 3 taps a channel and a 64 x 64 product; the readout, once
    per_frame = 8 * 64 + 4 * (3 * 64 + 64 * 64)
    assert counts["causal-tcn"].tolist() == [n * per_frame + 64 * 5 for n in FRAMES]
    assert counts["linear-layer"].tolist() == [8 * N_FRAMES * 5] * 3


def test_a_prediction_survives_the_rounding_of_a_near_tie():
    logits = torch.tensor([[2.0, 2.001, -300.0], [1.0, 1.0, 0.5]])

    assert logit_gaps(logits) == [[1, 0, 10_000], [0, 1, 50]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seconds": (0.2, 0.1)}, "each longer than the one before"),
        ({"seconds": (0.4,)}, "2 to 64 lengths"),
        ({"seconds": (0.01, 0.4)}, "no frame is complete: one needs 0.016 s"),
        ({"hop_seconds": 0.05}, "0 < hop_seconds <= window_seconds"),
        ({"of": "heard-so-far"}, "names itself"),
    ],
)
def test_lengths_that_cannot_be_are_refused(options, says):
    with pytest.raises(InputError, match=says):
        HeardSoFar(**options)


def test_a_code_that_waits_and_a_picture_of_another_length_are_refused():
    system, intensity = trained("dense-snn", ENCODERS["latency"]()(), hidden=(12,))
    with pytest.raises(InputError, match=r"LatencyEncoder is not known to send frame by frame.*send-on-delta"):
        heard(system, intensity)
    system, intensity = trained("linear-layer")
    with pytest.raises(InputError, match="has 26 frames; the picture has 20"):
        heard(system, intensity[:, :, :20])
