# tests/classical_baselines/data/test_shards.py
"""Shards: made once, made again alone where they are damaged, held in memory where a disk refuses few of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from classical_baselines.data.shards import complete_shards
from classical_baselines.harness import streamed_rows
from classical_baselines.harness.choices import InputError

N_SHARDS = 4
MAPS = Path("/proc/self/maps")


def values_of(number):
    return np.random.default_rng(number).normal(size=(3, number + 1)).astype(np.float32)


@pytest.fixture
def made():
    return []


@pytest.fixture
def complete(tmp_path, made):
    def make(number):
        made.append(number)
        return values_of(number), {"names": [f"{number}a", f"{number}b"]}

    return lambda folder=tmp_path / "shards": complete_shards(folder, N_SHARDS, make)


def check(shards):
    assert len(shards) == N_SHARDS
    for number in range(N_SHARDS):
        np.testing.assert_array_equal(shards.mapped(number), values_of(number))
        assert shards.facts[number]["names"] == [f"{number}a", f"{number}b"]
        assert tuple(shards.facts[number]["shape"]) == (3, number + 1)


def test_they_are_made_once(complete, made):
    check(complete())
    check(complete())

    assert made == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", ["f32", "json"])
@pytest.mark.parametrize("damage", ["one bit", "cut", "longer", "empty", "missing", "folder", "another shard's"])
def test_a_damaged_shard_is_made_again_alone(complete, made, tmp_path, suffix, damage):
    complete()
    path = tmp_path / "shards" / f"2.{suffix}"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        other = path.with_name(f"1.{suffix}").read_bytes()
        path.write_bytes(
            {
                "one bit": bytes(content),
                "cut": content[:-1],
                "longer": content + b"0",
                "empty": b"",
                "another shard's": other,
            }[damage]
        )
    made.clear()

    check(complete())
    assert made == [2]


def test_what_is_said_of_a_shard_is_sealed_too(complete, made, tmp_path):
    complete()
    path = tmp_path / "shards" / "0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "names": ["other"]}))
    made.clear()

    check(complete())
    assert made == [0]


def test_a_process_that_ends_leaves_whole_shards_and_the_next_one_goes_on(tmp_path, complete, made):
    def ends(number):
        if number == 2:
            raise KeyboardInterrupt
        return values_of(number), {"names": [f"{number}a", f"{number}b"]}

    with pytest.raises(KeyboardInterrupt):
        complete_shards(tmp_path / "shards", N_SHARDS, ends)

    check(complete())
    assert made == [2, 3]
    assert not list(tmp_path.rglob("*.part"))


def test_few_shards_that_a_disk_refuses_are_held_in_memory(tmp_path, complete, made):
    (tmp_path / "file").write_text("in the way")

    check(complete(tmp_path / "file" / "shards"))
    check(complete(tmp_path / "file" / "shards"))
    assert made == 2 * [0, 1, 2, 3]


def test_more_than_can_be_held_is_refused_with_a_way_out(tmp_path, complete, monkeypatch):
    monkeypatch.setattr(streamed_rows, "IN_MEMORY_BYTES", 20)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(InputError, match=r"cannot be written \(Not a directory\).*set TRICHORD_CACHE to a folder"):
        complete(tmp_path / "file" / "shards")


# What a process has mapped is listed by Linux alone; CI is Linux, where this runs.
@pytest.mark.skipif(not MAPS.exists(), reason="no list of maps on this system")
def test_a_map_is_gone_with_its_array(complete):
    def n_maps():
        with MAPS.open() as file:
            return sum(".f32" in line for line in file)

    shards = complete()
    mapped = shards.mapped(1)
    row = mapped[[0]]
    assert n_maps() == 1
    del mapped

    assert n_maps() == 0
    np.testing.assert_array_equal(row, values_of(1)[[0]])
