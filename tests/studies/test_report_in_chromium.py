"""The report as a reader sees it: opened in Chromium from the disk, offline. CI installs Chromium."""

import shutil
import subprocess

import matplotlib.image
import numpy as np
import pytest

from studies.report import write_report
from tests.studies.synthetic_results import synthetic_results

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no name resolves: what the page needs must be in it
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; CI installs it")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_report(synthetic_results(), tmp_path_factory.mktemp("report"))


def opened(page, folder, *arguments):
    """What Chromium prints when it opens the page with further arguments."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments, page.resolve().as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_it_is_drawn_without_a_script_and_its_answers_stand_on_the_first_screen(page, tmp_path):
    text = opened(page, tmp_path, "--dump-dom")

    assert text.count("<svg") >= 3
    assert "<script" not in text
    assert text.index("Most accurate") < text.index("<svg")


@pytest.mark.parametrize("width", [1280, 500])
def test_the_first_screen_has_ink_and_does_not_run_off_to_the_side(page, tmp_path, width):
    shot = tmp_path / "shot.png"
    opened(page, tmp_path, f"--window-size={width},900", "--hide-scrollbars", f"--screenshot={shot}")

    image = matplotlib.image.imread(shot)[:, :, :3]
    assert image.shape[:2] == (900, width)
    background = image[2, 2]
    inked = np.abs(image - background).max(axis=2) > 0.2
    assert 0.005 < inked.mean() < 0.5
    assert inked[:, -3:].mean() < 0.01  # nothing is cut off at the right edge
