# tests/studies/test_rechecking.py
"""Cells of older code are carried over where a sample of them comes out equal bit for bit, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from studies.executors.contract import Execution
from studies.grid import keep_ground
from studies.leftovers import leftovers, older_cells
from studies.recheck import read_rechecks
from studies.rechecking import candidates, drawn, elsewhere
from studies.results import load_results
from studies.running import make_plan
from studies.sealed_json import sealed, unsealed
from studies.store import open_store
from studies.tables import provenance_lines
from tests.studies import fake_study
from tests.studies.fake_study import GROUND
from tests.studies.recomputing import LOOKS, SOME, STUDY, code, planned, rechecked, run_here
from tests.studies.small_study import clips

__all__ = ["clips"]  # a fixture


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("TRICHORD_FAKE_SECONDS", "0")


@pytest.fixture
def store(tmp_path):
    """Two folds of one seed, fit and test, of every system, computed by code `a`."""
    made = open_store(tmp_path / "store", create=True)
    with code("a"):
        assert not run_here(planned(made, only=SOME), made).failed
    keep_ground(STUDY, GROUND, made)
    return made


def changed(monkeypatch, system, kind):
    """The code as it stands gives another logit for one kind of cell of one system."""
    first = fake_study.result_of

    def result_of(cell, of_kind):
        result = first(cell, of_kind)
        if (cell.system, of_kind) != (system, kind):
            return result
        logits = result.runs[0].logits.copy()
        logits[3, 2] *= np.float32(1.01)
        return replace(result, runs=(replace(result.runs[0], logits=logits),))

    monkeypatch.setattr(fake_study, "result_of", result_of)


def test_after_a_recheck_the_older_cells_are_those_of_the_present_code(store, tmp_path):
    with code("b", **{"studies.pictures": "c" * 64}):
        before = planned(store, only=SOME)
        verdicts = rechecked(store, tmp_path / "aside")
        after = planned(store, only=SOME)

    assert before.n_missing == 12
    assert set(verdicts) == {"small", "middle", "large"}
    assert after.n_missing == 0
    assert {(one.rechecked_code, one.code_version, one.accepted_code) for one in after.cells} == {
        ("a" * 64, "b" * 64, None)
    }
    (record,) = verdicts["small"].records
    assert (record.old_code, record.new_code) == ("a" * 64, "b" * 64)
    assert record.changed_modules == ("studies.pictures", "studies.pipeline")
    assert [one.kind for one in record.compared] == ["fit", "test"]
    assert record.test_cells_recomputed == 1
    assert store.verify() == []


def test_with_the_code_as_it_was_or_under_a_third_one_nothing_is_carried(store, tmp_path):
    with code("b"):
        rechecked(store, tmp_path / "aside")
    with code("a"):
        assert {one.rechecked_code for one in planned(store, only=SOME).cells} == {None}
    with code("c"):
        assert planned(store, only=SOME).n_missing == 12


def test_the_sample_has_as_many_cells_as_asked_and_is_the_same_whenever_it_is_drawn(store):
    with code("b"):
        choices = candidates(STUDY, planned(store), store)["small"]

    assert len(choices) == 2
    assert [len(drawn(choices, n)) for n in (1, 2, 3)] == [1, 2, 2]
    assert drawn(choices, 1) == drawn(list(reversed(choices)), 1)


@pytest.mark.parametrize(("kind", "n_looks"), [("fit", 0), ("test", 1)])
def test_a_system_that_differs_is_named_and_not_carried_and_the_others_are(store, tmp_path, monkeypatch, kind, n_looks):
    changed(monkeypatch, "large", kind)
    with code("b"):
        verdicts = rechecked(store, tmp_path / "aside")
        plan = planned(store, only=SOME)

    (one,) = verdicts["large"].differing
    logits = fake_study.result_of(one.candidate.cell.cell, kind).runs[0].logits
    assert one.stored.kind == kind
    assert one.difference.place == "run 0 on torch-float: logits[3, 2]"
    assert float(one.difference.recomputed) == pytest.approx(logits[3, 2], rel=1e-3)
    assert float(one.difference.stored) == pytest.approx(logits[3, 2] / 1.01, rel=1e-3)
    assert verdicts["large"].records == ()
    assert {cell.cell.system for cell, _ in plan.missing} == {"large"}
    assert sum(store.looks("c0ffee").values()) == sum(LOOKS.values()) + n_looks


def test_equal_test_cells_are_no_new_look(store, tmp_path):
    assert store.looks("c0ffee") == LOOKS
    with code("b"):
        rechecked(store, tmp_path / "aside", n_cells=2)

    assert store.looks("c0ffee") == LOOKS
    assert store.earlier_looks() == frozenset()


def test_a_test_cell_that_differed_is_one_look_however_often_it_is_seen(store, tmp_path, monkeypatch):
    changed(monkeypatch, "large", "test")
    with code("b"):
        for number in range(2):
            rechecked(store, tmp_path / f"aside{number}", only="system=large")
        assert sum(store.looks("c0ffee").values()) == 6 + 1
        run_here(planned(store, only=f"{SOME},system=large"), store)

    assert sum(store.looks("c0ffee").values()) == 6 + 2  # both folds by the new code; one of them was seen before


def test_records_lead_from_code_to_code(store, tmp_path):
    with code("b"):
        rechecked(store, tmp_path / "one")
        run_here(planned(store, only="fold=cleo,seed=0"), store)
    with code("c"):
        rechecked(store, tmp_path / "two", only="fold=cleo,seed=0")  # the cells of code b alone
        cells = planned(store, only=f"{SOME},fold=cleo").cells
        assert planned(store, only=f"{SOME},fold=cleo").n_missing == 0

    records = read_rechecks(store)
    assert {(one.cell.fold, one.rechecked_code[0], len(one.rechecks)) for one in cells} == {
        *(("anna", "a", 2), ("ben", "a", 2), ("cleo", "b", 1)),
    }
    for one in cells:
        assert {records[key].system for key in one.rechecks} == {one.cell.system}


def test_each_older_code_of_a_system_is_in_the_sample(store, tmp_path):
    with code("b"):
        run_here(planned(store, only="fold=cleo,seed=0"), store)
    with code("c"):
        verdicts = rechecked(store, tmp_path / "aside")

        assert planned(store, only=f"{SOME},fold=cleo").n_missing == 0
    for verdict in verdicts.values():
        assert {record.old_code[0] for record in verdict.records} == {"a", "b"}


def test_a_difference_under_one_older_code_keeps_the_whole_system_back(store, tmp_path, monkeypatch):
    with code("b"):
        run_here(planned(store, only="fold=cleo,seed=0"), store)
    first = fake_study.result_of
    monkeypatch.setattr(
        fake_study,
        "result_of",
        lambda cell, kind: (
            replace(first(cell, kind), training={"loss": [9.0]}) if cell.fold == "cleo" else first(cell, kind)
        ),
    )
    with code("c"):
        assert not any(one.records for one in rechecked(store, tmp_path / "aside").values())
        assert planned(store, only=SOME).n_missing == 12


def test_fit_cells_alone_do_not_carry_test_cells(store, tmp_path):
    bare = open_store(tmp_path / "bare", create=True)
    with code("a"):
        run_here(make_plan(STUDY, GROUND, bare, confirm=False, only=SOME), bare)
    with code("b"):
        verdicts = rechecked(bare, tmp_path / "one")
        assert verdicts["small"].records[0].test_cells_recomputed == 0
        assert make_plan(STUDY, GROUND, bare, confirm=False, only=SOME).n_missing == 0
        assert planned(bare, only=SOME).n_missing == 6  # its test cells, which were never run
    store.publish(store.keys(), bare.path)  # test cells of code a join them
    with code("b"):
        assert planned(bare, only=SOME).n_missing == 12
        rechecked(bare, tmp_path / "two")
        assert planned(bare, only=SOME).n_missing == 0


def test_test_cells_that_are_run_after_a_recheck_are_of_the_present_code(tmp_path):
    bare = open_store(tmp_path / "bare", create=True)
    with code("a"):
        run_here(make_plan(STUDY, GROUND, bare, confirm=False, only=SOME), bare)
    with code("b"):
        rechecked(bare, tmp_path / "aside")
        run_here(planned(bare, only=SOME), bare)
        plan = planned(bare, only=SOME)

    assert plan.n_missing == 0
    assert {bare.description(one.fit_key)["code_version"][0] for one in plan.cells} == {"a"}
    assert {bare.description(one.test_key)["code_version"][0] for one in plan.cells} == {"b"}


def test_other_options_of_a_system_are_not_carried_by_its_name(store, tmp_path):
    other = fake_study.fake_study(seeds=[0, 1], intensity_quantiles=[0.2, 0.8])
    with code("a"):
        run_here(planned(store, other, only=SOME), store)
    with code("b"):
        rechecked(store, tmp_path / "aside")

        assert planned(store, only=SOME).n_missing == 0
        assert planned(store, other, only=SOME).n_missing == 12


def test_what_is_taken_on_trust_stands_beside_what_was_rechecked(store, tmp_path):
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=small")
        plan = planned(store, only=SOME, accept_code="aaaaaa")

    assert plan.n_missing == 0
    assert {(one.cell.system, one.accepted_code, one.rechecked_code) for one in plan.cells} == {
        ("small", None, "a" * 64),
        ("middle", "a" * 64, None),
        ("large", "a" * 64, None),
    }


def test_report_and_tables_say_which_code_was_rechecked_with_how_many_cells(store, tmp_path):
    with code("b"):
        rechecked(store, tmp_path / "aside", n_cells=2, only="system=small")
        results = load_results(STUDY, store, planned(store, only=SOME))

    (line,) = [line for line in provenance_lines(results) if "rechecked" in line]
    assert "small: computed by code aaaaaaaaaaaa, rechecked under bbbbbbbbbbbb with 4 cells compared" in line
    assert results.accepted_codes == ()


def test_a_published_store_carries_the_records_that_its_cells_rest_on(store, tmp_path):
    from studies.publishing import publish_study

    with code("b"):
        rechecked(store, tmp_path / "aside")
        plan = planned(store, only=f"{SOME},system=small")
        publish_study(STUDY, plan, store, tmp_path / "published")
        published = open_store(tmp_path / "published")

        assert {one.system for one in read_rechecks(published).values()} == {"small"}
        assert planned(published, only=f"{SOME},system=small").n_missing == 0
        front = open_store(tmp_path / "front", behind=published, create=True)
        assert planned(front, only=f"{SOME},system=small").n_missing == 0
    assert published.verify() == []


def test_gc_keeps_the_cells_and_the_records_in_use(store, tmp_path):
    versions = {system.name: "b" * 64 for system in STUDY.systems}
    with code("b"):
        rechecked(store, tmp_path / "aside")

    assert leftovers(store, STUDY.name, versions) == []
    replaced, others = older_cells(store, STUDY.name, versions)
    assert (replaced, len(others)) == ([], 12)


@pytest.mark.parametrize("old", ['"seed": 0', '"test_cells_recomputed": 1', '"system": "small"', "b" * 64])
def test_a_tampered_record_is_found_and_refused(store, tmp_path, old):
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=small")
    (path,) = (store.path / "rechecks").iterdir()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, old[:-1] + ("2" if old[-1].isdigit() else "e" if old[-1] == "b" else 'e"')))

    (flaw,) = store.verify()
    assert flaw.startswith("rechecks/")
    with code("b"), pytest.raises(InputError, match=r"rechecks/.* is damaged .* `trichord recheck` again"):
        planned(store)


def test_a_record_that_was_changed_and_sealed_again_is_not_what_its_name_says(store, tmp_path):
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=small")
    (path,) = (store.path / "rechecks").iterdir()
    path.write_bytes(sealed({**unsealed(path.read_bytes()), "new_code": "c" * 64}))

    (flaw,) = store.verify()
    assert "it is not what its name says" in flaw


def test_a_record_of_another_version_is_refused_with_the_mend(store):
    store.save_recheck({"old_code": "a"})

    with pytest.raises(InputError, match="another version of Trichord"):
        planned(store)


def test_a_cell_that_cannot_be_computed_keeps_its_system_back_though_the_others_are_equal(store, tmp_path, monkeypatch):
    fit = fake_study.fit_cell

    def fit_cell(study, cell, data_root):
        if cell.fold == "ben":
            raise RuntimeError("the network is on fire")
        return fit(study, cell, data_root)

    monkeypatch.setattr(fake_study, "fit_cell", fit_cell)
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside", n_cells=2, only="system=small")["small"]

        assert planned(store, only=SOME).n_missing == 12
    assert [one.stored.kind for one in verdict.outcomes] == ["fit", "test"]
    assert verdict.differing == verdict.records == ()
    (reason,) = verdict.failures
    assert "small" in reason and "ben" in reason and "the network is on fire" in reason
    assert store.attempted_keys() == set()


def test_an_interrupt_leaves_nothing_behind(store, tmp_path):
    with code("b"):
        verdict = rechecked(
            store, tmp_path / "aside", only="system=small", recompute=lambda plan, aside: Execution(interrupted=True)
        )["small"]

    assert verdict.interrupted and verdict.records == ()
    assert read_rechecks(store) == {}


def test_a_difference_on_another_machine_is_said_to_be_perhaps_of_the_machine(store, tmp_path, monkeypatch):
    changed(monkeypatch, "large", "fit")
    with code("b"):
        one = rechecked(store, tmp_path / "aside", only="system=large")["large"].differing[0]

    assert elsewhere(one) == ""
    said = elsewhere(replace(one, stored_on="an abacus, torch 0.1"))
    assert "stored on an abacus, torch 0.1" in said and "Recheck on a machine like the first" in said
