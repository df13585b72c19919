"""A sound and an image in one state: the leading qubit tells them apart, and only the circuit joins them."""

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from quantum.classifiers.two_sense_hybrid import TwoSenseHybrid
from quantum.controls.two_senses_removed import TwoSensesRemoved
from quantum.controls.two_senses_same_size import TwoSensesSameSize

SMALL = {
    "sound_rows": 8,
    "sound_widths": (4,),
    "sound_grid": (2, 2, 2),
    "image_widths": (4,),
    "image_grid": (2, 2, 2),
}
SHAPE = EncodedShape("intensity", (8 + 16, 16))


def built(options=TwoSenseHybrid, **more):
    torch.manual_seed(0)
    network = options(**SMALL, **more).build(SHAPE, 3)
    network.train()(torch.rand(16, *SHAPE.grid))
    return network.eval()


def pictures(seed=1):
    return torch.rand(3, *SHAPE.grid, generator=torch.Generator().manual_seed(seed))


def test_either_half_of_the_amplitudes_is_of_one_sense_alone():
    network, clips = built(), pictures()
    other = pictures(seed=2)
    heard = torch.cat([clips[:, :8], other[:, 8:]], dim=1)
    seen = torch.cat([other[:, :8], clips[:, 8:]], dim=1)

    amplitudes, same_sound, same_image = (network.front(one) for one in (clips, heard, seen))

    assert amplitudes.shape == (3, 16)
    torch.testing.assert_close(same_sound[:, :8], amplitudes[:, :8])
    torch.testing.assert_close(same_image[:, 8:], amplitudes[:, 8:])
    assert not torch.allclose(same_sound[:, 8:], amplitudes[:, 8:])
    assert not torch.allclose(same_image[:, :8], amplitudes[:, :8])


def test_the_leading_qubit_is_found_at_1_as_often_as_the_image_has_a_share_of_the_state():
    """By numpy's reshaping of the state [sense, value]."""
    network, clips = built(), pictures()
    state = network.states(clips).detach().numpy().reshape(3, 2, 8)
    values = network.front(clips).detach().numpy()

    np.testing.assert_allclose((state**2).sum(axis=(1, 2)), 1, rtol=1e-5)
    expected = (values[:, 8:] ** 2).sum(axis=1) / (values**2).sum(axis=1)
    np.testing.assert_allclose((state[:, 1] ** 2).sum(axis=1), expected, rtol=1e-4)


def test_without_a_circuit_that_joins_them_the_outcomes_of_a_sense_follow_that_sense_but_for_the_scale():
    """No layers and no Fourier transform: outcomes are the squares of the unit vector, as numpy has them."""
    network, clips = built(n_layers_before=0, n_layers_after=0, fourier=False), pictures()
    values = network.front(clips).detach().numpy()
    squares = values**2 / (values**2).sum(axis=1, keepdims=True)

    found = network.outcome_probabilities(network.states(clips)).detach().numpy()
    np.testing.assert_allclose(found, squares, atol=1e-6)
    joined = built()
    assert not np.allclose(joined.outcome_probabilities(joined.states(clips)).detach().numpy(), squares, atol=1e-2)


def test_the_control_reads_the_very_vector_that_the_circuit_would_be_given():
    hybrid, control, clips = built(), built(TwoSensesRemoved), pictures()
    control.front.load_state_dict(hybrid.front.state_dict())

    torch.testing.assert_close(control.vectors(clips), 4 * hybrid.states(clips))


def test_the_layer_in_the_circuits_place_has_its_parameters_and_reads_its_vector():
    hybrid, control, clips = built(), built(TwoSensesSameSize), pictures()
    control.front.load_state_dict(hybrid.front.state_dict())

    n_parameters = [sum(one.numel() for one in network.parameters()) for network in (hybrid, control)]
    assert n_parameters[0] == n_parameters[1]
    torch.testing.assert_close(control.vectors(clips), 4 * hybrid.states(clips))
    # 4 qubits: 6 angles a qubit; by numpy, its squares of a circular sum, each value a mean of one element
    vector, weight = control.vectors(clips).detach().numpy(), control.network[0].weight.detach().numpy()
    expected = sum(w * np.roll(vector, -t * max(1, 16 // len(weight)), axis=1) for t, w in enumerate(weight)) ** 2
    found = control.network[1](control.network[0](control.vectors(clips))).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_image_is_seen_by_its_pixels_whatever_their_rows():
    network, clips = built(), pictures()
    coarse = clips.clone()
    coarse[:, 8:] = torch.rand(3, 8, 8).repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    thin = torch.cat([coarse[:, :8], coarse[:, 8::2]], dim=1)

    torch.testing.assert_close(network.front(thin), network.front(coarse))


def test_what_is_no_picture_of_two_senses_is_refused():
    for grid, said in (
        ((8, 16), "this picture has 8 rows and 16 frames. Say sound_rows as the front end"),
        ((20, 16), "this picture has 20 rows"),
        ((16, 7), "this picture has 16 rows and 7 frames"),
    ):
        for options in (TwoSenseHybrid, TwoSensesRemoved):
            with pytest.raises(InputError, match=said):
                options(**SMALL).build(EncodedShape("intensity", grid), 3)
    with pytest.raises(InputError, match="equally many values; got 8 and 16"):
        TwoSenseHybrid(**(SMALL | {"image_grid": (4, 2, 2)}))
    with pytest.raises(InputError, match="fourier_register of two senses is 'all'"):
        TwoSenseHybrid(**SMALL, fourier_register="frame")
    with pytest.raises(InputError, match=r"dropout must lie in \[0, 1\); got 1"):
        TwoSensesRemoved(**SMALL, dropout=1.0)
