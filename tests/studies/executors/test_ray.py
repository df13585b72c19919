# tests/studies/executors/test_ray.py
"""A study survives the workers and nodes of a Ray cluster, and says what a node lacks."""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from studies.code_version import module_hash
from studies.executors.ray import N_STARTS, run_on_node
from studies.running import make_plan, tasks_of
from studies.store import open_store
from tests.studies.executors.watched_run import MARK, left_after
from tests.studies.fake_study import GROUND, fake_study
from tests.studies.test_interruptions import ROOT, assert_complete, finish, start

pytestmark = pytest.mark.xdist_group("ray")


@dataclass
class TwoNodes:
    """The cluster of `two_nodes`, to be asked for things."""

    process: subprocess.Popen[str]
    settings: dict[str, str]  # with which a driver finds it

    def ask(self, what: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "done\n"

    def workers(self) -> list[psutil.Process]:
        """Ray's workers that hold a cell."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        found = []
        for one in below:
            with suppress(psutil.Error):
                if "ray::run_on_node" in " ".join(one.cmdline()):
                    found.append(one)
        return found


@pytest.fixture(scope="module")
def two_nodes():
    settings = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    settings["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    for _ in range(N_STARTS):  # Ray gives a node 30 seconds, which a busy machine may need
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.studies.executors.two_nodes"],
            cwd=ROOT,
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if words:
            break
        process.communicate(timeout=60)
    assert words[:1] == ["ready"]
    yield TwoNodes(process, settings | {"RAY_ADDRESS": words[1]})
    process.communicate(timeout=60)


def test_sixty_cells_survive_the_loss_of_a_worker_and_of_a_node(two_nodes, tmp_path):
    process = start(tmp_path, "--executor", "ray", TRICHORD_FAKE_SECONDS="0.1", **two_nodes.settings)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    two_nodes.workers()[0].kill()
    for _ in range(10):
        process.stdout.readline()
    two_nodes.ask("lose")
    output, _ = process.communicate(timeout=600)
    two_nodes.ask("add")

    assert process.returncode == 0, output
    assert_complete(tmp_path)
    assert list(tmp_path.glob("attempts/*/*")) == []  # a cell whose worker or node died has not failed


def test_a_cell_that_hangs_on_a_node_is_ended_at_its_limit_and_the_rest_goes_on(two_nodes, tmp_path):
    code, output = finish(
        *(tmp_path, "--executor", "ray", "--seconds-limit", 3, "--only", "seed=0,system=small"),
        TRICHORD_FAKE_TROUBLE="small/cleo/0",
        TRICHORD_FAKE_TROUBLE_KIND="hang",
        **two_nodes.settings,
    )

    assert code == 1
    assert "cleo · seed 0: FAILED: passed the limit of 3 s (cell_seconds_limit in the study)" in output
    assert len(open_store(tmp_path).keys()) == 8


def test_cells_share_a_gpu_and_see_no_other(two_nodes, tmp_path):
    log = tmp_path / "log"
    code, output = finish(
        *(tmp_path / "store", "--executor", "ray", "--gpus-per-cell", 0.5, "--only", "seed=0,fold=anna"),
        TRICHORD_FAKE_LOG=str(log),
        **two_nodes.settings,
    )
    devices = [line.split()[3] for line in log.read_text().splitlines()]

    assert code == 0, output
    assert devices == ["0"] * 3  # each node has one, and it is the first


def test_more_of_a_gpu_than_any_node_has_is_refused(two_nodes, tmp_path):
    code, output = finish(tmp_path, "--executor", "ray", "--gpus-per-cell", 2, **two_nodes.settings)

    assert code == 1
    assert "--gpus-per-cell 2: the node with the most visible CUDA devices has 1" in output


def test_an_interrupt_ends_ray_within_seconds_and_leaves_no_process(tmp_path):
    mark = secrets.token_hex(16)
    process = start(tmp_path, "--executor", "ray", "--jobs", 1, TRICHORD_FAKE_SECONDS="600", **{MARK: mark})
    assert process.stdout is not None
    assert "1 at a time; Ray was ready in" in process.stdout.readline()
    time.sleep(1)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert time.monotonic() - asked < 30  # a second or two on a machine that has nothing else to do
    assert left_after(mark) == []


def task_in(path: Path, **changes: object):
    store = open_store(path, create=True)
    plan = make_plan(fake_study(), GROUND, store, confirm=False)
    task = tasks_of(plan, store, None, pipeline="tests.studies.fake_study")[0]
    return replace(task, code_modules={}, **changes)


@pytest.fixture
def _own_environment(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(Path.cwd())


@pytest.mark.usefixtures("_own_environment")
def test_a_node_that_lacks_the_folder_the_store_or_the_code_says_so(tmp_path):
    here = task_in(tmp_path / "store")
    elsewhere = replace(here, store=replace(here.store, path=tmp_path / "absent"))
    other_code = replace(here, code_modules={"studies.cell": module_hash("studies.cell"), "studies.pipeline": "0" * 64})

    folder = run_on_node(here, {}, str(tmp_path / "nowhere"))
    store = run_on_node(elsewhere, {}, str(tmp_path))
    code = run_on_node(other_code, {}, str(tmp_path))

    assert (folder.ok, store.ok, code.ok) == (False, False, False)
    assert folder.reason.startswith(f"this node has no folder {tmp_path}/nowhere")
    assert store.reason.startswith(f"this node sees no store at {tmp_path}/absent")
    assert code.reason == "this node holds other code than the driver: studies.pipeline differ"
    assert not (tmp_path / "absent").exists()


def wait_for_another_cell(path: Path) -> None:
    store = open_store(path)
    n_before, until = len(store.keys()), time.monotonic() + 60
    while len(store.keys()) == n_before and time.monotonic() < until:
        time.sleep(0.2)


@pytest.mark.slow
def test_sixty_cells_survive_thirty_kills_of_driver_worker_and_node(two_nodes, tmp_path):
    generator = random.Random(4)
    landed = {"driver": 0, "worker": 0, "node": 0}
    process = None
    while sum(landed.values()) < 30:
        if process is None or process.poll() is not None:
            process = start(tmp_path, "--executor", "ray", TRICHORD_FAKE_SECONDS="1", **two_nodes.settings)
            assert process.stdout is not None
            process.stdout.readline()
        if sum(landed.values()) % 3 == 0:  # else a slow machine would never get as far as a cell
            wait_for_another_cell(tmp_path)
        time.sleep(generator.uniform(0, 3))
        what = generator.choice(tuple(landed))
        if what == "node":
            two_nodes.ask("lose")
            two_nodes.ask("add")
        elif what == "worker":
            workers = two_nodes.workers()
            if not workers:
                continue
            with suppress(psutil.NoSuchProcess):
                generator.choice(workers).kill()
        else:
            process.kill()
            process.wait(30)
        landed[what] += 1
    n_committed = len(open_store(tmp_path).keys())
    process.kill()
    process.wait(30)
    code, output = finish(tmp_path, "--executor", "ray", **two_nodes.settings)

    assert min(landed.values()) > 3
    assert 0 < n_committed < 120  # the storm met the study at work to its end
    assert code == 0, output
    assert_complete(tmp_path)
