"""The meters' rows of `trichord doctor`."""

from classical_baselines.harness.energy import Unavailable
from classical_baselines.harness.measurement import self_test
from studies.commands.doctor import meter_finding
from tests.classical_baselines.harness.power_trace import Trace


def found_of(trace):
    return meter_finding("rapl", self_test(trace, trace.work, clock=trace.clock, sleep=trace.sleep))


def test_a_meter_that_follows_the_machine_is_told_with_its_period_and_powers():
    found = found_of(Trace(idle_watts=5, busy_watts=20, period_seconds=0.002))

    assert found.works
    assert found.details.startswith("a machine of known power; an update every 2 ms; idle 5.0")
    assert ", busy 20 W, " in found.details


def test_a_meter_that_sees_no_difference_is_not_trusted():
    found = found_of(Trace(idle_watts=5, busy_watts=5))

    assert not found.works
    assert "not usable: idle 5 W, busy 5.01 W, 0.2 standard deviations apart" in found.details


def test_a_machine_without_a_meter_says_why_and_lacks_nothing_that_is_needed():
    found = meter_finding("rapl", Unavailable("no RAPL counter here"))

    assert (found.works, found.needed, found.details) == (False, False, "not available: no RAPL counter here")
