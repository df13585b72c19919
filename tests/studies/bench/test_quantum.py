# tests/studies/bench/test_quantum.py
"""The rows of the quantum bench on a small step, with the peers that are installed."""

import pytest
import torch

from studies.bench import BENCHES, quantum, quantum_peers


@pytest.fixture
def small(monkeypatch):
    for name, value in {"N_QUBITS": 3, "BATCH": 2, "N_TURNS": 1, "SWEEP_QUBITS": (2,), "SWEEP_BATCHES": (1, 3)}.items():
        monkeypatch.setattr(quantum, name, value)


@pytest.mark.usefixtures("small")
def test_every_peer_that_is_here_gives_our_gradient_and_the_others_say_that_they_are_not():
    rows = list(BENCHES["quantum"]())
    peers = {row.peer: row for row in rows if row.peer in quantum_peers.PEERS}

    assert peers.keys() == quantum_peers.PEERS.keys()
    assert peers["Aer, parameter shift, bound in C++"].max_difference < 1e-9
    for name, row in peers.items():
        missing = row.unavailable == f"{quantum_peers.PEERS[name].package} is not installed here"
        assert missing or (row.ratio > 0 and row.max_difference < 1e-6)


@pytest.mark.usefixtures("small")
def test_the_limit_stands_first_and_the_sweep_last():
    rows = list(BENCHES["quantum"]())

    assert (rows[0].name, rows[0].target) == ("training step, 3 qubits, 2 states", 0.4)
    assert [row.name for row in rows[-2:]] == ["training step, 2 qubits, 1 states", "training step, 2 qubits, 3 states"]
    assert all(row.ratio > 0 for row in [rows[0], *rows[-2:]])


def test_a_step_from_zero_has_no_amplitude_but_the_first():
    step = quantum.common_step(3, 2).from_zero()

    assert torch.equal(step.states, torch.eye(8, dtype=torch.float64)[:1].expand(2, -1))
    assert step.first().states.shape == (1, 8)
    assert step.first().targets.shape == (1, 3)
