# tests/studies/bench/test_timing.py
"""Two ways timed side by side: the ratio of their times, and none where one is missing."""

from studies.bench.timing import BenchRow, alternating


def test_a_bench_row_gives_the_peers_time_over_ours_and_nothing_where_one_is_missing():
    assert BenchRow("a", 2.0, "peer", 5.0).ratio == 2.5
    assert BenchRow("a", None, "peer", 5.0, unavailable="no GPU").record()["ratio"] is None


def test_a_way_that_does_three_times_the_work_takes_about_three_times_as_long():
    def work(n: int) -> int:
        return sum(range(n))

    ours, peer = alternating(lambda: work(20_000), lambda: work(60_000), n_rounds=9, round_seconds=0.01)

    assert 2 < peer / ours < 4.5
