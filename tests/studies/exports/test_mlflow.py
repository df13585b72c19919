# tests/studies/exports/test_mlflow.py
"""What MLflow's own client reads of an export, from the database that it was written to."""

import os

import pytest

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.exports.mlflow import export_mlflow

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
from mlflow import MlflowClient  # its reporting is off before it is imported


@pytest.fixture(scope="module")
def results():
    return Request("word-pictures").results()


def runs_in(folder):
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("word-pictures")
    return client, client.search_runs([experiment.experiment_id])


def test_each_row_is_a_run_below_that_of_the_study_with_its_numbers_and_none_is_written_twice(results, tmp_path):
    assert export_mlflow(results, str(tmp_path)) == len(results.rows)
    assert export_mlflow(results, str(tmp_path)) == 0
    client, runs = runs_in(tmp_path)
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    below = {run.data.params["system"] + "@" + run.data.params["backend"]: run for run in runs if run is not parent}

    assert len(below) == len(results.rows)
    assert {run.data.tags["mlflow.parentRunId"] for run in below.values()} == {parent.info.run_id}
    for row in results.rows:
        run = below["@".join(row.key)]
        assert run.data.metrics["accuracy"] == row.interval.estimate
        assert run.data.metrics["accuracy_low"] == row.interval.low
        assert run.data.params["training.n_epochs"] == str(row.system.training.n_epochs)
        assert run.data.tags["trichord.evidence"] == "validation"
        assert len(run.data.tags["trichord.data"]) == 64
        assert run.info.status == "FINISHED"
    assert {"report.html", "results.csv"} <= {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert all(path.is_relative_to(tmp_path) for path in tmp_path.rglob("*"))


def test_a_file_is_no_place_for_it(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"this is a file\. Name a folder, or the address of a tracking server"):
        export_mlflow(results, str(tmp_path / "file"))
