"""What every classifier of the classical registry keeps to."""

import pytest
import torch

from classical_baselines.harness.backends.torch_float import classifier_operations
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models import CLASSIFIERS
from tests.references.dispatched_macs import dispatched_macs

PICTURE = EncodedShape("intensity", (32, 64))
SAMPLES = EncodedShape("intensity", (1, 2048))
DELAY = EncodedShape("intensity", (1, 1))
READ_SAMPLES = ("raw-cnn", "front-end-cnn")
READ_A_DELAY = ("delay-polynomial",)
OPTIONS = {  # smaller than the defaults, where these are slow; and every way to build one
    "ds-cnn": [{}, {"residual": False, "bits": 8}],
    "residual-cnn": [{}, {"bits": 8}],
    "audio-transformer": [
        {},
        {"tokens": "patches", "positions": "learnt", "n_special_tokens": 2, "patch": (8, 8), "patch_stride": (8, 8)},
    ],
    "se-residual-cnn": [{"dilations": (1, 1, 2), "centred": True, "stochastic_depth": 0.1}],
    "raw-cnn": [{}, {"bits": 8}],
    "ast": [{"patchout": (0, 2)}],
    "front-end-cnn": [
        {"sample_rate_hz": 8000, "front_end": front_end, "front_end_options": options}
        for front_end, options in [
            ("log-mel", {}),
            ("leaf", {"n_filters": 8}),
            ("efficient-leaf", {"n_filters": 8, "n_groups": 4}),
            ("differentiable-stft", {}),
            ("differentiable-stft", {"windows": "frame", "learn_hop": True}),
            ("differentiable-stft", {"windows": "frequency", "n_fft": 256, "window": 192.0}),
            ("differentiable-stft", {"windows": "time-frequency", "n_fft": 256, "window": 192.0}),
            ("multi-resolution", {"hop": 80}),
            ("multi-resolution", {"hop": 80, "fusion": "channels"}),
        ]
    ],
    "cross-modal-fusion": [
        {},
        {"time_suppression": 0.5, "event_suppression": 0.0},
        {"cross_attention": False, "event_suppression": 0.25, "first_bands": 20},
        *({"fusion": fusion} for fusion in ("late", "channels", "first", "second", "one-view")),
    ],
    "sense-fusion": [
        {"sound_rows": 24},
        {"token_suppression": 0.5, "event_suppression": 0.25, "sense_dropout": 0.3, "n_heads": 2},
        {"token_suppression": 0.0, "event_suppression": 0.0},
        *({"fusion": fusion} for fusion in ("mid", "late", "sound", "image")),
    ],
    "azimuth-cnn": [{}, {"order": 1, "mirrored": False}, {"order": 2, "widths": (8,), "kernel": 5}],
    "delay-polynomial": [{}, {"degrees": (1,)}],
    "low-bit-cnn": [{}, {"channels": (), "strides": (), "hidden": (16,), "weight_bits": 3, "activation_bits": 2}],
    "causal-tcn": [{"width": 16, "bits": 8}, {"width": 16}],
    "pruned": [{"network": {"name": "ds-cnn", "options": {"widths": (16,), "strides": (1,)}}}],
    "pruned-int8": [
        {"network": {"name": "ds-cnn", "options": {"widths": (16,), "strides": (1,)}}},
        {"network": {"name": "residual-cnn", "options": {"widths": (16,), "strides": (1,)}}, "sparsity": 0.5},
    ],
    "distilled": [
        {
            "student": {"name": "audio-transformer", "options": {"width": 16, "n_blocks": 1}},
            "teacher": {"name": "residual-cnn", "options": {"widths": (16,), "strides": (1,)}},
        }
    ],
    "linear-layer": [{}],
    "linear-model": [{}],
    "support-vector-machine": [{}],
    "dense-twin": [{"hidden": (32, 16)}],
    "convolutional-twin": [{}],
    "graded-convolutional-twin": [{}],
}
CASES = [(name, options) for name in sorted(CLASSIFIERS) for options in OPTIONS.get(name, [{}])]
FITTED_DIRECTLY = ("delay-polynomial", "linear-model", "support-vector-machine")
PICTURES = torch.rand(40, 32, 64, generator=torch.Generator().manual_seed(0))
WAVEFORMS = 2 * PICTURES.reshape(40, 1, 2048) - 1
DELAYS = PICTURES[:, :1, :1]
TARGETS = torch.arange(40) % 5


