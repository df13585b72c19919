import math

import pytest
import torch
from torch import nn

from classical_baselines.harness.contracts import Classifier
from classical_baselines.harness.seeds import generator_for, seeded_globally, stream_seed
from classical_baselines.harness.training import Recipe, predict, scheduled_factor, train
from classical_baselines.harness.unencoded import Unencoded


class Flat(Classifier):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.epochs = []

    def forward(self, encoded):
        return self.layer(encoded.flatten(1))

    def start_epoch(self, epoch, n_epochs):
        self.epochs.append((epoch, n_epochs, self.training))


def problem(n_clips=90):
    """Three classes whose row of the picture is lit."""
    generator = torch.Generator().manual_seed(3)
    targets = torch.arange(n_clips) % 3
    intensity = 0.3 * torch.rand(n_clips, 3, 2, generator=generator)
    intensity[torch.arange(n_clips), targets] += 0.5
    return intensity, targets


def trained(seed=0, **changes):
    intensity, targets = problem()
    recipe = Recipe(**{"n_epochs": 20, "batch_size": 30, "learning_rate": 0.1, **changes})
    with seeded_globally(seed, "weights"):
        network = Flat()
    batches = lambda epoch: zip(intensity.split(30), targets.split(30), strict=True)  # noqa: E731
    record = train(network, Unencoded(), batches, 3, (intensity, targets), recipe, seed)
    return network, record


def test_a_separable_problem_is_learnt_and_the_loss_falls():
    network, record = trained()

    assert record.validation_accuracies[-1] == 1.0
    assert record.losses[-1] < 0.2 * record.losses[0]
    assert not network.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not():
    first, again, other = (trained(seed)[0].layer.weight for seed in (0, 0, 1))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


class Convolved(Flat):
    """Two convolutions before the layer; none has a bias that a batch norm would take away, whose gradient is noise."""

    def __init__(self):
        super().__init__()
        self.picture = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 1)
        )

    def forward(self, encoded):
        return self.layer(self.picture(encoded[:, None]).flatten(1))


class ConvolvedContiguous(Convolved):
    memory_format = torch.contiguous_format


def test_a_network_is_trained_in_its_memory_format_which_changes_nothing_beyond_rounding():
    intensity, targets = problem()
    networks = []
    for kind in (Convolved, ConvolvedContiguous):
        with seeded_globally(0, "weights"):
            network = kind()
        batches = lambda epoch: zip(intensity.split(30), targets.split(30), strict=True)  # noqa: E731
        train(network, Unencoded(), batches, 3, (intensity, targets), Recipe(3, 30, 0.01), 0)
        networks.append(network)
    last, contiguous = networks

    assert last.picture[3].weight.is_contiguous(memory_format=torch.channels_last)
    assert last.picture[3].weight.stride() != contiguous.picture[3].weight.stride()
    torch.testing.assert_close(last(intensity), contiguous(intensity), atol=1e-4, rtol=1e-4)


def test_each_epoch_is_announced_before_it_begins():
    network, _ = trained(n_epochs=3)

    assert [epoch[:2] for epoch in network.epochs] == [(0, 3), (1, 3), (2, 3)]


def test_a_diverging_network_is_an_error():
    with pytest.raises(FloatingPointError, match="diverged in epoch"):
        intensity, targets = problem()
        network = Flat()
        nn.init.constant_(network.layer.weight, float("nan"))
        train(network, Unencoded(), lambda _: [(intensity, targets)], 1, (intensity, targets), Recipe(1, 90, 0.1), 0)


def test_the_schedule_is_a_linear_rise_and_half_a_cosine():
    factors = [scheduled_factor(step, 100, 0.1) for step in range(100)]

    assert factors[:10] == pytest.approx([k / 10 for k in range(1, 11)])
    assert factors[10:] == pytest.approx([0.5 + 0.5 * math.cos(math.pi * k / 90) for k in range(90)])


def test_streams_of_one_seed_differ_and_leave_the_global_generator_alone():
    assert len({stream_seed(seed, purpose) for seed in range(20) for purpose in ("weights", "batches")}) == 40
    before = torch.get_rng_state()
    with seeded_globally(5, "weights"):
        inside = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    expected = torch.rand(3, generator=generator_for(5, "weights"))
    assert torch.equal(inside, expected)


def test_prediction_in_parts_equals_prediction_at_once_and_keeps_the_mode():
    intensity, _ = problem()
    network = Flat().train()

    assert torch.allclose(predict(network, Unencoded(), intensity, 0, batch_size=7), network(intensity), atol=1e-6)
    assert network.training
