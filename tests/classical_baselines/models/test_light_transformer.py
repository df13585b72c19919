"""The light transformer: which tokens meet, what that costs, and that tokens come back to their places."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.macs import count_modules
from classical_baselines.models.light_transformer import (
    GroupedBlock,
    LightTransformer,
    PatchMerging,
    group_sizes,
    grouped,
    ungrouped,
)


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 2, 4]), st.booleans())
def test_tokens_come_back_to_their_places(n_mels, n_frames, group, comb):
    tokens = torch.randn(2, n_mels, n_frames, 3)
    sizes = group_sizes((n_mels, n_frames), group)

    groups = grouped(tokens, sizes, comb=comb)

    assert groups.shape[1] == sizes[0] * sizes[1]
    assert torch.equal(ungrouped(groups, tokens.shape, sizes, comb=comb), tokens)


@pytest.mark.parametrize(
    ("comb", "first"),
    [(False, [(0, 0), (0, 1), (1, 0), (1, 1)]), (True, [(0, 0), (0, 3), (2, 0), (2, 3)])],
)
def test_a_group_holds_neighbours_or_tokens_as_far_apart_as_there_are_groups(comb, first):
    places = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(6), indexing="ij"), dim=2)[None]

    assert [tuple(place) for place in grouped(places, (2, 2), comb=comb)[0].tolist()] == first


def test_two_blocks_relate_any_token_to_any_other():
    options = LightTransformer(stem_widths=(8,), n_pairs=(1,), n_heads=(1,), group=4, dropout=0.0)
    tokens = torch.randn(1, 16, 16, 8, requires_grad=True)
    blocks = torch.nn.Sequential(*(GroupedBlock(options.of_stage(0), 4, comb=comb) for comb in (False, True)))

    (reached,) = torch.autograd.grad(blocks(tokens)[0, 5, 9].square().sum(), tokens)

    assert (reached.abs().sum(-1) > 0).all()
    (near,) = torch.autograd.grad(blocks[0](tokens)[0, 5, 9].square().sum(), tokens)
    assert int((near.abs().sum(-1) > 0).sum()) == 16


def test_merging_joins_squares_of_four():
    merging = PatchMerging(3)
    merging.norm = torch.nn.Identity()
    tokens = torch.randn(1, 4, 6, 3)

    square = torch.cat([tokens[0, 2, 4], tokens[0, 2, 5], tokens[0, 3, 4], tokens[0, 3, 5]])

    torch.testing.assert_close(merging(tokens)[0, 1, 2], merging.reduction.weight @ square)


def test_its_multiply_accumulates_are_those_on_paper():
    options = LightTransformer(stem_widths=(8, 16), n_pairs=(1, 1), n_heads=(2, 2), group=4)

    counts = count_modules(options.build(EncodedShape("intensity", (32, 64)), 10), torch.rand(1, 32, 64))

    def pair(n_tokens, width, group):
        return 2 * (4 * n_tokens * width**2 + 2 * 2 * n_tokens * width**2 + 2 * n_tokens * group * width)

    stem = 16 * 32 * 9 * 8 + 8 * 16 * 9 * 8 * 16
    merging = 32 * 64 * 32
    assert counts.total("mac_fp32") == stem + pair(128, 16, 16) + merging + pair(32, 32, 16) + 320


@pytest.mark.parametrize("grid", [(32, 64), (30, 50), (13, 101), (3, 5)])
def test_it_takes_a_picture_of_any_size_and_silence_at_its_end_fills_it_up(grid):
    network = LightTransformer().build(EncodedShape("intensity", grid), 5).eval()
    picture = torch.rand(1, *grid)
    filled = torch.nn.functional.pad(picture, (0, -grid[1] % 16, 0, -grid[0] % 16))

    assert network.options.multiple == 16
    torch.testing.assert_close(network(picture), network(filled))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"group": 3}, "group must be a power of two, 1 to 64; got 3"),
        ({"n_heads": (2,)}, "n_pairs and n_heads need one entry per block"),
        ({"n_heads": (3, 4)}, "width must be a multiple of 4 and of n_heads"),
        ({"stem_widths": ()}, "stem_widths must name at least one convolution"),
    ],
)
def test_options_that_make_no_network_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        LightTransformer(**wrong)
