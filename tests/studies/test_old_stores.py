"""A store that an earlier version wrote is read as it is; one of a format that is not read any more is left alone.

`old_stores/format_2` was written by the first version of that format: no file beside its cells carries a hash, attempts
bear the time alone, and there is no index. It stays as it is; every later version must open it.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.grid import kept_ground
from studies.running import make_plan
from studies.store import open_store
from tests.studies.fake_study import GROUND, fake_study, result_of
from tests.studies.test_grid import keyed_with

FORMAT_2 = Path(__file__).parent / "old_stores" / "format_2"
CELL = StudyCell("fake", "leave-one-group-out", "anna", "small", 0)


def content(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_store_of_format_2_opens_with_all_that_it_holds():
    store = open_store(FORMAT_2)
    by_kind = {one.kind: one for one in store.summaries().values()}

    assert store.verify() == []
    assert set(by_kind) == {"fit", "test"}
    for kind, one in by_kind.items():
        expected, loaded = result_of(CELL, kind), store.load(one.key)
        np.testing.assert_array_equal(loaded.runs[0].logits.argmax(1), expected.runs[0].logits.argmax(1))
        np.testing.assert_array_equal(loaded.targets, expected.targets)
        assert (loaded.clip_names, loaded.groups) == (expected.clip_names, expected.groups)
        assert store.provenance(one.key)["wall_seconds"] == one.wall_seconds == 1.5
    assert kept_ground(fake_study(), store) == GROUND
    assert [store.attempts(key)[0].reason for key in store.attempted_keys()] == ["RuntimeError: the network is on fire"]
    assert store.looks("c0ffee") == {("leave-one-group-out", "anna"): 18}


def test_its_cells_keep_their_keys():
    old = keyed_with("a")

    assert open_store(FORMAT_2).keys() == {old[0].fit_key, old[0].test_key}


def test_it_is_written_on_and_published_and_nothing_that_it_held_changes(tmp_path):
    shutil.copytree(FORMAT_2, tmp_path / "store")
    store = open_store(tmp_path / "store", create=True)
    plan = make_plan(fake_study(), GROUND, store, confirm=True, accept_code="aaaaaa")
    assert plan.n_missing == 120 - 2
    store.write_index()
    (attempted,) = store.attempted_keys()
    store.record_attempt(attempted, {}, "again", "")
    store.publish(store.keys(), tmp_path / "published")

    after = content(tmp_path / "store")
    assert {path: after[path] for path in content(FORMAT_2)} == content(FORMAT_2)
    assert [attempt.reason for attempt in store.attempts(attempted)][1:] == ["again"]
    published = open_store(tmp_path / "published")
    assert published.looks("c0ffee") == store.looks("c0ffee")
    assert store.verify() == published.verify() == []


@pytest.mark.parametrize("create", [False, True])
def test_a_store_of_another_format_is_refused_by_name_and_left_alone(tmp_path, create):
    shutil.copytree(FORMAT_2, tmp_path / "store")
    marker = tmp_path / "store" / "store.json"
    marker.write_text(marker.read_text().replace('"format": 2', '"format": 1'))
    before = content(tmp_path / "store")

    with pytest.raises(InputError, match=r"another version: format 1, .* reads format 2\. Use the Trichord that wrote"):
        open_store(tmp_path / "store", create=create)
    assert content(tmp_path / "store") == before
