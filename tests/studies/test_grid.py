# tests/studies/test_grid.py
"""A study expands to the product of its parts, in an order that answers early."""

import re
from collections import Counter
from itertools import product
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from studies.cell import StudyCell
from studies.cell_files import plain
from studies.code_version import CodeVersion
from studies.grid import Ground, Shard, accepting, describe, expand, keep_ground, kept_ground, keyed, select
from studies.store import open_store
from tests.studies.fake_study import GROUND, fake_study, result_of


def keyed_with(code: str):
    with patch("studies.grid.code_version", return_value=CodeVersion(code * 64, {})):
        return keyed(fake_study(), expand(fake_study(), GROUND), GROUND)


def test_the_grid_is_the_product_of_protocols_folds_systems_and_seeds():
    ground = Ground("c0ffee", {"leave-one-group-out": ("anna", "ben"), "official-split": ("official",)})
    protocols = [{"name": "official-split"}, {"name": "leave-one-group-out", "headline": True}]
    study = fake_study(protocols=protocols, seeds=[3, 1])

    cells = expand(study, ground)

    places = [("leave-one-group-out", "anna"), ("leave-one-group-out", "ben"), ("official-split", "official")]
    expected = [
        StudyCell("fake", protocol, fold, system, seed)
        for seed, (protocol, fold), system in product((3, 1), places, ("small", "middle", "large"))
    ]
    assert cells == expected


@pytest.mark.parametrize(
    ("expression", "n_cells"),
    [
        (None, 60),
        ("", 60),
        ("system=small", 20),
        ("system=small,fold=anna", 4),
        ("seed=0, seed=1", 30),
        ("seed=0,fold=ben", 3),
    ],
)
def test_only_keeps_the_cells_it_names(expression, n_cells):
    assert len(select(expand(fake_study(), GROUND), expression)) == n_cells


@pytest.mark.parametrize("expression", ["system", "colour=red", "system=", "=small"])
def test_only_says_what_it_allows(expression):
    with pytest.raises(InputError, match="protocol=VALUE, fold=VALUE, system=VALUE, seed=VALUE"):
        select(expand(fake_study(), GROUND), expression)


@given(st.integers(1, 9))
def test_shards_share_all_cells_evenly_and_none_twice(count):
    cells = expand(fake_study(), GROUND)
    shards = [Shard(number, count).of(cells) for number in range(1, count + 1)]
    per_system = [Counter(cell.system for cell in shard) for shard in shards]

    assert Counter(cell for shard in shards for cell in shard) == Counter(cells)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    for system in ("small", "middle", "large"):
        assert max(n[system] for n in per_system) - min(n[system] for n in per_system) <= 1


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1.5/2", "1/" + "9" * 5000])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match=f"--shard {re.escape(text)}: give I/N"):
        Shard.parsed(text)


def test_only_that_leaves_nothing_lists_what_there_is():
    with pytest.raises(InputError, match=r"leaves no cell.*anna, ben.*small"):
        select(expand(fake_study(), GROUND), "fold=zoe")


def test_the_ground_comes_back_from_the_store_for_the_same_data_and_protocols_alone(tmp_path):
    store = open_store(tmp_path, create=True)
    keep_ground(fake_study(), GROUND, store)

    assert kept_ground(fake_study(), store) == GROUND
    assert kept_ground(fake_study(seeds=[9]), store) == GROUND
    assert kept_ground(fake_study(data={"name": "other"}), store) is None


@pytest.mark.parametrize("content", ["{}", "[]", '{"content_hash": "c0ffee", "folds": {"other": ["a"]}}'])
def test_a_damaged_ground_is_named_with_the_mend(tmp_path, content):
    store = open_store(tmp_path, create=True)
    keep_ground(fake_study(), GROUND, store)
    (path,) = (tmp_path / "grounds").glob("*.json")
    path.write_text(content)

    with pytest.raises(InputError, match=r"grounds/.*\.json is damaged.* `trichord run` writes it again"):
        kept_ground(fake_study(), store)


def test_older_cells_stand_in_only_where_their_code_is_accepted(tmp_path):
    store = open_store(tmp_path, create=True)
    old, new = keyed_with("a"), keyed_with("b")
    study = fake_study()
    for one in old[:10]:
        store.commit(one.fit_key, plain(describe(study, one, GROUND, "fit")), result_of(one.cell, "fit"), {})

    assert not any(store.has(one.fit_key) for one in accepting(study, new, GROUND, store, None))
    accepted = accepting(study, new, GROUND, store, "aaaaaa")
    assert [store.has(one.fit_key) for one in accepted] == [True] * 10 + [False] * 50
    assert [one.test_key for one in accepted[:10]] == [one.test_key for one in old[:10]]
    assert accepted[0].accepted_code == "a" * 64
    assert accepted[10] == new[10]
    with pytest.raises(InputError, match="'cccccc'"):
        accepting(study, new, GROUND, store, "aaaaaa,cccccc")
    with pytest.raises(InputError, match="6 or more characters"):
        accepting(study, new, GROUND, store, "")


def test_cells_of_several_older_codes_stand_in_together(tmp_path):
    store = open_store(tmp_path, create=True)
    study, new = fake_study(), keyed_with("c")
    for code, places in (("a", slice(0, 10)), ("b", slice(10, 15))):
        for one in keyed_with(code)[places]:
            store.commit(one.fit_key, plain(describe(study, one, GROUND, "fit")), result_of(one.cell, "fit"), {})

    accepted = accepting(study, new, GROUND, store, "bbbbbb,aaaaaaa")

    assert [one.accepted_code for one in accepted] == ["a" * 64] * 10 + ["b" * 64] * 5 + [None] * 45
    assert all(store.has(one.fit_key) for one in accepted[:15])
