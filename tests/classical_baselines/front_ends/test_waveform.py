"""The waveform as a front end: samples as they are, or divided by the largest; nothing is paid but that."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.front_ends.waveform import Waveform
from classical_baselines.harness.choices import UnknownChoiceError

CLIPS = torch.tensor([[0.1, -0.4, 0.2, 0.3], [0.0, 0.0, 0.0, 0.0]])
LENGTHS = torch.tensor([3, 4])


def test_fixed_hands_the_samples_on_and_silences_what_lies_beyond_a_clips_end():
    samples = Waveform(relative_to="fixed")(CLIPS, LENGTHS, 8000)

    assert samples.tolist() == [[pytest.approx([0.1, -0.4, 0.2, 0.0])], [[0.0, 0.0, 0.0, 0.0]]]


@given(gain=st.floats(1e-6, 1e4))
def test_relative_to_the_clips_maximum_a_gain_changes_nothing_and_silence_stays(gain):
    samples = Waveform()(gain * CLIPS, LENGTHS, 8000)

    torch.testing.assert_close(samples, torch.tensor([[[0.25, -1.0, 0.5, 0.0]], [[0.0, 0.0, 0.0, 0.0]]]))


def test_reading_moves_six_bytes_a_sample_and_a_level_is_two_more_passes():
    fixed = Waveform(relative_to="fixed").operations(100, 8000)
    relative = Waveform().operations(100, 8000)

    assert fixed.rows() == [("front_end", "read", "sram_bytes", 600.0)]
    assert {operation: relative.total(operation) for (_, _, operation), _ in relative} == {
        "compare_fp32": 101,
        "transcendental_fp32": 1,
        "multiply_fp32": 100,
        "sram_bytes": 600 + 400 + 800,
    }


def test_an_unknown_reference_is_refused():
    with pytest.raises(UnknownChoiceError, match=r"No relative_to is called 'loudest'\. Choose one of: clip-maximum"):
        Waveform(relative_to="loudest")
