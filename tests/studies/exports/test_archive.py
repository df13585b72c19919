# tests/studies/exports/test_archive.py
"""An archive opens with the tools of any machine, and gives the same study again."""

import hashlib
import io
import re
import subprocess
import zipfile
from functools import cache
from pathlib import Path

import pytest

from studies.commands.request import Request
from studies.exports.archive import archive_bytes, archived_study
from studies.running import published_folder
from studies.study_file import load_study

REQUEST = Request("word-pictures")


def made():
    study = REQUEST.open_study()
    store = REQUEST.open_store(study)
    return archive_bytes(REQUEST.results(), REQUEST.planned(study, store, confirm=True), store)


@cache
def archive():
    return made()


@pytest.fixture
def unpacked(tmp_path):
    zipfile.ZipFile(io.BytesIO(archive())).extractall(tmp_path)
    return tmp_path / "word-pictures"


def test_the_same_store_gives_the_same_bytes():
    assert hashlib.sha256(made()).hexdigest() == hashlib.sha256(archive()).hexdigest()


def test_every_file_is_what_its_sum_says_by_the_tool_of_the_system(unpacked):
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=unpacked, capture_output=True, check=False).returncode == 0
    listed = {line[66:] for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    present = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert listed == present - {"SHA256SUMS"}


def test_the_study_and_its_numbers_come_back_from_what_was_unpacked_alone(unpacked):
    again = Request(str(unpacked / "study.toml"), store=unpacked / "store")
    assert again.open_study() == REQUEST.open_study()
    store = again.open_store(again.open_study())
    own = type(store)(store.path)  # without the published store of this checkout behind it
    assert own.verify() == []
    assert len(own.keys()) == 42
    numbers = [[row.interval.estimate for row in results.rows] for results in (again.results(), REQUEST.results())]
    assert numbers[0] == numbers[1] != []


def test_it_says_what_is_in_it_and_under_which_terms_and_holds_no_sound_no_weight_and_no_path(unpacked):
    texts = {name: (unpacked / name).read_text() for name in ("README.md", "LICENCES.md", "CITATION.txt")}
    assert "validation clips alone" in texts["README.md"]
    assert "CC BY 4.0" in texts["LICENCES.md"] and "Apache-2.0" in texts["LICENCES.md"]
    assert "Ghandoura" in texts["CITATION.txt"]
    endings = {path.suffix for path in unpacked.rglob("*") if path.is_file()}
    assert not endings & {".wav", ".flac", ".safetensors", ".sqlite"}
    for path in unpacked.rglob("*.*"):
        if path.suffix in {".md", ".txt", ".json", ".html", ".csv", ".toml"}:
            assert str(Path.home()) not in path.read_text() and str(published_folder(REQUEST.open_study())) not in (
                path.read_text()
            )
            assert not re.search(r"(?<![\w.])/(home|tmp|work)/", path.read_text()), path


def test_a_folder_of_the_user_is_not_told():
    study = load_study("quickstart", {"data.folder": '"/home/somebody/sounds"'})

    assert archived_study(study).data.folder == "./recordings"
