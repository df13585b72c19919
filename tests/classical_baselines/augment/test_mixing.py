# tests/classical_baselines/augment/test_mixing.py
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, one_hot

from classical_baselines.augment.mixing import mixup
from classical_baselines.harness.choices import InputError


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 10), st.integers(0, 2**31))
def test_pictures_and_labels_are_mixed_in_the_same_proportion(alpha, seed):
    # Clip i is the unit vector i, and so is its label: whatever is done to one must be done to the other.
    labels = torch.eye(6, dtype=torch.float64)
    intensity = labels[:, :, None].clone()

    mixed, targets = mixup(intensity, labels, alpha, torch.Generator().manual_seed(seed))

    torch.testing.assert_close(mixed[:, :, 0], targets, atol=1e-12, rtol=0)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(6, dtype=torch.float64))
    assert ((targets >= 0) & (targets <= 1)).all()
    assert ((targets > 0).sum(dim=1) <= 2).all()
    assert torch.equal(intensity[:, :, 0], labels)
    assert torch.equal(mixed, mixup(intensity, labels, alpha, torch.Generator().manual_seed(seed))[0])


def test_labels_stay_soft_and_the_loss_is_that_of_both_classes():
    labels = one_hot(torch.arange(8) % 2, 2).double()
    _, targets = mixup(torch.rand(8, 2, 2), labels, 5.0, torch.Generator().manual_seed(0))
    logits = torch.randn(8, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    between = ((targets > 0) & (targets < 1)).all(dim=1)
    assert between.sum() >= 2
    losses = cross_entropy(logits, targets, reduction="none")
    log_share = torch.log_softmax(logits, dim=1)
    for loss, target, log_p in zip(losses.tolist(), targets.tolist(), log_share.tolist(), strict=True):
        assert loss == pytest.approx(-target[0] * log_p[0] - target[1] * log_p[1])


def test_the_shares_follow_a_beta_distribution():
    labels = torch.eye(4000, dtype=torch.float64)
    _, targets = mixup(labels[:, :, None], labels, 2.0, torch.Generator().manual_seed(3))

    share = targets.diagonal()
    # Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)) = 0.05.
    assert float(share.mean()) == pytest.approx(0.5, abs=0.015)
    assert float(share.var()) == pytest.approx(0.05, abs=0.005)


def test_alpha_0_mixes_nothing():
    intensity, labels = torch.rand(3, 2, 2), torch.eye(3)
    mixed, targets = mixup(intensity, labels, 0.0, torch.Generator())

    assert torch.equal(mixed, intensity)
    assert torch.equal(targets, labels)


@pytest.mark.parametrize("hard", [torch.tensor([0, 1]), torch.eye(2, dtype=torch.long)])
def test_hard_labels_are_refused(hard):
    with pytest.raises(ValueError, match="floating-point class shares"):
        mixup(torch.rand(2, 2, 2), hard, 1.0, torch.Generator())


def test_a_negative_alpha_is_refused():
    with pytest.raises(InputError, match="alpha must be 0"):
        mixup(torch.rand(2, 2, 2), torch.eye(2), -1.0, torch.Generator())
