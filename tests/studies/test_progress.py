# tests/studies/test_progress.py
"""The time left is told from the systems' own times."""

from studies.bench.timing import BenchRow, alternating
from studies.progress import TimeLeft
from studies.provenance import provenance, without_paths


def test_the_time_left_is_the_sum_of_each_systems_own_mean_over_the_jobs():
    left = TimeLeft(["fast"] * 4 + ["slow"] * 3, n_jobs=2)
    assert left.seconds() is None

    left.finished("fast", 1.0)
    left.finished("fast", 3.0)
    assert left.seconds() == (2 * 2 + 3 * 2) / 2  # nothing known of the slow ones: as the others

    left.finished("slow", 10.0)
    assert left.seconds() == (2 * 2 + 2 * 10) / 2


def test_provenance_names_no_machine_user_or_folder():
    import getpass
    import socket

    record = str(
        provenance({}, 0, "c0ffee", ["trichord", "run", "/somewhere/private/study.toml", "--store=~/secret/x"])
    )

    assert "private" not in record
    assert "secret" not in record
    assert "study.toml" in record
    assert socket.gethostname() not in record
    assert f"/{getpass.getuser()}/" not in record
    assert without_paths("--data-root=C:\\Users\\me\\data") == "--data-root=data"


def test_a_bench_row_gives_the_peers_time_over_ours_and_nothing_where_one_is_missing():
    assert BenchRow("a", 2.0, "peer", 5.0).ratio == 2.5
    assert BenchRow("a", None, "peer", 5.0, unavailable="no GPU").record()["ratio"] is None


def test_a_way_that_does_three_times_the_work_takes_about_three_times_as_long():
    def work(n: int) -> int:
        return sum(range(n))

    ours, peer = alternating(lambda: work(20_000), lambda: work(60_000), n_rounds=9, round_seconds=0.01)

    assert 2 < peer / ours < 4.5
