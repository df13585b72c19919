"""Places that cannot be written to are refused before any work, and what a disk refuses is said with its option."""

import os
from pathlib import Path

import pytest

from classical_baselines.harness.choices import InputError
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.places import check_place


def test_a_place_below_a_file_is_refused_with_the_file(tmp_path):
    (tmp_path / "file").write_text("mine")

    check_place(tmp_path / "new" / "folder", "--to")
    for place in (tmp_path / "file" / "sub", tmp_path / "file" / "deep" / "sub"):
        with pytest.raises(InputError, match=f"--to {place}: {tmp_path}/file is no folder, .* Name another place"):
            check_place(place, "--to")
    with pytest.raises(InputError, match=r"--out .*/file/x.png: .*/file is no folder"):
        ending_of(tmp_path / "file" / "x.png", "figure")


def test_a_place_in_a_folder_that_may_not_be_written_to_is_refused_with_the_folder(tmp_path, monkeypatch):
    """Root may write anywhere, so the system's answer is put in its place."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)

    check_place(tmp_path.parent / "new", "--to")
    with pytest.raises(InputError, match=f"--to .*: the folder {tmp_path} may not be written to. Name a place in one"):
        check_place(tmp_path / "new" / "folder", "--to")


def test_a_folder_is_no_file_for_a_figure_whatever_its_name_ends_in(tmp_path):
    (tmp_path / "d.png").mkdir()

    with pytest.raises(InputError, match=r"d.png: this is a folder. Name the file in it, such as .*/d.png/maps.svg"):
        ending_of(tmp_path / "d.png", "maps")


def test_what_a_disk_refuses_is_said_with_the_option_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(self, content):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(
        InputError, match=r"--out .*a.png: it cannot be written .No space left on device.. Make room, or"
    ):
        write_figure(b"picture", tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
