# tests/quantum/encoders/test_amplitude.py
"""The amplitude code against numpy, and where it puts mel and frame."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classical_baselines.harness.choices import InputError
from quantum.encoders.amplitude import AmplitudeEncoder, unit_states


def encode(intensity, **options):
    return AmplitudeEncoder(**options)(torch.as_tensor(intensity), torch.Generator())


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, (2, 4, 6), elements=st.floats(0, 1, width=32)),
    st.sampled_from(["intensity", "sqrt", "centred"]),
)
def test_every_picture_becomes_a_unit_vector(intensity, amplitude):
    states = encode(intensity, pool=(1, 1), amplitude=amplitude, silence="uniform")

    assert states.shape == (2, 32)  # 6 frames are filled to 8
    np.testing.assert_allclose(states.double().norm(dim=1).numpy(), 1, atol=1e-6)


def test_amplitudes_are_the_pooled_picture_over_its_norm():
    intensity = np.random.default_rng(0).random((3, 4, 8))
    pooled = intensity.reshape(3, 2, 2, 2, 4).mean(axis=(2, 4)).reshape(3, 4)
    roots = np.sqrt(pooled)
    centred = pooled - pooled.mean(axis=1, keepdims=True)

    for amplitude, values in (("intensity", pooled), ("sqrt", roots), ("centred", centred)):
        expected = values / np.linalg.norm(values, axis=1, keepdims=True)
        np.testing.assert_allclose(encode(intensity, pool=(2, 4), amplitude=amplitude).numpy(), expected, atol=1e-12)


def test_the_frame_is_held_by_the_lower_qubits():
    intensity = torch.zeros(1, 4, 8)
    intensity[0, 3, 5] = 0.7

    states = encode(intensity, pool=(1, 1), amplitude="intensity")

    assert states.nonzero().tolist() == [[0, 3 * 8 + 5]]


def test_the_state_of_silence_is_uniform_where_silent_clips_are_allowed():
    np.testing.assert_allclose(encode(torch.zeros(1, 4, 4), pool=(1, 1), silence="uniform").numpy(), 0.25)


@pytest.mark.parametrize(
    ("amplitude", "level"), [("centred", 0.0), ("centred", 0.7), ("sqrt", 0.0), ("intensity", 0.0)]
)
def test_a_clip_whose_norm_is_zero_is_refused(amplitude, level):
    intensity = torch.rand(3, 4, 4)
    intensity[2] = level

    with pytest.raises(InputError, match=r"1 of 3 clips have no contrast.*number 2 of those.*silence = 'uniform'"):
        encode(intensity, pool=(1, 1), amplitude=amplitude)


def test_nan_is_refused_and_never_becomes_a_state():
    intensity = torch.rand(2, 4, 4)
    intensity[0, 1, 2] = torch.nan

    with pytest.raises(ValueError, match="intensity holds NaN or infinite values"):
        encode(intensity)
    assert unit_states(torch.tensor([[torch.nan, 1.0]])).isnan().all()


def test_plain_amplitudes_are_what_quantumaudio_prepares_by_qpam():
    # load_scheme("qpam").encode([-1, 0, 0.2, 1]) of quantumaudio 0.2.0: a sample of -1 is an intensity of 0
    expected = [0.0, 0.39405520311955033, 0.4728662437434604, 0.7881104062391007]

    found = encode(torch.tensor([[[0.0, 0.5, 0.6, 1.0]]], dtype=torch.float64), pool=(1, 1), amplitude="intensity")

    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-12)


def test_a_picture_and_its_half_are_one_state():
    intensity = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(encode(intensity), encode(intensity / 2))


def test_the_gradient_of_a_zero_vector_is_finite():
    values = torch.zeros(1, 4, requires_grad=True)
    unit_states(values)[0, 0].backward()

    assert torch.isfinite(values.grad).all()


def test_the_classical_work_is_counted():
    encoder = AmplitudeEncoder(pool=(1, 2), amplitude="intensity")
    counts = encoder.operations(torch.zeros(1, 4, 8), torch.zeros(1, 16))

    # 16 means of 2; a norm of 16 squares, its root and reciprocal, 16 scalings
    assert counts.total("add_fp32") == 16
    assert counts.total("mac_fp32") == 16
    assert counts.total("multiply_fp32") == 16 + 16
    assert counts.total("transcendental_fp32") == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool": (0, 1)}, "two factors >= 1"),
        ({"amplitude": "log"}, "No amplitude is called 'log'"),
        ({"silence": "skip"}, "silence must be one of refuse, uniform; got 'skip'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        AmplitudeEncoder(**options)


def test_a_picture_too_large_or_too_small_for_a_state_is_refused():
    with pytest.raises(InputError, match="outside 1 to 14 qubits"):
        AmplitudeEncoder(pool=(1, 1)).shape(256, 256)
    with pytest.raises(InputError, match="larger than the picture"):
        AmplitudeEncoder(pool=(8, 1)).shape(4, 4)
    with pytest.raises(ValueError, match="Normalise first"):
        encode(torch.full((1, 4, 4), -3.0))
