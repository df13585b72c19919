# tests/neuro/encoders/test_bsa.py
"""Ben's spiker algorithm against a loop over single numbers, and its decoder against scipy's filter."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.signal.windows import hann

from classical_baselines.harness.choices import InputError
from neuro.encoders.bsa import BsaEncoder, bsa_filter


def by_the_rule(levels, taps, threshold):
    """(spikes, number of taps met, number of taps taken off) of one band."""
    left, spikes, n_met, n_taken = list(levels), [], 0, 0
    for frame in range(len(left)):
        reach = min(len(taps), len(left) - frame)
        with_spike = sum(abs(left[frame + k] - taps[k]) for k in range(reach))
        without = sum(abs(left[frame + k]) for k in range(reach))
        fires = without - with_spike >= threshold
        for k in range(reach if fires else 0):
            left[frame + k] -= taps[k]
        spikes.append(float(fires))
        n_met, n_taken = n_met + reach, n_taken + reach * fires
    return spikes, n_met, n_taken


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=24), st.integers(1, 7))
def test_spikes_and_counts_are_those_of_the_rule(thousandths, n_taps):
    threshold = 0.41234567  # on no sum of the taps and of thousandths
    encoder = BsaEncoder(n_taps=n_taps, threshold=threshold)
    levels = [value / 1000 for value in thousandths]
    spikes, n_met, n_taken = by_the_rule(levels, bsa_filter(n_taps).tolist(), threshold)
    intensity = torch.tensor([[levels]], dtype=torch.float64)
    encoded = encoder(intensity, torch.Generator())
    counts = encoder.operations(intensity, encoded)

    assert encoded[:, 0, 0].tolist() == spikes
    # k differences; k - 1 sums twice; one difference of the errors; k differences per spike
    assert counts.total("add_fp32") == n_met + 2 * (n_met - len(levels)) + len(levels) + n_taken
    assert counts.total("compare_fp32") == 2 * n_met + len(levels)


def test_the_filter_is_a_hann_window_without_its_zeros_of_sum_one():
    expected = hann(9)[1:-1]

    np.testing.assert_allclose(bsa_filter(7).numpy(), expected / expected.sum(), atol=1e-15)


def test_what_is_decoded_is_the_train_through_the_filter():
    encoded = (torch.rand(30, 3, 4, generator=torch.Generator().manual_seed(2)) < 0.4).double()
    filtered = lfilter(bsa_filter(5).numpy(), 1, encoded.numpy(), axis=0)

    decoded = BsaEncoder(n_taps=5).decoded(encoded, 4, 30)
    np.testing.assert_allclose(decoded.permute(2, 0, 1).numpy(), filtered.clip(0, 1), atol=1e-12)


def test_a_picture_made_of_a_train_gives_that_train_back():
    encoder = BsaEncoder(n_taps=4, threshold=0.5)
    train = torch.tensor([1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], dtype=torch.float64)[:, None, None]

    assert torch.equal(encoder(encoder.decoded(train, 1, 12), torch.Generator()), train)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_taps": 257}, "n_taps must be 1 to 256; got 257"), ({"threshold": 1.0}, r"threshold must lie in \[0, 1\)")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        BsaEncoder(**options)
