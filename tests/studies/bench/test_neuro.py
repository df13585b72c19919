# tests/studies/bench/test_neuro.py
import json

import numpy as np
import pytest
import torch

from neuro.loihi.contracts import Lif, LoihiNetwork
from studies.bench import integer_peers, neuro, neuro_training
from studies.bench.timing import BenchRow
from studies.commands import bench as command


def test_a_training_step_has_the_gradients_of_snntorch_with_either_kind_of_products(monkeypatch):
    monkeypatch.setattr(neuro_training, "N_STEPS", 20)
    monkeypatch.setattr(neuro_training, "N_CLIPS", 4)
    monkeypatch.setattr(neuro_training, "N_ROUNDS", 1)
    before = torch.get_num_threads()

    rows = list(neuro_training.bench())

    timed = [row for row in rows if row.peer_seconds is not None]
    assert {(row.name.split(", ")[1], row.name.split(", ")[3]) for row in timed} == {
        (kind, threads) for kind in ("sparse", "dense") for threads in ("1 thread", "2 threads")
    }
    beside_snntorch = [row for row in timed if row.peer == neuro_training.SNNTORCH]
    assert len(beside_snntorch) == 4
    assert all(row.max_difference < 1e-5 for row in beside_snntorch)
    assert all(0.01 < rate < 0.2 for row in timed for rate in row.figures.values())
    assert torch.get_num_threads() == before


def test_the_rows_beside_lava_compare_every_spike_and_the_same_steps(monkeypatch):
    monkeypatch.setattr(neuro, "N_PAIRS", 1)
    monkeypatch.setattr(neuro, "SECONDS_OF_OURS", 0.0)
    generator = np.random.default_rng(1)
    network = LoihiNetwork(
        (
            neuro._layer(generator, (6, 8), Lif(decay=512, threshold=40)),
            neuro._layer(generator, (3, 6), Lif(decay=0, threshold=2**17 - 1)),
        ),
        graded_input=False,
        readout_gain=1.0,
    )
    inputs = torch.from_numpy((generator.random((10, 3, 8)) < 0.5).astype(np.float32))

    one, two, *others = neuro._beside_lava("tiny", network, inputs, n_lava_steps=5, n_clips=2, target=7.0)

    assert one.name.startswith("tiny, layers at ")
    assert (one.target, two.target) == (None, 7.0)
    assert one.max_difference == two.max_difference == 0
    assert [row.peer.split(" (")[0] for row in others] == list(integer_peers.CLIPS)


def test_a_spike_that_lava_has_and_we_have_not_shows_as_a_difference(monkeypatch):
    generator = np.random.default_rng(1)
    network = LoihiNetwork((neuro._layer(generator, (3, 4), Lif(decay=0, threshold=9)),), False, 1.0)
    inputs = torch.ones(2, 1, 4)
    ours = neuro.emulate(network, inputs)
    theirs = neuro.LavaRecord((1 - ours.spikes[0].astype(int),), ours.readout_potentials, ())

    assert neuro._largest_difference(network, inputs, theirs) == 1


@pytest.fixture
def two_rows(monkeypatch):
    """A bench that counts how many rows were printed when it made the second."""
    printed = []

    def rows():
        yield BenchRow("first", 0.5, "a peer", 1.0, 3.0, 0.25, figures={"rate": 0.0625})
        printed.append(True)
        yield BenchRow("second", 2.0, "no peer", None, unavailable="its measure is memory", figures={"bytes": 12345.0})

    monkeypatch.setattr(command, "BENCHES", {"ours": rows})
    return printed


@pytest.mark.usefixtures("two_rows")
def test_a_row_with_figures_still_says_how_it_compares(capsys):
    assert command.bench(["ours"], as_json=False) == 0

    first, rate, second, size = capsys.readouterr().out.splitlines()
    assert "500.000 ms beside   1000.000 ms of a peer: 2.00 x, target 3, differs by at most 0.25" in first
    assert rate.split() == ["rate", "0.0625"]
    assert second.split() == ["second", "2.0", "s"]
    assert size.split() == ["bytes", "12,345"]


def test_rows_are_shown_as_they_are_made_and_stand_in_one_list_as_json(two_rows, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr("builtins.print", _recording(print, seen, two_rows))

    command.bench(["ours"], as_json=True)

    assert seen[0] == ("first", False)  # the bench had not gone on yet
    captured = capsys.readouterr()
    assert [row["name"] for row in json.loads(captured.out)] == ["first", "second"]
    assert "first" in captured.err


def _recording(real, seen, went_on):
    def show(*words, **options):
        seen.append((str(words[0]).split()[0], bool(went_on)))
        real(*words, **options)

    return show
