# tests/classical_baselines/models/test_cross_modal_fusion.py
"""The fusion of two views: gates on paper, what is left without them, and what they find that late fusion cannot."""

from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.explain.grad_cam import GradCam
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.audio_transformer import sine_positions
from classical_baselines.models.cross_modal_fusion import (
    CrossAttention,
    CrossModalFusion,
    EventGate,
    FrameGate,
    TimeSuppression,
    rows_after,
)
from tests.classical_baselines.explain.subjects import subject_of

SHAPE = EncodedShape("intensity", (20, 12))
SMALL = {"stem_width": 4, "widths": (4, 8), "strides": ((1, 1), (2, 1)), "n_heads": 2, "dropout": 0.0}
ONE_PART = (
    {"time_suppression": 0.0, "event_suppression": 0.0},
    {"cross_attention": False, "n_heads": 4, "event_suppression": 0.0},
    {"cross_attention": False, "n_heads": 4, "time_suppression": 0.0},
)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def built(seed=0, shape=SHAPE, **options):
    torch.manual_seed(seed)
    without_heads = options.get("fusion", "cross-modal") != "cross-modal"
    given = {name: value for name, value in SMALL.items() if not (without_heads and name == "n_heads")} | options
    network = CrossModalFusion(**given).build(shape, 3)
    network.train()(torch.rand(32, *shape.grid))  # batch norms learn what is usual
    return network.eval()


def pictures(n_clips=4, shape=SHAPE, seed=1):
    return torch.rand(n_clips, *shape.grid, generator=torch.Generator().manual_seed(seed))


# ------------------------------------------------------------------------------------------------------------ the gates


def test_a_frame_is_scaled_by_the_attention_that_the_other_view_pays_it():
    time = TimeSuppression(2, strength=0.75)
    for part, (w, b) in zip(time.attention, (([1.0, -2.0], 0.5), ([0.0, 3.0], -1.0)), strict=True):
        part[0].weight.data, part[0].bias.data = torch.tensor([w]), torch.tensor([b])
    first = torch.tensor([[[1.0, 2.0], [0.5, 0.0]]])
    second = torch.tensor([[[4.0, 1.0], [1.0, -1.0]]])

    gated_first, gated_second = time(first, second)

    of_first = [sigmoid(1 - 4 + 0.5), sigmoid(0.5 + 0.5)]  # attention of the first view, frame by frame
    of_second = [sigmoid(3 - 1), sigmoid(-3 - 1)]
    expected_first = [
        [(0.25 + 0.75 * a) * x for x in row] for a, row in zip(of_second, [[1, 2], [0.5, 0]], strict=True)
    ]
    expected_second = [[(0.25 + 0.75 * a) * x for x in row] for a, row in zip(of_first, [[4, 1], [1, -1]], strict=True)]
    np.testing.assert_allclose(gated_first[0].detach(), expected_first, rtol=1e-6)
    np.testing.assert_allclose(gated_second[0].detach(), expected_second, rtol=1e-6)


def test_at_full_strength_a_frame_that_the_other_view_takes_for_background_vanishes():
    assert torch.equal(
        FrameGate(1.0)(torch.ones(1, 2, 3), torch.tensor([[[0.0], [1.0]]]))[0].sum(1), torch.tensor([0, 3.0])
    )


def test_the_event_s_gate_is_the_share_of_frames_in_which_both_views_see_the_class():
    first = torch.tensor([[[2.0, -1.0], [0.0, 3.0], [-4.0, 0.5]]])
    second = torch.tensor([[[1.0, 0.0], [-2.0, 1.5], [0.3, -0.7]]])

    gate = EventGate(0.5)(first, second)[0]

    for c in range(2):
        shares = [sigmoid(float(first[0, t, c])) * sigmoid(float(second[0, t, c])) for t in range(3)]
        assert gate[c] == pytest.approx(0.5 * log(sum(shares) / 3), rel=1e-6)


