"""Gradients against weights that are known, finite differences, captum, and what integration must add up to."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from classical_baselines.explain.contract import NotExplainedError
from classical_baselines.explain.gradients import Gradient, GradientTimesInput, IntegratedGradients, on_picture
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.harness.unencoded import Unencoded
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.classifiers.dense import DenseSnn
from neuro.encoders.direct_current import DirectCurrentEncoder
from neuro.encoders.latency import LatencyEncoder
from neuro.encoders.rate import RateEncoder
from neuro.encoders.send_on_delta import SendOnDeltaEncoder
from quantum.classifiers.qft_circuit import QftCircuit
from quantum.encoders.amplitude import AmplitudeEncoder
from tests.classical_baselines.explain.subjects import Function, Linear, pictures, subject_of

CLASSES = torch.tensor([0, 2, 1, 2])


def test_the_gradient_of_a_linear_network_is_its_weights():
    classifier = Linear()

    found = Gradient()(subject_of(classifier), pictures(), CLASSES)

    torch.testing.assert_close(found.values, classifier.weights_of(CLASSES))
    assert found.signed and (found.values < 0).any()


@pytest.mark.parametrize("method", [GradientTimesInput(), IntegratedGradients(n_steps=3)])
def test_a_linear_network_is_attributed_weight_times_what_the_picture_has_beyond_the_neutral_one(method):
    classifier, clips = Linear(), pictures()
    neutral = torch.rand(6, 8)

    found = method(subject_of(classifier, neutral=neutral), clips, CLASSES)

    torch.testing.assert_close(found.values, classifier.weights_of(CLASSES) * (clips - neutral))


def smooth_network():
    return Function(nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.Tanh(), nn.Linear(16, 3)))


def test_integrated_gradients_are_captums():
    from captum.attr import IntegratedGradients as Reference

    classifier, clips = smooth_network(), pictures()
    expected = Reference(classifier).attribute(clips, target=CLASSES, n_steps=20, method="riemann_middle")

    found = IntegratedGradients(n_steps=20)(subject_of(classifier), clips, CLASSES)

    torch.testing.assert_close(found.values, expected.detach().float(), rtol=1e-4, atol=1e-6)


def test_integrated_gradients_add_up_to_the_difference_of_the_logits():
    classifier, clips, neutral = smooth_network(), pictures(), torch.rand(6, 8)
    found = IntegratedGradients(n_steps=200)(subject_of(classifier, neutral=neutral), clips, CLASSES)
    logits, at_neutral = (classifier(x).detach()[range(4), CLASSES] for x in (clips, neutral.expand(4, -1, -1)))

    torch.testing.assert_close(found.values.sum((1, 2)), logits - at_neutral, rtol=1e-3, atol=1e-4)


def circuit(amplitude):
    encoder = AmplitudeEncoder(pool=(1, 2), amplitude=amplitude)
    classifier = QftCircuit(n_layers_before=1, n_layers_after=1).build(encoder.shape(8, 8), 3)
    return subject_of(classifier.double(), encoder, 0.3 * torch.ones(8, 8, dtype=torch.float64), size=(8, 8))


@pytest.mark.parametrize("amplitude", ["intensity", "centred", "sqrt"])
def test_the_gradient_through_a_circuit_and_its_state_is_that_of_finite_differences(amplitude):
    subject, clips = circuit(amplitude), 0.1 + 0.8 * pictures(1, size=(8, 8)).double()
    target = torch.tensor([1])
    found = Gradient()(subject, clips, target).values

    classifier = subject.classifier.eval()
    for place in [(0, 0), (3, 5), (7, 7)]:
        sides = []
        for change in (-1e-5, 1e-5):
            moved = clips.clone()
            moved[0, place[0], place[1]] += change
            sides.append(float(classifier(subject.encoded(moved)).detach()[0, 1]))
        assert float(found[0, place[0], place[1]]) == pytest.approx((sides[1] - sides[0]) / 2e-5, rel=1e-4, abs=1e-8)


def test_integrated_gradients_through_a_circuit_add_up():
    subject, clips = circuit("intensity"), pictures(4, size=(8, 8)).double()
    found = IntegratedGradients(n_steps=100)(subject, clips, CLASSES)
    classifier = subject.classifier.eval()
    logits, at_neutral = (
        classifier(subject.encoded(x)).detach()[range(4), CLASSES] for x in (clips, subject.neutral.expand(4, -1, -1))
    )

    torch.testing.assert_close(found.values.sum((1, 2)), logits - at_neutral, rtol=1e-3, atol=1e-5)


def test_a_gradient_that_is_infinite_at_silence_counts_as_nothing():
    subject, clips = circuit("sqrt"), pictures(4, size=(8, 8)).double()
    clips[:, 2:4] = 0

    found = Gradient()(subject, clips, CLASSES)

    assert torch.isfinite(found.values).all() and (found.values[:, 2:4] == 0).all() and (found.values[:, 5] != 0).any()


SPIKING = {
    "latency": (LatencyEncoder(n_steps=4), DenseSnn(hidden=(16,))),
    "latency, pooled": (LatencyEncoder(n_steps=4, pool=(2, 2)), ConvolutionalSnn(channels=(4,), strides=(1,))),
    "rate": (RateEncoder(n_steps=6), DenseSnn(hidden=(16,))),
    "direct current": (DirectCurrentEncoder(n_steps=3), DenseSnn(hidden=(16,))),
    "direct current by frame": (DirectCurrentEncoder(n_steps=3, framewise=True), DenseSnn(hidden=(16,))),
    "send on delta": (SendOnDeltaEncoder(pool=(1, 2)), DenseSnn(hidden=(16,))),
}


@pytest.mark.parametrize("name", SPIKING)
def test_spikes_times_their_surrogate_gradient_are_gathered_on_the_picture(name):
    encoder, options = SPIKING[name]
    classifier = options.build(encoder.shape(6, 8), 3).eval()
    subject, clips = subject_of(classifier, encoder), pictures()
    spikes = subject.encoded(clips).requires_grad_()
    (gradient,) = torch.autograd.grad(classifier(spikes)[range(4), CLASSES].sum(), spikes)

    found = GradientTimesInput()(subject, clips, CLASSES).values

    assert found.shape == clips.shape and (found != 0).any()
    torch.testing.assert_close(found.sum((1, 2)), (gradient * spikes).detach().sum((0, 2)), rtol=1e-4, atol=1e-6)


def test_an_element_that_never_fires_is_attributed_nothing():
    encoder = LatencyEncoder(n_steps=4)
    subject = subject_of(DenseSnn(hidden=(16,)).build(encoder.shape(6, 8), 3), encoder)
    clips = pictures()
    clips[:, 2] = 0  # silence gives no spike

    found = IntegratedGradients(n_steps=4)(subject, clips, CLASSES).values

    assert (found[:, 2] == 0).all() and (found[:, 3] != 0).any()


def test_codes_lie_on_the_picture_where_their_encoder_says():
    """One spike at a time, at the step and channel that the docstrings of the encoders name."""
    for step, channel, shape, place in [
        (1, 2 * 8 + 5, EncodedShape("spikes", (6, 8), 4), (2, 5)),  # picture code: channel = mel * frames + frame
        (7 * 3 + 1, 4, EncodedShape("graded", (6,), 24), (4, 7)),  # framewise, three steps a frame
        (7, 6 + 4, EncodedShape("spikes", (12,), 8), (4, 7)),  # OFF bands behind the ON bands
    ]:
        code = torch.zeros(shape.n_steps, 2, shape.n_channels)
        code[step, 1, channel] = 5.0
        expected = torch.zeros(2, 6, 8)
        expected[1, place[0], place[1]] = 5.0
        torch.testing.assert_close(on_picture(code, shape, (6, 8), (1, 1)), expected)


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(6, 9), st.integers(6, 9))
def test_what_was_pooled_shares_its_attribution_and_nothing_is_lost(a, b, n_mels, n_frames):
    grid = (n_mels // a, n_frames // b)
    code = torch.rand(2, 3, grid[0] * grid[1])

    spread = on_picture(code, EncodedShape("spikes", grid, 2), (n_mels, n_frames), (a, b))

    assert spread.shape == (3, n_mels, n_frames)
    torch.testing.assert_close(spread.sum((1, 2)), code.sum((0, 2)))
    torch.testing.assert_close(spread[:, :a, :b], spread[:, :1, :1].expand(-1, a, b))


def test_a_code_that_lies_on_no_picture_is_refused():
    with pytest.raises(NotExplainedError, match="7 channels"):
        on_picture(torch.rand(8, 1, 7), EncodedShape("spikes", (7,), 8), (6, 8), (1, 1))


def test_a_network_that_no_gradient_goes_through_is_refused():
    class Counting(Classifier):
        def forward(self, encoded):
            loud = (encoded > 0.5).float().sum((1, 2))
            return torch.stack([loud, -loud, 0 * loud], dim=1)

    with pytest.raises(NotExplainedError, match="no gradient"):
        Gradient()(subject_of(Counting()), pictures(), CLASSES)


def test_pooling_before_the_network_is_part_of_what_is_explained():
    classifier = Linear()  # of 6 x 8, from 12 x 16
    found = Gradient()(subject_of(classifier, Unencoded(pool=(2, 2)), size=(12, 16)), pictures(size=(12, 16)), CLASSES)

    expected = classifier.weights_of(CLASSES).repeat_interleave(2, 1).repeat_interleave(2, 2) / 4
    torch.testing.assert_close(found.values, expected)


def test_a_number_of_steps_that_integrates_nothing_is_refused():
    with pytest.raises(InputError, match="n_steps must lie in 1 to"):
        replace(IntegratedGradients(), n_steps=0)