def clips_for(name):
    if name in READ_A_DELAY:
        return DELAYS
    return WAVEFORMS if name in READ_SAMPLES else PICTURES


def shape_for(name):
    if name in READ_A_DELAY:
        return DELAY
    return SAMPLES if name in READ_SAMPLES else PICTURE


def new(name, options, *, fitted=True, seed=3):
    torch.manual_seed(seed)
    classifier = CLASSIFIERS[name]()(**options).build(shape_for(name), 5)
    if fitted:
        classifier.fit_directly(clips_for(name), TARGETS, 0)
    return classifier


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, case[1].values())]))
def case(request):
    return request.param


def test_it_gives_finite_logits_for_each_class_and_changes_no_input(case):
    clips = clips_for(case[0])
    classifier = new(*case).eval()
    before = clips.clone()

    logits = classifier(clips)

    assert isinstance(classifier, Classifier)
    assert logits.shape == (40, 5)
    assert torch.isfinite(logits).all()
    assert torch.equal(clips, before)


def test_a_seed_gives_one_network_and_evaluation_draws_nothing(case):
    clips = clips_for(case[0])
    one, other = new(*case).eval(), new(*case).eval()

    logits = one(clips)

    assert torch.equal(logits, other(clips))
    assert torch.equal(logits, one(clips))


def test_a_clip_is_classified_alone_as_in_a_batch(case):
    clips = clips_for(case[0])
    classifier = new(*case).eval()

    torch.testing.assert_close(classifier(clips[2:3])[0], classifier(clips)[2], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("epoch", [0, 9])
@pytest.mark.parametrize(("name", "options"), [one for one in CASES if one[0] not in FITTED_DIRECTLY], ids=str)
def test_gradients_reach_every_parameter(name, options, epoch):
    clips = clips_for(name)
    classifier = new(name, options)
    classifier.start_epoch(0, 10)
    classifier.train()(clips)  # ranges and batch norms see data before anything is quantised
    classifier.start_epoch(epoch, 10)

    loss = torch.nn.functional.cross_entropy(classifier(clips), TARGETS) + classifier.penalty()
    loss.backward()

    for part, parameter in classifier.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, part


def test_a_weights_file_holds_all_that_a_trained_classifier_needs(case):
    clips = clips_for(case[0])
    trained = new(*case)
    if case[0] not in FITTED_DIRECTLY:
        trained.start_epoch(0, 10)
        trained.train()(clips)
        trained.start_epoch(9, 10)
    other = new(*case, fitted=False, seed=99)
    other.load_state_dict(trained.state_dict())

    assert torch.equal(other.eval()(clips), trained.eval()(clips))


def test_its_cost_is_known_and_agrees_with_what_pytorch_dispatches(case):
    clips = clips_for(case[0])
    classifier = new(*case).eval()

    counts = classifier_operations(classifier, clips)

    assert counts.total("sram_bytes") > 0
    assert counts.total("mac_fp32", stage="network") > 0
    if case[0] == "support-vector-machine":
        # |x|^2 is a multiply and add per feature, and the scale of each kernel value one more: not matrix products
        n_support = len(classifier.support_vectors)
        pairs_with_zeros = n_support * (
            10 - 4
        )  # dispatched for ten pairs of classes; a vector has coefficients in four
        by_hand = counts.total("mac_fp32") - 2048 - n_support + pairs_with_zeros
        assert by_hand == dispatched_macs(classifier, clips[:1])
    elif case[0] == "delay-polynomial":
        # a number for each term and one for the place among the sectors: not matrix products
        assert counts.total("mac_fp32") - int(classifier.n_terms) - 1 == dispatched_macs(classifier, clips[:1]) == 0
    elif case[0] == "front-end-cnn":
        # its front end is dispatched with products with zeros: test_learnt_front_end_counts.py has its layers
        front_end = classifier.front_end
        with torch.no_grad():
            picture = front_end(clips[:1, 0]).unflatten(1, (front_end.n_channels, front_end.n_bands))
        body = classifier.body, picture if front_end.n_channels > 1 else picture[:, 0]
        of_body = [n for (_, layer, operation), n in counts if operation == "mac_fp32" and layer.startswith("body.")]
        assert sum(of_body) == dispatched_macs(*body) > 0
    else:
        assert counts.total("mac_fp32") == dispatched_macs(classifier, clips[:1])


def test_another_code_than_a_picture_is_refused(case):
    with pytest.raises(InputError):
        CLASSIFIERS[case[0]]()(**case[1]).build(EncodedShape("spikes", (32, 64), 8), 5)
