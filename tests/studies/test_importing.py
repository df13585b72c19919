# tests/studies/test_importing.py
"""Results from elsewhere enter the same statistics, or are refused in one line with nothing written.

The store is a copy of the published `word-pictures` (one fold, three seeds, validation clips); what has test clips and
several folds is tried on made-up results.
"""

import csv
import io
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.commands.importing import import_results
from studies.commands.request import Request
from studies.energy_answers import ratio_sentence
from studies.import_files import read_counts, read_joules, read_predictions
from studies.imported import ImportRecord, imported_results, read_imports, with_imported
from studies.importing import cells_of_import, commit_import, places_of, refuse_name_taken, template_files
from studies.price_list import deployments
from studies.review import checklist
from studies.store import open_store
from studies.tables import csv_records, provenance_lines
from studies.tracing import trace_address
from tests.studies.synthetic_results import SPEAKERS, synthetic_results

PUBLISHED = Path(__file__).parent.parent.parent / "docs/results/word-pictures/store"
TWIN = "residual-cnn-cut"  # whose own predictions are imported again, as if from elsewhere
COUNTS = "stage,layer,operation,count\nfront_end,mel,mac_fp32,20000\nnetwork,all,mac_int8,100000\n"
JOULES = (0.060, 0.062, 0.061, 0.065, 0.058)
WINDOWS = "device,boundary,scenario,meter,window_seconds,decisions,joules,covers_seconds\n" + "".join(
    f"lab-board,system,always-on,a power analyser,60.48,60,{joules},1.008\n" for joules in JOULES
)


RECORD = ImportRecord(
    system="lab-net",
    title="Lab net",
    family="quantum",
    backend="lab-qpu",
    deployments=(),
    source="A lab",
    files={"predictions": "0" * 64},
    has_scores=True,
    measured=(),
    places=(),
)


@cache
def published():
    return Request("word-pictures", store=PUBLISHED).results()


@pytest.fixture
def request_(tmp_path):
    shutil.copytree(PUBLISHED, tmp_path / "store")
    return Request("word-pictures", store=tmp_path / "store")


def lines_of(results, system, form="logit", seeds=(0, 1, 2)):
    """The predictions of a system of the study, as a lab would write them."""
    lines = []
    for cell, result in {**results.fits, **results.tests}.items():
        if cell.system != system or cell.seed not in seeds:
            continue
        part = "test" if result.kind == "test" else "validation"
        run = [run for run in result.runs if run.clip_indices is None][-1]
        logits = run.logits.astype(np.float64)
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        for place, clip in enumerate(result.clip_names):
            line = {"protocol": cell.protocol, "fold": cell.fold, "seed": cell.seed, "part": part, "clip": clip}
            line["target"] = result.label_names[result.targets[place]]
            if form == "label":
                line["prediction"] = result.label_names[logits[place].argmax()]
            values = (logits if form == "logit" else shares)[place].tolist()
            columns = [f"{form}_{name}" for name in result.label_names]
            line |= {} if form == "label" else dict(zip(columns, values, strict=True))
            lines.append(line)
    return lines


def written(path, lines):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    path.write_text(text.getvalue())
    return path


def imported(request, path, counts=None, joules=None, deployed=None, **said):
    said = {"system": "lab-net", "title": "Lab net", "family": "neuro", "source": "A lab, board X"} | said
    return import_results(
        request, path, counts, joules, None, backend="lab-chip", deployed=deployed, by="N. N.", note=None, **said
    )


def test_predictions_of_a_system_of_the_study_imported_anew_give_its_row_anew(request_, tmp_path):
    before = request_.results()
    own = before.row(TWIN)
    for form in ("logit", "probability"):
        name = f"lab-{form}"
        path = written(tmp_path / f"{form}.csv", lines_of(before, TWIN, form))
        assert imported(request_, path, system=name) == 0
        results = request_.results()
        row = results.row(name)

        assert (row.interval.estimate, row.interval.low) == (own.interval.estimate, own.interval.low)
        assert row.interval.group_scores == own.interval.group_scores
        assert row.macro_f1 == own.macro_f1
        assert row.ece == pytest.approx(own.ece, abs=2e-3)  # 10 bits of a logit are kept
        found = results.compare(row, results.row(TWIN))
        assert (found.difference, found.verdict) == (0, "equivalent")
    assert results.rows[0].interval == before.rows[0].interval  # nobody else's number has moved


