"""Whatever happens at whatever step: no part of a cell is seen, the store verifies, and a later run completes it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies import store as store_module
from studies.cell_files import plain
from studies.disk import Disk
from studies.earlier_looks import EarlierLook
from studies.grid import describe, keep_ground
from studies.leftovers import leftovers, remove
from studies.store import STALE_SECONDS, Store, open_store
from tests.studies.fake_study import GROUND, fake_study, result_of
from tests.studies.faulty_disk import ERRORS, FAULTS, Died, FaultyDisk
from tests.studies.test_grid import keyed_with

ROOT = Path(__file__).parent.parent.parent
STUDY = fake_study()
OLD, NEW = keyed_with("a"), keyed_with("b")
VERSIONS = {system.name: "b" * 64 for system in STUDY.systems}
DROPPED = EarlierLook(content_hash="c0ffee", protocol="leave-one-group-out", fold="anna", configuration="old", n=17)
N_LOOKS = 17 + 2  # what was dropped before, the test cell of older code, and the one that replaces it
N_STEPS = 400  # more than the work below takes


def commit(store: Store, one, kind) -> None:
    key = one.fit_key if kind == "fit" else one.test_key
    store.commit(key, plain(describe(STUDY, one, GROUND, kind)), result_of(one.cell, kind), {"wall_seconds": 1.5})


def work(folder: Path, disk: Disk) -> None:
    """Everything that a store is ever asked to write."""
    store = open_store(folder / "store", create=True, disk=disk)
    keep_ground(STUDY, GROUND, store)
    store.add_earlier_looks([DROPPED])
    for kind in ("fit", "test"):
        commit(store, OLD[0], kind)
    store.record_attempt(NEW[0].fit_key, {"fold": "anna"}, "it failed", "")
    for kind in ("fit", "test"):
        commit(store, NEW[0], kind)
    commit(store, NEW[1], "fit")
    store.record_attempt(NEW[1].test_key, {"fold": "anna"}, "it failed", "")
    store.write_index()
    store.publish([NEW[0].fit_key, NEW[0].test_key], folder / "published")
    remove(store, leftovers(store, STUDY.name, VERSIONS))


def quick() -> FaultyDisk:
    """A sound disk that is not waited for."""
    return FaultyDisk(at=10**9)


def assert_nothing_is_broken(folder: Path) -> None:
    for name in ("store", "published"):
        store = open_store(folder / name)
        assert store.verify() == []
        for key in sorted(store.keys()):
            cell = next(one for one in (OLD[0], NEW[0], NEW[1]) if key in (one.fit_key, one.test_key))
            kind = store.description(key)["kind"]
            expected = result_of(cell.cell, kind).runs[0].logits.argmax(1)
            assert (store.load(key).runs[0].logits.argmax(1) == expected).all()
            assert store.provenance(key) == {"wall_seconds": 1.5}
        assert set(store.summaries()) == store.keys()
        assert all(store.attempts(key) for key in store.attempted_keys() if list(store._attempt_files(key)))


def assert_complete(folder: Path) -> None:
    assert_nothing_is_broken(folder)
    store = open_store(folder / "store")
    assert store.keys() == {NEW[0].fit_key, NEW[0].test_key, NEW[1].fit_key}
    assert open_store(folder / "published").keys() == {NEW[0].fit_key, NEW[0].test_key}
    assert store.looks("c0ffee") == {("leave-one-group-out", "anna"): N_LOOKS}
    assert store.load_ground(next((folder / "store" / "grounds").glob("*.json")).stem) is not None
    assert store.attempts(NEW[1].test_key)
    with patch.object(store_module, "STALE_SECONDS", -1.0):
        for each in (store, open_store(folder / "published")):
            each.sweep()
            assert each.leftovers() == []
    assert_nothing_is_broken(folder)


def one_fault(folder: Path, fault: str, at: int) -> bool:
    """Work with one fault, look at what it left, work on; whether there was a step to strike at."""
    disk = FaultyDisk(fault=fault, at=at)
    with suppress(OSError, Died):
        work(folder, disk)
    looked = sum(open_store(folder / "store").looks("c0ffee").values())
    assert looked <= N_LOOKS
    assert_nothing_is_broken(folder)
    work(folder, quick())
    assert_complete(folder)
    assert open_store(folder / "store").looks("c0ffee")["leave-one-group-out", "anna"] >= looked
    return disk.happened


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FAULTS), st.integers(0, 150))
def test_a_fault_at_any_step_breaks_nothing_and_a_later_run_completes_the_store(tmp_path_factory, fault, at):
    one_fault(tmp_path_factory.mktemp("fault"), fault, at)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_every_step_breaks_nothing(tmp_path_factory, fault):
    n_struck = 0
    for at in range(N_STEPS):
        if not one_fault(tmp_path_factory.mktemp("fault"), fault, at):
            break
        n_struck += 1
    assert 100 < n_struck < N_STEPS


def test_looks_survive_a_process_that_dies_while_cells_are_dropped(tmp_path):
    for at in range(60):
        folder = tmp_path / str(at)
        store = open_store(folder, create=True, disk=quick())
        for one in (OLD[0], NEW[0]):
            for kind in ("fit", "test"):
                commit(store, one, kind)
        dying = open_store(folder, disk=FaultyDisk(fault="dies after", at=at))
        with suppress(Died):
            remove(dying, leftovers(dying, STUDY.name, VERSIONS))

        assert open_store(folder).looks("c0ffee") == {("leave-one-group-out", "anna"): 2}, at
        if not dying.disk.happened:
            break
    assert at > 10


class Sweeping(FaultyDisk):
    """Another process takes a folder aside for a leftover, just before it is renamed into place."""

    def rename(self, old: Path, new: Path) -> None:
        if new.parent.parent.name == "cells" and not self.state.get("swept"):
            self.state["swept"] = True
            assert open_store(old.parent.parent).remove(old)
        super().rename(old, new)


def test_a_cell_that_is_taken_for_a_leftover_while_it_is_written_is_written_again(tmp_path):
    disk = Sweeping(at=10**9)
    commit(open_store(tmp_path, create=True, disk=disk), NEW[0], "fit")

    assert disk.state["swept"]
    assert open_store(tmp_path).verify() == []
    assert open_store(tmp_path).keys() == {NEW[0].fit_key}
    assert list((tmp_path / "aside").iterdir()) == []


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_was_set_makes_leftovers_of_old_and_of_future_folders_and_loses_no_cell(tmp_path, hours):
    store = open_store(tmp_path, create=True)
    commit(store, NEW[0], "fit")
    for name, age in (("left", hours * 3600), ("writing", 0)):
        (tmp_path / "aside" / name).mkdir()
        now = (tmp_path / "aside" / name).stat().st_mtime
        os.utime(tmp_path / "aside" / name, (now - age, now - age))
    os.utime(store.own_place(NEW[0].fit_key), (0, now + 10 * STALE_SECONDS))

    assert store.sweep() == 1
    assert [path.name for path in (tmp_path / "aside").iterdir()] == ["writing"]
    assert store.keys() == {NEW[0].fit_key}
    assert store.verify() == []


def test_attempts_keep_their_order_whatever_the_clock_says_and_come_after_those_of_earlier_versions(tmp_path):
    store = open_store(tmp_path, create=True)
    key = NEW[0].fit_key
    folder = tmp_path / "attempts" / key
    folder.mkdir(parents=True)
    for nanoseconds in (1700000000000000002, 1700000000000000001):  # as earlier versions named them
        text = f'{{"key": "{key}", "cell": {{}}, "reason": "{nanoseconds % 10}", "traceback": ""}}'
        (folder / f"{nanoseconds}-{'ab' * 4}.json").write_text(text)
    for number, clock in enumerate((9e18, 5e18, 7e18, 1.0), start=3):
        with patch("studies.store.time.time_ns", return_value=int(clock)):
            store.record_attempt(key, {}, str(number), "")

    assert [attempt.reason for attempt in store.attempts(key)] == ["1", "2", "3", "4", "5", "6"]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.studies.test_store_faults import *
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
store = open_store(Path(sys.argv[1]))
description = plain(describe(STUDY, NEW[1], GROUND, "fit"))
try:
    store.commit(NEW[1].fit_key, description, result_of(NEW[1].cell, "fit"), {"notes": "n" * 5000})
except OSError as error:
    print(error.strerror)
"""


def test_a_file_that_the_system_refuses_to_let_grow_costs_its_own_cell_alone(tmp_path):
    store = open_store(tmp_path, create=True)
    commit(store, NEW[0], "fit")
    call = [sys.executable, "-c", FULL_DISK, tmp_path]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("File too large\n", 0), done.stderr
    assert store.keys() == {NEW[0].fit_key}
    assert store.verify() == []
    assert list((tmp_path / "aside").iterdir()) == []
    commit(store, NEW[1], "fit")
    assert store.keys() == {one.fit_key for one in NEW[:2]}


@pytest.mark.parametrize("fault", ERRORS)
def test_a_store_that_cannot_be_written_is_refused_in_one_line_before_any_work(tmp_path, fault):
    open_store(tmp_path, create=True)
    store = open_store(tmp_path, disk=FaultyDisk(fault=fault, at=0))

    with pytest.raises(InputError, match=r"cannot be written \(.*\); cells that are not committed: 12\. Make it"):
        store.refuse_unwritable(12)
