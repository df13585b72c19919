# tests/studies/bench/test_classical.py
from studies.bench import BENCHES, classical


def test_every_row_has_both_times_a_target_and_results_that_agree(monkeypatch):
    monkeypatch.setattr(classical, "N_CLIPS", 4)
    monkeypatch.setattr(classical, "alternating", lambda ours, peer, n_rounds: (1.0, 2.0))
    rows = BENCHES["classical"]()

    assert [row.target for row in rows] == [5.0, 5.0, 1.5, None, 0.67, 1.0]
    assert [row.name for row in rows][:2] == ["log-mel, 4 clips", "log-mel, 4 clips, 2 threads"]
    assert all(row.ratio is not None for row in rows)
    assert all(row.max_difference < 0.01 for row in rows[:4])  # decibels
    assert rows[-1].peer_seconds == 0.3
    assert rows[-1].max_difference < 1e-9
