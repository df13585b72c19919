"""The fusion of a sound and an image: gates on paper, what reads what, and what a lost sense leaves."""

from math import exp, log

import pytest
import torch
from torch import nn

from classical_baselines.front_ends.sound_and_image import spread
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.sense_fusion import (
    AskingOther,
    BackgroundSuppression,
    PlacePositions,
    SenseFusion,
    without_a_sense,
)

SHAPE = EncodedShape("intensity", (16 + 16, 32))
SMALL = {"stem_width": 4, "widths": (4, 8), "strides": ((1, 1), (2, 1)), "image_width": 4, "dropout": 0.0}
FUSIONS = ("cross-attention", "mid", "late")


def sigmoid(x):
    return 1 / (1 + exp(-x))


def built(shape=SHAPE, **options):
    torch.manual_seed(0)
    network = SenseFusion(**(SMALL | options)).build(shape, 3)
    network.train()(torch.rand(32, *shape.grid))  # batch norms learn what is usual
    return network.eval()


def pictures(n_clips=4, shape=SHAPE, seed=1):
    return torch.rand(n_clips, *shape.grid, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_fusion_reads_both_senses_and_either_branch_its_own_rows(fusion):
    network, clips = built(fusion=fusion), pictures().requires_grad_()
    network(clips).square().sum().backward()
    assert clips.grad[:, :16].abs().sum() > 0 and clips.grad[:, 16:].abs().sum() > 0

    for branch, rows in ((0, slice(16, None)), (1, slice(None, 16))):
        clips = pictures().requires_grad_()
        maps = network.senses(clips)
        maps.chunk(2, dim=1)[branch].square().sum().backward()
        assert clips.grad[:, rows].abs().sum() == 0  # nothing of the other's


def test_maps_lie_over_the_sense_that_they_are_of():
    network = built(fusion="late")
    maps = network.senses(pictures())

    assert maps.shape == (4, 16, 4 + 4, 8)  # 16 rows halved twice, then as many of the image; 32 frames a fourth
    assert not maps[:, :8, 4:].any() and not maps[:, 8:, :4].any()
    image = maps[:, 8:, 4:]
    assert torch.equal(image[..., ::2], image[..., 1::2])  # a place is as wide as two frames


def test_late_fusion_is_the_mean_of_what_either_sense_says_alone():
    network = built(fusion="late")
    clips = pictures()
    alone = []
    for number, (name, rows) in enumerate((("sound", slice(None, 16)), ("image", slice(16, None)))):
        single = built(EncodedShape("intensity", (16, 32)), fusion=name)
        single.senses.branches[0].load_state_dict(network.senses.branches[number].state_dict())
        single.readouts[0].load_state_dict(network.readouts[number].state_dict())
        alone.append(single(clips[:, rows]))

    torch.testing.assert_close(network(clips), (alone[0] + alone[1]) / 2)


def test_mid_fusion_is_one_hidden_layer_on_the_means_of_both():
    network, clips = built(fusion="mid"), pictures()
    sound, image = network.senses.tokens(network.senses(clips))
    joint = torch.cat([sound.mean(1), image.mean(1)], dim=1)
    first, second = network.mid[0], network.mid[3]
    hidden = (joint @ first.weight.T + first.bias).clamp_min(0)

    torch.testing.assert_close(network(clips), hidden @ second.weight.T + second.bias)


def test_an_image_branch_sees_the_pixels_whatever_their_rows_and_frames():
    images = torch.rand(5, 8, 8)
    of = [built(EncodedShape("intensity", (8 * rows, n)), fusion="image") for rows, n in ((1, 8), (3, 24), (2, 16))]
    said = [network(spread(images, n, rows)) for network, (rows, n) in zip(of, ((1, 8), (3, 24), (2, 16)), strict=True)]

    other = built(EncodedShape("intensity", (8, 8)), fusion="image")
    other.load_state_dict(of[1].state_dict())
    torch.testing.assert_close(other(images.flip(1)), said[1])


def test_a_token_counts_by_itself_and_by_the_other_sense_as_a_whole():
    suppression = BackgroundSuppression(2, strength=0.75)
    for part, (w, b) in zip(
        suppression.attention, (([1.0, -2.0, 0.5, 0.0], 0.5), ([0.0, 3.0, 1.0, 1.0], -1.0)), strict=True
    ):
        part[0].weight.data, part[0].bias.data = torch.tensor([w]), torch.tensor([b])
    sound = torch.tensor([[[1.0, 2.0], [0.5, 0.0], [0.0, 1.0]]])  # three tokens, mean (0.5, 1)
    image = torch.tensor([[[2.0, 0.0], [0.0, 1.0]]])  # two, mean (1, 0.5)

    heard, seen = suppression(sound, image)

    first = sigmoid(1.0 - 4.0 + 0.5 * 1.0 + 0.5)
    assert heard[0, 0].tolist() == pytest.approx([(0.25 + 0.75 * first) * 1.0, (0.25 + 0.75 * first) * 2.0])
    second = sigmoid(3.0 * 1.0 + 0.5 + 1.0 - 1.0)
    assert seen[0, 1].tolist() == pytest.approx([0.0, 0.25 + 0.75 * second])


def test_attention_across_the_senses_is_torchs_and_counts_the_tokens_of_either():
    asking = AskingOther(8, 2).eval()
    own, other = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
    found = asking(own, own, other, other)

    reference = nn.MultiheadAttention(8, 2, batch_first=True)
    reference.in_proj_weight.data = torch.cat([asking.queries.weight, asking.keys.weight, asking.values.weight])
    reference.in_proj_bias.data = torch.cat([torch.zeros(16), asking.values.bias])
    reference.out_proj.load_state_dict(asking.projection.state_dict())
    context, _ = reference(own, other, other)
    gate = torch.sigmoid(torch.cat([own, context], dim=2) @ asking.gate[0].weight.T + asking.gate[0].bias)
    torch.testing.assert_close(found, own + gate * context)

    counts = count_modules(asking.attention, own[:1], other[:1], other[:1])
    assert counts.total("mac_fp32") == 2 * 5 * 7 * 8  # both products, all heads


def test_the_gate_of_the_classes_is_the_product_of_what_both_senses_see():
    """Against the same network without it: L + e ln(sigmoid(A_s) sigmoid(A_i))."""
    network, clips = built(fusion="cross-attention", n_heads=2, event_suppression=0.5), pictures()
    event, network.event = network.event, None
    without = network(clips)
    tokens = network.background(*network.attention(*network.senses.tokens(network.senses(clips))))
    classes = [readout(one.mean(1)) for readout, one in zip(network.readouts, tokens, strict=True)]
    network.event = event

    for clip in range(len(clips)):
        for c in range(3):
            gate = log(sigmoid(classes[0][clip, c].item()) * sigmoid(classes[1][clip, c].item()))
            assert float(network(clips)[clip, c] - without[clip, c]) == pytest.approx(0.5 * gate, abs=1e-5)


def test_places_of_an_image_are_told_apart_along_both_axes():
    places = PlacePositions()(torch.zeros(1, 16, 8))[0]
    assert len({tuple(place.tolist()) for place in places}) == 16
    assert torch.equal(places[0, :4], places[3, :4]) and not torch.equal(places[0, 4:], places[3, 4:])  # one row
    assert torch.equal(places[0, 4:], places[4, 4:]) and not torch.equal(places[0, :4], places[4, :4])  # one column


def test_a_share_of_the_clips_loses_one_sense_and_none_loses_both():
    clips = torch.ones(4000, 5, 3)
    torch.manual_seed(2)
    left = without_a_sense(clips, 2, 0.4)

    no_sound, no_image = (left[:, :2] == 0).all(dim=(1, 2)), (left[:, 2:] == 0).all(dim=(1, 2))
    assert not (no_sound & no_image).any()
    assert torch.equal(left[:, :2][~no_sound], clips[:, :2][~no_sound])
    assert torch.equal(left[:, 2:][~no_image], clips[:, 2:][~no_image])
    for lost in (no_sound, no_image):
        assert float(lost.float().mean()) == pytest.approx(0.2, abs=0.02)
    network = built(fusion="late", sense_dropout=0.9)
    assert torch.equal(network(pictures()), network(pictures()))  # in training alone


def test_options_that_do_not_go_together_are_refused():
    for options, said in (
        ({"fusion": "early"}, "No fusion is called 'early'"),
        ({"fusion": "late", "n_heads": 2}, "n_heads: of the fusion cross-attention alone; 'late' has none"),
        ({"widths": (4, 6), "strides": ((1, 1), (1, 1))}, r"multiple of 4 and of n_heads \(4\); got 6"),
        ({"fusion": "sound", "sense_dropout": 0.1}, "reads the whole picture as one sense"),
        ({"token_suppression": 1.5}, r"token_suppression must lie in \[0, 1\], where 0 is off; got 1.5"),
        ({"sense_dropout": 1.0}, r"sense_dropout must lie in \[0, 1\); got 1.0"),
    ):
        with pytest.raises(InputError, match=said):
            SenseFusion(**options)
    for options, grid, said in (
        ({"sound_rows": 32}, (32, 32), "sound_rows = 32 leaves 0 of 32 rows to the image"),
        (
            {"sound_rows": 30},
            (40, 32),
            "has a multiple of 8 rows; the picture has 40 rows, of which 30 are the sound's",
        ),
        ({"sound_rows": 32}, (40, 6), "An image of 8 columns needs as many frames; the picture has 6"),
    ):
        with pytest.raises(InputError, match=said):
            SenseFusion(**options).build(EncodedShape("intensity", grid), 3)
    with pytest.raises(InputError, match=r"4 columns of an image's maps need as many frames of the sound's; it has 2"):
        built(EncodedShape("intensity", (32, 8)), fusion="late")(pictures(1, EncodedShape("intensity", (32, 8))))