def test_labels_alone_give_an_accuracy_and_no_calibration(request_, tmp_path):
    own = request_.results().row(TWIN)
    imported(request_, written(tmp_path / "p.csv", lines_of(request_.results(), TWIN, "label")))
    row = request_.results().row("lab-net")

    assert row.interval.estimate == own.interval.estimate
    assert row.ece is row.nll is row.wall_seconds_per_clip is None


def test_counts_are_priced_and_measured_joules_stand_beside_them_with_the_interval_of_their_windows(request_, tmp_path):
    (tmp_path / "c.csv").write_text(COUNTS)
    (tmp_path / "j.csv").write_text(WINDOWS)
    path = written(tmp_path / "p.csv", lines_of(request_.results(), TWIN, seeds=(0,)))
    imported(request_, path, tmp_path / "c.csv", tmp_path / "j.csv", ["cortex-m4"])
    results = request_.results()
    row = results.row("lab-net")
    by_kind = {}
    for energy in row.energies:
        by_kind.setdefault(energy.kind, []).append(energy)
    (measured,) = by_kind["measured"]
    per_decision = [joules / 60 for joules in JOULES]
    half = 2.7764451 * stdev(per_decision) / 5**0.5  # t(0.975, 4), from a printed table

    assert measured.nominal_joules == pytest.approx(mean(per_decision))
    assert (measured.low, measured.high) == pytest.approx((mean(per_decision) - half, mean(per_decision) + half))
    assert (measured.deployment, measured.boundary, measured.scenario) == ("lab-board", "system", "always-on")
    assert row.counts.total("mac_int8") == 100_000
    priced = trace_address(results, ["lab-net", "energy", "cortex-m4", "system"])
    assert priced.agrees
    assert {term.term.operation for term in priced.terms} >= {"mac_fp32", "mac_int8"}
    assert trace_address(results, ["lab-net", "energy", "lab-board", "system"]).agrees
    modelled = replace(results.row(TWIN), energies=tuple(by_kind["modelled"]))
    assert "they do not compare" in ratio_sentence(replace(row, energies=(measured,)), modelled)[0]
    assert "as much" in ratio_sentence(row, modelled)[0]  # its own modelled energy compares


def test_an_imported_system_says_that_it_is_and_from_where_wherever_it_stands(request_, tmp_path):
    imported(request_, written(tmp_path / "p.csv", lines_of(request_.results(), TWIN, seeds=(0,))))
    results = request_.results()

    assert results.row("lab-net").title == "Lab net (imported)"
    assert any("A lab, board X, imported by N. N." in line for line in provenance_lines(results))
    assert {r["title"] for r in csv_records(results) if r["system"] == "lab-net"} == {"Lab net (imported)"}
    (item,) = [item for item in checklist(results) if item.question.startswith("Were all systems trained")]
    assert item.state == "open" and "A lab, board X" in item.answer
    assert not results.missing


def test_the_same_import_again_adds_nothing_and_another_under_its_name_is_refused(request_, tmp_path, capsys):
    lines = lines_of(request_.results(), TWIN, seeds=(0,))
    for _ in range(2):
        imported(request_, written(tmp_path / "p.csv", lines))
    assert "1 cells imported, 0 of them new" in capsys.readouterr().out
    n_cells = len(open_store(request_.store).keys())
    lines[0]["logit_0"] = 99.0
    with pytest.raises(InputError, match="other files were imported under this name"):
        imported(request_, written(tmp_path / "p.csv", lines))
    assert len(open_store(request_.store).keys()) == n_cells
    assert open_store(request_.store).verify() == []


def _set(**values):
    return lambda lines: [lines[0] | values, *lines[1:]]


