"""The comparison with Lava in every spike and every membrane potential."""

from dataclasses import replace

import numpy as np

from neuro.loihi import lava_membranes
from neuro.loihi.emulator import emulate
from neuro.loihi.lava_membranes import verify_membranes
from tests.neuro.loihi.networks import convolutional_network, random_input


def test_signed_levels_through_convolutions_equal_lava_in_every_potential_and_one_that_differs_is_found(monkeypatch):
    rng = np.random.default_rng(7)
    network = convolutional_network(rng, graded=True)
    inputs = random_input(rng, network, n_steps=4, n_clips=2)
    inputs[:, :, ::2] *= -1  # a centred picture has both signs

    check = verify_membranes(network, inputs)

    n_values = 4 * 2 * network.n_neurons
    assert check.passed
    assert check.details["entries_compared"] == check.details["potentials_compared"] == n_values
    assert check.details["potential_mismatches_per_layer"] == [0, 0, 0]
    assert all(n_spikes > 0 for n_spikes in check.details["spikes_per_layer"][:-1])

    def moved(network, inputs, **options):
        record = emulate(network, inputs, **options)
        other = record.potentials[1].copy()
        other[2, 0, 0] += 1
        return replace(record, potentials=(record.potentials[0], other, record.potentials[2]))

    monkeypatch.setattr(lava_membranes, "emulate", moved)
    found = verify_membranes(network, inputs)
    assert not found.passed
    assert found.details["potential_mismatches_per_layer"] == [0, 1, 0]
    assert found.details["mismatches_per_layer"] == [0, 0, 0]
