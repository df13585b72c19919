# tests/studies/test_plugins.py
"""A system from outside the package: an installed package with an entry point, run through a whole study.

The package is written into a folder of its own on the path, with the `dist-info` that an installer writes; every
command runs in a process of its own.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from classical_baselines.harness.choices import InputError
from studies.plugins import Plugin

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "adding_a_backend.md"
STUDY = """
schema = 1
name = "with-a-plugin"
title = "With a plug-in"
question = "Does a system from outside run as any other?"
seeds = [0]
baseline = "ours"
front_ends = [{ name = "log-mel", options = { hop = 256 } }]
protocols = [{ name = "official-split" }]
[data]
name = "synthetic"
[[systems]]
name = "ours"
family = "classical"
augment = false
classifier = { name = "linear-layer" }
training = { n_epochs = 1 }
runs = [{ backend = { name = "torch-float" }, deployments = ["cortex-m4"] }]
"""


def blocks_of_the_page():
    """The code of docs/adding_a_backend.md, by its first line, which mostly names the file."""
    parts = [part.partition("\n")[2] for part in PAGE.read_text().split("```")[1::2]]
    return {part.splitlines()[0].removeprefix("# "): part for part in parts}


def entry_points_of_the_page():
    """In the form that an installer writes them."""
    groups = tomllib.loads(blocks_of_the_page()["pyproject.toml"])["project"]["entry-points"]
    return "".join(
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in groups.items()
    )


def install(folder, entry_points=None):
    """What an installer would leave of the package of the page."""
    for name, code in blocks_of_the_page().items():
        if name.startswith("my_package/"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
    entry_points = entry_points or entry_points_of_the_page()
    information = folder / "my_package-1.2.3.dist-info"
    information.mkdir(exist_ok=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.2.3\n")
    (information / "entry_points.txt").write_text(entry_points)
    return folder


def environment(folder):
    path = f"{ROOT}{os.pathsep}{folder / 'site'}"
    own = {"PYTHONPATH": path, "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "TRICHORD_CACHE": str(folder / "cache")}
    return os.environ | own


def trichord(folder, *arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "studies.cli", *arguments],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY + blocks_of_the_page()["[[systems]]"])
    install(tmp_path / "site")
    return tmp_path


def said_by(folder, code):
    """What a short program prints, in an environment in which the package is installed."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def code_versions(folder):
    """What of the code goes into the keys of both systems."""
    code = (
        "from studies.code_version import code_version\n"
        "from studies.commands.request import Request\n"
        "study = Request('study.toml').open_study()\n"
        "print(*(code_version(study, system).digest for system in study.systems))"
    )
    return said_by(folder, code).split()


def test_a_system_of_another_package_may_be_probed(folder):
    trichord(folder, "plan", "study.toml", "--set", "probes.snr_db=[10]")


def test_a_system_of_another_package_runs_from_fit_to_report_and_its_source_is_in_its_keys_alone(folder):
    assert "my-net" in json.loads(trichord(folder, "list", "classifiers", "--json"))["classifiers"]
    trichord(folder, "run", "study.toml", "--confirm", "--jobs", "2", "--json")
    with (folder / "reports/with-a-plugin/results.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["system"] == "theirs"]
    assert {(row["evidence"], row["backend"]) for row in rows} == {("test", "torch-float"), ("test", "my-chip")}
    assert any(float(row["joules_per_decision"]) > 0 for row in rows if row["joules_per_decision"])
    traced = json.loads(trichord(folder, "trace", "study.toml", "theirs", "accuracy", "--json"))
    assert traced["agrees"] and "my-package 1.2.3" in traced["origin"]["software"][0]


def test_the_source_of_a_plugin_is_in_the_keys_of_the_systems_that_use_it_and_of_no_other(folder):
    ours, theirs = code_versions(folder)
    for name, old, new in (("net.py", "nn.ReLU()", "nn.GELU()"), ("chip.py", "weight.half()", "weight.bfloat16()")):
        source = folder / "site/my_package" / name
        before = source.read_text()
        source.write_text(before + "\n# a comment is no change\n")
        assert code_versions(folder) == [ours, theirs]
        source.write_text(before.replace(old, new))
        changed = code_versions(folder)
        assert changed[0] == ours
        assert changed[1] != theirs
        source.write_text(before)


def test_relative_imports_of_a_plugin_are_followed(folder):
    package = folder / "site/my_package"
    (package / "layers.py").write_text("WIDTH = 3\n")
    net = package / "net.py"
    net.write_text(net.read_text().replace("from torch import", "from .layers import WIDTH\nfrom torch import"))
    code = (
        "from studies.code_version import code_of\n"
        "print(sorted(m for m in code_of({'my_package'}).modules if m.startswith('my_package')))"
    )

    assert said_by(folder, code) == "['my_package', 'my_package.chip', 'my_package.layers', 'my_package.net']"


@pytest.mark.parametrize(
    ("entry_points", "message"),
    [
        ("[trichord.classifiers]\nds-cnn = my_package:my_net\n", "a classifier of this name exists already"),
        ("[trichord.splitters]\nmy-split = my_package:gone\n", "the protocol 'my-split' of my-package 1.2.3"),
    ],
)
def test_a_name_that_is_taken_and_a_splitter_that_is_not_there_are_refused_in_one_line(folder, entry_points, message):
    install(folder / "site", entry_points)
    said = trichord(folder, "list", "classifiers", code=2)

    assert len(said.splitlines()) == 1
    assert message in said


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("json:nothing", "of theirs 1.0 (json:nothing) cannot be loaded (AttributeError"),
        ("no_such_package:net", "cannot be loaded (ModuleNotFoundError"),
        ("os:getpid", "must return a dataclass of options; it returned"),
    ],
)
def test_an_entry_that_gives_no_options_is_named_with_its_package(target, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Plugin("classifier", "my-net", target, "theirs", "1.0")()
