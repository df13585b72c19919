# tests/studies/bench/test_quantum.py
"""The rows of the quantum bench on a small step, with the peers that are installed."""

from dataclasses import replace
from platform import libc_ver
from types import SimpleNamespace

import pytest
import torch

from studies.bench import BENCHES, quantum, quantum_memory, quantum_peers


@pytest.fixture
def small(monkeypatch):
    for name, value in {"N_QUBITS": 3, "BATCH": 2, "N_TURNS": 1, "SWEEP_QUBITS": (2,), "SWEEP_BATCHES": (1, 3)}.items():
        monkeypatch.setattr(quantum, name, value)
    monkeypatch.setattr(quantum_memory, "measured_in_own_process", lambda precision, setting: (7, 0.5))


@pytest.mark.usefixtures("small")
def test_every_peer_that_is_here_gives_our_gradient_and_the_others_say_that_they_are_not():
    rows = list(BENCHES["quantum"]())
    peers = {row.peer: row for row in rows if row.peer in quantum_peers.PEERS and "3 qubits" in row.name}

    assert peers.keys() == quantum_peers.PEERS.keys()
    assert peers["Aer, parameter shift, bound in C++"].max_difference < 1e-9
    for name, row in peers.items():
        missing = row.unavailable == f"{quantum_peers.PEERS[name].package} is not installed here"
        assert missing or (row.ratio > 0 and row.max_difference < 1e-6)


@pytest.mark.usefixtures("small")
def test_the_limit_stands_first_and_the_sweep_last_but_for_the_memory_of_a_wide_step(monkeypatch):
    monkeypatch.setattr(quantum, "SWEEP_PEERS", {"Aer, parameter shift, bound in C++": True})
    monkeypatch.setattr(quantum, "MOST_PEER_AMPLITUDES", 4)  # one state of two qubits
    rows = list(BENCHES["quantum"]())[: -2 * 3]  # two precisions, three settings

    limit, peer = "limit: bare products and FFT", "Aer, parameter shift, bound in C++"
    assert (rows[0].name, rows[0].target) == ("training step, 3 qubits, 2 states", 0.4)
    assert [(row.name, row.peer, row.target) for row in rows[-3:]] == [
        ("training step, 2 qubits, 1 state", limit, None),
        ("training step, 2 qubits, 1 state", peer, None),
        ("training step, 2 qubits, 3 states", limit, None),
    ]
    assert all(row.ratio > 0 for row in [rows[0], *rows[-3:]])


@pytest.mark.usefixtures("small")
def test_a_peer_that_takes_one_state_at_a_time_is_timed_on_one_in_the_sweep_times_the_batch(monkeypatch):
    peer, seen = "Aer, parameter shift, bound in C++", []
    whole = quantum_peers.PEERS[peer]
    watched = replace(whole, gradient=lambda step: seen.append(len(step.states)) or whole.gradient(step))
    monkeypatch.setattr(quantum, "PEERS", {peer: watched})
    monkeypatch.setattr(quantum, "SWEEP_PEERS", {peer: False})
    monkeypatch.setattr(quantum, "_in_turns", lambda own, theirs: (1.0, 2.0))

    rows = [row for row in BENCHES["quantum"]() if row.peer == peer]

    assert seen == [2, 1, 1]  # the common step whole; in the sweep one state, whatever the batch
    assert [row.peer_seconds for row in rows] == [2.0, 2.0, 6.0]
    assert all(row.max_difference < 1e-9 for row in rows)


def test_what_the_sweep_asks_is_among_the_peers():
    assert quantum.SWEEP_PEERS.keys() <= quantum_peers.PEERS.keys()


def test_the_memory_of_a_wide_step_stands_with_the_setting_of_malloc_it_was_measured_at(monkeypatch):
    seen = []
    monkeypatch.setattr(quantum_memory, "measured_in_own_process", lambda *given: seen.append(given) or (7, 0.5))

    rows = list(quantum_memory.bench())

    settings = ("malloc as trichord sets it", "MALLOC_MMAP_THRESHOLD_=1000000", "glibc's defaults")
    assert seen == [(precision, setting) for precision in ("float32", "float64") for setting in settings]
    assert rows[0].name == "training step, 20 qubits, 1 state, adjoint, float32, malloc as trichord sets it"
    assert rows[0].figures == {"peak_above_import_bytes": 7, "limit_bytes": 200_000_000}
    assert all("limit_bytes" not in row.figures for row in rows[1:3])
    assert rows[2].name.endswith("glibc's defaults")


@pytest.mark.parametrize("setting", [quantum_memory.OURS, quantum_memory.AT_ONCE, quantum_memory.DEFAULTS])
def test_the_process_of_its_own_has_that_setting_of_malloc_and_no_other(monkeypatch, setting):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    given = []

    def ran(call, env, **options):
        given.append((call[-1], {name: value for name, value in env.items() if name.startswith("MALLOC_")}))
        return SimpleNamespace(stdout="some warning\n[12, 0.5]\n")

    monkeypatch.setattr(quantum_memory.subprocess, "run", ran)

    assert quantum_memory.measured_in_own_process("float64", setting) == (12, 0.5)
    at_once = {"MALLOC_MMAP_THRESHOLD_": "1000000"} if setting == quantum_memory.AT_ONCE else {}
    assert given == [(setting, at_once)]


def test_the_peak_is_that_of_the_states_a_step_holds():
    peak_bytes, seconds = quantum_memory.measured_in_own_process("float64", quantum_memory.AT_ONCE, n_qubits=17)

    state = 16 * 2**17
    assert 2 * state < peak_bytes < 12 * state + 10**6
    assert seconds > 0


@pytest.mark.skipif(libc_ver()[0] != "glibc", reason="the bounds are those of glibc's malloc")
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_step_of_twenty_qubits_holds_less_than_200_megabytes_as_trichord_sets_malloc(precision):
    peak_bytes, _ = quantum_memory.measured_in_own_process(precision, quantum_memory.OURS)

    assert peak_bytes < 200e6


def test_a_step_from_zero_has_no_amplitude_but_the_first():
    step = quantum.common_step(3, 2).from_zero()

    assert torch.equal(step.states, torch.eye(8, dtype=torch.float64)[:1].expand(2, -1))
    assert step.first().states.shape == (1, 8)
    assert step.first().targets.shape == (1, 3)
