import itertools
from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from classical_baselines.harness.energy import Unavailable
from classical_baselines.harness.measurement import Rules, per_decision, self_test, update_period, visit
from classical_baselines.harness.meters import MeterError, find_rapl
from tests.classical_baselines.harness.power_trace import Trace, write_domain

RULES = Rules()


def measured(trace, work=None, rules=RULES):
    return visit(work or trace.work, trace, rules, clock=trace.clock, sleep=trace.sleep)


def test_gross_is_the_power_times_the_time_of_a_decision_and_net_is_what_exceeds_idling():
    visits = [measured(Trace(idle_watts=5, busy_watts=20, call_seconds=0.05)) for _ in range(5)]
    found = per_decision(visits, decisions_per_call=4, meter="rapl")

    assert found.gross.joules == pytest.approx(20 * 0.05 / 4, rel=0.002)
    assert found.net.joules == pytest.approx((20 - 5) * 0.05 / 4, rel=0.002)
    assert visits[0].idle.watts == pytest.approx(5, rel=0.002)
    assert (found.gross.n_windows, found.gross.meter) == (5, "rapl")


@settings(max_examples=12, deadline=None)
@given(
    period=st.sampled_from([0.02, 0.1, 0.3]),
    phase=st.floats(0, 1),
    idle_watts=st.floats(0.5, 50),
    busy_watts=st.floats(0.5, 50),
)
def test_a_counter_that_lags_is_off_by_no_more_than_its_share_of_the_window(period, phase, idle_watts, busy_watts):
    trace = Trace(idle_watts, busy_watts, 0.05, period, read_seconds=period / 50, phase_seconds=phase * period)
    found = measured(trace)
    joules = found.window.joules
    true = busy_watts * found.window.seconds

    assert found.period_seconds == pytest.approx(period, rel=0.05)
    assert found.window.seconds >= max(10.0, 99 * period)
    assert abs(joules - true) <= busy_watts * period + 1e-6
    assert abs(joules - true) <= 0.0102 * true


def test_wraps_during_a_window_change_nothing(tmp_path):
    package = write_domain(tmp_path, "intel-rapl:0", "package-0", 0, range_microjoules=4_500_000_000)
    whole = Trace(idle_watts=100, busy_watts=600, read_seconds=1e-3, period_seconds=1e-2)
    wrapping = Trace(idle_watts=100, busy_watts=600, read_seconds=1e-3, period_seconds=1e-2)
    range_joules = 4500  # 7.5 s at 600 W

    def write(joules):
        (package / "energy_uj").write_text(str(int(joules * 1e6) % int(range_joules * 1e6)))

    rapl = find_rapl(tmp_path, clock=wrapping.clock)

    class Wrapping:
        name, covers, wrap_seconds = "rapl", "", float("inf")  # the loop reads often enough: no thread is wanted here

        def read_joules(self):
            write(wrapping.read_joules())
            return rapl.read_joules()

    found = visit(wrapping.work, Wrapping(), clock=wrapping.clock, sleep=wrapping.sleep)
    expected = measured(whole)

    assert whole.counted(whole.seconds) > 2 * range_joules
    assert found.window.joules == pytest.approx(expected.window.joules, abs=1e-3)
    assert found.idle.watts == pytest.approx(expected.idle.watts, rel=1e-6)


def test_a_call_that_outlasts_a_wrap_is_read_from_a_thread_meanwhile():
    """In real time: a counter at 2 W that may be read at most 50 ms apart, and a call of 0.4 s."""
    import time

    trace = Trace(idle_watts=2, busy_watts=2, call_seconds=0.05, read_seconds=1e-5)

    class Strict:
        name, covers, wrap_seconds = "strict", "", 0.05
        last, longest = None, 0.0

        def read_joules(self):
            now = time.monotonic()
            if self.last is not None:
                self.longest = max(self.longest, now - self.last)
            self.last = now
            return trace.idle_watts * now

    meter = Strict()
    rules = Rules(idle_seconds=0.1, window_seconds=0.4, window_periods=10, fewest_calls=3, settled=1.0)
    meter.longest = 0.0
    found = visit(lambda: time.sleep(0.4), meter, rules)

    assert found.window.n_calls == 1
    assert found.window.n_updates > 10
    assert found.window.joules == pytest.approx(2 * found.window.seconds, rel=0.05)


