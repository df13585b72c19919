# tests/studies/test_early_decision.py
"""The rule of the exit, what it costs and what is shown of it, from decisions whose numbers are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.temperature import fit_temperature
from studies.cell import CellResult, RunRecord, StudyCell
from studies.early_decision import (
    LOSS,
    NEVER,
    NOTE,
    confidence_operations,
    confidences,
    early_rows,
    exit_rule_of,
    exits,
    fit_exit_rule,
    heard,
)
from studies.figures import draw
from studies.report.page import page_html
from studies.results import StudyResults
from studies.specification import Study
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

SECONDS = (0.25, 0.5, 1.0)
FRAMES = (16, 32, 64)
SPEAKERS = tuple(f"speaker-{number}" for number in range(8))
N_CLIPS = 25  # of each speaker
N_CLASSES = 4
SYSTEMS = {"stream": ("neuro", "loihi-emulator", "cortex-m4+loihi-1"), "poll": ("classical", "int8", "cortex-m4")}


def study():
    def system(name):
        family, of, deployment = SYSTEMS[name]
        return {
            "name": name,
            "family": family,
            "classifier": {"name": name},
            "runs": [
                {"backend": {"name": of}, "deployments": [deployment], "headline": True},
                {"backend": {"name": "heard-so-far", "options": {"of": of}}},
            ],
        }

    return Study.model_validate(
        {
            "schema": 1,
            "name": "early",
            "title": "Early",
            "question": "When is enough heard?",
            "seeds": [0, 1],
            "baseline": "poll",
            "data": {"name": "fsdd", "clip_seconds": 1.0},
            "front_ends": [{"name": "log-mel"}],
            "protocols": [{"name": "official-split"}],
            "systems": [system(name) for name in SYSTEMS],
        }
    )


def logits_of(targets, generator):
    """[length, clip, class]: right more often, and surer, the longer a clip is heard."""
    made = generator.normal(0, 1, (len(SECONDS), len(targets), N_CLASSES))
    for k, gain in enumerate((1.0, 3.0, 5.0)):
        made[k, np.arange(len(targets)), targets] += gain
    return made


def run_of(name, logits):
    """A run on `heard-so-far` with these logits, whose network counts are simple numbers."""
    streams = name == "stream"
    largest = logits.max(axis=2, keepdims=True)
    gaps = np.rint(100 * (largest - logits)).clip(1).astype(int)
    np.put_along_axis(gaps, logits.argmax(axis=2)[..., None], 0, axis=2)
    per_length = [160.0, 320.0, 640.0] if streams else [1000.0] * 3
    spiking = {"neuron_updates_active": [64.0, 128.0, 256.0], "chip_steps": [16.0, 32.0, 64.0]} if streams else {}
    counts = [["network", "body", "synaptic_operations" if streams else "mac_int8", per_length]]
    counts += [["network", "body", operation, of_length] for operation, of_length in spiking.items()]
    note = {
        "seconds": list(SECONDS),
        "frames": list(FRAMES),
        "streams": streams,
        "at_each_decision": [],
        "gaps": gaps.tolist(),
        "counts": counts,
    }
    whole = OperationCounts.from_rows((*row[:3], row[3][-1]) for row in counts)
    front_end = OperationCounts.of("front_end", "mel", mac_fp32=6400) + OperationCounts.of(
        "front_end", "intensity", add_fp32=2048
    )
    decision = OperationCounts.of("readout", "decision", compare_fp32=N_CLASSES - 1)
    return RunRecord(
        "heard-so-far", logits[-1].astype(np.float32), front_end + whole + decision, 0.1, notes={NOTE: note}
    )


def result_of(cell, kind):
    generator = np.random.default_rng([cell.seed, kind == "test", cell.system == "stream"])
    groups = [speaker for speaker in SPEAKERS for _ in range(N_CLIPS)]
    targets = np.random.default_rng([cell.seed, kind == "test"]).integers(N_CLASSES, size=len(groups))
    run = run_of(cell.system, logits_of(targets, generator))
    own = replace(run, backend=SYSTEMS[cell.system][1], notes={})
    return CellResult(
        kind=kind,
        label_names=tuple("abcd"),
        clip_names=tuple(f"{kind}-{i}.wav" for i in range(len(groups))),
        groups=tuple(groups),
        targets=targets.astype(np.int64),
        clip_seconds=1.0,
        n_training_clips=100,
        runs=(own, run),
    )


def made_results(confirmed=True):
    made = study()
    cells = [StudyCell("fsdd", "official-split", "official", name, seed) for seed in made.seeds for name in SYSTEMS]
    return StudyResults(
        study=made,
        wanted=tuple(cells),
        fits={cell: result_of(cell, "fit") for cell in cells},
        tests={cell: result_of(cell, "test") for cell in cells} if confirmed else {},
    )


@pytest.fixture(scope="module")
def results():
    return made_results()


# ------------------------------------------------------------------------------------------------------------ the rule


def test_a_clip_is_decided_at_the_first_length_that_is_sure_enough_and_at_the_end_at_the_latest():
    confidence = np.array([[0.9, 0.5, 0.5, 0.1], [0.2, 0.7, 0.5, 0.1], [0.3, 0.3, 0.9, 0.1]])

    assert exits(confidence, 0.7).tolist() == [0, 1, 2, 2]
    assert exits(confidence, NEVER).tolist() == [2, 2, 2, 2]
    assert exits(confidence, 0.0).tolist() == [0, 0, 0, 0]


def test_the_threshold_is_the_one_of_the_least_mean_time_among_all_that_lose_no_more_than_is_allowed():
    generator = np.random.default_rng(5)
    targets = generator.integers(N_CLASSES, size=120)
    logits = logits_of(targets, generator)
    rule = fit_exit_rule(logits, targets, SECONDS)

    assert rule.temperatures == tuple(fit_temperature(each, targets) for each in logits)
    whole = [int(np.argmax(row)) == target for row, target in zip(logits[-1], targets, strict=True)]
    found = []  # (mean time, accuracy) of every threshold that decides differently, in plain Python
    probabilities = [
        [1 / np.exp((row - row.max()) / t).sum() for row in each]
        for each, t in zip(logits, rule.temperatures, strict=True)
    ]
    for threshold in sorted({p for each in probabilities[:-1] for p in each} | {2.0}):
        time, right = 0.0, 0
        for clip, target in enumerate(targets):
            length = next((k for k in (0, 1) if probabilities[k][clip] >= threshold - 1e-12), 2)
            time += SECONDS[length] / len(targets)
            right += int(np.argmax(logits[length, clip]) == target)
        if right >= sum(whole) - LOSS * len(targets):
            found.append((time, threshold))
    length = rule.lengths(logits)

    assert 0 < (length < 2).mean() < 1
    assert np.asarray(SECONDS)[length].mean() == pytest.approx(min(found)[0])
    assert rule.threshold == pytest.approx(min(found)[1], abs=1e-9)


def test_where_every_early_exit_loses_too_much_no_clip_is_decided_early():
    targets = np.array([0, 1] * 20)
    logits = np.zeros((2, 40, 2))
    logits[0, np.arange(40), 1 - targets] = 9.0  # sure, and always wrong
    logits[1, np.arange(40), targets] = 9.0

    assert fit_exit_rule(logits, targets, (0.5, 1.0)).threshold == NEVER


def test_a_confidence_is_the_largest_probability_at_the_temperature_of_its_length():
    logits = np.log(np.array([[[0.5, 0.25, 0.25]], [[0.64, 0.16, 0.04]]]))

    np.testing.assert_allclose(confidences(logits, (1.0, 2.0)), [[0.5], [0.8 / 1.4]])  # square roots: 0.8, 0.4, 0.2


def test_the_threshold_never_sees_a_test_clip(results):
    def others(cell, result):
        changed = logits_of(np.zeros(len(result.targets), dtype=int), np.random.default_rng(99))
        return replace(result, runs=(result.runs[0], run_of(cell.system, changed)))

    changed = replace(results, tests={cell: others(cell, result) for cell, result in results.tests.items()})
    before, after = early_rows(results), early_rows(changed)

    assert [row.exit.interval.estimate for row in before] != [row.exit.interval.estimate for row in after]
    rules = {row.system.name: [(rule.threshold, rule.temperatures) for rule in row.rules] for row in before}
    assert rules == {row.system.name: [(rule.threshold, rule.temperatures) for rule in row.rules] for row in after}
    unseen = early_rows(made_results(confirmed=False))
    assert rules == {row.system.name: [(rule.threshold, rule.temperatures) for rule in row.rules] for row in unseen}


# ----------------------------------------------------------------------------------------------------------- the costs


def test_a_poll_pays_for_every_evaluation_and_a_stream_for_what_it_heard():
    logits = logits_of(np.zeros(5, dtype=int), np.random.default_rng(0))
    stream, poll = heard(run_of("stream", logits)), heard(run_of("poll", logits))

    assert [counts.total("synaptic_operations") for counts in stream.spent] == [160, 320, 640]
    assert [counts.total("mac_int8") for counts in poll.once] == [1000, 1000, 1000]
    assert [counts.total("mac_int8") for counts in poll.spent] == [1000, 2000, 3000]
    for each in (stream, poll):  # the front end works through the frames that were heard, once
        for counts in (each.once, each.spent):
            assert [of_length.total("mac_fp32", stage="front_end") for of_length in counts] == [1600, 3200, 6400]
        # a decision: 3 comparisons among 4 classes; with its confidence one more
        assert [counts.total("compare_fp32") for counts in each.once] == [3, 3, 3]
        assert [counts.total("compare_fp32") for counts in each.spent] == [4, 8, 12]
    assert dict(confidence_operations(4)) == {
        ("readout", "confidence", "add_fp32"): 7,
        ("readout", "confidence", "multiply_fp32"): 4,
        ("readout", "confidence", "transcendental_fp32"): 5,
        ("readout", "confidence", "compare_fp32"): 1,
    }


def test_what_a_stream_does_for_each_decision_is_paid_again_at_each():
    run = run_of("stream", logits_of(np.zeros(5, dtype=int), np.random.default_rng(0)))
    note = run.notes[NOTE]
    rows = [
        *note["counts"],
        ["network", "readout", "mac_int8", [40.0] * 3],
        ["network", "mean", "add_int32", [1.0, 2.0, 4.0]],
    ]
    run = replace(run, notes={NOTE: {**note, "counts": rows, "at_each_decision": ["mean", "readout"]}})

    assert [counts.total("mac_int8") for counts in heard(run).spent] == [40, 80, 120]
    assert [counts.total("add_int32") for counts in heard(run).spent] == [1, 2, 4]
    assert [counts.total("mac_int8") for counts in heard(run).once] == [40, 40, 40]


def test_a_row_is_the_sum_over_the_lengths_at_which_its_clips_were_decided(results):
    for row in early_rows(results):
        at, right, times = np.zeros(3), [], []
        for cell, result in results.tests.items():
            if cell.system != row.system.name:
                continue
            rule = exit_rule_of(results, cell, "heard-so-far")
            logits = heard(result.runs[1]).logits
            for clip, length in enumerate(rule.lengths(logits)):
                at[length] += 1
                times.append(SECONDS[length])
                right.append(logits[length, clip].argmax() == result.targets[clip])
        shares = at / at.sum()

        assert row.decided == pytest.approx(shares.tolist())
        assert row.exit.seconds == pytest.approx(np.mean(times))
        assert row.exit.interval.estimate == pytest.approx(np.mean(right))
        assert row.difference.difference == pytest.approx(np.mean(right) - row.whole.interval.estimate)
        assert row.curve[-1].interval == results.row(row.system.name).interval
        spent = row.exit.energies["saturated"]
        (macs,) = [term.count for term in spent.terms if term.operation in ("mac_int8", "synaptic_operations")][:1]
        each = (160, 320, 640) if row.streams else (1000, 2000, 3000)
        assert macs == pytest.approx(float(shares @ np.array(each)))
    poll = next(row for row in early_rows(results) if not row.streams)
    joules = [point.energies["saturated"].nominal_joules for point in poll.curve]
    assert joules == sorted(joules) and joules[0] < joules[-1]  # less front end, one evaluation


# ------------------------------------------------------------------------------------------------------ what is shown


def test_report_markdown_and_figure_have_every_system_and_are_left_out_elsewhere(results):
    named = SimpleNamespace(element=lambda name: f"[{name}]")
    page, text, drawing = page_html(results, named), results_markdown(results), draw("early-decision", results)
    rows = early_rows(results)

    assert 'id="early-decision"' in page and "[early-decision]" in page and "## Early decision" in text
    assert "test clips, which chose nothing" in page
    assert "gaps" not in page  # a note that is a table is for this section alone
    for row in rows:
        assert row.decided_text in text and row.exit.energy_text("always-on") in text
        assert all(entry in page for entry in row.decided_text.split(", "))
        spent, whole = row.exit.energies["saturated"], row.whole.energies["saturated"]
        nominal, low, high = row.saving("saturated")
        assert nominal == pytest.approx(spent.nominal_joules / whole.nominal_joules)
        assert low <= nominal <= high
        ratios = spent.draws / whole.draws  # a price that both pay is the same in both
        assert low <= np.quantile(ratios, 0.05) <= np.quantile(ratios, 0.95) <= high
    assert {record["system"] for record in drawing.records} == set(SYSTEMS)
    assert len(drawing.records) == len(rows) * (len(SECONDS) + 1) * 2
    exits_said = [mark.text for gid, mark in drawing.marks.items() if gid.endswith("-exit")]
    assert len(exits_said) == len(rows) and all("early exit after" in said for said in exits_said)
    validation = made_results(confirmed=False)
    assert "No test clip was opened" in results_markdown(validation)
    others = synthetic_results()
    assert early_rows(others) == () and draw("early-decision", others) is None
    assert "Early decision" not in results_markdown(others)
