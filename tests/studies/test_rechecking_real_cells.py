# tests/studies/test_rechecking_real_cells.py
"""The recheck of cells that are really trained: fit, test and probe, their weights, and the command itself."""

import json
from unittest.mock import patch

import pytest

from classical_baselines.harness.choices import InputError
from studies import pipeline
from studies.commands.recheck import recheck
from studies.commands.request import Request
from studies.commands.run import run as run_command
from studies.commands.status import status
from studies.commands.trace import trace
from studies.grid import Ground
from studies.results import load_results
from studies.store import open_store
from studies.worker import PIPELINE
from tests.studies import small_study
from tests.studies.recomputing import code, planned, rechecked, run_here
from tests.studies.small_study import clips
from tests.studies.tiny_study import STUDY as TINY

__all__ = ["clips"]  # a fixture


@pytest.fixture
def small(clips, tmp_path):
    """A real system, with a probe, computed by code `a`; its study, ground and store."""
    made = small_study.study()
    made = made.model_copy(update={"probes": made.probes.model_copy(update={"snr_db": (10.0,)}), "seeds": (0,)})
    ground = Ground(clips().content_hash, {"official-split": ("official",)})
    store = open_store(tmp_path / "store", create=True)
    with code("a"), patch("studies.probe.probing_code", return_value="old"):
        assert not run_here(planned(store, made, ground), store, PIPELINE).failed
    return made, ground, store


def real(plan, store):
    return run_here(plan, store, PIPELINE)


def test_fit_test_and_probe_of_a_real_system_are_computed_anew_and_carried(small, tmp_path):
    made, ground, store = small
    with code("b"), patch("studies.probe.probing_code", return_value="new"):
        assert planned(store, made, ground).n_missing == 3
        verdict = rechecked(store, tmp_path / "aside", study=made, ground=ground, recompute=real)["one"]
        plan = planned(store, made, ground)

        assert plan.n_missing == 0
        assert len(load_results(made, store, plan).probes) == 1
    assert sorted(one.stored.kind for one in verdict.outcomes) == ["fit", "probe", "test"]
    assert sorted(len(one.compared) for one in verdict.records) == [1, 2]  # probes have a code version of their own
    assert sum(one.test_cells_recomputed for one in verdict.records) == 2
    assert sum(store.looks(ground.content_hash).values()) == 2


def test_where_the_code_of_probes_alone_has_changed_they_are_carried_beside_their_cells(small, tmp_path):
    made, ground, store = small
    with code("a"), patch("studies.probe.probing_code", return_value="new"):
        assert planned(store, made, ground).n_missing == 1
        verdict = rechecked(store, tmp_path / "aside", study=made, ground=ground, recompute=real)["one"]
        assert planned(store, made, ground).n_missing == 0

    assert [one.stored.kind for one in verdict.outcomes] == ["probe"]


def test_weights_that_come_out_otherwise_are_a_difference_though_every_answer_is_the_same(small, tmp_path, monkeypatch):
    made, ground, store = small
    fit = pipeline.fit_cell

    def fit_cell(study, cell, data_root):
        fitted = fit(study, cell, data_root)
        fitted.weights[sorted(fitted.weights)[0]].view(-1)[0] += 1e-3
        return fitted

    monkeypatch.setattr(pipeline, "fit_cell", fit_cell)
    with code("b"):
        verdict = rechecked(store, tmp_path / "aside", study=made, ground=ground, recompute=real)["one"]

    assert verdict.records == ()
    assert verdict.differing[0].difference.place.startswith("weights.")


def test_the_command_carries_a_study_over_and_says_so_wherever_its_cells_are_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "tiny.toml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path / "cache"))
    request = Request("tiny.toml")
    with pytest.raises(InputError, match="nothing was run there yet"):
        recheck(request, cells=1, jobs=1, as_json=False)
    with code("a"):
        assert run_command(request, "inline", 1, None, True, "1/1", False) == 0
    capsys.readouterr()
    with pytest.raises(InputError, match="--cells must be 1 or more"):
        recheck(request, cells=0, jobs=1, as_json=False)
    with pytest.raises(InputError, match=r"draws fold and seed itself.* Leave fold out"):
        recheck(Request("tiny.toml", only="system=linear-layer,fold=official"), cells=1, jobs=1, as_json=False)
    with pytest.raises(InputError, match="no cell of the study as it stands"):
        recheck(Request("tiny.toml", seeds="7"), cells=1, jobs=1, as_json=False)

    assert recheck(request, cells=1, jobs=1, as_json=False) == 0
    said = capsys.readouterr().out
    assert "equal    linear-layer: computed by code aaaaaaaaaaaa, rechecked under" in said
    assert "1 of 1 systems are equal bit for bit" in said
    assert recheck(request, cells=1, jobs=1, as_json=False) == 0
    assert "nothing to recheck" in capsys.readouterr().out
    assert status(request, as_json=True) == 0
    (row,) = json.loads(capsys.readouterr().out)["systems"]
    assert (row["fitted"], row["tested"], row["rechecked_from"]) == (1, 1, ["a" * 64])
    assert trace(request, ["linear-layer", "accuracy"], as_json=False) == 0
    assert "rechecked linear-layer: computed by code aaaaaaaaaaaa" in capsys.readouterr().out
    assert run_command(request, "inline", 1, None, True, "1/1", False) == 0
    assert "Cells of older code stand in after a recheck: aaaaaaaaaaaa." in capsys.readouterr().out