def test_a_fault_that_the_thread_meets_ends_the_measurement():
    import time

    class Failing:
        name, covers, wrap_seconds = "failing", "", 0.2
        calling = False

        def read_joules(self):
            if self.calling:
                raise MeterError("the counter was taken away")
            return time.monotonic()

    meter = Failing()
    calls = itertools.count()

    def work():
        meter.calling = next(calls) > 4  # in the window
        time.sleep(0.1)
        meter.calling = False

    found = visit(work, meter, Rules(0.1, 0.1, 10, fewest_calls=4, settled=1.0))

    assert found == Unavailable("the counter was taken away")


def test_a_counter_that_stands_still_is_no_measurement():
    assert measured(Trace(idle_watts=0, busy_watts=0, watts=0)) == Unavailable("the trace counter does not move")


def test_a_window_in_which_the_counter_hardly_moves_is_dropped_and_measured_again():
    trace = Trace()
    counter = trace.read_joules
    stuck_until = None

    def read():
        nonlocal stuck_until
        joules = counter()
        if trace.watts == trace.busy_watts and trace.seconds > 31 and stuck_until is None:  # from the warm-up on
            stuck_until = (trace.seconds + 9.9, joules)
        return stuck_until[1] if stuck_until and trace.seconds < stuck_until[0] else joules

    trace.read_joules = read
    found = measured(trace)

    assert found.n_dropped == 1
    assert found.window.joules == pytest.approx(20 * found.window.seconds, rel=0.002)


def test_a_window_at_the_end_of_which_the_counter_stands_still_is_dropped():
    trace = Trace()
    counter = trace.read_joules
    stood = []

    def read():
        joules = counter()
        if 36 < trace.seconds < 42:  # from the middle of the first window to beyond its end
            stood.append(joules)
        return stood[0] if stood and trace.seconds < 42 else joules

    trace.read_joules = read
    found = measured(trace)

    assert found.n_dropped == 1
    assert found.window.joules == pytest.approx(20 * found.window.seconds, rel=0.002)


def test_windows_that_are_all_dropped_give_no_number():
    trace = Trace()
    counter = trace.read_joules
    frozen = []

    def read():
        joules = counter()
        if trace.seconds > 30 and trace.watts == trace.busy_watts:
            frozen.append(joules)
        return frozen[0] if frozen else joules

    trace.read_joules = read

    assert measured(trace) == Unavailable(
        "the trace counter moved 0 times in a window of 10 s and stood still for up to 10 s of it; a window needs 20, "
        "spread over it"
    )


def test_a_counter_that_goes_backwards_is_no_measurement():
    trace = Trace()
    counter = trace.read_joules
    trace.read_joules = lambda: counter() - (1000 if trace.seconds > 35 else 0)

    assert "went backwards" in measured(trace).reason


def test_the_window_waits_until_the_time_of_a_call_has_settled():
    trace = Trace()
    slow = itertools.chain([0.8, 0.4, 0.2, 0.1, 0.08, 0.06], itertools.repeat(0.05))
    found = measured(trace, work=lambda: trace.spend(next(slow), 20))

    # The first call loads; then 0.4, 0.2, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05: only the last three agree.
    assert found.n_warm_up == 8
    assert found.latency_cv == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("from_celsius", "waits"), [(70.0, 24.0), (45.5, 0.0), (900.0, 300.0)])
