"""What is removed from a store serves no study, and no look is forgotten with it."""

import os

import pytest

from studies.leftovers import HALF_WRITTEN, OLD_ATTEMPTS, REPLACED, VARIED, leftovers, older_cells, remove
from studies.store import STALE_SECONDS, open_store
from tests.studies.test_store_faults import NEW, OLD, STUDY, VERSIONS, commit

LOOKS = {("leave-one-group-out", "anna"): 4}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The cell 0 by both codes, cell 1 by the older alone, cell 2 by the newer alone; all with a test cell."""
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    made = open_store(tmp_path / "store", create=True)
    for one in (OLD[0], OLD[1], NEW[0], NEW[2]):
        for kind in ("fit", "test"):
            commit(made, one, kind)
    for one in (NEW[2], NEW[3]):
        made.record_attempt(one.fit_key, {}, "it failed", "")
    for name in ("left", "writing"):
        (made.path / "aside" / name).mkdir()
        (made.path / "aside" / name / "cell.json").write_text("{}")
    (made.path / "attempts" / NEW[3].fit_key / ".0001.json.0badcafe").write_text("{")
    for path in (made.path / "aside" / "left", made.path / "attempts" / NEW[3].fit_key / ".0001.json.0badcafe"):
        now = path.stat().st_mtime
        os.utime(path, (now, now - STALE_SECONDS - 60))
    return made


def test_each_leftover_is_named_with_its_reason_and_size_and_nothing_else_is(store):
    found = leftovers(store, STUDY.name, VERSIONS)

    attempts = store.path / "attempts"
    assert {(one.path, one.why) for one in found} == {
        (store.path / "aside" / "left", HALF_WRITTEN),
        (attempts / NEW[3].fit_key / ".0001.json.0badcafe", HALF_WRITTEN),
        (attempts / NEW[2].fit_key, OLD_ATTEMPTS),
        (store.own_place(OLD[0].fit_key), REPLACED),
        (store.own_place(OLD[0].test_key), REPLACED),
    }
    for one in found:
        files = [one.path] if one.path.is_file() else [path for path in one.path.rglob("*") if path.is_file()]
        assert one.n_bytes == sum(path.stat().st_size for path in files)


def test_what_is_removed_is_gone_and_what_a_study_needs_stays(store):
    assert store.looks("c0ffee") == LOOKS
    assert remove(store, leftovers(store, STUDY.name, VERSIONS)) == []

    assert store.keys() == {key for one in (OLD[1], NEW[0], NEW[2]) for key in (one.fit_key, one.test_key)}
    assert store.attempted_keys() == {NEW[3].fit_key}
    assert [path.name for path in (store.path / "aside").iterdir()] == ["writing"]
    assert leftovers(store, STUDY.name, VERSIONS) == []
    assert store.looks("c0ffee") == LOOKS
    assert store.verify() == []


def test_cells_of_older_code_that_were_not_computed_again_stay(store):
    replaced, others = older_cells(store, STUDY.name, VERSIONS)

    assert {one.key for one in replaced} == {OLD[0].fit_key, OLD[0].test_key}
    assert {one.key for one in others} == {OLD[1].fit_key, OLD[1].test_key}


def test_cells_of_other_studies_and_of_systems_that_the_study_does_not_have_are_left_alone(store):
    assert older_cells(store, "another study", VERSIONS) == ([], [])
    assert older_cells(store, STUDY.name, {"large": "b" * 64}) == ([], [])


def test_a_look_is_counted_once_whether_its_cell_stands_here_behind_or_nowhere(store, tmp_path):
    store.publish(store.keys(), tmp_path / "published")
    remove(store, leftovers(store, STUDY.name, VERSIONS))
    published = open_store(tmp_path / "published")
    assert published.looks("c0ffee") == LOOKS
    store.publish(store.keys(), tmp_path / "published")  # now the ledger stands beside the dropped cell

    assert published.looks("c0ffee") == LOOKS
    assert open_store(store.path, behind=published).looks("c0ffee") == LOOKS


def test_varied_pictures_of_a_killed_run_go_a_day_after_they_were_last_read(store, tmp_path):
    day = 86_400
    for name, written, read in (("varied-old", day + 60, day + 60), ("varied-read", 3 * day, 60), ("varied-new", 0, 0)):
        folder = tmp_path / "cache" / name
        folder.mkdir(parents=True)
        shard = folder / "0.f32"
        shard.write_bytes(bytes(1000))
        now = shard.stat().st_mtime
        os.utime(shard, (now - read, now - written))
        os.utime(folder, (now - written, now - written))
    (tmp_path / "cache" / "pictures").mkdir()
    os.utime(tmp_path / "cache" / "pictures", (1, 1))

    found = [one for one in leftovers(store, STUDY.name, VERSIONS) if one.why == VARIED]
    assert [(one.path.name, one.n_bytes) for one in found] == [("varied-old", 1000)]
    assert remove(store, found) == []
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["pictures", "varied-new", "varied-read"]
