# tests/classical_baselines/augment/test_hidden_maps.py
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from classical_baselines.augment.hidden_maps import FILLS, masked_maps, masked_while_training
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import Classifier, EncodedShape
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.nested import NETWORKS
from classical_baselines.models.pruned import Pruned


def maps(n_clips=5, n_channels=3, n_mels=12, n_frames=20):
    shape = (n_clips, n_channels, n_mels, n_frames)
    return 0.1 + torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(FILLS), st.floats(0.01, 1), st.integers(0, 2**31))
def test_a_masked_element_has_the_fill_and_every_channel_the_same_mask(fill, share, seed):
    given_ = maps()
    before = given_.clone()

    masked = masked_maps(given_, fill, share, torch.Generator().manual_seed(seed))

    for clip in range(5):
        changed = (masked[clip] != given_[clip]).any(dim=0)
        rows, columns = changed.all(dim=1), changed.all(dim=0)
        assert torch.equal(changed, rows[:, None] | columns[None, :])
        assert rows.all() or rows.sum() <= max(1, int(share * 12))
        assert columns.all() or columns.sum() <= max(1, int(share * 20))
        filled = {
            "zero": [torch.zeros_like(given_[clip])],
            "mixture": [(given_[clip] + other) / 2 for other in given_],
            "cut": list(given_),
        }[fill]
        assert any(torch.equal(torch.where(changed, other, given_[clip]), masked[clip]) for other in filled)
    assert torch.equal(given_, before)
    assert torch.equal(masked, masked_maps(given_, fill, share, torch.Generator().manual_seed(seed)))


def test_a_picture_is_masked_as_maps_of_one_channel_are():
    one = maps(n_channels=1)

    of_picture = masked_maps(one[:, 0], "cut", 0.3, torch.Generator().manual_seed(4))

    assert torch.equal(of_picture, masked_maps(one, "cut", 0.3, torch.Generator().manual_seed(4))[:, 0])


def test_hidden_maps_are_masked_in_training_alone_and_the_hooks_go_away():
    network = DsCnn().build(EncodedShape("intensity", (16, 16)), 4)
    picture = torch.rand(6, 16, 16, generator=torch.Generator().manual_seed(1))
    before, after = [], []
    own = network.stem.register_forward_hook(lambda _, __, output: before.append(output.detach().clone()))
    network.blocks[0].register_forward_pre_hook(lambda _, inputs: after.append(inputs[0].detach().clone()))

    with masked_while_training(network, "cut", 0.5, 1, torch.Generator().manual_seed(2)):
        assert sum(len(module._forward_hooks) for module in network.blocks) == 0
        network.eval()(picture)
        network.train()(picture)
    network(picture)
    own.remove()

    assert torch.equal(after[0], before[0])
    assert torch.equal(after[1], masked_maps(before[1], "cut", 0.5, torch.Generator().manual_seed(2)))
    assert not torch.equal(after[1], before[1])
    assert torch.equal(after[2], before[2])
    assert all(not module._forward_hooks for module in network.modules())


def test_the_hooks_go_away_when_the_training_fails():
    network = DsCnn().build(EncodedShape("intensity", (16, 16)), 4)

    with pytest.raises(FloatingPointError), masked_while_training(network, "zero", 0.5, 2, torch.Generator()):
        raise FloatingPointError

    assert all(not module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_what_a_network_offers_are_maps_over_frequency_and_time(name):
    network = NETWORKS[name]().build(EncodedShape("intensity", (32, 64)), 4).eval()
    shapes = []
    for offered in network.hidden_maps:
        network.get_submodule(offered).register_forward_hook(lambda _, __, output: shapes.append(output.shape))
    network(torch.rand(2, 32, 64))

    assert len(shapes) == len(network.hidden_maps)
    assert all(len(shape) == 4 and shape[-1] > 1 for shape in shapes)


def test_a_pruned_network_offers_the_maps_of_the_network_within():
    network = Pruned(network={"name": "ds-cnn"}).build(EncodedShape("intensity", (16, 16)), 4).train()
    picture = torch.rand(3, 16, 16)
    calls = []
    with masked_while_training(network, "zero", 0.5, 1, torch.Generator().manual_seed(0)):
        network.network.blocks.register_forward_pre_hook(lambda _, inputs: calls.append(inputs[0]))
        network(picture)

    assert (calls[0][0].sum(dim=0) == 0).any()
    assert network.hidden_maps == tuple(f"network.{name}" for name in network.network.hidden_maps)


def test_a_network_that_offers_too_few_is_refused_and_named():
    class Plain(Classifier):
        pass

    class Stem(Classifier):
        hidden_maps = ("stem",)

        def __init__(self):
            super().__init__()
            self.stem = nn.Identity()

    with pytest.raises(InputError, match="first 1 hidden map of a network while it trains, and Plain offers none"):
        masked_while_training(Plain(), "zero", 0.5, 1, torch.Generator()).__enter__()
    with pytest.raises(InputError, match=r"first 2 hidden maps .* Stem offers stem alone. Lower hidden_mask_maps"):
        masked_while_training(Stem(), "zero", 0.5, 2, torch.Generator()).__enter__()
