"""Near duplicates across the parts of a study's folds: told, refused, and looked for once."""

import pytest

from classical_baselines.harness.choices import InputError
from studies import duplicates
from studies.checked_study import checked_study
from studies.commands import data
from studies.duplicates import duplicates_across
from studies.grid import expand, ground_of, keyed
from tests.classical_baselines.data.test_near_duplicates import clips_of, recording
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture


@pytest.fixture
def leaking(monkeypatch, tmp_path):
    """Six groups; the first of the second group is a cut of the first of the first."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    whole = recording(1)
    sounds = [whole[:8000], whole[2000:10000] * 0.3, *(recording(seed, 1.0) for seed in range(2, 6))]
    return clips_of(sounds)


def made(**changed):
    one = study()
    protocol = one.protocols[0].model_copy(update={"name": "leave-one-group-out"})
    return one.model_copy(
        update={"data": one.data.model_copy(update={"name": "fsdd"}), "protocols": (protocol,), **changed}
    )


def test_the_warning_has_the_number_and_the_worst_pair(leaking):
    said = duplicates_across(made(), leaking)

    assert said.startswith("leave-one-group-out: 1 near duplicate across parts of a fold, the worst 0.wav (test)")
    assert "1.wav (validation of group 0), correlation" in said


def test_a_study_may_refuse_them(leaking):
    with pytest.raises(InputError, match=r"1 near duplicate across .* Give such clips one group, remove one"):
        duplicates_across(made(near_duplicates="refuse"), leaking)


def test_a_set_that_is_too_large_to_search_is_said_to_be(leaking, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_CLIPS", 5)
    assert duplicates_across(made(), leaking) == "near duplicates were not looked for among 6 recordings"
    with pytest.raises(InputError, match="were not looked for among 6 recordings"):
        duplicates_across(made(near_duplicates="refuse"), leaking)


def test_they_are_looked_for_once(leaking, monkeypatch):
    first = duplicates_across(made(), leaking)
    monkeypatch.setattr(duplicates, "near_duplicates", lambda clips: pytest.fail("looked for again"))

    assert duplicates_across(made(), leaking) == first


def test_where_there_are_none_nothing_is_said_and_the_generated_corpus_is_not_searched(leaking, monkeypatch):
    assert duplicates_across(made(near_duplicates="refuse"), leaking.subset([0, 2, 3, 4, 5])) == ""
    monkeypatch.setattr(duplicates, "near_duplicates", lambda clips: pytest.fail("searched"))
    assert duplicates_across(study(), leaking) == ""


def test_the_check_before_work_says_so_each_time_and_no_key_depends_on_it(clips, monkeypatch):
    monkeypatch.setattr(duplicates, "duplicates_across", lambda study, clips: "two alike")
    one = study()
    assert checked_study(one, None).near_duplicates == "two alike"
    monkeypatch.setattr(duplicates, "duplicates_across", lambda study, clips: pytest.fail("checked again"))
    assert checked_study(one, None).near_duplicates == "two alike"

    refusing = one.model_copy(update={"near_duplicates": "refuse"})
    ground = ground_of(checked_study(one, None))
    assert keyed(one, expand(one, ground), ground) == keyed(refusing, expand(refusing, ground), ground)


def test_the_command_names_the_pairs_and_those_that_straddle(leaking, monkeypatch, capsys):
    monkeypatch.setattr("classical_baselines.data.loading.load_clips", lambda *given: leaking)

    assert data.duplicates("fsdd", None, None, None) == 0
    assert "0.wav  1.wav   groups differ" in capsys.readouterr().out
    assert data.duplicates("fsdd", "leave-one-group-out", None, None) == 1
    out = capsys.readouterr().out
    assert "test and validation of group 0" in out
    assert "1 pair of near duplicates among 6 recordings, 2 of which are in one." in out
    assert "1 of the pairs straddles the parts of a fold of leave-one-group-out." in out


def test_a_protocol_that_cannot_split_the_set_is_named_before_anything_is_searched(leaking, monkeypatch):
    monkeypatch.setattr("classical_baselines.data.loading.load_clips", lambda *given: leaking)
    monkeypatch.setattr(duplicates, "near_duplicates", lambda clips: pytest.fail("searched"))

    with pytest.raises(
        InputError, match=r"--protocol few-groups cannot split fsdd: .* Protocols that fit it: leave-one"
    ):
        data.duplicates("fsdd", "few-groups", None, None)


def test_a_folder_of_ones_own_needs_a_length_and_has_a_cache_of_its_own(leaking, monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr("classical_baselines.data.loading.load_clips", lambda *asked: given.append(asked) or leaking)
    folder = tmp_path / "mine"
    folder.mkdir()

    with pytest.raises(InputError, match=r"mine is a folder of your own: say how many seconds .* --clip-seconds 1.5"):
        data.duplicates(str(folder), None, None, None)
    for wrong in (0.0, 61.0, float("nan")):
        with pytest.raises(InputError, match=f"--clip-seconds {wrong:g}: give more than 0 and at most 60 seconds"):
            data.duplicates(str(folder), None, wrong, None)
    assert not given
    assert data.duplicates(str(folder), None, 1.5, None) == 0
    assert given == [(str(folder), None, 1.5)]
    assert (tmp_path / "folders").is_dir()  # what is remembered of it
