# tests/studies/test_cli.py
"""The command line: it answers at once, refuses in one line, and runs a study from its file to its report."""

import json
import os
import subprocess
import sys
import time
import wave
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from studies import cli
from studies.study_file import catalogue, load_study
from tests.studies.tiny_study import STUDY

ROOT = Path(__file__).parent.parent.parent


def trichord(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "studies.cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "OMP_NUM_THREADS": "1"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.toml").write_text(STUDY)
    return tmp_path


def test_help_answers_within_half_a_second_of_processor_time_and_loads_nothing_heavy(tmp_path):
    code = (
        "import sys, time\n"
        "sys.argv = ['trichord', '--help']\n"
        "from studies.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert done.code == 0\n"
        "heavy = {'torch', 'qiskit', 'qiskit_aer', 'lava', 'snntorch', 'scipy', 'numba', 'matplotlib', 'numpy'}\n"
        "heavy |= {'ray', 'optuna', 'psutil'}\n"
        "print(sorted(heavy & set(sys.modules)), time.process_time(), file=sys.stderr)"
    )
    seconds = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        loaded, _, taken = done.stderr.strip().rpartition(" ")
        assert loaded == "[]"
        seconds.append(float(taken))

    assert min(seconds) < 0.5
    assert "run" in done.stdout


def test_the_version_is_that_of_the_distribution(tmp_path):
    done = trichord(tmp_path, "--version")

    assert (done.returncode, done.stdout.strip()) == (0, version("trichord"))


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "studies.cli", "schema"],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [(), ("data",)])
def test_without_a_command_there_is_help_and_no_complaint(tmp_path, arguments):
    done = trichord(tmp_path, *arguments)

    assert (done.returncode, done.stderr) == (2, "")
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "nothing"], "No study is called 'nothing'"),
        (["plan", "tiny.toml", "--only", "system=huge"], "--only system=huge leaves no cell"),
        (["plan", "tiny.toml", "--only", "colour=red"], "'colour=red' is not one of"),
        (["plan", "tiny.toml", "--set", "data.clip_second=1"], "unknown key 'clip_second'"),
        (["plan", "tiny.toml", "--set", "seeds"], "give KEY=VALUE"),
        (["plan", "tiny.toml", "--set", "systems.linear-layer.classifier.name=linear-lair"], "'linear-lair'"),
        (["plan", "tiny.toml", "--set", "data.name=fsdd"], "--data-root"),
        (["plan", "tiny.toml", "--data-root", "nowhere", "--set", "data.name=fsdd"], "nowhere"),
        (["plan", "tiny.toml", "--seeds", "one"], "--seeds one: give whole numbers"),
        (["run", "tiny.toml", "--jobs", "0"], "--jobs must be 1 or more"),
        (["run", "tiny.toml", "--jobs", "many"], "--jobs"),
        (["run", "tiny.toml", "--shard", "3/2"], "--shard 3/2: give I/N with I from 1 to N"),
        (["run", "tiny.toml", "--store", "tiny.toml"], "tiny.toml is a file"),
        (["run", "tiny.toml", "--accept-code", "cafecafe"], "No cell of"),
        (["compare", "tiny.toml", "linear-layer", "nobody"], "is no store: nothing was run there yet"),
        (["list", "colours"], "No list is called 'colours'"),
        (["data", "describe", "whales"], "No data set is called 'whales'"),
        (["recheck", "tiny.toml", "--cells", "two"], "--cells two: give a whole number. `trichord --help` lists"),
        (["recheck", "tiny.toml", "--only", ""], "--only '' names no cell. Give some of protocol=VALUE"),
        (["run", "tiny.toml", "--gpus-per-cell", "half"], "--gpus-per-cell half: give a number. `trichord"),
        (["plan"], "Missing argument 'STUDY'. `trichord --help` lists"),
        (["bench", "coffee"], "No bench is called 'coffee'"),
        (["run", "tiny.toml", "--fast"], "No such option"),
        (["sing"], "sing"),
        (["report", "tiny.toml", "--out", "tiny.toml"], "--out tiny.toml: a file of this name is there already"),
        (["new", "a" * 300], "at most 100 small letters"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_exits_with_2(folder, arguments, words):
    done = trichord(folder, *arguments, TRICHORD_DATA="")

    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("trichord: ")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("error-rates", "[OPTIONS] [STUDY]"),
        ("scores", "[OPTIONS] {STUDY} [SYSTEM]..."),
        ("measure", "[OPTIONS] {STUDY} [SYSTEM]..."),
        ("compare", "[OPTIONS] {STUDY} [A] [B]"),
        ("choose", "[OPTIONS] {STUDY} {SYSTEM}..."),
        ("rank", "[OPTIONS] {STUDY}..."),
        ("bench", "[OPTIONS] [NAME]..."),
    ],
)
def test_help_brackets_an_argument_once(command, usage):
    said = CliRunner().invoke(cli.app, [command, "--help"]).output

    assert usage in said.splitlines()[0]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("twin", "Interrupted. What is written is whole; the same command begins anew.\n"),
        ("augment", "Interrupted. What is written is whole; the same command begins anew.\n"),
        ("bench", "Interrupted. What is written is whole; the same command begins anew.\n"),
        ("recheck", "Interrupted. What was committed stays; the same command goes on from there.\n"),
        ("run", "Interrupted. What was committed stays; the same command goes on from there.\n"),
    ],
)
def test_an_interrupted_command_says_so_and_what_to_do(monkeypatch, capsys, command, said):
    def interrupted(**given):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module(f"studies.commands.{command}"), command, interrupted)

    assert cli._call(command) == 130
    assert capsys.readouterr().err == said


