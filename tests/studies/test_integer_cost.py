# tests/studies/test_integer_cost.py
"""The table, figure and section of what integers cost, from twelve clips whose decisions are written down."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, CheckRecord, RunRecord, StudyCell
from studies.figures import draw
from studies.integer_cost import lava_sentences, precision_rows
from studies.report.page import page_html
from studies.results import StudyResults
from studies.specification import Study
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

SPEAKERS = tuple("abcdef")
TARGETS = (0, 1)  # two clips of every speaker
# Decisions of each speaker's two clips at each precision; one of the two of `a` is lost by the weights, and so on.
DECIDED = {
    "snn-float": ["01", "01", "01", "01", "01", "00"],  # 11 of 12
    "snn-integer-weights": ["00", "01", "01", "01", "01", "01"],  # 11 of 12; a loses one, f wins one
    "snn-integer-constants": ["00", "00", "01", "01", "01", "01"],  # 10 of 12; b loses one
    "loihi-emulator": ["00", "00", "10", "01", "01", "01"],  # 8 of 12; c loses both
}
RATES = {"snn-float": 0.1, "snn-integer-weights": 0.11, "snn-integer-constants": 0.1, "loihi-emulator": 0.08}
BACKENDS = [*DECIDED, "loihi-saturation", "loihi-lava"]


def run(backend, speaker, seed):
    decided = DECIDED.get(backend, DECIDED["loihi-emulator"])[SPEAKERS.index(speaker)]
    logits = np.eye(2, dtype=np.float32)[[int(digit) for digit in decided]]
    notes = {"spike_rate": RATES.get(backend, 0.08), "spike_rate_by_layer": [0.1]}
    if backend == "snn-integer-weights":
        notes |= {"weights_clipped_by_layer": [0.0, 0.0], "weights_to_zero_by_layer": [0.02 + 0.02 * seed, 0.125]}
    if backend.startswith("loihi"):
        notes["readout_saturation_rate"] = 0.0
    if backend == "loihi-saturation":
        notes |= {"currents_wrapped_by_layer": [0.0, 0.0], "membranes_clipped_by_layer": [0.001, 0.0]}
    lava = backend == "loihi-lava"
    details = {"entries_compared": 500, "mismatches_per_layer": [0, 0], "readout_mismatches": 0, "n_clips": 1}
    return RunRecord(
        backend=backend,
        logits=logits[:1] if lava else logits,
        counts=OperationCounts.of("network", "layer-1", add_fp32=1),
        wall_seconds=0.1,
        clip_indices=(0,) if lava else None,
        checks=(CheckRecord("lava-equality", True, details),) if lava else (),
        pictures=(),
        notes=notes,
    )


def results():
    system = {
        "name": "net",
        "title": "A network",
        "family": "neuro",
        "classifier": {"name": "dense-snn"},
        "runs": [{"backend": {"name": name}, "headline": name == "loihi-emulator"} for name in BACKENDS],
    }
    study = Study.model_validate(
        {
            **{"schema": 1, "name": "loss", "title": "Loss", "question": "What is lost?", "seeds": [0, 1]},
            **{"baseline": "net", "data": {"name": "fsdd"}, "front_ends": [{"name": "log-mel"}]},
            **{"protocols": [{"name": "leave-one-group-out"}], "systems": [system]},
        }
    )
    cells = {
        StudyCell("fsdd", "leave-one-group-out", speaker, "net", seed): CellResult(
            kind="fit",
            label_names=("no", "yes"),
            clip_names=(f"{speaker}0", f"{speaker}1"),
            groups=(speaker, speaker),
            targets=np.array(TARGETS),
            clip_seconds=1.0,
            n_training_clips=10,
            runs=tuple(run(backend, speaker, seed) for backend in BACKENDS),
            training={},
        )
        for speaker in SPEAKERS
        for seed in (0, 1)
    }
    return StudyResults(study=study, wanted=tuple(cells), fits=cells, tests={})


@pytest.fixture(scope="module")
def rows():
    return precision_rows(results())


def test_points_are_lost_against_the_floats_and_decisions_against_the_row_before(rows):
    assert [one.row.run.backend.name for one in rows] == list(DECIDED)
    assert [one.row.interval.estimate for one in rows] == pytest.approx([11 / 12, 11 / 12, 10 / 12, 8 / 12])
    assert rows[0].lost is None and rows[0].decisions_changed is None
    assert [one.lost.difference for one in rows[1:]] == pytest.approx([0, 1 / 12, 3 / 12])
    assert [one.decisions_changed for one in rows[1:]] == pytest.approx([2 / 12, 1 / 12, 2 / 12])
    assert [one.rate_change for one in rows[1:]] == pytest.approx([0.1, 0, -0.2])


def test_the_interval_is_paired_by_speaker(rows):
    # Of all integers: speakers lose 0.5, 0.5, 1, 0, 0 and win 0.5. Mean 0.25, sum of squares about it 1.375; the others
    # follow; t(0.975, 5) = 2.5706.
    of_integers = rows[3].lost
    half = 2.5706 * (1.375 / 5 / 6) ** 0.5

    assert (of_integers.low, of_integers.high) == pytest.approx((0.25 - half, 0.25 + half), abs=1e-4)
    assert of_integers.n_units == 6
    assert of_integers.differences == {"a": 0.5, "b": 0.5, "c": 1.0, "d": 0.0, "e": 0.0, "f": -0.5}


def test_what_saturated_is_the_mean_over_cells_and_of_the_integers_what_was_measured(rows):
    assert rows[1].saturated["weights_to_zero"] == pytest.approx([0.03, 0.125])
    assert [one.saturated_text for one in rows] == [
        "–",
        "weights beyond the grid: 0, 0; weights rounded to zero: 3, 12",
        "–",
        "currents wrapped: 0, 0; potentials at their limit: 0.1, 0; readout fires: 0",
    ]
    assert rows[3].texts[3:] == (
        "+25.0 [−30.0, +80.0]",
        "undecided",
        "16.67 %",
        "8.00",
        "−20.00",
        rows[3].saturated_text,
    )


def test_lava_is_said_to_agree_in_as_many_cells_as_it_did():
    given = results()
    assert lava_sentences(given) == ["A network: Lava agrees in 12 of 12 cells; 0 of 6,000 spikes and silences differ."]
    check = CheckRecord("lava-equality", False, {"entries_compared": 500, "mismatches_per_layer": [2, 1]})
    cell, result = next(iter(given.fits.items()))
    spoilt = replace(result, runs=(*result.runs[:-1], replace(result.runs[-1], checks=(check,))))
    (sentence,) = lava_sentences(replace(given, fits={**given.fits, cell: spoilt}))
    assert "11 of 12 cells; 3 of 6,000" in sentence


def test_figure_section_and_markdown_show_every_precision_and_nothing_where_none_was_run(rows):
    given, named = results(), SimpleNamespace(element=lambda name: f"[{name}]")
    drawing = draw("integer-cost", given)
    page, text = page_html(given, named), results_markdown(given)

    assert [record["points_lost"] for record in drawing.records] == [
        None,
        *(100 * one.lost.difference for one in rows[1:]),
    ]
    assert len(drawing.marks) == 2 * len(rows)
    assert "A network, all integers: +25.0 [−30.0, +80.0] points lost" in drawing.description
    assert 'id="integer-cost"' in page and "[integer-cost]" in page and "+25.0 [−30.0, +80.0]" in page
    assert "## What integers cost" in text and "Lava agrees in 12 of 12 cells" in text and "potentials at their" in text
    others = synthetic_results()
    assert precision_rows(others) == [] and draw("integer-cost", others) is None
    assert "What integers cost" not in page_html(others, named) + results_markdown(others)


def test_the_study_trains_each_network_in_two_ways_and_runs_each_at_every_precision():
    from studies.study_file import load_study

    study = load_study("integer-cost")
    for network in ("dense", "convolutional"):
        inside, after = (study.system(f"{network}-{when}") for when in ("in-training", "after-training"))
        assert after.classifier.options == {**inside.classifier.options, "quantise_from": 1.0}
        assert (after.training, after.encoder) == (inside.training, inside.encoder)
        assert after.beside == inside.name or after.name == study.baseline  # compared with one another
        for system in (inside, after):
            assert [one.backend.name for one in system.runs] == BACKENDS
