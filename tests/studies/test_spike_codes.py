# tests/studies/test_spike_codes.py
"""The table and the figures of spike codes, from results whose numbers are known."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from studies.figures import draw
from studies.report.page import page_html
from studies.spike_codes import code_rows
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

NOTES = {
    "code_n_channels": 64,
    "code_spikes_per_clip": 300.0,
    "code_bits_per_clip": 1800.0,
    "code_entropy_bits_per_clip": 1000.0,
    "code_relative_rms_error": 0.1,
    "code_signal_to_noise_decibels": 20.0,
}


@pytest.fixture(scope="module")
def measured():
    """Results in which the runs of the spiking systems that are not their headline have measured their code."""
    results = synthetic_results()
    of = {system.name: number for number, system in enumerate(results.study.systems) if system.family == "neuro"}

    def noted(cell, result):
        if cell.system not in of:
            return result
        notes = {**NOTES, "code_spikes_per_clip": 300.0 + of[cell.system]}
        return replace(result, runs=tuple(replace(run, notes={**run.notes, **notes}) for run in result.runs))

    given = {
        part: {cell: noted(cell, result) for cell, result in getattr(results, part).items()}
        for part in ("fits", "tests")
    }
    return replace(results, **given)


def test_a_row_joins_the_headline_accuracy_and_the_measured_code(measured):
    codes = code_rows(measured)
    headline = {row.system.name: row for row in measured.headline_rows}

    assert {code.row.system.name for code in codes} == {
        n for n, row in headline.items() if row.system.family == "neuro"
    }
    assert [code.spikes_per_clip for code in codes] == sorted(code.spikes_per_clip for code in codes)
    for code in codes:
        assert code.row is headline[code.row.system.name]
        assert code.bits_per_second == pytest.approx(1800 / code.row.clip_seconds)
        assert code.spikes_per_second == pytest.approx(code.spikes_per_clip / code.row.clip_seconds)
        assert code.error_text == "0.1 (20.0 dB)"


def test_both_figures_have_a_mark_with_its_interval_for_each_code(measured):
    for name, what in (("accuracy-vs-spikes", "spikes per clip"), ("accuracy-vs-bits", "bits per second")):
        drawing = draw(name, measured)
        codes = code_rows(measured)

        assert len(drawing.marks) == len(drawing.records) == len(codes)
        assert all(what in mark.text and "[" in mark.text for mark in drawing.marks.values())
        assert [record["accuracy"] for record in drawing.records] == [code.row.interval.estimate for code in codes]


def test_report_and_markdown_have_the_table_where_codes_were_measured_and_nowhere_else(measured):
    named = SimpleNamespace(element=lambda name: f"[{name}]")  # in place of figures, which take their time
    page, text = page_html(measured, named), results_markdown(measured)

    assert 'id="spike-codes"' in page and "0.1 (20.0 dB)" in page
    assert "[accuracy-vs-spikes]" in page and "[accuracy-vs-bits]" in page
    assert "## Spike codes" in text and "0.1 (20.0 dB)" in text
    others = synthetic_results()
    assert "Spike codes" not in page_html(others, named)
    assert "Spike codes" not in results_markdown(others)
    assert code_rows(others) == []
    assert draw("accuracy-vs-spikes", others) is None


def test_the_study_puts_every_code_before_one_network():
    from neuro.encoders import ENCODERS
    from studies.study_file import load_study

    study = load_study("spike-codes")
    spiking = [system for system in study.systems if system.family == "neuro"]

    of_other_clips = {"events", "coincidence"}  # recorded events, and two ears: `localisation` has that code
    assert {system.encoder.name for system in spiking} >= set(ENCODERS) - of_other_clips
    assert {tuple(system.classifier.options["hidden"]) for system in spiking} == {(256, 256)}
    assert len({system.training.model_dump_json() for system in spiking}) == 1
    assert study.baseline == "latency"