def test_a_class_that_no_frame_shows_gets_a_gate_that_is_finite_with_its_gradient():
    first = torch.full((1, 4, 2), -500.0, requires_grad=True)

    gate = EventGate(1.0)(first, torch.full((1, 4, 2), -500.0))
    gate.sum().backward()

    torch.testing.assert_close(gate.detach(), torch.full((1, 2), -1000.0))
    torch.testing.assert_close(first.grad, torch.full((1, 4, 2), 0.25))


def test_cross_attention_is_the_equation_of_the_module():
    torch.manual_seed(4)
    attention = CrossAttention(8, 2).double()
    first, second = torch.randn(1, 5, 8).double(), torch.randn(1, 5, 8).double()

    found = [y[0].detach().numpy() for y in attention(first, second)]

    def norm(x, weights):
        centred = x - x.mean(1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
        return scaled * weights.weight.detach().numpy() + weights.bias.detach().numpy()

    places = sine_positions(16, (1, 5))[:, 8:].double().numpy()
    views = [first[0].numpy(), second[0].numpy()]
    normed = [norm(x, weights) for x, weights in zip(views, attention.norms, strict=True)]
    for i, asking in enumerate(attention.asking):
        linear = {
            name: (part.weight.detach().numpy(), 0 if part.bias is None else part.bias.detach().numpy())
            for name, part in asking.named_modules()
            if isinstance(part, torch.nn.Linear)
        }
        q, k, v = (
            x @ linear[name][0].T + linear[name][1]
            for name, x in (
                ("queries", normed[i] + places),
                ("keys", normed[1 - i] + places),
                ("values", normed[1 - i]),
            )
        )
        heads = []
        for head in (slice(0, 4), slice(4, 8)):
            scores = np.exp(q[:, head] @ k[:, head].T / np.sqrt(4))
            heads.append(scores / scores.sum(1, keepdims=True) @ v[:, head])
        context = np.concatenate(heads, 1) @ linear["projection"][0].T + linear["projection"][1]
        gate = 1 / (1 + np.exp(-(np.concatenate([views[i], context], 1) @ linear["gate.0"][0].T + linear["gate.0"][1])))
        np.testing.assert_allclose(found[i], views[i] + gate * context, atol=1e-6)


# ----------------------------------------------------------------------------------------------- what is left of a part


def late_of(network, clips):
    """Late fusion with the weights of `network`: the mean of what either branch says by itself."""
    views = clips.split(network.views.bands, dim=1)
    said = [
        readout(branch(view[:, None]).mean((2, 3)))
        for readout, branch, view in zip(network.readouts, network.views.branches, views, strict=True)
    ]
    return (said[0] + said[1]) / 2


def test_late_fusion_is_the_mean_of_what_the_two_views_say():
    network = built(fusion="late")

    torch.testing.assert_close(network(pictures()), late_of(network, pictures()))


@pytest.mark.parametrize("options", ONE_PART)
def test_a_part_that_lets_everything_through_leaves_late_fusion(options):
    network = built(**options)
    assert (network(pictures()) - late_of(network, pictures())).abs().max() > 1e-3  # the part does something
    if network.attention is not None:
        for asking in network.attention.asking:  # nothing comes from the other view
            torch.nn.init.zeros_(asking.projection.weight), torch.nn.init.zeros_(asking.projection.bias)
    if network.time is not None:
        for attention in network.time.attention:  # every frame is attended to
            attention[0].bias.data.fill_(100.0)
    if network.event is not None:
        network.event.strength = 0.0

    torch.testing.assert_close(network(pictures()), late_of(network, pictures()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("fusion", "read"), [("first", slice(0, 8)), ("second", slice(8, 20))])
def test_one_view_alone_reads_nothing_of_the_other_and_is_the_network_of_that_view(fusion, read):
    network = built(fusion=fusion, first_bands=8)
    clips = pictures()
    other = torch.rand_like(clips)
    other[:, read] = clips[:, read]
    alone = built(fusion="one-view", shape=EncodedShape("intensity", (read.stop - read.start, 12)))
    alone.load_state_dict(network.state_dict())

    assert torch.equal(network(other), network(clips))
    torch.testing.assert_close(alone(clips[:, read]), network(clips))


def test_channels_are_one_branch_on_both_views():
    network = built(fusion="channels")
    clips = pictures()

    stacked = torch.stack([clips[:, :10], clips[:, 10:]], dim=1)
    expected = network.readouts[0](network.views.branches[0](stacked).mean((2, 3)))

    torch.testing.assert_close(network(clips), expected)


# ----------------------------------------------------------------------------------------------------------- properties


def exchanged(state):
    """The weights with those of the first view in the place of the second's, and the other way round."""
    turned = {}
    for name, value in state.items():
        parts = name.split(".")
        at = next(i for i, part in enumerate(parts) if part in ("branches", "norms", "asking", "attention", "readouts"))
        at += parts[at + 1] in ("norms", "asking", "attention")
        parts[at + 1] = str(1 - int(parts[at + 1]))
        turned[".".join(parts)] = value
    return turned


@pytest.mark.parametrize("options", [{}, *ONE_PART, {"fusion": "late"}])
def test_views_that_change_places_with_their_weights_are_classified_alike(options):
    network = built(first_bands=8, **options)
    turned = built(seed=9, first_bands=12, **options)
    turned.load_state_dict(exchanged(network.state_dict()))
    clips = pictures()

    swapped = torch.cat([clips[:, 8:], clips[:, :8]], dim=1)

    torch.testing.assert_close(turned(swapped), network(clips), atol=1e-5, rtol=1e-5)


@given(st.permutations(range(6)), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_suppression_follows_frames_wherever_they_are(order, strength, seed):
    torch.manual_seed(seed)
    time, event = TimeSuppression(3, strength), EventGate(strength)
    first, second = torch.randn(2, 6, 3), torch.randn(2, 6, 3)

    for whole, moved in zip(time(first, second), time(first[:, order], second[:, order]), strict=True):
        torch.testing.assert_close(moved, whole[:, order])
        assert (whole.abs() <= torch.maximum(first.abs(), second.abs())).all()  # nothing is raised
    torch.testing.assert_close(event(first[:, order], second[:, order]), event(first, second))
    torch.testing.assert_close(event(second, first), event(first, second))
    assert (event(first, second) <= 0).all()


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_maps_lie_over_the_picture_as_the_views_do(first_bands, stem_stride, stride):
    shape = EncodedShape("intensity", (first_bands + 9, 6))
    options = {"stem_stride": (stem_stride, 1), "strides": ((stride, 1), (2, 2)), "first_bands": first_bands}
    strides = ((stem_stride, 1), (stride, 1), (2, 2))
    clips = pictures(shape=shape)
    for fusion in ("late", "first", "second"):
        views = built(shape=shape, fusion=fusion, **options).views
        maps = views(clips)

        rows = rows_after(first_bands, strides), rows_after(9, strides)
        assert maps.shape == (4, 8 * len(views.reads), sum(rows), 3)
        for name, own in zip(views.reads, maps.chunk(len(views.reads), dim=1), strict=True):
            is_first = name == "first"
            read, bands = (slice(n) if is_first else slice(n, None) for n in (rows[0], first_bands))
            expected = torch.zeros_like(own)
            expected[:, :, read] = views.branches[views.reads.index(name)](clips[:, None, bands])
            torch.testing.assert_close(own, expected)


def test_an_explanation_stays_within_the_view_that_was_read():
    shape = EncodedShape("intensity", (32, 16))
    clips, classes = pictures(shape=shape), torch.tensor([0, 1, 2, 0])
    for fusion, other in (("first", slice(20, 32)), ("second", slice(0, 12))):
        saliency = GradCam()(subject_of(built(shape=shape, fusion=fusion), size=(32, 16)), clips, classes).values
        assert saliency.sum() > 0 and saliency[:, other].sum() == 0

    late = built(shape=shape, fusion="late")
    saliency = GradCam()(subject_of(late, size=(32, 16)), clips, classes).values
    for number, (fusion, own) in enumerate((("first", slice(0, 12)), ("second", slice(20, 32)))):
        alone = built(shape=shape, fusion=fusion)  # with the weights of that branch: half of the logits come from it
        alone.views.branches[0].load_state_dict(late.views.branches[number].state_dict())
        alone.readouts[0].load_state_dict(late.readouts[number].state_dict())
        expected = GradCam()(subject_of(alone, size=(32, 16)), clips, classes).values
        torch.testing.assert_close(saliency[:, own], expected[:, own] / 2)

    both = GradCam()(subject_of(built(shape=shape, fusion="channels"), size=(32, 16)), clips, classes).values
    torch.testing.assert_close(both[:, 4:12], both[:, 20:28])


@pytest.mark.parametrize("options", [{}, {"time_suppression": 0.5, "event_suppression": 0.5}, *ONE_PART])
def test_gradients_are_those_of_finite_differences(options):
    shape = EncodedShape("intensity", (6, 4))
    sizes = {"stem_stride": (1, 1), "widths": (4,), "strides": ((2, 1),)}
    network = built(shape=shape, **(sizes | options)).double()
    parameters = [p for name, p in network.named_parameters() if not name.startswith("views")]

    def logits(clips, *given):
        del given  # they are the network's own, which gradcheck moves in place
        return network(clips)

    clips = pictures(2, shape).double().requires_grad_()
    assert torch.autograd.gradcheck(logits, (clips, *parameters), eps=1e-6, atol=1e-6, fast_mode=True)


# ------------------------------------------------------------------------------------------------------------- counting


def test_its_operations_are_those_on_paper():
    shape = EncodedShape("intensity", (16, 10))
    network = built(shape=shape, stem_stride=(2, 2), time_suppression=0.5)

    counts = count_modules(network, pictures(1, shape))

    T, d, c = 5, 8, 3  # tokens, width, classes
    branch = (4 * 9 * 4 + 4 * (4 * 9 * 4) * 2 + 2 * (8 * 4 * 9 + 8 * 8 * 9 + 8 * 4)) * T  # rows: 4, 4, 2
    attention = 2 * T * (4 * d * d + 2 * d * d + 2 * T * d)
    macs = 2 * branch + attention + 2 * T * d + 2 * T * d * c
    assert counts.total("mac_fp32") == macs
    by_layer = {(layer, operation): n for (_, layer, operation), n in counts}
    assert by_layer["attention.positions", "add_fp32"] == 2 * T * d
    assert by_layer["attention.asking.0.sum", "multiply_fp32"] == T * d
    assert by_layer["time.gate", "multiply_fp32"] == 2 * (T * d + T)
    assert by_layer["time.gate", "add_fp32"] == 2 * T
    # ln sigmoid twice for each activation; ln of a sum of exponentials for each class
    assert by_layer["event", "transcendental_fp32"] == 4 * T * c + T * c + c
    assert by_layer["event", "add_fp32"] == 5 * T * c + T * c + (T - 1) * c + 2 * c
    assert by_layer["late", "add_fp32"] == by_layer["late", "multiply_fp32"] == by_layer["sum", "add_fp32"] == c


def test_without_the_event_s_gate_a_view_is_read_out_once_and_not_in_every_frame():
    macs = {
        fusion: count_modules(built(fusion=fusion), pictures(1)).total("mac_fp32")
        for fusion in ("late", "first", "second")
    }

    assert macs["late"] == macs["first"] + macs["second"]
    assert count_modules(built(fusion="late"), pictures(1)).counts["network", "readouts.0", "mac_fp32"] == 8 * 3


# -------------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusion": "early"}, "No fusion is called 'early'"),
        ({"fusion": "late", "time_suppression": 0.5}, "time_suppression: a part of the fusion cross-modal alone"),
        ({"cross_attention": False, "time_suppression": 0.0, "event_suppression": 0.0}, "Choose the fusion late"),
        ({"cross_attention": False, "n_heads": 2}, "n_heads does nothing while cross_attention is off"),
        ({"n_heads": 5}, r"multiple of n_heads \(5\); got 64"),
        ({"time_suppression": 1.5}, r"time_suppression must lie in \[0, 1\]"),
        ({"fusion": "one-view", "first_bands": 8}, "Leave first_bands out"),
        ({"widths": (8, 8)}, "widths and strides need one entry per block"),
        ({"stem_stride": (0, 1)}, "stem_stride must lie in 1"),
        ({"dropout": 1.0}, "dropout must lie in"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        CrossModalFusion(**options)


@pytest.mark.parametrize(
    ("options", "n_bands", "message"),
    [
        ({}, 21, "21 bands has no two halves. Say first_bands"),
        ({"first_bands": 20}, 20, "first_bands = 20 does not split a picture of 20 bands"),
        ({"first_bands": 0}, 20, "first_bands = 0 does not split"),
        ({"first_bands": 8, "fusion": "channels"}, 20, "8 and 12 bands; as channels they need equally many"),
    ],
)
def test_a_split_that_the_picture_does_not_have_is_refused(options, n_bands, message):
    with pytest.raises(InputError, match=message):
        CrossModalFusion(**options).build(EncodedShape("intensity", (n_bands, 12)), 3)


# ---------------------------------------------------------------------------------------------- what fusion is good for

N_CLASSES, N_FRAMES = 4, 16


def half_background(n_clips, seed):
    """View 1 shows the class in half of the frames, one drawn word in the rest; view 2 which half it is, no class."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(N_CLASSES, (n_clips,), generator=generator)
    order = torch.rand(n_clips, N_FRAMES, generator=generator).argsort(dim=1)
    sounds = torch.zeros(n_clips, N_FRAMES).scatter_(1, order[:, : N_FRAMES // 2], 1.0)
    background = torch.randint(N_CLASSES, (n_clips, 1), generator=generator)
    shown = torch.where(sounds == 1, targets[:, None], background)
    first = torch.nn.functional.one_hot(shown, N_CLASSES).float().transpose(1, 2)
    second = torch.zeros(n_clips, N_CLASSES, N_FRAMES)
    second[:, 1] = sounds
    noise = torch.rand(n_clips, 2 * N_CLASSES, N_FRAMES, generator=generator)
    return 0.8 * torch.cat([first, second], dim=1) + 0.2 * noise, targets


def trained_accuracy(seed, **options):
    torch.manual_seed(seed)
    sizes = {"stem_width": 8, "stem_stride": (1, 1), "widths": (8,), "strides": ((1, 1),), "dropout": 0.0}
    network = CrossModalFusion(**sizes, **options).build(
        EncodedShape("intensity", (2 * N_CLASSES, N_FRAMES)), N_CLASSES
    )
    clips, targets = half_background(256, 100 + seed)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(8):
        for chosen in torch.randperm(len(clips)).split(32):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(clips[chosen]), targets[chosen]).backward()
            optimiser.step()
    clips, targets = half_background(1000, 999)
    with torch.no_grad():
        return float((network.eval()(clips).argmax(1) == targets).float().mean())


def test_gates_find_the_frames_that_are_background_and_late_fusion_cannot():
    late = [trained_accuracy(seed, fusion="late") for seed in range(3)]
    crossed = [trained_accuracy(seed) for seed in range(3)]

    # Half of the frames show the class and half another: late fusion guesses between two, right where they are one.
    by_chance = 1 / N_CLASSES + (1 - 1 / N_CLASSES) / 2
    assert all(abs(one - by_chance) < 0.1 for one in late), late
    assert min(crossed) > max(late) + 0.15, (late, crossed)
