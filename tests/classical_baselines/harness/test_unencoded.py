import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.unencoded import Unencoded

generator = torch.Generator()


def test_without_pooling_the_picture_is_handed_over_and_costs_nothing():
    picture = torch.rand(2, 4, 6)
    encoder = Unencoded()

    assert torch.equal(encoder(picture, generator), picture)
    assert encoder.operations(picture, picture).rows() == []


def test_pooling_takes_the_mean_of_each_block_and_counts_it():
    picture = torch.arange(2 * 4 * 6).reshape(2, 4, 6).float()
    encoder = Unencoded(pool=(2, 3))
    pooled = encoder(picture, generator)

    expected = picture.numpy().reshape(2, 2, 2, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(pooled.numpy(), expected)
    assert encoder.shape(4, 6).grid == (2, 2)
    counts = encoder.operations(picture, pooled)
    assert (counts.total("add_fp32"), counts.total("multiply_fp32")) == (4 * 5, 4)


def test_a_pool_below_one_is_refused():
    with pytest.raises(InputError, match="pool must be two factors"):
        Unencoded(pool=(0, 1))
