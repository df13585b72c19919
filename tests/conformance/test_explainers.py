"""What every way to explain holds to, on networks of every paradigm."""

import pytest
import torch

from classical_baselines.explain import EXPLAINERS
from classical_baselines.explain.contract import NotExplainedError, Subject
from classical_baselines.harness.unencoded import Unencoded
from neuro.encoders.latency import LatencyEncoder
from quantum.encoders.amplitude import AmplitudeEncoder
from studies.registries import build
from studies.specification import Choice

SIZE = (16, 24)
LATENCY, AMPLITUDE = LatencyEncoder(n_steps=4, pool=(1, 2)), AmplitudeEncoder(pool=(2, 2))
# classifier: (encoder, options)
NETWORKS = {
    "linear-layer": (Unencoded(), {}),
    "ds-cnn": (Unencoded(), {"stem_width": 8, "widths": [8, 8], "strides": [2, 1]}),
    "cross-modal-fusion": (Unencoded(), {"stem_width": 8, "widths": [8, 8], "strides": [[2, 1], [1, 1]]}),
    "sense-fusion": (
        Unencoded(),
        {
            "stem_width": 8,
            "stem_stride": [2, 2],
            "widths": [8, 8],
            "strides": [[2, 1], [1, 1]],
            "image_width": 8,
        },
    ),
    "audio-transformer": (Unencoded(pool=(1, 2)), {"width": 16, "n_blocks": 2, "n_heads": 2, "stem_widths": [8]}),
    "ast": (Unencoded(), {"size": "micro", "patch": (8, 8), "patch_stride": (4, 8)}),
    "cnn-transformer": (Unencoded(), {"stem_width": 8, "widths": (8, 8), "strides": ((2, 2), (2, 1)), "width": 16}),
    "distilled": (
        Unencoded(),
        {
            "student": {"name": "audio-transformer", "options": {"width": 16, "n_blocks": 1, "n_heads": 2}},
            "teacher": {
                "name": "se-residual-cnn",
                "options": {"widths": (8,), "strides": ((2, 2),), "dilations": (1,)},
            },
        },
    ),
    "dense-snn": (LATENCY, {"hidden": [16]}),
    "convolutional-snn": (LATENCY, {"channels": [4, 8], "strides": [2, 2]}),
    "qft-circuit": (AMPLITUDE, {}),
    "qft-hybrid": (Unencoded(), {"widths": [8, 8], "grid": [4, 4, 4]}),
}
TRANSFORMERS = {"audio-transformer", "ast", "cnn-transformer", "distilled"}
QUICK = {"random-masks": {"n_masks": 40}, "integrated-gradients": {"n_steps": 4}}
APPLIES = {
    "random-masks": set(NETWORKS),
    "gradient": set(NETWORKS),
    "gradient-times-input": set(NETWORKS),
    "integrated-gradients": set(NETWORKS),
    "grad-cam": {"ds-cnn", "cross-modal-fusion", "sense-fusion", "qft-hybrid"} | TRANSFORMERS,
    "grad-cam++": {"ds-cnn", "cross-modal-fusion", "sense-fusion", "qft-hybrid"} | TRANSFORMERS,
    "attention": TRANSFORMERS,
    "attention-rollout": TRANSFORMERS,
    "attention-relevance": TRANSFORMERS,
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    encoder, options = NETWORKS[request.param]
    torch.manual_seed(3)
    classifier = build("classifier", Choice(name=request.param, options=options)).build(encoder.shape(*SIZE), 3)
    for _ in range(20):  # batch norms learn what is usual, so that spikes flow
        classifier.train()(encoder(torch.rand(16, *SIZE), torch.Generator()))
    return request.param, Subject(encoder, classifier, torch.zeros(SIZE))


@pytest.mark.parametrize("method", EXPLAINERS)
def test_a_map_lies_on_the_picture_is_made_again_alike_and_changes_nothing(method, network):
    name, subject = network
    clips = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))
    classes = torch.tensor([0, 2, 1])
    explainer = EXPLAINERS[method]()(**QUICK.get(method, {}))
    before = {key: value.clone() for key, value in subject.classifier.state_dict().items()}
    if name not in APPLIES[method]:
        with pytest.raises(NotExplainedError):
            explainer(subject, clips, classes)
        return
    given = clips.clone()
    found = explainer(subject, clips, classes)

    assert (found.method, found.values.shape) == (method, clips.shape)
    assert torch.isfinite(found.values).all() and not found.values.requires_grad
    assert found.signed == explainer.signed and (found.signed or (found.values >= 0).all())
    assert (found.values != 0).any()
    torch.testing.assert_close(explainer(subject, clips, classes).values, found.values, rtol=0, atol=0)
    torch.testing.assert_close(explainer(subject, clips[1:2], classes[1:2]).values, found.values[1:2])
    torch.testing.assert_close(clips, given, rtol=0, atol=0)
    assert all(torch.equal(value, before[key]) for key, value in subject.classifier.state_dict().items())
    assert all(parameter.grad is None for parameter in subject.classifier.parameters())
