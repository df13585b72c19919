# tests/classical_baselines/models/test_graded_twin.py
import numpy as np
import torch

from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.harness.seeds import seeded_globally
from classical_baselines.models.graded_twin import GradedConvolutionalTwin
from neuro.encoders.direct_current import DirectCurrentEncoder

PICTURES = torch.rand(30, 12, 16, generator=torch.Generator().manual_seed(0))


def trained():
    """A network whose last epochs have begun, so that it computes as integers would."""
    with seeded_globally(0, "weights"):
        network = GradedConvolutionalTwin(channels=(6, 8), strides=(2, 2), n_steps=4).build(
            EncodedShape("intensity", (12, 16)), 3
        )
    network.start_epoch(9, 10)
    return network.eval()


def test_it_reads_the_levels_that_the_spiking_network_is_given():
    given = DirectCurrentEncoder(n_steps=1)(PICTURES, torch.Generator()).reshape(30, 1, 12, 16)

    read = trained().input(PICTURES[:, None])

    torch.testing.assert_close(read, given)
    levels = np.unique(np.round(255 * PICTURES.numpy().astype(np.float64)))
    assert len(read.unique()) == len(levels) > 200


def test_what_its_layers_pass_on_has_the_three_bits_of_four_steps():
    network = trained()

    passed = network.input(PICTURES[:, None])
    for layer in network.layers:
        passed = layer(passed)
        assert 2 <= len(passed.unique()) <= 8
