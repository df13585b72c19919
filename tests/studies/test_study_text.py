# tests/studies/test_study_text.py
"""A study written as text and read again is the same study."""

import pytest

from studies.study_file import catalogue, load_study
from studies.study_text import study_toml


@pytest.mark.parametrize("name", catalogue())
def test_every_study_of_the_catalogue_comes_back_as_it_was(name, tmp_path):
    study = load_study(name, {"question": '\'""" \\\\ # = € \u007f\''})
    path = tmp_path / "study.toml"
    path.write_text(study_toml(study), encoding="utf-8")

    assert load_study(str(path)) == study
