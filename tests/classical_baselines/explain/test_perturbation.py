"""Random masks against plain loops, and on networks whose right answer is known."""

import numpy as np
import pytest
import torch

from classical_baselines.explain.perturbation import RandomMasks, covariance_map, random_masks
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.explain.subjects import Function, Linear, pictures, subject_of


def test_masks_lie_between_hidden_and_shown_and_show_their_share():
    masks = random_masks(2000, (4, 5), (30, 43), 0.3, torch.Generator().manual_seed(1))

    assert masks.shape == (2000, 30, 43)
    assert float(masks.min()) == 0 and float(masks.max()) == 1
    assert float(masks.mean()) == pytest.approx(0.3, abs=0.01)
    assert float(masks.mean(0).std()) < 0.02
    for axis in (0, 1):  # shifted at random, else the middles of cells would vary more than their borders
        spread = masks.var(0).mean(axis)
        assert float(spread.max() / spread.min()) < 1.3


def test_the_map_is_the_covariance_in_plain_python():
    masks, p = torch.rand(50, 3, 4), torch.rand(50, dtype=torch.float64)
    expected = np.zeros((3, 4))
    for i in range(3):
        for j in range(4):
            expected[i, j] = np.cov(masks[:, i, j].numpy(), p.numpy(), bias=True)[0, 1] / 0.21

    np.testing.assert_allclose(covariance_map(masks, p, 0.3).numpy(), expected, rtol=1e-4)


def test_it_is_the_map_of_rise_less_an_offset():
    masks, p = random_masks(4000, (3, 3), (6, 8), 0.5, torch.Generator().manual_seed(1)), torch.rand(4000)
    rise = torch.einsum("m,mij->ij", p, masks) / (len(masks) * 0.5)

    found = covariance_map(masks, p, 0.5)

    # but for the sampling of the masks' own mean, it is (RISE - mean of p) / (1 - share)
    torch.testing.assert_close(found, (rise - p.mean()) / 0.5, atol=0.05, rtol=0)


def test_what_alone_decides_stands_out_and_what_speaks_against_is_below_zero():
    def logits(x):
        speaks = x[:, 8:12, 4:8].mean((1, 2)) - x[:, 0:4, 16:20].mean((1, 2))
        return torch.stack([4 * speaks, torch.zeros_like(speaks)], dim=1)

    clips = torch.ones(1, 16, 24)
    found = RandomMasks(n_masks=800)(subject_of(Function(logits), size=(16, 24)), clips, torch.tensor([0]))
    values = found.values[0]

    mel, frame = divmod(int(values.argmax()), 24)
    assert 8 <= mel < 12 and 4 <= frame < 8
    mel, frame = divmod(int(values.argmin()), 24)
    assert 0 <= mel < 4 and 16 <= frame < 20
    assert values[8:12, 4:8].mean() > 3 * values[12:16, 20:24].abs().mean()


def test_of_a_linear_network_it_is_the_worth_of_the_surroundings():
    """With masks of independent elements the map of a score that is linear is weight times picture itself."""
    classifier, clips = Linear(n_classes=2, scale=0.01), pictures(1)
    masks = (torch.rand(40_000, 6, 8, generator=torch.Generator().manual_seed(2)) < 0.5).float()
    subject = subject_of(classifier)
    p = subject.probabilities(subject.shown(clips[0], masks))[:, 0]

    found = covariance_map(masks, p, 0.5)

    difference = classifier.layer.weight.detach()[0] - classifier.layer.weight.detach()[1]
    expected = 0.25 * difference.view(6, 8) * clips[0]  # d p / d logit = p (1 - p), near 1/4
    assert float(torch.corrcoef(torch.stack([found.flatten(), expected.flatten()]))[0, 1]) > 0.98
    torch.testing.assert_close(found, expected, atol=6e-4, rtol=0)


def test_the_same_masks_are_drawn_again():
    subject, clips = subject_of(Linear()), pictures()
    classes = torch.tensor([0, 1, 2, 0])

    first, again = (RandomMasks(n_masks=50)(subject, clips, classes).values for _ in range(2))

    torch.testing.assert_close(first, again, rtol=0, atol=0)
    torch.testing.assert_close(RandomMasks(n_masks=50)(subject, clips[1:2], classes[1:2]).values, first[1:2])


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"n_masks": 1}, "n_masks"), ({"grid": (0, 8)}, "grid"), ({"shown_share": 1.0}, "shown_share")],
)
def test_masks_that_tell_nothing_are_refused(options, reason):
    with pytest.raises(InputError, match=reason):
        RandomMasks(**options)