REFUSED = {
    "an unknown clip": (_set(clip="nobody.wav"), "line 2: 'nobody.wav' is no validation clip of official-split"),
    "a wrong label": (_set(target="7"), "line 2: the label of .* is '0' in this study; got '7'"),
    "no label": (_set(target="ten"), "No label of this study .*line 2, target.* is called 'ten'"),
    "a line twice": (lambda lines: [*lines, lines[0]], "stands 2 times in fold official, seed 0"),
    "a missing clip": (lambda lines: lines[1:], "seed 0 lacks 1 of its 600 validation clips: audio/0_"),
    "an unknown fold": (_set(fold="other"), "No fold of official-split .* is called 'other'. Choose one of: official"),
    "an unknown protocol": (_set(protocol="mine"), "No protocol of this study .* is called 'mine'"),
    "test clips that nobody has": (_set(part="test"), "no test clips of official-split are known here"),
    "a part that is none": (_set(part="train"), "part must be one of test, validation; got 'train'"),
    "a seed that is none": (_set(seed="-1"), "seed must be a whole number from 0 to 9,999,999,999; got '-1'"),
    "a probability above 1": (_set(probability_0=1.5), r"line 2: a probability must lie in \[0, 1\]; got 1.5"),
    "a probability below 0": (_set(probability_0=-0.1), r"line 2: a probability must lie in \[0, 1\]; got -0.1"),
    "probabilities that do not come to 1": (_set(**{f"probability_{n}": 0.2 for n in range(10)}), "must come to 1"),
    "no number": (_set(probability_3="high"), "probability_3 must be a finite number; got 'high'"),
    "not a number": (_set(probability_3="nan"), "probability_3 must be a finite number; got 'nan'"),
    "a column of no label": (lambda lines: [line | {"probability_x": 0} for line in lines], "called 'probability_x'"),
    "a label without a column": (
        lambda lines: [{k: v for k, v in line.items() if k != "probability_4"} for line in lines],
        "the column 'probability_4' is missing",
    ),
    "a prediction that is not the largest": (
        lambda lines: [line | {"prediction": "9"} for line in lines],
        "prediction is '9', and the largest probability is that of",
    ),
    "no scores at all": (lambda lines: [dict(list(line.items())[:6]) for line in lines], "give a column `prediction`"),
}


@pytest.mark.parametrize("flaw", REFUSED)
def test_a_file_that_is_wrong_anywhere_is_refused_in_one_line(flaw, tmp_path):
    spoil, message = REFUSED[flaw]
    path = written(tmp_path / "p.csv", spoil(lines_of(published(), TWIN, "probability", seeds=(0,))))
    with pytest.raises(InputError, match=message) as refused:
        read = read_predictions(path, [str(digit) for digit in range(10)])
        cells_of_import(published(), RECORD, read, OperationCounts({}), "c" * 64)

    assert "\n" not in str(refused.value)


def test_where_the_last_line_is_wrong_no_cell_is_written(request_, tmp_path):
    lines = lines_of(request_.results(), TWIN)
    path = written(tmp_path / "p.csv", [*lines[:-1], lines[-1] | {"target": "0"}])
    before = sorted(request_.store.rglob("*"))
    with pytest.raises(InputError, match="line 1801: the label of"):
        imported(request_, path)

    assert sorted(request_.store.rglob("*")) == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.008\n", "0.5\n", "one decision covers 0.5 s of audio, and one of this study 1.008 s"),
        ("lab-board", "cortex-m4", "'cortex-m4' is a deployment that Trichord models"),
        (",60,", ",6000,", "always-on decides once per 1.008 s"),
        ("system", "board", "boundary"),
        (",0.06,", ",0,", "joules: Input should be greater than 0; got '0'"),
        ("joules,", "energy,", "the column 'joules' is missing"),
    ],
)
def test_joules_of_another_unit_or_name_are_refused(old, new, message, tmp_path):
    (tmp_path / "j.csv").write_text(WINDOWS.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_joules(tmp_path / "j.csv", 1.008, deployments())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COUNTS + "network,all,macs,1\n", "line 4: No operation is called 'macs'"),
        (COUNTS + "network,all,mac_int8,1\n", "line 4: network all mac_int8 stands twice"),
        (COUNTS.replace("20000", "-1"), "line 2: A count must be finite and >= 0"),
    ],
)
def test_counts_that_are_no_counts_are_refused(text, message, tmp_path):
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_counts(tmp_path / "c.csv")


