# tests/studies/test_store.py
"""The store keeps what it is given, once, and finds every change."""

import hashlib
import json
import os
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from classical_baselines.harness.choices import InputError
from studies.cell import CheckRecord, StudyCell
from studies.cell_files import from_byte_planes, in_byte_planes, rounded_logits
from studies.store import STALE_SECONDS, Store, open_store
from tests.studies.fake_study import result_of

CELL = StudyCell("fake", "leave-one-group-out", "anna", "small", 0)
DESCRIPTION = {
    "kind": "fit",
    "cell": {"protocol": "leave-one-group-out", "fold": "anna"},
    "specification": {"data": {"content_hash": "c0ffee"}},
}


def key_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def filled(path: Path, n_cells: int = 1) -> Store:
    store = open_store(path, create=True)
    for number in range(n_cells):
        assert store.commit(key_of(number), DESCRIPTION, result_of(CELL, "fit"), {"seed": 0})
    return store


def test_a_cell_comes_back_as_it_was_committed(tmp_path):
    run = replace(
        result_of(CELL, "fit").runs[0],
        clip_indices=(0, 2),
        checks=(CheckRecord("lava-equality", True, {"n": 3, "worst": float("nan")}),),
    )
    result = replace(result_of(CELL, "fit"), runs=(run,))
    store = open_store(tmp_path / "store", create=True)
    store.commit(key_of(0), DESCRIPTION, result, {"seed": 0})

    loaded = open_store(tmp_path / "store").load(key_of(0))

    assert (loaded.kind, loaded.clip_names, loaded.groups) == (result.kind, result.clip_names, result.groups)
    assert dict(loaded.runs[0].counts.counts) == dict(run.counts.counts)
    assert loaded.runs[0].clip_indices == (0, 2)
    assert loaded.runs[0].checks == (CheckRecord("lava-equality", True, {"n": 3, "worst": None}),)
    np.testing.assert_array_equal(loaded.targets, result.targets)
    np.testing.assert_array_equal(loaded.runs[0].pictures[0].array, run.pictures[0].array)
    np.testing.assert_allclose(loaded.runs[0].logits, run.logits, rtol=2**-10)
    np.testing.assert_array_equal(loaded.runs[0].logits.argmax(1), run.logits.argmax(1))


@example(np.float32([[512.55 / 1024, 512.6 / 1024]]))  # two values that rounding makes one
@given(arrays.arrays(np.float32, (3, 4), elements=st.floats(-(2.0**80), 2.0**80, width=32, allow_subnormal=False)))
def test_rounding_keeps_every_decision_and_10_bits(logits):
    rounded = rounded_logits(logits)

    np.testing.assert_array_equal(rounded.argmax(1), logits.argmax(1))
    assert (np.abs(rounded - logits) <= np.abs(logits) * (2.0**-8 + 2.0**-10) + 1e-40).all()


def test_rounding_leaves_whole_numbers_up_to_1024_alone():
    counts = np.arange(1024, dtype=np.float32).reshape(-1, 16)

    np.testing.assert_array_equal(rounded_logits(counts), counts)


def test_logits_are_kept_in_planes_of_their_little_endian_bytes():
    values = np.array([[1.5, -2.0, 1e-30]], dtype=np.float32)
    planes = in_byte_planes(values)

    for column, value in enumerate(values[0]):
        assert bytes(planes[:, 0, column]) == struct.pack("<f", value)
    np.testing.assert_array_equal(from_byte_planes(planes), values)


def test_weights_come_back_bit_for_bit(tmp_path):
    import torch

    weights = {"head.weight": torch.randn(3, 4), "steps": torch.tensor([1, 2])}
    store = open_store(tmp_path, create=True)
    store.commit(key_of(0), DESCRIPTION, result_of(CELL, "fit"), {}, weights)

    loaded = store.load_weights(key_of(0))

    assert set(loaded) == set(weights)
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())


def test_the_first_of_many_writers_wins_and_no_part_of_the_others_stays(tmp_path):
    store = open_store(tmp_path, create=True)
    won = []

    def write(writer: int) -> None:
        for number in range(20):
            if store.commit(key_of(number), DESCRIPTION, result_of(CELL, "fit"), {"writer": writer}):
                won.append((number, writer))

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sorted(number for number, _ in won) == list(range(20))
    assert all(store.provenance(key_of(number))["writer"] == writer for number, writer in won)
    assert store.verify() == []
    assert list((tmp_path / "aside").iterdir()) == []