def test_a_store_of_another_version_is_refused_in_one_line(folder):
    (folder / "stores" / "tiny").mkdir(parents=True)
    (folder / "stores" / "tiny" / "store.json").write_text('{"format": 99}')

    done = trichord(folder, "status", "tiny.toml")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "another version: format 99" in done.stderr


def test_a_plan_says_what_its_grid_can_find(folder):
    resolution = json.loads(trichord(folder, "plan", "tiny.toml", "--json").stdout)["resolution"]

    assert (resolution["unit"], resolution["n_units"], resolution["smallest"]) == ("group", 4, None)  # four test voices
    assert "finds     no difference, however large: 4 groups" in trichord(folder, "plan", "tiny.toml").stdout


def test_two_folders_of_the_same_names_sizes_and_times_are_two_sets(tmp_path):
    """As an archive that sets every time to nothing unpacks them."""
    shown = []
    for folder, seed in (("one", 1), ("other", 2)):
        generator = np.random.default_rng(seed)
        for name in ("yes/anna_1", "yes/bert_1", "yes/cleo_1", "no/anna_1", "no/bert_1", "no/cleo_1"):
            path = tmp_path / folder / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(generator.integers(-9000, 9000, 4000).astype("<i2").tobytes())
            os.utime(path, (0, 0))
        made = trichord(
            tmp_path, "new", folder, "--from-folder", folder, "--group-from", r"([a-z]+)_", **cache(tmp_path)
        )
        os.utime(tmp_path / folder / "meta.csv", (0, 0))
        planned = trichord(tmp_path, "plan", f"{folder}.toml", **cache(tmp_path))
        assert (made.returncode, planned.returncode) == (0, 0), made.stderr + planned.stderr
        shown.append(next(line.split()[-1] for line in planned.stdout.splitlines() if line.startswith("data ")))

    assert shown[0] != shown[1]


def test_a_folder_that_no_text_can_hold_is_refused_and_leaves_nothing(tmp_path):
    folder = tmp_path / "odd\udcff"
    for label in ("no", "yes"):
        (folder / label).mkdir(parents=True)
    done = trichord(tmp_path, "new", "odd", "--from-folder", str(folder))

    assert done.returncode == 2
    assert "has a character that no study file can hold" in done.stderr
    assert not (tmp_path / "odd.toml").exists()


def cache(folder: Path) -> dict[str, str]:
    return {"TRICHORD_CACHE": str(folder / "cache")}


