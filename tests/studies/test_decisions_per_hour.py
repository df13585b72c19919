# tests/studies/test_decisions_per_hour.py
"""Expected joules are sums on paper: sleep for the rest of the period, one wake-up, and the work."""

import numpy as np
import pytest

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.decisions_per_hour import crossings_with, least_crossings, rate_lines
from tests.studies.priced_rows import side

DRAWS = CoefficientDraws(n_draws=100)
SLEEP, WAKE, MAC, POWER = 10e-6, 42.2e-6, 685e-12, 42.2e-3  # of the Cortex-M4: watts, joules, joules, watts


def integers(n, deployment="cortex-m4"):
    return side(OperationCounts.of("network", "all", mac_int8=n), deployment, boundary="chip", scenario="always-on")


def spiking():
    counts = OperationCounts.of("network", "all", synaptic_operations=1e4, chip_seconds=1e-3)
    return side(counts, "cortex-m4+loihi-1", boundary="chip", scenario="always-on")


def test_a_decision_an_hour_pays_for_an_hour_of_sleep():
    (line,) = rate_lines([integers(1e6)], DRAWS)
    busy = 1e6 * MAC / POWER

    assert line.per_hour[0] == pytest.approx(1)
    assert line.joules[0] == pytest.approx(1e6 * MAC + WAKE + SLEEP * (3600 - busy), rel=2e-3)
    assert line.low[0] < line.joules[0] < line.high[0]
    assert line.watts[0] == pytest.approx(line.joules[0] / 3600)


def test_a_chip_that_cannot_sleep_pays_for_every_hour_whatever_it_decides():
    (line,) = rate_lines([spiking()], DRAWS)

    assert line.watts[0] == pytest.approx(56e-3 + 66e-3, rel=1e-3)
    assert line.joules[0] == pytest.approx(3600 * 122e-3, rel=1e-3)


def test_rates_go_ten_times_beyond_real_time_and_end_where_a_device_is_always_busy():
    slow = integers(10e6)  # 0.162 s of work: at most 22,180 an hour
    (line,) = rate_lines([slow], DRAWS)

    assert line.per_hour[-1] == pytest.approx(36_000)
    assert line.most_per_hour == pytest.approx(3600 * POWER / (10e6 * MAC), rel=2e-3)
    assert np.isfinite(line.joules[line.per_hour <= line.most_per_hour]).all()
    assert np.isnan(line.joules[line.per_hour > line.most_per_hour]).all()


def test_two_lines_cross_where_sleep_and_work_weigh_the_same():
    counts = OperationCounts.of("network", "all", mac_int8=1e5) + OperationCounts.of("front_end", "all", mac_fp32=1)
    one, two = rate_lines(
        [side(counts, name, "system", "always-on") for name in ("cortex-m4", "cortex-m4+ndp9120")], DRAWS
    )
    (crossing,) = least_crossings([one, two])
    # The NPU has a sleep and a wake-up of its own, and saves the difference of the multiplications.
    saved = 1e5 * (MAC - 11.9e-12) - 7.2e-6

    assert crossing.per_hour == pytest.approx(3600 * SLEEP / saved, rel=0.01)
    assert (crossing.less_below, crossing.less_above) == (one.side.name, two.side.name)
    assert crossings_with(one, [one, two]) == [crossing]