def test_verify_finds_every_flipped_bit_of_a_cell(tmp_path):
    store = filled(tmp_path)
    generator = np.random.default_rng(0)
    for path in sorted((tmp_path / "cells").glob("*/*/*")):
        content = path.read_bytes()
        for position in {0, len(content) - 1, *generator.integers(len(content), size=20).tolist()}:
            flipped = bytearray(content)
            flipped[position] ^= 1 << int(generator.integers(8))
            path.write_bytes(flipped)
            assert store.verify(), f"{path.name}, byte {position}"
        path.write_bytes(content)
    assert store.verify() == []


READINGS = {
    "cell.json": lambda store: store.description(key_of(0)),
    "provenance.json": lambda store: store.provenance(key_of(0)),
    "result.json": lambda store: store.load(key_of(0)),
    "predictions.npz": lambda store: store.load(key_of(0)),
    "exhibits.npz": lambda store: store.load(key_of(0)),
    "weights.safetensors": lambda store: store.load_weights(key_of(0)),
}


@pytest.mark.parametrize("name", READINGS)
def test_a_damaged_file_is_refused_where_it_is_read_with_its_place_and_the_mend(tmp_path, name):
    store = open_store(tmp_path / "store", create=True)
    import torch

    store.commit(key_of(0), DESCRIPTION, result_of(CELL, "fit"), {"seed": 0}, {"w": torch.arange(4.0)})
    READINGS[name](store)
    (path,) = store.path.glob(f"cells/*/*/{name}")
    damaged = bytearray(path.read_bytes())
    damaged[-8] ^= 1  # still text, and still a float: only the manifest can tell
    path.write_bytes(damaged)

    with pytest.raises(InputError, match=rf"{path.parent}: {name}.*Remove that folder.*trichord verify"):
        READINGS[name](store)


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_a_damaged_ground_is_refused_with_its_place_and_the_mend(tmp_path, content):
    store = open_store(tmp_path / "store", create=True)
    store.save_ground("c0ffee", {"content_hash": "c0ffee", "folds": {}})
    path = store.path / "grounds" / "c0ffee.json"
    path.write_bytes(content)

    with pytest.raises(InputError, match=rf"{path} is damaged .*Remove that file"):
        store.load_ground("c0ffee")


def test_a_publication_takes_no_damaged_cell(tmp_path):
    store = filled(tmp_path / "store")
    (path,) = store.path.glob("cells/*/*/result.json")
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")

    with pytest.raises(InputError, match=r"result\.json is not what was committed"):
        store.publish([key_of(0)], tmp_path / "published")


def test_verify_finds_a_missing_and_a_foreign_file(tmp_path):
    store = filled(tmp_path)
    place = next((tmp_path / "cells").glob("*/*"))
    (place / "note.txt").write_text("hello")
    (place / "provenance.json").unlink()

    assert {flaw.partition(": ")[2] for flaw in store.verify()} == {
        "provenance.json is missing",
        "note.txt was not committed with it",
    }


def test_a_store_of_another_version_is_refused_with_both_versions_and_a_way_out(tmp_path):
    filled(tmp_path)
    (tmp_path / "store.json").write_text(json.dumps({"format": 7}))

    with pytest.raises(InputError, match=r"another version: format 7, where this Trichord reads format 2.*--store"):
        open_store(tmp_path)


def test_a_folder_of_something_else_does_not_become_a_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("")

    with pytest.raises(InputError, match="something else"):
        open_store(tmp_path, create=True)


def test_sweep_removes_what_a_killed_process_left_and_nothing_that_is_being_written(tmp_path):
    store = filled(tmp_path)
    for name in ("old", "new"):
        (tmp_path / "aside" / name).mkdir()
    long_ago = time.time() - STALE_SECONDS - 60
    os.utime(tmp_path / "aside" / "old", (long_ago, long_ago))

    assert store.sweep() == 1
    assert [path.name for path in (tmp_path / "aside").iterdir()] == ["new"]
    assert store.has(key_of(0))


