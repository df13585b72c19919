"""The page of docs/results is what is computed now, and what is a fit is called one."""

import tomllib
from pathlib import Path

import pytest

from classical_baselines.harness import devices
from neuro.loihi.mapping.chips import LOIHI_1
from studies import loihi_back_test
from studies.chip_energy import sources_of
from studies.loihi_back_test import Line, back_test, back_test_page, spotter

COEFFICIENTS = Path(devices.__file__).with_name("coefficients")
PAGE = Path(__file__).parents[2] / "docs" / "results" / "loihi-back-test.md"


def test_the_page_is_computed_from_the_model_as_it_is():
    assert PAGE.read_text(encoding="utf-8") == back_test_page()


def test_no_prediction_takes_a_number_from_its_measurement():
    lines = [line for _, of_system in back_test() for line in of_system]

    assert all(isinstance(line, Line) and line.low <= line.high for line in lines)
    rows = {
        row["id"]: row
        for name in ("loihi_1_floors", "loihi_1_davies", "loihi_1_sana_fe", "loihi_2")
        for row in tomllib.loads((COEFFICIENTS / f"{name}.toml").read_text(encoding="utf-8"))["coefficient"]
    }
    # Of the files: the static power rests on the log of the spotter's board; no price of an event, reset or input does.
    assert "Blouw et al. 2018" in rows["l1.static"]["source"] and "PilotNet" in rows["l2.static"]["source"]
    priced = [row for id, row in rows.items() if row["operations"] and id not in ("l1.static", "l1.step-time")]
    assert not [row["id"] for row in priced if "Blouw" in row["source"] + row["conditions"]]
    for line in lines:
        takes_one = "the measured time" in line.by or "that were used" in line.by
        assert line.is_fit == (takes_one or line.quantity.startswith(("static", "total"))), line
    assert {source for line in lines if line.quantity == "total energy" for source in line.sources} >= {
        rows[id]["source"] for id in ("l1.static", "l1.x86", "l1.davies.synapse", "l1.sana-fe.synapse", "as.loihi-io")
    }


def test_a_price_that_is_taken_from_the_board_makes_a_line_a_fit(monkeypatch):
    def with_the_board(device, *terms):
        return (*sources_of(device, *terms), "Blouw et al. 2018, power logs")

    monkeypatch.setattr(loihi_back_test, "sources_of", with_the_board)
    assert all(line.is_fit for line in back_test()[0][1] if line.quantity == "dynamic energy")


def test_the_slowest_core_of_the_spotter_takes_the_time_of_a_sum_on_paper():
    # All inputs fire in every step: 390 x 256 synapses of 3.5 ns and 256 active neurons of 8.4 ns on the first core.
    found = spotter(1.0)
    first = 390 * 256 * 3.5e-9 + 256 * 8.4e-9

    steps = found.times["davies"].steps[:, 0]
    assert found.cores.chip is LOIHI_1
    assert len(steps) == 12
    assert steps[:10] == pytest.approx([first + 2.1e-9 + 113e-9] * 10)
    assert steps[11] < steps[10] < steps[9]
