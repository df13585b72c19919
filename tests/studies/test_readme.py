# tests/studies/test_readme.py
"""Every line of the README that asks a published store, or writes what is in one, is run as it stands there."""

import re
import shlex

import pytest

from studies.study_file import catalogue
from tests.studies.test_cli import ROOT, trichord

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
NEEDS_RECORDINGS = ("data", "plan", "run")


def lines():
    """The commands of the README's blocks that need no recordings: their words after `trichord`."""
    found = [line for block in BLOCKS for line in block.splitlines() if line.startswith(".venv/bin/trichord ")]
    asked = [shlex.split(line, comments=True)[1:] for line in found]
    return [words for words in asked if words[0] not in NEEDS_RECORDINGS]


def test_the_questions_are_found_and_name_studies_of_the_catalogue():
    asked = ["decide", "break-even", "energy", "review", "choose", "scores", "export", "plot"]
    assert [words[0] for words in lines()] == asked
    assert {words[1] for words in lines()} <= set(catalogue())


@pytest.mark.slow
@pytest.mark.parametrize("words", [*lines(), ["trace", "baselines", "89.9"]], ids=lambda words: words[0])
def test_a_line_of_the_readme_is_answered(tmp_path, words):
    assert words[0] != "trace" or "`trichord trace baselines 89.9`" in README
    done = trichord(tmp_path, *words)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert words[0] != "break-even" or done.stdout.startswith("break-even at ")