def test_a_device_cools_down_to_a_degree_of_where_it_was_or_for_five_minutes(from_celsius, waits):
    trace = Trace()
    trace.conditions = lambda: {"temperature_celsius": from_celsius - trace.seconds}
    cooled = visit(trace.work, trace, cool_to=45.0, clock=trace.clock, sleep=trace.sleep)
    as_it_is = Trace()
    measured(as_it_is)

    assert cooled.window.n_updates >= 20
    assert trace.seconds - as_it_is.seconds == pytest.approx(waits, abs=0.1)


def test_a_time_that_never_settles_is_no_measurement():
    trace = Trace()
    uneven = itertools.cycle([0.01, 0.02, 0.04])

    assert "still varies by" in measured(trace, work=lambda: trace.spend(next(uneven), 20)).reason


def test_a_baseline_lasts_thirty_seconds_and_looks_at_the_counter_a_hundred_times():
    found = measured(Trace())

    assert 30 <= found.idle.seconds < 31
    assert found.idle.n_updates == 100


def test_the_interval_is_students_over_windows():
    one = measured(Trace())
    joules = [9.0, 10.0, 10.5, 11.0, 12.5, 14.0]
    visits = [
        replace(one, idle=replace(one.idle, watts=2.0), window=replace(one.window, joules=j, seconds=1.0, n_calls=2))
        for j in joules
    ]
    found = per_decision(visits, 5, "rapl")
    scipys = stats.t.interval(0.95, 5, loc=11.1666667, scale=stats.sem(joules))

    assert (found.gross.low * 10, found.gross.high * 10) == pytest.approx(scipys)
    assert found.net.joules == pytest.approx(found.gross.joules - 0.2)
    assert found.net.high - found.net.low == pytest.approx(found.gross.high - found.gross.low)


def test_a_varying_baseline_widens_the_net_interval():
    one = measured(Trace())
    visits = [replace(one, idle=replace(one.idle, watts=watts)) for watts in (3, 4, 5, 6, 7)]
    found = per_decision(visits, 1, "rapl")
    per_call = one.window.seconds / one.window.n_calls

    assert found.gross.high - found.gross.low == pytest.approx(0, abs=1e-12)
    assert found.net.high - found.net.joules == pytest.approx(stats.t.ppf(0.975, 4) * sqrt(2.5 / 5) * per_call)


def test_fewer_than_five_windows_give_no_interval():
    with pytest.raises(ValueError, match="5 windows or more; got 4"):
        per_decision([measured(Trace())] * 4, 1, "rapl")


@pytest.mark.parametrize("period", [0.001, 0.02, 0.1])
def test_the_period_of_the_counter_is_measured(period):
    trace = Trace(period_seconds=period, read_seconds=period / 40)

    assert update_period(trace, clock=trace.clock) == pytest.approx(period, rel=0.05)


def test_busy_is_told_from_idle_where_it_differs_by_more_than_its_noise():
    steady, noisy = Trace(5, 20), Trace(5, 5.2)
    other_work = (3.0, 9.0, 5.0, 4.0, 7.0, 8.0, 2.0)  # watts, changing every 0.3 s

    def noise():
        return other_work[int(noisy.seconds / 0.3) % len(other_work)]

    noisy.sleep = lambda seconds: noisy.spend(seconds, noise())
    noisy.work = lambda: noisy.spend(0.05, noise())
    tested = [self_test(one, one.work, clock=one.clock, sleep=one.sleep) for one in (steady, noisy)]

    assert [one.passed for one in tested] == [True, False]
    assert tested[0].idle_watts == pytest.approx(5, rel=0.05)
    assert tested[0].busy_watts == pytest.approx(20, rel=0.05)
    assert tested[1].sigmas < 3


def test_the_self_test_of_a_counter_that_stands_still_says_so():
    trace = Trace(0, 0, watts=0)

    assert self_test(trace, trace.work, clock=trace.clock, sleep=trace.sleep) == Unavailable(
        "the counter does not move"
    )
