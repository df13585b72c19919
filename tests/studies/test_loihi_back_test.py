"""The page of docs/results is what is computed now, and what is a fit is called one."""

from pathlib import Path

import pytest

from neuro.loihi.mapping.chips import LOIHI_1
from studies.loihi_back_test import Line, back_test, back_test_page, spotter

PAGE = Path(__file__).parents[2] / "docs" / "results" / "loihi-back-test.md"


def test_the_page_is_computed_from_the_model_as_it_is():
    assert PAGE.read_text(encoding="utf-8") == back_test_page()


def test_no_prediction_takes_a_number_from_its_measurement():
    lines = [line for _, of_system in back_test() for line in of_system]

    assert all(isinstance(line, Line) and line.low <= line.high for line in lines)
    for line in lines:
        takes_one = "the measured time" in line.by or "that were used" in line.by or line.quantity.startswith("static")
        assert line.is_fit == takes_one, line


def test_the_slowest_core_of_the_spotter_takes_the_time_of_a_sum_on_paper():
    # All inputs fire in every step: 390 x 256 synapses of 3.5 ns and 256 active neurons of 8.4 ns on the first core.
    found = spotter(1.0)
    first = 390 * 256 * 3.5e-9 + 256 * 8.4e-9

    steps = found.times["davies"].steps[:, 0]
    assert found.cores.chip is LOIHI_1
    assert len(steps) == 12
    assert steps[:10] == pytest.approx([first + 2.1e-9 + 113e-9] * 10)
    assert steps[11] < steps[10] < steps[9]
