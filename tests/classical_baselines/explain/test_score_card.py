"""The score card on networks of which every entry is known, and its statistics against scipy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from classical_baselines.explain.contract import Saliency
from classical_baselines.explain.gradients import Gradient, GradientTimesInput
from classical_baselines.explain.randomised import randomised
from classical_baselines.explain.score_card import (
    area,
    average_drop,
    average_gain,
    average_increase,
    correlation,
    faithfulness,
    gini,
    hidden_sets,
    positive_part,
    rank_correlation,
    score_card,
)
from classical_baselines.models.linear import LinearModel
from tests.classical_baselines.explain.subjects import Function, Linear, pictures, subject_of


def only_first_element(x):
    """The logit of class 0 is 2 where the first element is loud, of class 1 it is 0: nothing else matters."""
    loud = x[:, 0, 0]
    return torch.stack([2 * loud, torch.zeros_like(loud)], dim=1)


def card_of(values, logits=only_first_element, clips=None, random=None):
    clips = torch.ones(2, 6, 8) if clips is None else clips
    saliency = Saliency("by-hand", values, signed=True)
    random = torch.rand(values.shape) if random is None else random
    return score_card(subject_of(Function(logits)), clips, saliency, random)


def one_element(mel, frame):
    values = torch.zeros(2, 6, 8)
    values[:, mel, frame] = 3.0
    return values


P_LOUD = 1 / (1 + math.exp(-2))


def test_a_map_that_is_right_keeps_the_probability_and_takes_it_away():
    card = card_of(one_element(0, 0))

    assert (card.average_drop, card.average_increase, card.average_gain, card.fidelity) == (0, 0, 0, 1)
    assert card.fall == pytest.approx(P_LOUD - 0.5)
    # hidden with the first 5 % of the elements: half a trapezium of 1/20 at the full probability, then 1/2
    assert card.deletion == pytest.approx(0.5 + (P_LOUD - 0.5) / 40)
    assert card.insertion == pytest.approx(P_LOUD - (P_LOUD - 0.5) / 40)
    assert card.sparseness == pytest.approx(1 - 1 / 48)
    assert card.n_clips == 2 and card.n_empty == 0


def test_a_map_that_is_wrong_loses_the_probability_and_takes_nothing_away():
    card = card_of(one_element(5, 7))

    assert card.average_drop == pytest.approx(100 * (P_LOUD - 0.5) / P_LOUD)
    assert card.fall == 0
    assert card.insertion < P_LOUD - 0.02 and card.deletion > 0.5 + 0.02


def test_where_what_is_left_out_spoke_against_the_class_its_probability_rises():
    def logits(x):
        return torch.stack([x[:, 0, 0] + 1 - x[:, 5, 7] / 2, torch.zeros(len(x))], dim=1)

    card = card_of(one_element(0, 0), logits)
    before, after = (1 / (1 + math.exp(-z)) for z in (1.5, 2.0))

    assert card.average_increase == 100 and card.average_drop == 0
    assert card.average_gain == pytest.approx(100 * (after - before) / (1 - before))


def test_a_map_of_zeros_shows_nothing_and_is_counted():
    card = card_of(torch.zeros(2, 6, 8))

    assert card.n_empty == 2
    assert card.average_drop == pytest.approx(100 * (P_LOUD - 0.5) / P_LOUD)
    assert card.fall == 0
    assert card.sparseness is None and card.faithfulness is None and card.randomisation is None


def test_what_is_hidden_becomes_the_neutral_picture():
    mask = torch.zeros(6, 8)
    mask[2], mask[3] = 1.0, 0.5
    shown = subject_of(Linear(), neutral=torch.full((6, 8), 0.4)).shown(torch.ones(2, 6, 8), mask)

    assert (shown[:, :2] == 0.4).all() and (shown[:, 2] == 1).all()
    torch.testing.assert_close(shown[:, 3], torch.full((2, 8), 0.7))


def test_what_speaks_against_a_class_is_not_shown():
    values = one_element(0, 0)
    values[:, 1] = -9.0

    assert card_of(values).average_drop == 0
    assert positive_part(values).sum() == 2


def test_nothing_is_divided_by_a_probability_of_one():
    p = torch.tensor([1.0, 1.0])
    assert average_gain(p, p) == 0 and average_drop(p, p) == 0 and average_increase(p, p) == 0


def test_weight_times_picture_is_faithful_to_a_linear_network_and_its_opposite_is_not():
    classifier, clips = Linear(n_classes=2, scale=0.01), pictures()
    subject, classes = subject_of(classifier), torch.tensor([0, 1, 1, 0])
    own, other = (GradientTimesInput()(subject, clips, these).values for these in (classes, 1 - classes))
    found = [faithfulness(subject, clips, classes, values) for values in (own - other, other - own)]

    ones = torch.ones(4, dtype=torch.float64)  # the probability is as good as linear in so small a logit
    torch.testing.assert_close(found[0], ones, atol=1e-3, rtol=0)
    torch.testing.assert_close(found[1], -ones, atol=1e-3, rtol=0)
    assert float(faithfulness(subject, clips, classes, torch.rand(4, 6, 8)).abs().max()) < 0.5


@pytest.mark.parametrize("size", [(32, 64), (6, 8), (1, 400), (3, 5)])
def test_every_set_hides_a_quarter_of_the_patches_and_no_two_are_alike(size):
    sets = hidden_sets(size, seed=0)

    assert sets.shape == (64, *size) and set(sets.unique().tolist()) == {0.0, 1.0}
    if size == (32, 64):
        assert (sets.sum((1, 2)) == 32 * 64 / 4).all()
        assert len(sets.unique(dim=0)) == 64
    torch.testing.assert_close(sets, hidden_sets(size, seed=0))


@settings(max_examples=40)
@given(arrays(np.float64, (2, 3, 4), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0, 7.0])), st.randoms())
def test_rank_correlation_is_scipys(values, random):
    a, b = values[0], values[1]
    found = float(rank_correlation(torch.tensor(a[None]), torch.tensor(b[None])))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(a.flatten(), b.flatten()).statistic)


@settings(max_examples=40)
@given(arrays(np.float64, (1, 3, 4), elements=st.floats(-5, 5)).filter(lambda a: np.abs(a).max() > 1e-3))
def test_gini_is_the_mean_difference_over_twice_the_mean(values):
    magnitude = np.abs(values.flatten())
    expected = np.abs(magnitude[:, None] - magnitude[None]).mean() / (2 * magnitude.mean())

    assert float(gini(torch.tensor(values))) == pytest.approx(expected, abs=1e-9)


def test_correlation_and_area_by_hand():
    assert correlation(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[3.0, 2.0, 1.0]])).item() == pytest.approx(-1)
    assert math.isnan(correlation(torch.ones(1, 3), torch.rand(1, 3)))
    assert area(torch.tensor([[1.0, 0.5, 0.0], [1.0, 1.0, 1.0]])).tolist() == [0.5, 1.0]


def test_random_weights_are_the_same_numbers_in_another_order_and_the_subject_keeps_its_own():
    subject = subject_of(Linear())
    before = subject.classifier.layer.weight.detach().clone()
    other = randomised(subject).classifier.layer.weight.detach()

    torch.testing.assert_close(subject.classifier.layer.weight.detach(), before)
    assert not torch.equal(other, before)
    torch.testing.assert_close(other.flatten().sort().values, before.flatten().sort().values)


def test_what_is_fitted_directly_loses_its_fit_too():
    from classical_baselines.harness.contracts import EncodedShape

    model = LinearModel().build(EncodedShape("intensity", (6, 8)), 3)
    model.fit_directly(pictures(30), torch.arange(30) % 3, 0)
    other = randomised(subject_of(model)).classifier

    assert not torch.equal(other.weight, model.weight)
    torch.testing.assert_close(other.weight.flatten().sort().values, model.weight.flatten().sort().values)


def test_a_map_that_does_not_follow_the_weights_fails_the_sanity_check_and_one_that_does_passes():
    subject, clips = subject_of(Linear()), pictures(16)
    classes = subject.probabilities(clips).argmax(1)
    follows = Gradient()(subject, clips, classes)
    of_random = Gradient()(randomised(subject), clips, classes)
    edges = Saliency("edges", clips.diff(dim=2, append=clips[:, :, -1:]), signed=True)  # an edge detector

    assert abs(score_card(subject, clips, follows, of_random.values).randomisation) < 0.35
    assert score_card(subject, clips, edges, edges.values).randomisation == pytest.approx(1)
