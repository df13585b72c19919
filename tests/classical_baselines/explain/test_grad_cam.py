"""Grad-CAM and Grad-CAM++ against captum, sums on paper and plain Python."""

import numpy as np
import pytest
import torch
from torch import nn

from classical_baselines.explain.contract import NotExplainedError
from classical_baselines.explain.grad_cam import (
    GradCam,
    GradCamPlusPlus,
    class_activation,
    grad_cam_plus_plus_weights,
    maps_and_gradients,
)
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.dense_twin import ConvolutionalTwin
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.residual_cnn import ResidualCnn
from neuro.classifiers.convolutional import ConvolutionalSnn
from neuro.encoders.latency import LatencyEncoder
from tests.classical_baselines.explain.subjects import Linear, pictures, subject_of

SIZE = (16, 24)
SPIKING = ConvolutionalSnn(channels=(4,), strides=(2,))
CLASSES = torch.tensor([0, 2, 1, 2])


def network(options):
    built = options.build(EncodedShape("intensity", SIZE), 3)
    built(torch.rand(64, *SIZE))  # batch norms learn what is usual
    return built.eval()


@pytest.mark.parametrize(
    ("options", "last"),
    [
        (DsCnn(stem_width=8, widths=(8, 12), strides=(1, 2)), "blocks"),
        (ResidualCnn(stem_width=8, widths=(8, 12), strides=(2, 1)), "blocks"),
        (ConvolutionalTwin(channels=(4, 8), strides=(2, 1)), "layers"),  # read element by element: no global mean
    ],
)
def test_grad_cam_is_captums_at_the_last_maps(options, last):
    from captum.attr import LayerAttribution, LayerGradCam

    classifier, clips = network(options), pictures(size=SIZE)
    reference = LayerGradCam(classifier, getattr(classifier, last))
    expected = reference.attribute(clips, target=CLASSES, relu_attributions=True)
    expected = LayerAttribution.interpolate(expected, SIZE, "bilinear")[:, 0]

    found = GradCam()(subject_of(classifier), clips, CLASSES)

    assert (found.values > 0).any() and not found.signed
    torch.testing.assert_close(found.values, expected.detach())


class OneConvolution(Classifier):
    """relu(conv), global mean, linear: what a class activation map was invented for (Zhou et al., CVPR 2016)."""

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(1, 5, 3, padding=1), nn.ReLU())
        self.readout = nn.Linear(5, 3)

    def forward(self, encoded):
        return self.readout(self.maps(encoded[:, None]).mean((2, 3)))


def test_with_a_global_mean_grad_cam_is_the_class_activation_map():
    classifier, clips = OneConvolution(), pictures(size=SIZE)
    maps = classifier.maps(clips[:, None]).detach()
    cam = torch.einsum("bk,bkij->bij", classifier.readout.weight.detach()[CLASSES], maps)

    found = GradCam()(subject_of(classifier), clips, CLASSES)

    torch.testing.assert_close(found.values, cam.relu() / (SIZE[0] * SIZE[1]))


def test_grad_cam_plus_plus_of_a_global_mean_has_the_coefficients_of_the_closed_form():
    classifier, clips = OneConvolution(), pictures(size=SIZE)
    maps = classifier.maps(clips[:, None]).detach().double().numpy()
    n = SIZE[0] * SIZE[1]
    expected = np.zeros((len(clips), *SIZE))
    for clip, target in enumerate(CLASSES.tolist()):
        for k in range(5):
            g = float(classifier.readout.weight.detach()[target, k]) / n  # the same everywhere in the map
            if g > 0:
                expected[clip] += n * g / (2 + g * maps[clip, k].sum()) * maps[clip, k]

    found = GradCamPlusPlus()(subject_of(classifier), clips, CLASSES)

    np.testing.assert_allclose(found.values.numpy(), expected, rtol=1e-4, atol=1e-8)


def test_a_dead_map_has_no_say_in_grad_cam_plus_plus():
    maps, gradients = torch.rand(1, 2, 3, 3), torch.rand(1, 2, 3, 3)
    gradients[:, 1] = 0

    weights = grad_cam_plus_plus_weights(maps, gradients)

    assert weights[0, 0] > 0 and weights[0, 1] == 0
    torch.testing.assert_close(class_activation(maps, weights)[0], weights[0, 0] * maps[0, 0])


def test_a_picture_that_is_pooled_first_is_explained_on_the_whole_and_not_beyond_it():
    from classical_baselines.harness.unencoded import Unencoded

    classifier = network(DsCnn(stem_width=8, widths=(8,), strides=(1,)))
    clips = pictures(size=(33, 49))  # pooled by two, of which one row and one column fill no window

    found = GradCam()(subject_of(classifier, Unencoded(pool=(2, 2)), size=(33, 49)), clips, CLASSES)

    assert found.values.shape == clips.shape
    assert (found.values[:, -1] == 0).all() and (found.values[:, :, -1] == 0).all()
    assert (found.values[:, -2] > 0).any()


def test_maps_behind_a_one_dimensional_convolution_say_when_and_not_at_which_pitch():
    class OverFrames(Classifier):
        def __init__(self):
            super().__init__()
            self.maps = nn.Conv1d(6, 4, 3, padding=1)
            self.readout = nn.Linear(4, 3)

        def forward(self, encoded):
            return self.readout(self.maps(encoded).relu().mean(2))

    found = GradCam()(subject_of(OverFrames()), pictures(), CLASSES).values

    torch.testing.assert_close(found, found[:, :1].expand_as(found))
    assert (found.std(dim=2) > 0).any()


@pytest.mark.parametrize(
    ("classifier", "encoder", "reason"),
    [
        (Linear(), None, "no convolution"),
        (
            ConvolutionalSnn(channels=(4,), strides=(2,)).build(LatencyEncoder().shape(6, 8), 3),
            LatencyEncoder(),
            "spikes",
        ),
    ],
)
def test_a_network_without_maps_is_refused_with_the_reason(classifier, encoder, reason):
    with pytest.raises(NotExplainedError, match=reason):
        GradCam()(subject_of(classifier, encoder), pictures(), CLASSES)


def test_no_hook_stays_and_the_mode_comes_back():
    classifier = network(DsCnn(stem_width=8, widths=(8,), strides=(1,))).train()

    maps_and_gradients(subject_of(classifier), pictures(size=SIZE), CLASSES)

    assert classifier.training
    assert not any(module._forward_hooks for module in classifier.modules())
    assert all(parameter.grad is None for parameter in classifier.parameters())
