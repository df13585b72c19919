"""The index saves opening cells and never says anything that the folders do not."""

import hashlib
import json
import os
import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies.cell_files import plain
from studies.grid import describe
from studies.index import INDEX, CellSummary, index_bytes, summaries_in
from studies.running import make_plan
from studies.store import Store, open_store
from tests.studies.fake_study import GROUND, fake_study, result_of
from tests.studies.test_grid import keyed_with

STUDY = fake_study()
CELLS = keyed_with("a")


def commit(store, cells, kind="fit"):
    for one in cells:
        key = one.fit_key if kind == "fit" else one.test_key
        description = plain(describe(STUDY, one, GROUND, kind))
        assert store.commit(key, description, result_of(one.cell, kind), {"wall_seconds": 1.5})


@pytest.fixture
def store(tmp_path):
    made = open_store(tmp_path / "store", create=True)
    commit(made, CELLS[:6])
    commit(made, CELLS[:2], "test")
    return made


@pytest.fixture
def opened(monkeypatch):
    """The keys of the cells whose files are opened."""
    found, sound = [], Store._sound
    monkeypatch.setattr(Store, "_sound", lambda store, key, *names: found.append(key) or sound(store, key, *names))
    return found


def test_with_an_index_no_cell_is_opened_and_the_answers_are_those_of_the_folders(store, opened):
    before = store.summaries()
    assert len(opened) == 8
    assert store.write_index() == 8
    opened.clear()

    assert store.summaries() == before
    assert store.looks(GROUND.content_hash) == {("leave-one-group-out", "anna"): 2}
    assert opened == []
    one = before[CELLS[0].test_key]
    folder = store.own_place(one.key)
    assert (one.kind, one.study, one.system, one.seed, one.wall_seconds) == ("test", "fake", "small", 0, 1.5)
    assert one.specification_key == json.loads((folder / "cell.json").read_text())["specification_key"]
    assert one.n_bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_cells_that_others_committed_or_removed_since_are_seen(store, opened):
    store.write_index()
    opened.clear()
    commit(open_store(store.path), CELLS[6:8])
    shutil.rmtree(store.own_place(CELLS[0].test_key))

    assert set(store.summaries()) == store.keys()
    assert sorted(opened) == sorted(one.fit_key for one in CELLS[6:8])
    assert store.looks(GROUND.content_hash) == {("leave-one-group-out", "anna"): 1}


def test_a_cell_that_was_removed_and_computed_again_is_read_anew(store):
    store.write_index()
    place = store.own_place(CELLS[0].fit_key)
    shutil.rmtree(place)
    description = plain(describe(STUDY, CELLS[0], GROUND, "fit"))
    store.commit(CELLS[0].fit_key, description, result_of(CELLS[0].cell, "fit"), {"wall_seconds": 9.0})
    os.utime(place, ns=(0, 1))  # whatever the clock says, it is another time

    assert store.summaries()[CELLS[0].fit_key].wall_seconds == 9.0


def damages(content):
    yield "removed", None
    yield "empty", b""
    yield "cut off", content[: len(content) // 2]
    yield "no database", b"hello" * 100
    yield "of other columns", _with_other_columns()
    for place in np.random.default_rng(0).integers(len(content), size=60).tolist():
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        yield f"byte {place} flipped", bytes(flipped)


def _with_other_columns():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE cells (key TEXT)")
    content = database.serialize()
    database.close()
    return content + hashlib.sha256(content).hexdigest().encode() + b"\n"


def test_an_index_that_is_missing_damaged_or_foreign_changes_no_answer_and_is_named_by_verify(store):
    answers = store.summaries()
    store.write_index()
    path = store.path / INDEX
    sound = path.read_bytes()
    assert store.verify() == []
    for what, content in damages(sound):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
            assert [INDEX in flaw for flaw in store.verify()] == [True], what
        assert store.summaries() == answers, what
    assert store.write_index() == 8
    assert path.read_bytes() == sound


def test_any_sqlite_reader_can_query_it(store):
    store.write_index()
    database = sqlite3.connect(f"file:{store.path / INDEX}?mode=ro", uri=True)
    rows = database.execute("SELECT system, count(*) FROM cells WHERE kind = 'fit' GROUP BY system ORDER BY system")

    assert rows.fetchall() == [("large", 2), ("middle", 2), ("small", 2)]
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_a_damaged_cell_is_left_out_of_the_index_and_stays_an_error_where_it_is_read(store):
    (store.own_place(CELLS[0].fit_key) / "cell.json").write_text("{}")

    assert store.write_index() == 7
    with pytest.raises(InputError, match=r"cell\.json is not what was committed"):
        store.summaries()


def test_an_index_made_anew_rests_on_the_cells_alone(store):
    content = index_bytes(replace(one, wall_seconds=99.0) for one in store.summaries().values())
    (store.path / INDEX).write_bytes(content)

    assert store.write_index() == 8
    assert {one.wall_seconds for one in store.summaries().values()} == {99.0}  # what the folders' times confirm
    assert store.write_index(anew=True) == 8
    assert {one.wall_seconds for one in store.summaries().values()} == {1.5}


def test_a_plan_is_the_same_with_and_without_an_index(store):
    def planned():
        return make_plan(STUDY, GROUND, store, confirm=True, accept_code="aaaaaa")

    without = planned()
    store.write_index()

    assert planned() == without
    assert without.n_missing == 120 - 8


texts = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
summaries = st.builds(
    CellSummary,
    *[
        st.text("abc", min_size=1),
        st.sampled_from(["fit", "test"]),
        *[texts] * 5,
        st.none() | st.integers(0, 2**32 - 1),
    ],
    *[texts] * 4,
    *[st.none() | st.floats(0, 1e9), st.integers(0, 2**50), st.integers(-(2**62), 2**62)],
)


@given(st.lists(summaries, unique_by=lambda one: one.key))
def test_any_rows_come_back_and_the_order_they_are_given_in_does_not_matter(rows):
    assert summaries_in(index_bytes(rows)) == {one.key: one for one in rows}
    assert index_bytes(rows) == index_bytes(reversed(rows))
