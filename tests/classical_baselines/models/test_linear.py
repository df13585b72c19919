# tests/classical_baselines/models/test_linear.py
import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.linear import LinearLayer, LinearModel

SHAPE = EncodedShape("intensity", (3, 4))


def clips(n_classes, seed=0, n_clips=90):
    """Features of unlike scale, one of them constant."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(n_clips) % n_classes
    centres = torch.randn(n_classes, 3, 4, generator=generator)
    scale = torch.linspace(0.01, 30, 12).reshape(3, 4)
    features = (centres[targets] + torch.randn(n_clips, 3, 4, generator=generator)) * scale + 5 * scale
    features[:, 0, 0] = 0.3
    return features, targets


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_its_logits_are_the_decision_function_of_scikit_learn(n_classes):
    features, targets = clips(n_classes)
    unseen, _ = clips(n_classes, seed=1)
    model = LinearModel(c=0.05).build(SHAPE, n_classes)
    before = features.clone()

    assert model.fit_directly(features, targets, seed=0)
    logits = model(unseen)

    flat = features.flatten(1).double().numpy()
    scaler = StandardScaler().fit(flat)
    fitted = LogisticRegression(C=0.05, max_iter=2000).fit(scaler.transform(flat), targets.numpy())
    expected = fitted.decision_function(scaler.transform(unseen.flatten(1).double().numpy()))
    if n_classes == 2:
        expected = np.stack([np.zeros_like(expected), expected], axis=1)
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-5)
    assert torch.equal(features, before)


def test_the_smaller_c_the_smaller_the_weights():
    features, targets = clips(3)
    norms = []
    for c in (1.0, 0.1, 0.01):
        model = LinearModel(c=c).build(SHAPE, 3)
        model.fit_directly(features, targets, seed=0)
        norms.append(float(model.weight.norm()))

    assert norms == sorted(norms, reverse=True)


def test_a_fitted_model_is_all_in_its_state():
    features, targets = clips(3)
    model, copy = (LinearModel().build(SHAPE, 3) for _ in range(2))
    model.fit_directly(features, targets, seed=0)

    copy.load_state_dict(model.state_dict())

    assert torch.equal(copy(features), model(features))


def test_the_counts_of_the_fitted_model_are_those_on_paper():
    counts = LinearModel().build(SHAPE, 3).count_operations(torch.zeros(2, 3, 4))

    assert dict(counts.counts) == {
        ("network", "standardise", "add_fp32"): 12,
        ("network", "standardise", "multiply_fp32"): 12,
        ("network", "standardise", "sram_bytes"): 4 * (12 + 12 + 12 + 12),
        ("network", "linear", "mac_fp32"): 36,
        ("network", "linear", "add_fp32"): 3,
        ("network", "linear", "sram_bytes"): 4 * (36 + 3 + 12 + 3),
    }


def test_the_layer_is_trained_by_gradients_and_counted_by_its_modules():
    torch.manual_seed(0)
    layer = LinearLayer().build(SHAPE, 3)
    features, targets = clips(3)

    assert not layer.fit_directly(features, targets, seed=0)
    assert [parameter.shape for parameter in layer.parameters()] == [(3, 12), (3,)]
    weight, bias = layer.parameters()
    expected = features.flatten(1) @ weight.T + bias
    torch.testing.assert_close(layer(features), expected)
    assert count_modules(layer, features[:1]).total("mac_fp32") == 36


def test_spikes_an_impossible_c_and_a_class_without_clips_are_refused():
    with pytest.raises(InputError, match=r"linear-model reads intensities.*'spikes'"):
        LinearModel().build(EncodedShape("spikes", (3, 4), 8), 3)
    with pytest.raises(InputError, match="c must be greater than 0; got 0"):
        LinearModel(c=0)
    features, targets = clips(2)
    with pytest.raises(InputError, match="Class 2 of 3 has no training clip"):
        LinearModel().build(SHAPE, 3).fit_directly(features, targets, seed=0)