def test_counts_without_a_front_end_are_not_priced(request_, tmp_path):
    (tmp_path / "c.csv").write_text(COUNTS.replace("front_end,mel", "network,mel"))
    path = written(tmp_path / "p.csv", lines_of(published(), TWIN, seeds=(0,)))
    with pytest.raises(InputError, match="it counts nothing of the stage front_end"):
        imported(request_, path, counts=tmp_path / "c.csv", deployed=["cortex-m4"])


# ------------------------------------------------------------------------------------------ test clips, several folds

SPOKEN = "leave-one-group-out"


def made_up(tmp_path, keep=lambda line: True):
    results = synthetic_results()
    tests = {cell: result for cell, result in results.tests.items() if cell.protocol == SPOKEN}
    lines = lines_of(replace(results, fits={}, tests=tests), "qft-hybrid", seeds=(0,))
    path = written(tmp_path / "p.csv", [line for line in lines if keep(line)])
    read = read_predictions(path, next(iter(tests.values())).label_names)
    return results, read, RECORD.model_copy(update={"places": places_of(read)})


def test_every_fold_of_every_seed_becomes_a_test_cell_and_each_is_a_look(tmp_path):
    results, read, record = made_up(tmp_path)
    store = open_store(tmp_path / "store", create=True)
    cells = cells_of_import(results, record, read, results.rows[0].counts, "c" * 64)
    assert commit_import(store, cells, "c" * 64, None, None) == 6
    (one,) = read_imports(results.study, store, "c" * 64)

    assert store.looks("c" * 64) == {(SPOKEN, speaker): 1 for speaker in SPEAKERS}
    assert {cell.fold for cell in imported_results([one], store, "test")} == set(SPEAKERS)
    joined = replace(
        results,
        study=with_imported(results.study, [one]),
        tests={**results.tests, **imported_results([one], store, "test")},
        imports={"lab-net": one},
    )
    row = joined.row("lab-net", protocol=SPOKEN)
    assert (row.n_cells, row.n_wanted, row.evidence) == (6, 6, "test")
    assert len(joined.missing) == len(results.missing)
    assert joined.compare(row, joined.row("qft-hybrid")).difference == pytest.approx(0)
    assert read_imports(results.study, store, "d" * 64) == ()  # other recordings


def test_an_import_that_was_cut_short_is_left_out_until_it_is_made_again(tmp_path):
    results, read, record = made_up(tmp_path)
    store = open_store(tmp_path / "store", create=True)
    cells = cells_of_import(results, record, read, results.rows[0].counts, "c" * 64)
    commit_import(store, cells[:4], "c" * 64, None, None)
    assert read_imports(results.study, store, "c" * 64) == ()
    assert commit_import(store, cells, "c" * 64, None, None) == 2
    assert len(read_imports(results.study, store, "c" * 64)) == 1


def test_a_seed_without_a_fold_is_refused(tmp_path):
    results, read, record = made_up(tmp_path, lambda line: line["fold"] != "theo")
    with pytest.raises(InputError, match="seed 0 has no lines of the fold theo; a seed needs every fold: george"):
        cells_of_import(results, record, read, results.rows[0].counts, "c" * 64)


def test_a_name_of_the_study_is_not_given_to_what_is_imported():
    with pytest.raises(InputError, match="--system ds-cnn: a system of the study is called so"):
        refuse_name_taken(synthetic_results(), RECORD.model_copy(update={"system": "ds-cnn"}))


def test_the_template_holds_every_test_clip_with_its_label_and_a_column_per_label():
    results = synthetic_results()
    rows = list(csv.DictReader(io.StringIO(template_files(results)["predictions.csv"])))
    cell = next(c for c in results.tests if c.fold == "lucas" and c.protocol == SPOKEN)
    lucas = [row for row in rows if row["fold"] == "lucas"]

    assert {row["part"] for row in rows} == {"test"}
    assert [row["clip"] for row in lucas] == list(results.tests[cell].clip_names)
    assert [int(row["target"]) for row in lucas] == results.tests[cell].targets.tolist()
    assert [name for name in rows[0] if name.startswith("probability_")] == [f"probability_{n}" for n in range(10)]
