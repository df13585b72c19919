"""The network of azimuths: densities against scipy's von Mises, mirror images, what is refused."""

import numpy as np
import pytest
import torch
from scipy.stats import vonmises

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.azimuth_cnn import AroundTheCircle, AzimuthCnn, turned_back, with_ears_swapped


def turned(*coefficients):
    """(a cos x + b sin x) by cosines and sines of x + 1/2, m by m: the number a + i b, turned by half a radian."""
    numbers = [complex(a, b) * np.exp(0.5j) for a, b in zip(coefficients[::2], coefficients[1::2], strict=True)]
    return torch.tensor([[part for one in numbers for part in (one.real, one.imag)]], dtype=torch.float32)


SHAPE = EncodedShape("intensity", (6, 18))


def network(**options):
    torch.manual_seed(0)
    return AzimuthCnn(**options).build(SHAPE, 36)


@pytest.mark.parametrize(("kappa", "degrees"), [(0.5, 10), (4.0, 200), (20.0, 355)])
def test_of_order_one_it_is_the_von_mises_density(kappa, degrees):
    mean = np.radians(degrees)
    coefficients = turned(kappa * np.cos(mean), kappa * np.sin(mean))

    p = torch.softmax(AroundTheCircle(1, 36)(coefficients), dim=1)[0].numpy()

    density = vonmises.pdf(np.radians(np.arange(0, 360, 10)), kappa, loc=mean)
    np.testing.assert_allclose(p, density / density.sum(), rtol=1e-4)


def test_of_order_two_it_may_stand_in_front_and_behind():
    # -kappa (sin theta - s)^2 / 2 is kappa s sin theta + kappa cos(2 theta) / 4, but for a constant
    kappa, s = 500.0, 0.5
    coefficients = turned(0.0, kappa * s, kappa / 4, 0.0)

    p = torch.softmax(AroundTheCircle(2, 36)(coefficients), dim=1)[0].numpy()

    expected = np.exp(-kappa * (np.sin(np.radians(np.arange(0, 360, 10))) - s) ** 2 / 2)
    np.testing.assert_allclose(p, expected / expected.sum(), atol=1e-4)
    assert p[[3, 15]].sum() > 0.99  # 30 and 150 degrees


@pytest.mark.parametrize("order", [0, 1, 3])
def test_in_training_half_of_the_clips_are_heard_with_their_ears_swapped_and_turned_back(order):
    made = network(order=order, dropout=0.0)
    for layer in made.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.momentum = 0.0
    pictures = torch.rand(64, 6, 18)
    made.eval()
    plain, mirrored = made(pictures), turned_back(made(with_ears_swapped(pictures)))
    made.train()
    for layer in made.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.eval()

    found = made(pictures)

    as_it_is = torch.isclose(found, plain, atol=1e-5).all(dim=1)
    swapped = torch.isclose(found, mirrored, atol=1e-5).all(dim=1)
    assert (as_it_is ^ swapped).all()
    assert 16 < int(swapped.sum()) < 48


def test_a_delay_alone_is_told_by_dense_layers_and_mirrored_about_one_half():
    torch.manual_seed(0)
    made = AzimuthCnn(order=2, kernel=1, widths=(8,), hidden=4).build(EncodedShape("intensity", (1, 1)), 36).eval()
    delays = torch.linspace(0, 1, 5)[:, None, None]
    first, norm, last_hidden, norm_2 = (
        layer.state_dict()
        for layer in made.modules()
        if isinstance(layer, torch.nn.Conv1d | torch.nn.BatchNorm1d | torch.nn.Linear) and layer is not made.last
    )

    def normed(x, of):
        return (x - of["running_mean"]) / (of["running_var"] + 1e-5).sqrt() * of["weight"] + of["bias"]

    hidden = normed(delays[:, 0] @ first["weight"][:, :, 0].T, norm).relu()
    hidden = normed(hidden @ last_hidden["weight"].T, norm_2).relu()
    torch.testing.assert_close(made(delays), made.density(made.last(hidden)))
    torch.testing.assert_close(with_ears_swapped(delays), delays.flip(0))


def test_twice_mirrored_is_as_it_was():
    pictures, logits = torch.rand(3, 6, 18), torch.rand(3, 36)

    torch.testing.assert_close(with_ears_swapped(with_ears_swapped(pictures)), pictures)
    assert torch.equal(turned_back(turned_back(logits)), logits)
    assert int(turned_back(torch.eye(36)[[9]]).argmax()) == 27  # left becomes right


def test_what_it_cannot_be_is_refused():
    with pytest.raises(InputError, match="order must be below half of the 32 classes; got 16"):
        AzimuthCnn(order=16).build(SHAPE, 32)
    with pytest.raises(InputError, match="the picture has 2 columns"):
        AzimuthCnn().build(EncodedShape("intensity", (1, 2)), 36)
    with pytest.raises(InputError, match="a delay alone with kernel = 1; got 7"):
        AzimuthCnn().build(EncodedShape("intensity", (1, 1)), 36)
    with pytest.raises(InputError, match="kernel be odd"):
        AzimuthCnn(kernel=4)
