# tests/studies/bench/test_integer_peers.py
import platform

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import Lif, LoihiNetwork
from studies.bench import integer_peers, neuro
from studies.bench.timing import BenchRow

STAND_IN = """
import json, sys
import numpy as np

asked = np.load(sys.argv[2])
events, found, last = asked["events"].astype(int), {}, {}
for layer, (threshold, decay) in enumerate(zip(asked["thresholds"], asked["decays"]), start=1):
    weights, fired = asked[f"weights_{layer}"], np.zeros((*events.shape[:2], len(asked[f"weights_{layer}"])), int)
    for clip in range(events.shape[1]):
        v = [0] * len(weights)
        for step, arrived in enumerate(events[:, clip]):
            for neuron, row in enumerate(weights):
                kept = abs(v[neuron]) * (4096 - int(decay)) // 4096
                v[neuron] = (kept if v[neuron] > 0 else -kept) + 64 * int(row @ arrived)
                if v[neuron] > 64 * threshold:
                    v[neuron], fired[step, clip, neuron] = 0, 1
        last.setdefault(layer, []).append(v)
    events = found[f"spikes_{layer}"] = fired
found["spikes_1"][0, 0, 0] ^= FLIP
told = json.dumps({"versions": "stand-in 1", "unavailable": ""})
np.savez(sys.argv[3], told=told, potentials=last[len(last)], seconds=[3.0, 1.0, 2.0], **found)
"""


def a_network():
    generator = np.random.default_rng(1)
    layers = (
        neuro._layer(generator, (6, 8), Lif(decay=512, threshold=40)),
        neuro._layer(generator, (3, 6), Lif(decay=0, threshold=2**17 - 1)),
    )
    inputs = torch.from_numpy((generator.random((10, 5, 8)) < 0.5).astype(np.float32))
    return LoihiNetwork(layers, graded_input=False, readout_gain=1.0), inputs


@pytest.mark.parametrize("flip", [0, 1])
def test_a_peer_is_timed_per_clip_and_step_and_held_against_every_spike_and_potential(flip, tmp_path, monkeypatch):
    worker = tmp_path / "worker.py"
    worker.write_text(STAND_IN.replace("FLIP", str(flip)))
    monkeypatch.setattr(integer_peers, "WORKER", worker)
    monkeypatch.setattr(integer_peers, "CLIPS", {"a-peer": 4})

    (row,) = integer_peers.rows("tiny", 0.5, *a_network())

    assert row == BenchRow("tiny", 0.5, "a-peer (stand-in 1)", 2.0 / (4 * 10), max_difference=float(flip))


@pytest.mark.parametrize("peer", list(integer_peers.CLIPS))
def test_a_peer_that_is_not_there_is_named_with_the_versions_that_were_asked(peer, monkeypatch):
    monkeypatch.setattr(integer_peers, "CLIPS", {peer: 1})
    monkeypatch.setattr(integer_peers, "N_TURNS", 1)
    monkeypatch.delenv(integer_peers.PYTHONS_VARIABLE, raising=False)

    (row,) = integer_peers.rows("tiny", 0.5, *a_network())

    if row.unavailable is None:  # installed here: then it must agree
        assert row.max_difference == 0
    else:
        assert "ModuleNotFoundError" in row.unavailable and f"{peer} not installed" in row.unavailable
        assert f"numpy {np.__version__}, Python {platform.python_version()}" in row.unavailable


def test_a_worker_that_dies_or_a_python_that_is_none_gives_a_reason(tmp_path, monkeypatch):
    worker = tmp_path / "worker.py"
    worker.write_text("raise SystemExit('no luck')")
    monkeypatch.setattr(integer_peers, "WORKER", worker)
    program = tmp_path / "python"
    program.write_text("not a program")
    program.chmod(0o755)
    monkeypatch.setenv(integer_peers.PYTHONS_VARIABLE, str(program))
    monkeypatch.setattr(integer_peers, "CLIPS", {"a-peer": 1})

    (row,) = integer_peers.rows("tiny", 0.5, *a_network())

    assert "exit code 1: no luck" in row.unavailable and "OSError" in row.unavailable


def test_a_path_that_holds_no_program_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--peer-python .*nowhere: no program is there"):
        integer_peers.use_pythons([tmp_path / "nowhere"])
