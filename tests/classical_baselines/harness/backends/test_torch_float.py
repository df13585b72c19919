"""The reference backend gives the classifier's own logits and the mean of its counts."""

import pytest
import torch
from torch import nn

from classical_baselines.harness.backends import BACKENDS
from classical_baselines.harness.contracts import Classifier, Trained
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.unencoded import Unencoded


class Linear(Classifier):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 3))

    def forward(self, encoded):
        return self.layers(encoded)


class CountsSpikes(Classifier):
    """Reads [step, batch, channel] and counts what it was given."""

    batch_axis = 1

    def forward(self, encoded):
        return encoded.sum(0)

    def count_operations(self, encoded):
        n = float(encoded.sum()) / encoded.shape[1]
        return OperationCounts.of("network", "all", synaptic_operations=n)


class TwoSteps:
    def __call__(self, intensity, generator):
        flat = intensity.flatten(1)
        return torch.stack([flat, flat])

    def operations(self, intensity, encoded):
        return OperationCounts.of("encoder", "steps", add_fp32=float(intensity.sum()) / len(intensity))


TORCH_FLOAT = BACKENDS["torch-float"]()
INTENSITY = torch.rand(7, 4, 6, generator=torch.Generator().manual_seed(0))


def run(encoder, classifier, **options):
    return TORCH_FLOAT(**options).run(Trained(encoder, classifier, INTENSITY), INTENSITY, torch.Generator())


@pytest.mark.parametrize("batch_size", [1, 3, 256])
def test_the_logits_are_the_classifiers_whatever_the_batch(batch_size):
    classifier = Linear().train()

    outcome = run(Unencoded(pool=(1, 2)), classifier, batch_size=batch_size)

    pooled = INTENSITY.view(7, 4, 3, 2).mean(-1)
    torch.testing.assert_close(outcome.logits, classifier.eval()(pooled))
    assert outcome.counts.total("mac_fp32", stage="network") == pytest.approx(12 * 3)
    assert outcome.counts.total("add_fp32", stage="encoder") == pytest.approx(12)
    assert outcome.notes == {"n_parameters": 39, "weight_bytes": 156}
    assert outcome.wall_seconds > 0


def test_it_leaves_the_mode_of_the_classifier_as_it_was():
    classifier = Linear().train()

    run(Unencoded(pool=(1, 2)), classifier)

    assert classifier.training and classifier.layers[1].training


@pytest.mark.parametrize("batch_size", [2, 256])
def test_counts_that_depend_on_the_data_are_means_over_all_clips(batch_size):
    outcome = run(TwoSteps(), CountsSpikes(), batch_size=batch_size)

    mean = float(INTENSITY.sum()) / 7
    assert outcome.counts.total("synaptic_operations") == pytest.approx(2 * mean, rel=1e-5)
    assert outcome.counts.total("add_fp32") == pytest.approx(mean, rel=1e-5)
    torch.testing.assert_close(outcome.logits, 2 * INTENSITY.flatten(1))


def test_no_clip_is_an_error():
    with pytest.raises(ValueError, match="Give at least one"):
        TORCH_FLOAT().run(Trained(Unencoded(), Linear(), INTENSITY), INTENSITY[:0], torch.Generator())
