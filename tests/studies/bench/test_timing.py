# tests/studies/bench/test_timing.py
"""Two ways timed side by side: the ratio of their times, and none where one is missing."""

from studies.bench.timing import BenchRow, alternating, in_turn


def test_a_bench_row_gives_the_peers_time_over_ours_and_nothing_where_one_is_missing():
    assert BenchRow("a", 2.0, "peer", 5.0).ratio == 2.5
    assert BenchRow("a", None, "peer", 5.0, unavailable="no GPU").record()["ratio"] is None


def test_a_way_that_does_three_times_the_work_takes_about_three_times_as_long():
    def work(n: int) -> int:
        return sum(range(n))

    ours, peer = alternating(lambda: work(20_000), lambda: work(60_000), n_rounds=9, round_seconds=0.01)

    assert 2 < peer / ours < 4.5


def test_several_ways_take_turns_in_every_round():
    calls = []
    seconds = in_turn([lambda way=way: calls.append(way) for way in "abc"], n_rounds=2, round_seconds=0)

    assert calls[6:] == list("abcabc")  # after a call of each to warm up, and one to see how long it takes
    assert len(seconds) == 3
