# tests/studies/bench/test_timing.py
"""Two ways timed side by side: the ratio of their times, and none where one is missing."""

from types import SimpleNamespace

import pytest

from studies.bench import timing
from studies.bench.timing import BenchRow, alternating, in_turn


def test_a_bench_row_gives_the_peers_time_over_ours_and_nothing_where_one_is_missing():
    assert BenchRow("a", 2.0, "peer", 5.0).ratio == 2.5
    assert BenchRow("a", None, "peer", 5.0, unavailable="no GPU").record()["ratio"] is None


@pytest.fixture
def clock(monkeypatch):
    """A clock that only work moves on, by the seconds that it is said to take."""
    now = [0.0]
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def work(seconds):
        now[0] += seconds

    return work


def test_a_way_that_does_three_times_the_work_takes_three_times_as_long(clock):
    ours, peer = alternating(lambda: clock(0.002), lambda: clock(0.006), n_rounds=9, round_seconds=0.01)

    assert (ours, peer) == pytest.approx((0.002, 0.006))


def test_a_busy_moment_of_the_machine_is_in_no_time(clock):
    delays = iter([0.0, 0.0, 5.0, 0.0, *[0.3] * 100])  # the warm-up, the probe, then rounds of which one is free

    (seconds,) = in_turn([lambda: clock(0.02 + next(delays))], n_rounds=4, round_seconds=0.01)

    assert seconds == pytest.approx(0.02)


def test_several_ways_take_turns_in_every_round():
    calls = []
    seconds = in_turn([lambda way=way: calls.append(way) for way in "abc"], n_rounds=2, round_seconds=0)

    assert calls[6:] == list("abcabc")  # after a call of each to warm up, and one to see how long it takes
    assert len(seconds) == 3
