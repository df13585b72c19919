# tests/studies/test_anchor_comparison.py
"""The models against what was measured; expected values are sums on paper from the published prices."""

from collections import Counter
from pathlib import Path

import pytest

from classical_baselines.harness.anchors import anchors
from studies.anchor_comparison import compare_with_anchors, comparison_lines, comparison_table
from studies.commands.listing import listing

DOCS = Path(__file__).parents[2] / "docs" / "energy.md"
FOUND = {(one.case.anchor, one.case.deployment, one.case.boundary): one for one in compare_with_anchors()}


def test_the_page_shows_the_table_of_todays_prices():
    assert comparison_table() in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("one", [one for one in FOUND.values() if one.case.is_the_price], ids=lambda o: o.case.title)
def test_where_an_anchor_is_the_price_the_model_gives_it_back(one):
    assert one.factors == pytest.approx((1, 1), rel=0.005)
    assert one.low <= one.measured * 1.005
    assert one.high >= one.measured * 0.995


@pytest.mark.parametrize(
    ("key", "joules"),
    [
        (("mlpt.ad.l4r5", "cortex-m4", "chip"), 264_192 * 685e-12),
        (("mlpt.ad.h7a3", "stm32h7a3", "chip"), 1375.6e-6 * 264_192 / 2.656e6),
        (("mlpt.ad.gap9.065", "cortex-m4+gap9-650mv", "chip"), 18.56e-6 * 264_192 / 2.656e6),
        (("mlpt.l4r5", "cmos-45nm-int8", "operation"), 2.656e6 * 0.23e-12),
        (("mlpt.l4r5", "cmos-45nm-fp32", "operation"), 2.656e6 * 4.6e-12),
        (("abr.cpu.b1.dynamic", "keras-spiking-cpu", "system"), 172_800 * 8.6e-9),
    ],
)
def test_a_model_that_is_not_its_anchor_is_the_sum_on_paper(key, joules):
    assert FOUND[key].nominal == pytest.approx((joules, joules), rel=1e-3)


def test_the_spotter_on_loihi_takes_operations_floors_and_time():
    def operations(rate, synapse, neuron, routing):
        return 1_728_000 * rate * synapse + 5410 * neuron + 5410 * rate * (69.3e-12 + routing)

    davies = [operations(rate, 23.6e-12, 81e-12, 1.7e-12 + 2 * 3.5e-12) for rate in (0.02, 0.2)]
    sana_fe = [operations(rate, 35.5e-12, 72.8e-12, 111e-12 + 2 * 3.6e-12) for rate in (0.02, 0.2)]

    assert FOUND["abr.loihi.dyn", "cortex-m4+loihi-1", "core"].nominal == pytest.approx(davies)
    assert FOUND["abr.loihi.dyn", "cortex-m4+loihi-1-sana-fe", "core"].nominal == pytest.approx(sana_fe)
    timed = [joules + 3.37e-3 * 0.122 + 5.94e-6 for joules in davies]
    assert FOUND["abr.loihi.total", "cortex-m4+loihi-1", "chip"].nominal == pytest.approx(timed)


def test_the_command_prints_every_anchor_and_the_table(capsys):
    assert listing("anchors", False) == 0

    out = capsys.readouterr().out
    assert all(f"{id}: " in out for id in anchors())
    assert "damp.break-even: integrate-and-fire network" in out
    words = Counter(word for line in comparison_lines() for cell in line for word in cell.split())
    assert words <= Counter(out.split())


def test_devices_and_deployments_are_listed_with_what_they_are(capsys):
    listing("devices", False)
    listing("deployments", False)

    out = capsys.readouterr().out
    assert "STM32L4R5, Cortex-M4 at 120 MHz" in out
    assert "(runs nothing alone)" in out
    assert "(rival of cortex-m4+loihi-1)" in out
