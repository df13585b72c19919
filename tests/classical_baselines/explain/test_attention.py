"""Attention caught at work: by hand, against torch's fused kernel, and on the audio transformer."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from classical_baselines.explain.attention import (
    AttentionRelevance,
    AttentionRollout,
    LastAttention,
    attended,
    relevance,
    rollout,
)
from classical_baselines.explain.contract import NotExplainedError
from classical_baselines.explain.feature_maps import explicit_attention, token_map
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.audio_transformer import Attention, AudioTransformer
from tests.classical_baselines.explain.subjects import Linear, pictures, subject_of

SIZE = (16, 24)
CLASSES = torch.tensor([0, 2, 1, 2])
METHODS = (LastAttention(), AttentionRollout(), AttentionRelevance())


def transformer(**options):
    chosen = {"width": 16, "n_blocks": 2, "n_heads": 2, "stem_widths": (8,), **options}
    return AudioTransformer(**chosen).build(EncodedShape("intensity", SIZE), 3).eval()


def test_rollout_of_two_layers_made_by_hand():
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0]])  # both tokens look at the first
    last = torch.tensor([[0.5, 0.5], [0.0, 1.0]])
    # (first + I) / 2 = [[1, 0], [1/2, 1/2]]; (last + I) / 2 = [[3/4, 1/4], [0, 1]]; last times first:
    expected = torch.tensor([[[7 / 8, 1 / 8], [1 / 2, 1 / 2]]])

    torch.testing.assert_close(rollout([first[None, None], last[None, None]]), expected)


def test_heads_are_averaged_and_every_row_of_a_rollout_sums_to_one():
    attentions = [torch.rand(3, 4, 5, 5).softmax(dim=3) for _ in range(3)]

    rolled = rollout(attentions)

    torch.testing.assert_close(rolled.sum(dim=2), torch.ones(3, 5))
    torch.testing.assert_close(rolled, rollout([one.mean(dim=1, keepdim=True) for one in attentions]))


def test_relevance_of_one_layer_is_attention_times_the_positive_gradient():
    attention = torch.tensor([[[[0.25, 0.75], [0.5, 0.5]]]])
    gradient = torch.tensor([[[[2.0, -1.0], [0.0, 4.0]]]])

    torch.testing.assert_close(relevance([attention], [gradient]), torch.tensor([[[0.5, 0.0], [0.0, 2.0]]]))
    # C + C + C C for two layers that are alike
    torch.testing.assert_close(relevance([attention] * 2, [gradient] * 2), torch.tensor([[[1.25, 0.0], [0.0, 8.0]]]))


@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_the_attention_that_is_computed_beside_gives_what_the_fused_kernel_gives(n_heads):
    q, k, v = (torch.randn(3, 7, 8) for _ in range(3))
    weights, product = explicit_attention(q, k, v, n_heads)
    split = [x.view(3, 7, n_heads, -1).transpose(1, 2) for x in (q, k, v)]
    expected = functional.scaled_dot_product_attention(*split).transpose(1, 2).reshape(3, 7, 8)

    torch.testing.assert_close(product, expected)
    torch.testing.assert_close(weights.sum(dim=3), torch.ones(3, n_heads, 7))
    one = (q[0, 0].view(n_heads, -1)[0] * k[0].view(7, n_heads, -1)[:, 0]).sum(1) / math.sqrt(8 / n_heads)
    torch.testing.assert_close(weights[0, 0, 0], one.exp() / one.exp().sum())


@pytest.mark.parametrize("n_special", [0, 1, 2])
def test_every_layer_of_the_transformer_is_caught_and_its_logits_stay(n_special):
    classifier, clips = transformer(n_special_tokens=n_special), pictures(size=SIZE)

    caught, score = attended(subject_of(classifier), clips, CLASSES)

    n_tokens = 8 * 12 + n_special
    assert [one.shape for one in caught.attentions] == [(4, 2, n_tokens, n_tokens)] * 2
    assert caught.token_grid == (8, 12)
    torch.testing.assert_close(score, classifier(clips)[range(4), CLASSES].sum())


def test_gradients_of_attention_are_those_of_finite_differences():
    classifier, clips = transformer().double(), pictures(1, size=SIZE).double()
    subject, target = subject_of(classifier), torch.tensor([1])
    caught, score = attended(subject, clips, target)
    (gradient,) = torch.autograd.grad(score, caught.attentions[0])
    weights = caught.attentions[0].detach()
    place = divmod(int(gradient[0, 1].abs().argmax()), weights.shape[3])
    moved = []
    for change in (-1e-5, 1e-5):

        def instead(module, inputs, output, change=change):
            mine, values = weights.clone(), inputs[2].view(1, -1, 2, 8).transpose(1, 2)
            mine[0, 1, place[0], place[1]] += change
            return (mine @ values).transpose(1, 2).reshape(output.shape)

        handle = classifier.blocks[0].attention.register_forward_hook(instead)
        moved.append(float(classifier(clips)[0, 1].detach()))
        handle.remove()

    assert float(gradient[0, 1, place[0], place[1]]) == pytest.approx((moved[1] - moved[0]) / 2e-5, rel=1e-5)


def test_what_is_read_is_the_special_tokens_rows_where_there_are_any_else_all_rows():
    rows = torch.rand(1, 7, 7)

    torch.testing.assert_close(token_map(rows, (2, 3)), rows[:, :1].mean(1)[:, 1:].view(1, 2, 3))
    torch.testing.assert_close(token_map(rows[:, 1:, 1:], (2, 3)), rows[:, 1:, 1:].mean(1).view(1, 2, 3))
    with pytest.raises(NotExplainedError, match="grid"):
        token_map(rows, (4, 3))


@pytest.mark.parametrize("method", METHODS)
def test_a_token_that_all_look_at_lights_up_in_its_place(method):
    class Looking(Classifier):
        """A token per element; all queries find the loudest element's key."""

        def __init__(self):
            super().__init__()
            self.tokens = nn.Conv2d(1, 2, 1, bias=False)
            self.tokens.weight.data[:] = torch.tensor([1.0, 0.0])[:, None, None, None]
            self.attention = Attention(1)
            self.readout = nn.Linear(2, 3, bias=False)
            self.readout.weight.data[:] = 1.0

        def forward(self, encoded):
            tokens = self.tokens(encoded[:, None]).flatten(2).transpose(1, 2)
            return self.readout(self.attention(30 * torch.ones_like(tokens), tokens, tokens).mean(1))

    clips = 0.2 * torch.ones(1, 6, 8)
    clips[0, 4, 5] = 1.0

    found = method(subject_of(Looking()), clips, torch.tensor([0])).values[0]

    assert divmod(int(found.argmax()), 8) == (4, 5)
    assert not method.signed


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_does_not_attend_is_refused(method):
    with pytest.raises(NotExplainedError, match="no attention"):
        method(subject_of(Linear()), pictures(), CLASSES)


@pytest.mark.parametrize("method", METHODS)
def test_a_module_that_only_looks_like_attention_is_refused(method):
    class Averaging(Attention):
        def forward(self, queries, keys, values):
            return values.mean(dim=1, keepdim=True).expand_as(values)

    classifier = transformer()
    classifier.blocks[1].attention = Averaging(2)

    with pytest.raises(NotExplainedError, match="not softmax"):
        method(subject_of(classifier), pictures(size=SIZE), CLASSES)
    assert not any(module._forward_hooks for module in classifier.modules())


def test_attention_within_groups_is_no_map_of_the_picture():
    class Grouped(Classifier):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Conv2d(1, 4, 1)
            self.attention = Attention(1)
            self.readout = nn.Linear(4, 3)

        def forward(self, encoded):
            tokens = self.tokens(encoded[:, None]).flatten(2).transpose(1, 2).reshape(-1, 12, 4)
            return self.readout(self.attention(tokens, tokens, tokens).view(len(encoded), 48, 4).mean(1))

    with pytest.raises(NotExplainedError, match="groups"):
        AttentionRollout()(subject_of(Grouped()), pictures(), CLASSES)
