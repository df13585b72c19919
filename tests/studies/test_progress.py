# tests/studies/test_progress.py
"""The time left is told from the systems' own times."""

from studies.progress import TimeLeft


def test_the_time_left_is_the_sum_of_each_systems_own_mean_over_the_jobs():
    left = TimeLeft(["fast"] * 4 + ["slow"] * 3, n_jobs=2)
    assert left.seconds() is None

    left.finished("fast", 1.0)
    left.finished("fast", 3.0)
    assert left.seconds() == (2 * 2 + 3 * 2) / 2  # nothing known of the slow ones: as the others

    left.finished("slow", 10.0)
    assert left.seconds() == (2 * 2 + 2 * 10) / 2
