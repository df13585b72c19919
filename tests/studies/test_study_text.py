# tests/studies/test_study_text.py
"""A study written as text and read again is the same study."""

import pytest

from studies.study_file import catalogue, load_study
from studies.study_text import study_toml


@pytest.mark.parametrize("with_defaults", [True, False])
@pytest.mark.parametrize("name", catalogue())
def test_every_study_of_the_catalogue_comes_back_as_it_was(name, with_defaults, tmp_path):
    study = load_study(name, {"question": '\'""" \\\\ # = € \u007f\''})
    path = tmp_path / "study.toml"
    path.write_text(study_toml(study, with_defaults=with_defaults), encoding="utf-8")

    assert load_study(str(path)) == study


def test_a_key_at_its_default_need_not_be_known_to_who_reads_it():
    study = load_study("what-the-circuit-adds", {})

    assert "short_clips" in study_toml(study)
    assert "short_clips" not in study_toml(study, with_defaults=False)
    assert "short_clips" in study_toml(study.model_copy(update={"short_clips": "pad"}), with_defaults=False)
