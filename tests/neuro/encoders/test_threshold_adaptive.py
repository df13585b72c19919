# tests/neuro/encoders/test_threshold_adaptive.py
"""The threshold-adaptive code against its rule in plain Python, and against send-on-delta."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.encoders.send_on_delta import SendOnDeltaEncoder
from neuro.encoders.threshold_adaptive import ThresholdAdaptiveEncoder

LEVELS = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def by_the_rule(levels, delta, factor, least, most):
    """(spikes, references, number of times the step was adapted) of one band."""
    reference, step, before, n_adapted = 0.0, delta, 0, 0
    spikes, references = [], []
    for level in levels:
        sign = (level > reference + step) - (level < reference - step)
        reference += step * sign
        if sign and sign == before:
            step, n_adapted = min(step * factor, most), n_adapted + 1
        elif not sign or before:
            step, n_adapted = max(step / factor, least), n_adapted + 1
        before = sign
        spikes.append([float(sign > 0), float(sign < 0)])
        references.append(reference)
    return spikes, references, n_adapted


@given(LEVELS, st.sampled_from([(0.1, 1.5, 0.05, 0.5), (0.2, 2.0, 0.2, 0.7), (0.3, 1.1, 0.01, 0.3)]))
def test_spikes_reference_and_count_are_those_of_the_rule(levels, options):
    encoder = ThresholdAdaptiveEncoder(*options)
    intensity = torch.tensor([[levels]], dtype=torch.float64)
    spikes, references, n_adapted = by_the_rule(levels, *options)
    encoded = encoder(intensity, torch.Generator())
    counts = encoder.operations(intensity, encoded)

    assert encoded[:, 0].tolist() == spikes
    expected = [min(max(reference, 0.0), 1.0) for reference in references]
    assert encoder.decoded(encoded, 1, len(levels))[0, 0].tolist() == pytest.approx(expected, abs=1e-12)
    assert counts.total("multiply_fp32") == n_adapted
    assert counts.total("compare_fp32") == 2 * len(levels) + n_adapted
    assert counts.total("add_fp32") == 2 * len(levels) + sum(map(sum, spikes))


def test_a_factor_of_one_is_send_on_delta():
    intensity = torch.rand(4, 6, 30, generator=torch.Generator().manual_seed(1))
    adaptive = ThresholdAdaptiveEncoder(delta=0.1, factor=1.0)
    plain = SendOnDeltaEncoder(delta=0.1)

    encoded = adaptive(intensity, torch.Generator())
    assert torch.equal(encoded, plain(intensity, torch.Generator()))
    torch.testing.assert_close(adaptive.decoded(encoded, 6, 30), plain.decoded(encoded, 6, 30))


def test_a_jump_is_followed_in_fewer_spikes_than_send_on_delta_needs():
    intensity = torch.ones(1, 1, 12)
    adaptive = ThresholdAdaptiveEncoder(delta=0.1, factor=2.0, least=0.1, most=0.8)(intensity, torch.Generator())

    assert adaptive.sum() < SendOnDeltaEncoder(delta=0.1)(intensity, torch.Generator()).sum()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"least": 0.2}, "0 < least <= delta <= most < 1 must hold; got least 0.2, delta 0.1"),
        ({"delta": 0.6}, "must hold"),
        ({"factor": 0.9}, r"factor must lie in \[1, 16\]; got 0.9"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        ThresholdAdaptiveEncoder(**options)