def test_a_published_store_is_the_same_bytes_each_time_and_stands_behind_another(tmp_path):
    import torch

    store = open_store(tmp_path / "own", create=True)
    store.commit(key_of(0), DESCRIPTION, result_of(CELL, "fit"), {}, {"w": torch.zeros(20_000)})
    for folder in ("first", "second"):
        assert store.publish([key_of(0)], tmp_path / folder) == 1
    published = open_store(tmp_path / "first")

    def content(folder: str) -> dict[str, bytes]:
        paths = (tmp_path / folder).rglob("*")
        return {str(p.relative_to(tmp_path / folder)): p.read_bytes() for p in paths if p.is_file()}

    assert content("first") == content("second")
    assert published.verify() == []
    assert not published.has_weights(key_of(0))
    assert sum(len(data) for data in content("first").values()) < 50_000
    assert open_store(tmp_path / "new", behind=published, create=True).load(key_of(0)).clip_names


def test_looks_are_counted_by_test_fold_over_everything_that_looked(tmp_path):
    store = filled(tmp_path, n_cells=2)
    for number in range(2, 5):
        store.commit(key_of(number), DESCRIPTION | {"kind": "test"}, result_of(CELL, "test"), {})

    assert store.looks("c0ffee") == {("leave-one-group-out", "anna"): 3}
    assert store.looks("another data set") == {}


ROW = {"content_hash": "c0ffee", "protocol": "leave-one-group-out", "fold": "anna", "n": 17, "configuration": "old"}


def ledger(store, *rows):
    (store.path / "earlier_looks.json").write_text(json.dumps({"looks": rows}))


def test_looks_of_configurations_whose_cells_are_gone_count_on_and_the_same_row_in_two_stores_counts_once(tmp_path):
    published = filled(tmp_path / "published", n_cells=0)
    ledger(published, ROW, ROW | {"fold": "ben"}, ROW | {"content_hash": "other"})
    store = open_store(tmp_path / "new", behind=published, create=True)
    ledger(store, ROW, ROW | {"configuration": "older still", "n": 2})
    store.commit(key_of(1), DESCRIPTION | {"kind": "test"}, result_of(CELL, "test"), {})

    assert store.looks("c0ffee") == {("leave-one-group-out", "anna"): 20, ("leave-one-group-out", "ben"): 17}


def test_a_published_store_takes_the_earlier_looks_with_it_and_forgets_none_of_its_own(tmp_path):
    store = filled(tmp_path / "own", n_cells=1)
    ledger(store, ROW)
    target = filled(tmp_path / "published", n_cells=0)
    ledger(target, ROW | {"fold": "ben", "n": 1})
    store.publish([key_of(0)], target.path)

    assert target.looks("c0ffee") == {("leave-one-group-out", "anna"): 17, ("leave-one-group-out", "ben"): 1}


@pytest.mark.parametrize("text", ["{}", "[]", "not json", '{"looks": [{"fold": "anna"}]}'])
def test_damaged_earlier_looks_are_named_and_nobody_is_told_to_delete_them(tmp_path, text):
    store = filled(tmp_path, n_cells=0)
    (tmp_path / "earlier_looks.json").write_text(text)

    with pytest.raises(InputError, match=r"earlier_looks\.json: .*restore it from version control"):
        store.looks("c0ffee")
    assert len(store.verify()) == 1


def test_many_open_one_new_store_at_once(tmp_path):
    """The tasks of a job array begin together; one finds the marker that another has just written."""
    for attempt in range(40):
        with ThreadPoolExecutor(12) as pool:
            stores = list(pool.map(lambda _, n=attempt: open_store(tmp_path / str(n), create=True), range(12)))
        assert len(stores) == 12


def test_a_marker_that_another_has_just_written_is_no_foreign_file(tmp_path, monkeypatch):
    open_store(tmp_path, create=True)
    exists, asked = Path.exists, []

    def absent_at_first(path):
        asked.append(path.name)
        return exists(path) and asked.count("store.json") > 1

    monkeypatch.setattr(Path, "exists", absent_at_first)

    assert open_store(tmp_path, create=True).path == tmp_path
