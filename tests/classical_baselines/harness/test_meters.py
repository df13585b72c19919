# tests/classical_baselines/harness/test_meters.py
from dataclasses import dataclass

import pytest

from classical_baselines.harness.energy import Measured, Unavailable
from classical_baselines.harness.meters import RaplMeter, find_rapl, measure


def package(folder, name, microjoules):
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text("1000\n")
    return path


def test_a_wrap_of_the_counter_is_undone_and_packages_add_up(tmp_path):
    first, _ = package(tmp_path, "intel-rapl:0", 900), package(tmp_path, "intel-rapl:1", 10)
    package(tmp_path, "intel-rapl:0:0", 5)  # a part of package 0: counted there already
    meter = find_rapl(tmp_path)
    (first / "energy_uj").write_text("100")
    package(tmp_path, "intel-rapl:0:0", 80)
    package(tmp_path, "intel-rapl:1", 40)

    assert isinstance(meter, RaplMeter)
    assert meter.read_joules() == pytest.approx((200 + 30) * 1e-6)


def test_no_counter_is_a_reason_and_not_a_zero(tmp_path):
    meter = find_rapl(tmp_path)

    assert isinstance(meter, Unavailable)
    assert measure(lambda: None, meter, decisions_per_call=1) == meter


def test_an_unreadable_counter_is_a_reason(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()

    assert "cannot be read" in find_rapl(tmp_path).reason


@dataclass
class Bench:
    """A clock that ticks a second per call of the work, and a meter of constant watts."""

    watts: float
    seconds: float = 0.0
    name: str = "bench"

    def work(self):
        self.seconds += 1

    def read_joules(self):
        return self.watts * self.seconds


def test_joules_per_decision_are_the_power_times_the_time_over_the_decisions():
    bench = Bench(watts=6.0)
    found = measure(bench.work, bench, decisions_per_call=3, clock=lambda: bench.seconds)

    assert found == Measured(2.0, 2.0, 2.0, "bench", 5)


def test_a_counter_that_does_not_move_is_not_a_measurement():
    bench = Bench(watts=0.0)

    assert "did not move" in measure(bench.work, bench, decisions_per_call=1, clock=lambda: bench.seconds).reason
