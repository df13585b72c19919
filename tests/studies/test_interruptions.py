# tests/studies/test_interruptions.py
"""Nothing that can be killed costs more than what was not committed yet."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studies.cell import StudyCell
from studies.grid import expand
from studies.store import Store, open_store
from tests.studies.fake_study import GROUND, fake_study, result_of

ROOT = Path(__file__).parent.parent.parent


def start(store: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.studies.fake_driver", str(store), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"FAKE_SECONDS": "0.05"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(store: Path, *arguments: object, **environment: str) -> tuple[int, str]:
    process = start(store, *arguments, **environment)
    output, _ = process.communicate(timeout=120)
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
    """Kill the driver `n_kills` times at random moments, then let it finish."""
    generator = random.Random(seed)
    for _ in range(n_kills):
        process = start(path, 4)
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        time.sleep(generator.uniform(0.1, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    code, output = finish(path, 4)
    assert code == 0, output


def test_sixty_cells_survive_a_short_storm_of_kills(tmp_path):
    storm(tmp_path / "store", n_kills=4, seed=1)

    assert_complete(tmp_path / "store")


@pytest.mark.slow
def test_sixty_cells_survive_thirty_kills(tmp_path):
    for seed in range(3):
        storm(tmp_path / str(seed), n_kills=10, seed=seed)

        assert_complete(tmp_path / str(seed))


def test_two_drivers_on_one_store_share_the_work_without_a_double(tmp_path):
    both = [start(tmp_path / "store", 2), start(tmp_path / "store", 2)]
    codes = [process.wait(120) for process in both]

    assert codes == [0, 0]
    assert_complete(tmp_path / "store")


def test_an_interrupt_exits_with_130_and_the_next_run_goes_on(tmp_path):
    process = start(tmp_path / "store", 2, FAKE_SECONDS="0.3")
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


def test_an_exception_fails_its_cell_alone_and_leaves_a_traceback(tmp_path):
    code, output = finish(tmp_path, FAKE_TROUBLE="middle/ben/1", FAKE_TROUBLE_KIND="exception")

    assert code == 1
    assert "middle · leave-one-group-out · ben · seed 1: FAILED: RuntimeError: the network is on fire" in output
    assert len(open_store(tmp_path).keys()) == 118
    attempt = next((tmp_path / "attempts").glob("*/*.json")).read_text()
    assert "_trouble" in attempt
    assert finish(tmp_path)[0] == 0
    assert_complete(tmp_path)


def test_a_process_that_dies_is_tried_once_more_and_the_rest_goes_on(tmp_path):
    code, output = finish(tmp_path, FAKE_TROUBLE="large/emil/3", FAKE_TROUBLE_KIND="death")

    assert code == 1
    assert "its process died with status -9" in output
    assert len(list((tmp_path / "attempts").glob("*/*.json"))) == 2
    assert len(open_store(tmp_path).keys()) == 118


def test_a_cell_that_hangs_is_ended_at_its_limit(tmp_path):
    code, output = finish(tmp_path, 4, 2, FAKE_TROUBLE="small/anna/0", FAKE_TROUBLE_KIND="hang")

    assert code == 1
    assert "passed the limit of 2 s (cell_seconds_limit in the study)" in output
    assert len(open_store(tmp_path).keys()) == 118


def test_recordings_that_change_during_a_run_fail_its_cells(tmp_path):
    code, output = finish(tmp_path, FAKE_CONTENT="decaf")

    assert code == 1
    assert "the recordings have changed since the run began: their content is decaf, and was c0ffee" in output
    assert open_store(tmp_path).keys() == set()
