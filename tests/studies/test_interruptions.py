# tests/studies/test_interruptions.py
"""Nothing that can be killed costs more than what was not committed yet."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from studies.cell import StudyCell
from studies.grid import expand
from studies.store import Store, open_store
from tests.studies.fake_study import GROUND, fake_study, result_of
from tests.studies.tiny_study import STUDY

ROOT = Path(__file__).parent.parent.parent


def start(store: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.studies.fake_driver", str(store), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"TRICHORD_FAKE_SECONDS": "0.05"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(store: Path, *arguments: object, **environment: str) -> tuple[int, str]:
    process = start(store, *arguments, **environment)
    try:
        output, _ = process.communicate(timeout=600)  # of a busy machine
    finally:
        process.kill()
    return process.returncode, output


def cells_of(store: Store) -> list[tuple[str, StudyCell]]:
    return sorted((d["kind"], StudyCell(**d["cell"])) for _, d in store.descriptions())


def assert_complete(path: Path) -> None:
    """Every cell of the study, each once, whole, and with the outcome that an undisturbed run has."""
    store = open_store(path)
    cells = expand(fake_study(), GROUND)
    assert len(cells) == 60
    assert cells_of(store) == sorted((kind, cell) for kind in ("fit", "test") for cell in cells)
    assert store.verify() == []
    for key, description in store.descriptions():
        kind, cell = description["kind"], StudyCell(**description["cell"])
        logits = store.load(key).runs[0].logits
        assert (logits.argmax(1) == result_of(cell, kind).runs[0].logits.argmax(1)).all()


def storm(path: Path, n_kills: int, seed: int) -> None:
    """Kill the driver, or one of its cells, `n_kills` times at random moments, then let it finish."""
    generator = random.Random(seed)
    process = None
    for _ in range(n_kills):
        if process is None or process.poll() is not None:
            process = start(path, "--jobs", 4)
            assert process.stdout is not None
            process.stdout.readline()  # it has begun
        time.sleep(generator.uniform(0.1, 1.2))
        cells = cells_running_under(process.pid)
        if cells and generator.random() < 0.5:
            with suppress(psutil.NoSuchProcess):
                generator.choice(cells).kill()
        else:
            process.kill()
            process.wait(30)
    if process is not None and process.poll() is None:
        process.kill()
        process.wait(30)
    code, output = finish(path, "--jobs", 4)
    assert code == 0, output


def cells_running_under(driver: int) -> list[psutil.Process]:
    """The processes that the driver's server has forked."""
    with suppress(psutil.NoSuchProcess):
        servers = psutil.Process(driver).children()
        return [cell for server in servers for cell in server.children()]
    return []


def test_sixty_cells_survive_five_kills_of_driver_or_cell(tmp_path):
    storm(tmp_path / "store", n_kills=5, seed=1)

    assert_complete(tmp_path / "store")


@pytest.mark.slow
def test_sixty_cells_survive_thirty_kills_of_driver_or_cell(tmp_path):
    for seed in range(3):
        storm(tmp_path / str(seed), n_kills=10, seed=seed)

        assert_complete(tmp_path / str(seed))


def test_two_drivers_on_one_store_share_the_work_without_a_double(tmp_path):
    both = [start(tmp_path / "store", "--jobs", 2) for _ in range(2)]
    codes = [process.wait(600) for process in both]

    assert codes == [0, 0]
    assert_complete(tmp_path / "store")


def test_an_interrupt_exits_with_130_and_the_next_run_goes_on(tmp_path):
    process = start(tmp_path / "store", "--jobs", 2, TRICHORD_FAKE_SECONDS="0.3")
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    committed = len(open_store(tmp_path / "store").keys())

    assert process.returncode == 130
    assert 0 < committed < 120
    code, output = finish(tmp_path / "store")
    assert code == 0
    assert f"{committed} committed already" in output
    assert_complete(tmp_path / "store")


TWO_SEEDS = STUDY.replace("seeds = [0]", "seeds = [0, 1]").replace('name = "tiny"', 'name = "two-seeds"')