def test_a_study_runs_to_its_report_and_is_not_run_again(folder):
    first = trichord(folder, "run", "tiny.toml", "--confirm")
    assert first.returncode == 0, first.stderr
    last = first.stdout.strip().splitlines()[-1]
    assert last.startswith("Report: ")
    assert (folder / last.removeprefix("Report: ")).exists()

    started = time.monotonic()
    again = trichord(folder, "run", "tiny.toml", "--confirm", "--json")
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert [event["event"] for event in events] == ["report"], f"after {time.monotonic() - started:.1f} s"

    status = json.loads(trichord(folder, "status", "tiny.toml", "--json").stdout)
    row = status["systems"][0]
    assert (row["cells"], row["fitted"], row["tested"], row["failed"]) == (1, 1, 1, 0)
    assert status["looks"] == [{"protocol": "official-split", "fold": "official", "looks": 1}]
    assert trichord(folder, "verify", "tiny.toml").returncode == 0
    reviewed = json.loads(trichord(folder, "review", "tiny.toml", "--json").stdout)
    assert reviewed["methods"].startswith("1 system was compared on synthetic")
    assert {"How many seeds?", "Is anything missing?"} <= {item["question"] for item in reviewed["checklist"]}
    assert "[open ] How many seeds?" in trichord(folder, "review", "tiny.toml").stdout
    compared = json.loads(trichord(folder, "compare", "tiny.toml", *["linear-layer"] * 2, "--json").stdout)
    assert (compared["difference"], compared["verdict"]) == (0, "undecided")
    assert compared["refused"].startswith("one seed was run and groups share its models")
    assert [(test["name"], test["refused"][:24]) for test in compared["other_tests"]] == [
        ("corrected resampled t", "it takes 3 folds or more"),
        ("correlated Bayesian t", "it takes 3 folds or more"),
        ("McNemar, exact", "clips of one group are n"),
    ]
    assert "McNemar, exact: not made" in trichord(folder, "compare", "tiny.toml", *["linear-layer"] * 2).stdout
    provenance = next((folder / "stores").glob("tiny/cells/*/*/provenance.json")).read_text()
    assert str(folder) not in provenance
    assert str(ROOT) not in provenance
    for path in (folder / "stores").glob("tiny/cells/*/*/result.json"):
        path.write_bytes(path.read_bytes()[:-1] + b" ")
    flaws = trichord(folder, "verify", "tiny.toml")
    assert flaws.returncode == 1
    assert "result.json is not what was committed" in flaws.stderr


def test_shards_make_the_cells_of_one_run(folder):
    two = "--set=seeds=[0, 1]"
    parts = [trichord(folder, "run", "tiny.toml", two, "--shard", f"{i}/2", "--json") for i in (1, 2)]
    whole = trichord(folder, "run", "tiny.toml", two, "--json")

    assert [json.loads(part.stdout.splitlines()[-1]) for part in parts] == [
        {"event": "shard", "shard": number, "of": 2, "cells_run": 1} for number in (1, 2)
    ]
    assert [json.loads(line)["event"] for line in whole.stdout.splitlines()] == ["report"]


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_deployment_that_does_not_exist_is_refused_before_any_work(folder, command):
    (folder / "tiny.toml").write_text(STUDY.replace("cortex-m4", "cortex-m99"))

    done = trichord(folder, command, "tiny.toml")

    assert done.returncode == 2
    assert "system 'linear-layer': No deployment is called 'cortex-m99'. Choose one of: " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "stores").exists()


