"""A complete store may be read-only: `run` reports and ends well. Where cells are missing, it says so in one line."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from classical_baselines.harness.choices import InputError
from studies.bench.large_store import fill_store, write_large_study
from studies.cli import app
from studies.disk import Disk
from studies.store import open_store


@pytest.fixture(params=["by its disk", "by its permissions"])
def complete(request, tmp_path, monkeypatch):
    """A study of two systems with all its cells, in a store that refuses every change."""
    if request.param == "by its permissions" and os.geteuid() == 0:
        # the kernel asks root for no permission, so this form could not fail; the form by the disk runs for everyone
        pytest.skip("root may write whatever the permissions say")
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    study_file = write_large_study(tmp_path, n_systems=2, n_seeds=1)
    fill_store(study_file, tmp_path / "store")

    def lock():
        if request.param == "by its permissions":
            for folder, _, _ in os.walk(tmp_path / "store", topdown=False):
                Path(folder).chmod(0o555)
            return
        for name in ("create", "make_folder", "rename", "unlink", "remove_folder"):
            monkeypatch.setattr(Disk, name, refused)

    yield tmp_path, lock
    for folder, _, _ in os.walk(tmp_path / "store"):
        Path(folder).chmod(0o755)


def refused(*given):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), "a file")


def run(folder):
    return app(["run", "large.toml", "--store", "store", "--confirm", "--jobs", "1"], standalone_mode=False)


def test_a_complete_store_that_is_read_only_is_reported_and_one_with_a_gap_is_refused(complete, capsys):
    folder, lock = complete
    lock()
    assert run(folder) == 0
    assert "Report: reports/large/report.html" in capsys.readouterr().out


def test_a_gap_in_a_read_only_store_is_told_in_one_line_before_any_work(complete):
    folder, lock = complete
    store = open_store(folder / "store")
    shutil.rmtree(store.own_place(max(store.keys())))
    lock()

    with pytest.raises(InputError, match=r"store cannot be written \(.*\); cells that are not committed: 1\. Make it"):
        run(folder)