def test_ctrl_c_during_trichord_run_keeps_the_committed_cell_and_the_next_run_goes_on(tmp_path):
    """A real SIGINT to every process of the terminal's group, as the keys send it, on the embedded recordings."""
    (tmp_path / "two-seeds.toml").write_text(TWO_SEEDS)
    command = [sys.executable, "-m", "studies.cli", "run", "two-seeds.toml", "--jobs", "1", "--json"]
    options = {
        "cwd": tmp_path,
        "env": os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        assert [json.loads(process.stdout.readline())["event"] for _ in range(2)] == ["start", "cell"]
        os.killpg(process.pid, signal.SIGINT)
        output, complaint = process.communicate(timeout=600)  # of a busy machine
    finally:
        process.kill()

    assert (process.returncode, output) == (130, "")
    assert complaint == "Interrupted; 1 cells are still to run. The same command goes on from here.\n"
    store = open_store(tmp_path / "stores" / "two-seeds")
    assert len(store.keys()) == 1
    assert store.verify() == []
    (committed,) = (path for path in store.path.glob("cells/*/*") if path.is_dir())
    before = {path: path.stat().st_mtime_ns for path in committed.iterdir()}

    again = subprocess.run(command, timeout=600, check=False, **options)

    assert (again.returncode, again.stderr) == (0, "")
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert [event["event"] for event in events] == ["start", "cell", "report"]
    assert (events[0]["to_run"], events[0]["committed"]) == (1, 1)
    assert {path: path.stat().st_mtime_ns for path in committed.iterdir()} == before
    assert len(store.keys()) == 2


def test_an_exception_fails_its_cell_alone_and_leaves_a_traceback(tmp_path):
    code, output = finish(tmp_path, TRICHORD_FAKE_TROUBLE="middle/ben/1", TRICHORD_FAKE_TROUBLE_KIND="exception")

    assert code == 1
    assert "middle · leave-one-group-out · ben · seed 1: FAILED: RuntimeError: the network is on fire" in output
    assert len(open_store(tmp_path).keys()) == 118
    attempt = next((tmp_path / "attempts").glob("*/*.json")).read_text()
    assert "_trouble" in attempt
    assert finish(tmp_path)[0] == 0
    assert_complete(tmp_path)


def test_a_process_that_dies_is_tried_once_more_and_the_rest_goes_on(tmp_path):
    code, output = finish(tmp_path, TRICHORD_FAKE_TROUBLE="large/emil/3", TRICHORD_FAKE_TROUBLE_KIND="death")

    assert code == 1
    assert "its process died with status -9" in output
    assert len(list((tmp_path / "attempts").glob("*/*.json"))) == 2
    assert len(open_store(tmp_path).keys()) == 118


def test_a_cell_that_hangs_is_ended_at_its_limit(tmp_path):
    code, output = finish(
        tmp_path,
        "--jobs",
        4,
        "--seconds-limit",
        2,
        TRICHORD_FAKE_TROUBLE="small/anna/0",
        TRICHORD_FAKE_TROUBLE_KIND="hang",
    )

    assert code == 1
    assert "passed the limit of 2 s (cell_seconds_limit in the study)" in output
    assert len(open_store(tmp_path).keys()) == 118


def test_a_cell_whose_children_hold_too_much_memory_is_ended_with_them(tmp_path):
    code, output = finish(
        *(tmp_path, "--jobs", 4, "--memory-limit", 0.9, "--seconds-limit", 90, "--only", "seed=0,fold=anna"),
        **{"TRICHORD_FAKE_TROUBLE": "small/anna/0", "TRICHORD_FAKE_TROUBLE_KIND": "gluttony"},
    )
    reason = re.search(r"passed the memory limit of 0.9 GB \(used ([0-9.]+) GB; cell_memory_limit_gb in the", output)

    assert code == 1
    assert reason is not None
    assert 0.9 < float(reason[1]) < 2
    assert len(open_store(tmp_path).keys()) == 4
    assert not [p for p in psutil.process_iter(["cmdline"]) if "held = b'x' * 700" in " ".join(p.info["cmdline"] or [])]


def test_recordings_that_change_during_a_run_fail_its_cells(tmp_path):
    code, output = finish(tmp_path, TRICHORD_FAKE_CONTENT="decaf")

    assert code == 1
    assert "the recordings have changed since the run began: their content is decaf, and was c0ffee" in output
    assert open_store(tmp_path).keys() == set()
