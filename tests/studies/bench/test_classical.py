# tests/studies/bench/test_classical.py
import pytest

from studies.bench import BENCHES, classical


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(classical, "N_CLIPS", 4)
    monkeypatch.setattr(classical, "in_turn", lambda ways, n_rounds: [float(2**i) for i in range(len(ways))])
    monkeypatch.setattr(classical, "alternating", lambda ours, peer, n_rounds: (1.0, 2.0))
    monkeypatch.setattr(classical, "_seconds_of_first_call", lambda folder: 1.0)
    monkeypatch.setattr(classical, "_n_processors", lambda: 2)


@pytest.mark.usefixtures("small")
def test_every_row_has_both_times_and_results_that_agree():
    rows = BENCHES["classical"]()
    log_mel, (first_call, rmmse) = rows[:-2], rows[-2:]

    assert [row.target for row in log_mel] == [5.0, 1.5, 0.67] + 9 * [None]
    assert [row.name for row in log_mel][::3] == [
        f"log-mel, {engine}, 4 clips, {threads}"
        for threads in ("1 thread", "2 threads")
        for engine in ("compiled", "torch")
    ]
    assert all(row.ratio is not None for row in rows)
    assert all(row.max_difference < 0.01 for row in log_mel if "librosa" in row.peer)  # decibels
    assert {row.ours_seconds for row in log_mel if "compiled" in row.name} == {1.0}
    assert {row.peer: row.peer_seconds for row in log_mel} == {
        classical.LIMIT: 4.0,
        classical.PER_CLIP: 8.0,
        classical.BATCHED: 16.0,
    }
    assert first_call.target is None
    assert rmmse.peer_seconds == 0.3
    assert rmmse.max_difference < 1e-9


@pytest.mark.usefixtures("small")
def test_without_a_second_processor_or_librosa_rows_say_so(monkeypatch):
    monkeypatch.setattr(classical, "_n_processors", lambda: 1)
    monkeypatch.setattr(classical, "find_spec", lambda name: None)
    rows = BENCHES["classical"]()[:-2]

    assert [row.unavailable for row in rows[:3]] == 2 * ["no librosa; `make bench` installs it"] + [None]
    assert {row.unavailable for row in rows[6:]} == {"this process may use 1 processor"}
