"""Code that counts otherwise asks for no training: cells are carried over with the new counts, where they may be."""

from dataclasses import replace

import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.publishing import publish_study
from studies.recheck import read_rechecks
from studies.results import load_results
from studies.store import open_store
from studies.tables import provenance_lines
from tests.studies import fake_study
from tests.studies.recomputing import LOOKS, SOME, STUDY, code, planned, rechecked, run_here

HEAD = ("network", "head", "mac_fp32")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setenv("TRICHORD_FAKE_SECONDS", "0")


@pytest.fixture
def counting(monkeypatch):
    """A function that lets the code of `large` count as `counts_of(cell)` says, or answer otherwise."""
    first = fake_study.result_of

    def count(counts_of, system="large", **changes):
        def result_of(cell, kind):
            result = first(cell, kind)
            if cell.system != system:
                return result
            run = replace(result.runs[0], counts=OperationCounts(counts_of(cell)), **changes)
            return replace(result, runs=(run,))

        monkeypatch.setattr(fake_study, "result_of", result_of)

    return count


def stored(tmp_path, only=SOME):
    """Two folds of one seed, fit and test, of every system, computed by code `a`."""
    store = open_store(tmp_path / "store", create=True)
    with code("a"):
        assert not run_here(planned(store, only=only), store).failed
    return store


def counts_of(store, plan, system="large"):
    """What each cell of a system is read to cost, fit and test."""
    results = load_results(STUDY, store, plan)
    cells = [*results.fits.items(), *results.tests.items()]
    return [dict(result.runs[0].counts) for cell, result in cells if cell.system == system]


def test_cells_are_carried_over_with_the_counts_of_the_present_code(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0, ("network", "head", "sram_bytes"): 8.0})
    store = stored(tmp_path)
    new = {HEAD: 90.0, ("network", "pool", "compare_fp32"): 7.0}
    counting(lambda cell: new)
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside")["large"]
        plan = planned(store, only=SOME)

        assert plan.n_missing == 0
        assert counts_of(store, plan) == [new] * 4
    keys = [key for one in plan.cells if one.cell.system == "large" for key in (one.fit_key, one.test_key)]
    assert {dict(store.load(key).runs[0].counts)[HEAD] for key in keys} == {100.0}  # what is stored stays
    (record,) = verdict.records
    assert len(record.compared) == 4  # two cells, though one was asked for
    assert len(record.recounted) == 2  # of fit and test
    assert {(one.key, one.old, one.new) for one in record.recounted[0].changes} == {
        (HEAD, 100.0, 90.0),
        (("network", "head", "sram_bytes"), 8.0, 0.0),
        (("network", "pool", "compare_fp32"), 0.0, 7.0),
    }
    assert store.looks("c0ffee") == LOOKS


def test_what_was_put_right_is_said(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    counting(lambda cell: {HEAD: 90.0})
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside", only="system=large")["large"]
        lines = provenance_lines(load_results(STUDY, store, planned(store, only=SOME)))

    assert verdict.records[0].recounted[0].said == "counts of torch-float put right in 1 layer: mac_fp32 100 -> 90"
    (line,) = [line for line in lines if "rechecked" in line]
    assert "4 cells compared (2 fit, 2 test), all equal bit for bit but for counts, put right in 1 layer" in line


@pytest.mark.parametrize("who", ["older", "newer"])
def test_counts_that_follow_what_was_learnt_keep_the_system_back_and_are_no_look(tmp_path, counting, who):
    def learnt(cell):
        return {HEAD: 100.0 + (cell.fold == "ben")}

    counting(learnt if who == "older" else lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    counting(learnt if who == "newer" else lambda cell: {HEAD: 90.0})
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside")["large"]

        assert planned(store, only=SOME).n_missing == 4
    assert verdict.records == ()
    assert {one.difference.place for one in verdict.differing} == {
        "run 0 on torch-float: counts.network/head/mac_fp32",
    }
    assert store.looks("c0ffee") == LOOKS


def test_other_answers_are_no_matter_of_counts(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    counting(lambda cell: {HEAD: 90.0}, notes={"scores": "labels-only"})
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside")["large"]

    assert verdict.records == ()
    assert {one.difference.place.split(": ")[1].split(".")[0] for one in verdict.differing} == {"notes"}


def test_counts_are_put_right_over_several_codes(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    for letter, n in (("b", 90.0), ("c", 80.0)):
        counting(lambda cell, n=n: {HEAD: n})
        with code(letter):
            if letter == "c":
                run_here(planned(store, only="fold=cleo,seed=0,system=large"), store)
            rechecked(store, tmp_path / letter, only="system=large")
    with code("c"):
        assert counts_of(store, planned(store, only=f"{SOME},fold=cleo")) == [{HEAD: 80.0}] * 6
    with code("b"):
        plan = planned(store, only=SOME)
        assert counts_of(store, plan) == [{HEAD: 90.0}] * 4
    with code("a"):
        assert counts_of(store, planned(store, only=SOME)) == [{HEAD: 100.0}] * 4


def test_test_cells_run_after_a_recheck_have_their_own_counts(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    counting(lambda cell: {HEAD: 90.0})
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=large")
    fits = open_store(tmp_path / "fits", create=True)
    with code("b"):
        plan = planned(store, only=f"{SOME},system=large")
        store_of_fits = {one.fit_key for one in plan.cells}
        store.publish(store_of_fits, fits.path)
        for record in read_rechecks(store).values():
            fits.save_recheck(record.model_dump(mode="json"))
        run_here(planned(fits, only=f"{SOME},system=large"), fits)

        assert counts_of(fits, planned(fits, only=f"{SOME},system=large")) == [{HEAD: 90.0}] * 4


def test_published_cells_are_put_right_too(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0})
    store = stored(tmp_path)
    counting(lambda cell: {HEAD: 90.0})
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=large")
        plan = planned(store, only=f"{SOME},system=large")
        publish_study(STUDY, plan, store, tmp_path / "published")
        published = open_store(tmp_path / "published")

        assert counts_of(published, planned(published, only=f"{SOME},system=large")) == [{HEAD: 90.0}] * 4
    assert published.verify() == []


def test_a_cell_that_the_record_does_not_speak_for_is_refused(tmp_path, counting):
    counting(lambda cell: {HEAD: 100.0 + (cell.fold == "cleo")})
    store = stored(tmp_path)
    counting(lambda cell: {HEAD: 90.0})
    with code("b"):
        rechecked(store, tmp_path / "aside", only="system=large,fold=anna")
    late = open_store(tmp_path / "late", create=True)
    counting(lambda cell: {HEAD: 100.0 + (cell.fold == "cleo")})
    with code("a"):
        run_here(planned(late, only="fold=cleo,seed=0,system=large"), late)
    late.publish(late.keys(), store.path)
    with code("b"), pytest.raises(InputError, match=r"torch-float has other counts .* Remove that record"):
        load_results(STUDY, store, planned(store, only="fold=cleo,seed=0,system=large"))
