"""Twins of stored cells, on a small part of the embedded corpus: what is written, what is compared, what is refused."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import tomli_w

from classical_baselines.harness.choices import InputError
from studies import deploying
from studies.commands.request import Request
from studies.commands.twin import twin
from studies.grid import Ground, keep_ground
from studies.running import make_plan
from studies.store import open_store
from studies.worker import DONE, Task, run
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture

SYSTEMS = {
    "one": {
        "classifier": {"name": "ds-cnn", "options": {"stem_width": 8, "widths": [8, 8], "strides": [2, 1], "bits": 8}},
        "encoder": {"name": "none", "options": {"pool": [1, 2]}},
        "runs": [{"backend": {"name": "torch-float"}}, {"backend": {"name": "int8"}}],
        "title": "A small network",
    },
    "stream": {
        "classifier": {"name": "causal-tcn", "options": {"width": 8, "dilations": [1, 2], "bits": 8}},
        "runs": [{"backend": {"name": "low-bit"}}],
    },
    "float": {"classifier": {"name": "linear-layer"}},
}


@pytest.fixture
def stored(clips, tmp_path, monkeypatch):
    """A study of three systems, trained for one seed: a function that runs `twin` on it, and its store."""
    made = study()
    plain = {"augment": False, "training": {"n_epochs": 2, "learning_rate": 1e-2}}
    systems = tuple(study(**plain, **options).systems[0] for options in SYSTEMS.values())
    named = tuple(one.model_copy(update={"name": name}) for name, one in zip(SYSTEMS, systems, strict=True))
    made = made.model_copy(update={"systems": named})
    path = tmp_path / "small.toml"
    path.write_text(tomli_w.dumps(made.model_dump(mode="json", by_alias=True, exclude_none=True)), encoding="utf-8")
    store = open_store(tmp_path / "store", create=True)
    ground = Ground(clips().content_hash, {"official-split": ("official",)})
    keep_ground(made, ground, store)

    def train(only, *, confirm=False):
        for cell, kinds, probes in make_plan(made, ground, store, confirm=confirm, only=only).tasks:
            assert run(Task(made, cell, kinds, ground, store, None, {}, probes=probes)) == DONE

    def ask(system, folder, *, formats="onnx,c", seed=None, fold=None, as_json=True):
        request = Request(str(path), store.path)
        to = tmp_path / folder
        return twin(request, system=system, fold=fold, seed=seed, to=to, formats=formats, as_json=as_json)

    monkeypatch.chdir(tmp_path)
    return train, ask, store


def test_a_twin_is_written_with_its_tests_and_answers_as_the_committed_cell(stored, tmp_path, capsys):
    train, ask, store = stored
    train("seed=0,system=one", confirm=True)
    assert ask("one", "twin") == 0
    record = json.loads(capsys.readouterr().out)
    folder = tmp_path / "twin"

    assert record["equal"]["clips"].keys() == {"validation", "test"}
    assert {record["cell_key"], record["test_cell_key"]} == store.keys()
    for name, one in record["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == one["sha256"]
    assert {path.name for path in folder.iterdir()} == {*record["files"], "twin.json"}
    said = " ".join((folder / "network.h").read_text().split("*/")[0].replace("\n * ", " ").split())
    for word in (record["cell_key"], "A small network", "fold official, seed 0", "Apache-2.0", "means of 1 mel by 2"):
        assert word in said
    assert f"flash {record['bytes']['flash']} bytes" in said and f"RAM {record['bytes']['ram']} bytes" in said

    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "main.c"], cwd=folder, check=True)
    ran = subprocess.run(["./a.out"], cwd=folder, capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("4 of 4 clips give the stored integers\n")
    vectors = np.load(folder / "test_vectors.npz")
    session = onnxruntime.InferenceSession(folder / "network.onnx")
    (logits,) = session.run(["logits"], {"input": vectors["inputs"]})
    np.testing.assert_array_equal(logits, vectors["logits"])
    committed = store.load(record["cell_key"])
    rows = [committed.clip_names.index(name) for name in vectors["names"].tolist()]
    reported = logits * np.array(record["logits"]["units"])
    np.testing.assert_allclose(reported, committed.runs[1].logits[rows], rtol=2e-3)
    np.testing.assert_array_equal(vectors["classes"], committed.runs[1].logits[rows].argmax(1))


def test_test_clips_that_nobody_looked_at_stay_closed(stored, tmp_path, capsys):
    train, ask, store = stored
    train("seed=0,system=stream")
    n_looks = len(store.keys())
    assert ask("stream", "twin", formats="c", as_json=False) == 0
    said = capsys.readouterr().out
    record = json.loads((tmp_path / "twin" / "twin.json").read_text())

    assert record["equal"]["clips"].keys() == {"validation"} and record["test_cell_key"] is None
    assert len(store.keys()) == n_looks
    assert not (tmp_path / "twin" / "network.onnx").exists()
    n_clips = record["equal"]["clips"]["validation"]
    assert f"equal  on {n_clips} validation clips" in said and "the backend low-bit now" in said
    assert f"flash  {record['bytes']['flash']:,} bytes" in said and f"RAM    {record['bytes']['ram']:,} bytes" in said


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        ("c_header", lambda text: text.replace(".out_zero = 128", ".out_zero = 127"), "network.h gives integer logits"),
        (
            "c_header",
            lambda text: text.replace("float real)\n{", "float real)\n{    real += 0.01f;"),
            "network.h quantises",
        ),
        ("onnx_logits", lambda logits: logits + 1, "network.onnx gives integer logits that the backend does not, on"),
        ("rounded_logits", lambda logits: logits + 1, "the committed logits are others, on"),
        ("vectors_header", lambda text: text.replace("classes[4] = { ", "classes[4] = { 1"), "main.c does not find"),
    ],
)
def test_a_twin_that_gives_anything_else_is_said_and_not_kept(
    stored, tmp_path, monkeypatch, capsys, part, change, reason
):
    train, ask, _ = stored
    train("seed=0,system=one")
    sound = getattr(deploying, part)
    monkeypatch.setattr(deploying, part, lambda *arguments: change(sound(*arguments)))

    assert ask("one", "twin") == 1
    assert f"{reason}" in (said := capsys.readouterr().err) and said.endswith("Nothing is kept.\n")
    assert not (tmp_path / "twin").exists() and not list(tmp_path.glob(".twin*"))


def test_what_has_no_twin_is_refused_with_what_to_do(stored, tmp_path):
    _, ask, _ = stored
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("mine")
    for system, folder, options, reason in (
        ("float", "twin", {}, "float is run on torch-float, and a twin is what the backend int8 or low-bit runs"),
        ("nine", "twin", {}, "No system is called 'nine'"),
        ("one", "twin", {"formats": "c,rust"}, "No format of a twin is called 'rust'. Choose one of: c, onnx"),
        ("one", "full", {}, "there is something already. Name a new folder"),
        ("one", "twin", {"seed": 7}, "--seed 7: it is none of the study's seeds. Choose one of: 0, 1"),
        ("one", "twin", {}, "no weights of one for the fold official and the seed 0, and a twin needs trained weights"),
    ):
        with pytest.raises(InputError, match=reason):
            ask(system, folder, **options)
    assert (tmp_path / "full" / "letter").read_text() == "mine"


@pytest.mark.parametrize(
    ("system", "folder", "options", "reason"),
    [
        ("float", "twin", {}, "float is run on torch-float"),
        ("one", "small.toml/twin", {}, "--to .*small.toml/twin: .*small.toml is no folder"),
        ("one", "small.toml", {}, "there is something already"),
        ("one", "twin", {"seed": 7}, "--seed 7: it is none of the study's seeds"),
        (
            "one",
            "twin",
            {"fold": "george"},
            "--fold george: no fold of official-split is called that. Choose one of: off",
        ),
        ("one", "twin", {"formats": "c"}, "CC=nocc, which is no command here"),
    ],
)
def test_what_the_study_alone_can_say_is_said_before_any_cell_is_looked_for(
    stored, monkeypatch, system, folder, options, reason
):
    _, ask, _ = stored
    monkeypatch.setattr(Request, "planned", lambda *given, **more: pytest.fail("cells were looked for"))
    if options.get("formats") == "c":
        monkeypatch.setenv("CC", "nocc")

    with pytest.raises(InputError, match=reason):
        ask(system, folder, **options)


def test_a_machine_without_onnxruntime_makes_the_other_twin(stored, tmp_path, monkeypatch):
    train, ask, _ = stored
    train("seed=0,system=one")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(
        InputError, match=r"needs onnxruntime, which is not installed: `pip install 'trichord\[deploy\]'"
    ):
        ask("one", "twin")
    assert ask("one", "twin", formats="c") == 0