def test_verify_does_not_praise_a_store_that_is_not_there(folder):
    for arguments in (["--store", "misspelt"], []):
        done = trichord(folder, "verify", "tiny.toml", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "is no store: nothing was run there yet." in done.stderr


def test_the_schema_names_every_key_of_a_study():
    schema = json.loads(trichord(ROOT, "schema").stdout)

    assert {"schema", "systems", "protocols", "seeds", "data", "question"} <= set(schema["properties"])
    assert schema["else"]["additionalProperties"] is False


def test_a_new_study_is_the_catalogues_under_its_own_name(tmp_path):
    source = next(iter(catalogue()))
    done = trichord(tmp_path, "new", "my-study", "--from", source)

    assert done.returncode == 0, done.stderr
    assert load_study(str(tmp_path / "my-study.toml")).systems == load_study(source).systems
    again = trichord(tmp_path, "new", "my-study", "--from", source)
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_a_new_study_over_ones_own_folder_keeps_the_speakers_apart(tmp_path):
    for label in ("yes", "no"):
        (tmp_path / "sounds" / label).mkdir(parents=True)
        for speaker in ("anna", "ben", "cleo"):
            with wave.open(str(tmp_path / "sounds" / label / f"{speaker}_1.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(np.arange(4000, dtype="<i2").tobytes())
    source = next(iter(catalogue()))
    arguments = ["new", "mine", "--from", source, "--from-folder", "sounds"]

    done = trichord(tmp_path, *arguments, "--group-from", r"/(\w+)_\d")

    assert done.returncode == 0, done.stderr
    study = load_study(str(tmp_path / "mine.toml"))
    assert study.headline_protocol.name == "leave-one-group-out"
    assert study.data.clip_seconds == pytest.approx(0.5, abs=1e-3)
    assert "anna" in (tmp_path / "sounds" / "meta.csv").read_text()
    digits = trichord(tmp_path, "new", "cut", "--from", "spoken-digits", "--from-folder", "sounds")
    assert digits.returncode == 0, digits.stderr
    options = load_study(str(tmp_path / "cut.toml")).front_ends[0].options
    assert options["trim_below_db"] == 30
    assert "keep_frames" not in options  # of a user's longer clips nothing is cut off unasked

    (tmp_path / "mine.toml").unlink()
    (tmp_path / "sounds" / "meta.csv").unlink()
    (tmp_path / "sounds").rename(tmp_path / 'so"und🎵')
    quoted = trichord(
        tmp_path, "new", "mine", "--from", source, "--from-folder", 'so"und🎵', "--group-from", r"/(\w+)_\d"
    )
    assert quoted.returncode == 0, quoted.stderr
    assert 'so"und🎵' in load_study(str(tmp_path / "mine.toml")).question
    (tmp_path / 'so"und🎵').rename(tmp_path / "sounds")
    (tmp_path / "mine.toml").unlink()
    (tmp_path / "sounds" / "meta.csv").unlink()
    cut_off = tmp_path / "sounds" / "yes" / "zoe_1.wav"
    cut_off.write_bytes((tmp_path / "sounds" / "yes" / "anna_1.wav").read_bytes()[:100])
    refused = trichord(tmp_path, *arguments)
    assert refused.returncode == 2
    assert "zoe_1.wav" in refused.stderr
    assert not (tmp_path / "sounds" / "meta.csv").exists()
    cut_off.unlink()

    without = trichord(tmp_path, *arguments)
    assert without.returncode == 0
    assert "mind: " in without.stderr
    assert load_study(str(tmp_path / "mine.toml")).headline_protocol.name == "stratified-k-fold"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--executor", "dask"], "No executor is called 'dask'. Choose one of: inline, ray."),
        (["--jobs", "0"], "--jobs must be 1 or more; got 0."),
        (["--gpus-per-cell", "0.5"], "--gpus-per-cell 0.5 is for --executor ray, which shares GPUs out; inline, every"),
        (["--executor", "ray", "--gpus-per-cell", "0"], "--gpus-per-cell 0: give a share above 0 up to 1, or a whole"),
        (["--executor", "ray", "--gpus-per-cell", "1.5"], "--gpus-per-cell 1.5: give a share above 0 up to 1, or a"),
    ],
)
def test_a_spread_that_cannot_be_is_refused_in_one_line_before_anything_is_made(folder, options, complaint):
    done = trichord(folder, "run", "tiny.toml", *options)

    assert done.returncode == 2
    assert done.stderr.startswith(f"trichord: {complaint}")
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "stores").exists()


def test_a_run_whose_reader_goes_away_says_that_it_has_ended(folder):
    command = f"{sys.executable} -m studies.cli run tiny.toml | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("trichord: whoever read the output has closed it, so the run has ended.")
    assert len(done.stderr.splitlines()) == 1
