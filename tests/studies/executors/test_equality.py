# tests/studies/executors/test_equality.py
"""A real study gives the same cells and the same tables inline, on Ray and in three shards, and asks nobody for it."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from studies.results import load_results
from studies.running import known_ground, make_plan
from studies.store import Store, open_store
from studies.study_file import load_study
from studies.tables import results_csv, results_markdown
from tests.studies.executors.watched_run import Watched, watched

pytestmark = pytest.mark.xdist_group("ray")

STUDY = """
schema = 1
name = "tiny"
title = "Tiny"
question = "Is it the same wherever it runs?"
seeds = [0, 1]
baseline = "linear-layer"
front_ends = [{ name = "log-mel" }, { name = "handcrafted" }]
protocols = [{ name = "official-split", headline = true }]
[data]
name = "synthetic"
[[systems]]
name = "linear-layer"
family = "classical"
classifier = { name = "linear-layer" }
training = { n_epochs = 2 }
runs = [{ backend = { name = "torch-float" }, deployments = ["cortex-m4"] }]
[[systems]]
name = "svm"
family = "classical"
front_end = "handcrafted"
classifier = { name = "support-vector-machine" }
runs = [{ backend = { name = "torch-float" }, deployments = ["cortex-m4"] }]
"""
N_CELLS = 8  # 2 systems, 2 seeds, fit and test
WAYS = ("inline", "shards", "ray")


@dataclass
class Runs:
    """The study was run in `folder` into one store for each way; what was seen of it."""

    folder: Path
    on_this_machine: Watched  # inline, then the shards
    on_ray: Watched  # the command itself
    temporary: Path  # TMPDIR of all of them

    def store(self, way: str) -> Store:
        return open_store(self.folder / way)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("ways")
    temporary = tempfile.mkdtemp()  # pytest's own are too long for Ray's sockets
    (folder / "tiny.toml").write_text(STUDY)
    places = {"TRICHORD_CACHE": str(folder / "cache"), "TMPDIR": temporary}
    driver = "tests.studies.executors.tiny_driver"
    here = watched(folder, ["-m", driver, "tiny.toml", "inline=inline", "shards=shards"], **places)
    run = ["-m", "studies.cli", "run", "tiny.toml", "--confirm", "--store", "ray", "--shard", "1/1", "--json"]
    there = watched(folder, [*run, "--executor", "ray", "--jobs", "2"], **places)
    yield Runs(folder, here, there, Path(temporary))
    shutil.rmtree(temporary)


def canonical(store: Store) -> dict[str, dict[str, bytes]]:
    """Every file of every cell, timings aside: seconds and provenance (versions, times, memory) are left out."""
    cells = {}
    for place in sorted(store.path.glob("cells/*/*")):
        files = {path.name: path.read_bytes() for path in place.iterdir()}
        del files["provenance.json"], files["MANIFEST.sha256"]
        result = json.loads(files["result.json"])
        files["result.json"] = json.dumps(_without_seconds(result), sort_keys=True).encode()
        cells[place.name] = files
    return cells


def _without_seconds(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: _without_seconds(item)
            for name, item in value.items()
            if "seconds" not in name or name == "clip_seconds"
        }
    return [_without_seconds(item) for item in value] if isinstance(value, list) else value


def tables(runs: Runs, way: str) -> tuple[str, str]:
    """results.csv and results.md, but for the commands that the cells were made by."""
    study = load_study(str(runs.folder / "tiny.toml"), {})
    store = runs.store(way)
    results = load_results(study, store, make_plan(study, known_ground(study, store, None), store, confirm=True))
    lines = results_markdown(results).splitlines()
    return results_csv(results), "\n".join(line for line in lines if not line.startswith("- command: "))


def test_every_way_ends_well(runs):
    assert runs.on_this_machine.code == 0, runs.on_this_machine.errors
    assert runs.on_ray.code == 0, runs.on_ray.errors


def test_inline_ray_and_three_shards_give_the_same_bytes_timings_aside(runs):
    cells = {way: canonical(runs.store(way)) for way in WAYS}

    assert len(cells["inline"]) == N_CELLS
    for name in ("cell.json", "result.json", "predictions.npz"):
        assert all(name in files for files in cells["inline"].values())
    assert any("exhibits.npz" in files for files in cells["inline"].values())
    assert sum("weights.safetensors" in files for files in cells["inline"].values()) == N_CELLS / 2
    assert cells["ray"] == cells["inline"]
    assert cells["shards"] == cells["inline"]
    assert len({tables(runs, way) for way in WAYS}) == 1


def test_no_socket_is_opened_beyond_the_loopback_address(runs):
    assert runs.on_this_machine.outward == []
    assert runs.on_this_machine.n_sockets == 0
    assert runs.on_ray.outward == []
    assert runs.on_ray.n_python_calls > 0  # else the watch has watched nothing
    assert runs.on_ray.n_sockets > 3


def test_no_process_and_no_temporary_folder_outlives_a_run(runs):
    assert runs.on_this_machine.left == []
    assert runs.on_ray.left == []
    assert not list(runs.temporary.glob("trichord-*"))


def test_ray_says_nothing_between_the_lines_for_machines(runs):
    events = [json.loads(line) for line in runs.on_ray.output.splitlines()]

    assert runs.on_ray.errors == ""
    assert [event["event"] for event in events] == ["start", *["cell"] * (N_CELLS // 2), "shard"]
    assert events[0]["at_a_time"] == 2
    assert events[0]["executor_seconds"] > 0
