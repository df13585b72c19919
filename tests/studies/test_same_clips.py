# tests/studies/test_same_clips.py
"""Cells are carried over without a training where both codes read the same clips and differ in nothing else."""

from contextlib import contextmanager

import pytest

from classical_baselines.harness.choices import InputError
from studies import same_clips
from studies.code_version import SOURCE, CodeVersion
from studies.rechecking import candidates
from studies.results import load_results
from studies.same_clips import carried_by_clips
from studies.store import open_store
from studies.tables import provenance_lines
from studies.told_code import ToldCode
from tests.studies.recomputing import LOOKS, SOME, STUDY, code, planned, rechecked, run_here

SETS = "classical_baselines.data.sets.fsdd"
NETWORK = "classical_baselines.models.ds_cnn"


@pytest.fixture(autouse=True)
def no_git(monkeypatch):
    monkeypatch.setenv("TRICHORD_FAKE_SECONDS", "0")

    @contextmanager
    def checkout(revision, folder):
        yield folder, revision * 5

    monkeypatch.setattr(same_clips, "checkout", checkout)


def stored(tmp_path, letter="a"):
    store = open_store(tmp_path / "store", create=True)
    with code(letter):
        assert not run_here(planned(store, only=SOME), store).failed
    return store


def carried(store, *, changed=SETS, of=("large", "small", "int8"), clips=("read", "read"), fails=False):
    """What is carried from code `a` to code `b`, where the module `changed` of some systems changed."""

    def tell(study, source, folder):
        present = source == SOURCE
        if fails and not present:
            raise InputError("the code in source cannot read the study")
        letter = "b" if present else "a"
        versions = {
            one.name: CodeVersion(letter * 64, {changed if one.name in of else SETS: letter}) for one in study.systems
        }
        return ToldCode(versions, CodeVersion("probing", {}), clips[present])

    with code("b"):
        found = candidates(STUDY, planned(store), store)
        return carried_by_clips(STUDY, store, found, "deadbeef", None, tell=tell)


def test_where_only_what_finds_recordings_changed_all_cells_are_carried_with_no_look(tmp_path):
    store = stored(tmp_path)
    made = carried(store)
    with code("b"):
        plan = planned(store, only=SOME)
        lines = provenance_lines(load_results(STUDY, store, plan))

    assert set(made) == {system.name for system in STUDY.systems}
    assert plan.n_missing == 0
    (record,) = made["small"]
    assert {one.kind for one in record.compared} == {"fit", "test"}
    assert (record.changed_modules, record.test_cells_recomputed, record.shortened) == ((SETS,), 0, None)
    assert (
        sum("revision deadbeefde and this, that differ in nothing but what finds them" in line for line in lines) == 3
    )
    assert store.looks("c0ffee") == LOOKS
    assert store.verify() == []


def test_a_system_with_another_change_is_left_to_trainings_and_the_others_are_carried(tmp_path):
    store = stored(tmp_path)

    assert "large" not in carried(store, changed=NETWORK, of=("large",))
    with code("b"):
        missing = planned(store, only=SOME).missing

    assert {cell.cell.system for cell, _ in missing} == {"large"}


@pytest.mark.parametrize("options", [{"clips": ("then", "now")}, {"fails": True}])
def test_other_clips_or_a_set_that_older_code_cannot_read_carry_nothing(tmp_path, options):
    store = stored(tmp_path)

    assert carried(store, **options) == {}
    with code("b"):
        assert planned(store, only=SOME).n_missing == 12


def test_cells_of_a_third_code_are_carried_only_where_records_lead_to_the_revision_s(tmp_path):
    store = stored(tmp_path, letter="z")
    assert carried(store) == {}
    with code("a"):
        rechecked(store, tmp_path / "aside")

    assert set(carried(store)) == {system.name for system in STUDY.systems}
    with code("b"):
        assert planned(store, only=SOME).n_missing == 0
