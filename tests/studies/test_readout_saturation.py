"""Rows whose readout saturates: in the table and warned of, by what the runs noted."""

from dataclasses import replace

from studies.readout_saturation import warnings
from studies.report.sections import systems
from studies.tables import csv_records, results_markdown
from tests.studies.synthetic_results import synthetic_results


def with_notes(monkeypatch, **notes):
    """The results with these notes in the rows of the spiking system."""
    results = synthetic_results()
    rows = tuple(
        replace(row, notes={**row.notes, **notes}) if row.system.family == "neuro" else row for row in results.rows
    )
    monkeypatch.setitem(vars(results), "rows", rows)  # where it is cached
    return results


def test_saturated_readouts_are_counted_per_clip_in_the_rows(monkeypatch):
    results = with_notes(monkeypatch, readouts_saturated_per_clip=0.043)
    by_family = {}
    for record in csv_records(results):
        by_family.setdefault(record["family"], set()).add(record["readouts_saturated_per_clip"])
    assert by_family["neuro"] == {0.043}
    assert by_family["classical"] == {None}


def test_a_row_that_saturates_is_warned_of_in_report_and_markdown(monkeypatch):
    results = with_notes(monkeypatch, readouts_saturated_per_clip=0.043)
    spiking = [row for row in results.rows if row.system.family == "neuro"]
    said = warnings(results.rows)

    assert len(said) == len(spiking) > 0
    assert f"{spiking[0].title} on {spiking[0].run.backend.name}: 0.043 readout neurons a clip reach" in said[0]
    tables = systems.SECTION.values(results)["protocols"]
    assert sorted(one for table in tables for one in table["warnings"]) == sorted(said)
    assert results_markdown(results).count("**" + said[0].split(":")[0]) == said.count(said[0])


def test_runs_of_older_code_are_warned_of_by_the_spikes_of_their_readout(monkeypatch):
    said = warnings(with_notes(monkeypatch, readout_saturation_rate=2e-5).rows)
    assert said and all("0.002 % of the readout's neurons and steps reach" in one for one in said)


def test_nothing_is_said_where_nothing_saturates(monkeypatch):
    results = with_notes(monkeypatch, readouts_saturated_per_clip=0.0, readout_saturation_rate=0.0)
    assert warnings(results.rows) == []
    assert "chip's largest sum" not in results_markdown(results)
