# tests/studies/test_scores.py
import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.commands.scores import read_verifier, scores
from studies.scores import accuracy_without, detection_of, reliability, scores_of
from tests.studies.synthetic_results import synthetic_results
from tests.studies.test_cli import ROOT, trichord


@pytest.fixture(scope="module")
def results():
    return synthetic_results()


@pytest.fixture(scope="module")
def row(results):
    return results.row("convolutional-snn")


def of_seed(results, row, seed):
    members = [m for m in results.members(*row.key, row.protocol) if m[0].seed == seed]
    return np.concatenate([run.logits for _, _, run in members]), np.concatenate([r.targets for _, r, _ in members])


def test_classes_and_their_means_are_those_of_scikit_learn(results, row):
    """Every class has as many clips under each seed, so that seeds can be averaged by pooling them."""
    answers = [of_seed(results, row, seed) for seed in (0, 1, 2)]
    targets = np.concatenate([targets for _, targets in answers])
    predictions = np.concatenate([logits.argmax(axis=1) for logits, _ in answers])
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(targets, predictions)
    found = scores_of(row, results)

    assert [c.precision for c in found.classes] == pytest.approx(precision)
    assert [c.recall for c in found.classes] == pytest.approx(recall)
    assert [c.f1 for c in found.classes] == pytest.approx(f1)
    assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(targets, predictions))
    assert found.matthews == pytest.approx(metrics.matthews_corrcoef(targets, predictions))
    for k, one in enumerate(found.classes):
        assert one.specificity == pytest.approx(np.mean(predictions[targets != k] != k))


def test_brier_and_likelihood_are_those_of_scikit_learn(results, row):
    found = scores_of(row, results).as_trained
    answers = [
        (softmax(logits.astype(float), axis=1), targets)
        for logits, targets in (of_seed(results, row, seed) for seed in (0, 1, 2))
    ]

    assert found.nll == pytest.approx(np.mean([metrics.log_loss(t, p, labels=range(10)) for p, t in answers]), rel=1e-6)
    brier = np.mean([np.mean(np.sum((p - np.eye(10)[t]) ** 2, axis=1)) for p, t in answers])
    assert found.brier == pytest.approx(brier)
    assert found.ece == pytest.approx(row.ece)


def test_a_network_that_doubles_its_logits_is_scaled_back(results, row):
    """Twice the logits everywhere: every temperature doubles, and what comes out at it stays."""
    doubled = replace(
        results,
        **{
            name: {
                cell: replace(r, runs=tuple(replace(run, logits=2 * run.logits) for run in r.runs))
                for cell, r in getattr(results, name).items()
            }
            for name in ("fits", "tests")
        },
    )
    ours, theirs = scores_of(row, results), scores_of(doubled.row("convolutional-snn"), doubled)

    assert theirs.temperatures == pytest.approx(2 * np.array(ours.temperatures), rel=1e-4)
    assert theirs.scaled.nll == pytest.approx(ours.scaled.nll, rel=1e-5)
    assert theirs.scaled.nll < theirs.as_trained.nll


def test_rows_of_validation_clips_are_not_scaled_by_themselves():
    results = synthetic_results(confirmed=False)
    row = results.row("convolutional-snn")

    assert scores_of(row, results).scaled is None
    assert detection_of(row, results, 0).held is None


def test_detection_is_that_of_scikit_learn(results, row):
    found = detection_of(row, results, 3, normal=0)
    eers = []
    for _, result, run in results.members(*row.key, row.protocol):
        p = softmax(run.logits.astype(float), axis=1)[:, 3]
        false_alarm, hit, _ = metrics.roc_curve(result.targets == 3, p, drop_intermediate=False)
        place = np.argmin(np.abs(1 - hit - false_alarm))
        eers.append((1 - hit[place] + false_alarm[place]) / 2)
    recall = scores_of(row, results).classes[3].recall

    assert found.eer == pytest.approx(np.mean(eers), abs=1e-3)
    assert found.argmax.sensitivity == pytest.approx(recall)
    assert found.icbhi.specificity == pytest.approx(scores_of(row, results).classes[0].recall)
    assert found.min_tdcf is None


def test_bins_of_a_reliability_diagram_hold_every_clip_once(results, row):
    confidence, accuracy = reliability(row, results, n_bins=10)

    assert confidence == sorted(confidence)
    assert np.mean(accuracy) == pytest.approx(row.trials.correct.mean())


def test_a_verifiers_file_is_read_and_a_line_that_is_none_is_named(tmp_path):
    path = tmp_path / "asv.txt"
    path.write_text("s1 LA_1 bonafide target 2.0\ns1 LA_2 bonafide nontarget -1.0\ns2 LA_3 A07 spoof 3\n\n")

    assert read_verifier(path).spoof_false_alarm == 1.0
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary: this is no text in UTF-8. Name a text file with a line per trial"):
        read_verifier(tmp_path / "binary")
    path.write_text("s1 target 2.0\ns1 target two\n")
    with pytest.raises(InputError, match="line 2: 's1 target two' must hold one of target, nontarget, spoof"):
        read_verifier(path)
    path.write_text("s1 target 2.0\n")
    with pytest.raises(InputError, match="there is no trial of nontarget, spoof"):
        read_verifier(path)


@pytest.fixture
def request_of_synthetic(monkeypatch, results):
    monkeypatch.setattr(Request, "results", lambda self: results)
    monkeypatch.setattr(Request, "open_study", lambda self: results.study)
    return Request("spoken-digits")


def test_the_command_prints_a_row_per_run_and_the_class_against_all_others(request_of_synthetic, capsys):
    assert scores(request_of_synthetic, ["ds-cnn"], "3", "0", None, as_json=False) == 0
    printed = capsys.readouterr().out

    assert printed.startswith("clips: test\n")  # which all rows share; not so the protocol
    assert "leave-one-group-out" in printed and max(map(len, printed.splitlines())) <= 80
    assert "3 against all other classes" in printed
    assert scores(request_of_synthetic, ["ds-cnn"], "3", "0", None, as_json=True) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["backend"] for record in records] == ["torch-float", "int8"] * 2
    assert all(0 <= record["eer"] < 0.5 for record in records)


@pytest.mark.parametrize(
    ("positive", "normal", "verifier", "words"),
    [
        (None, "1", None, "--normal is for a class against all others; name that class with --positive."),
        (None, None, Path("asv.txt"), "--verifier is for a class against all others"),
        ("ten", None, None, "--positive ten: no class is called that. Choose one of: 0, 1, 2"),
        ("1", "1", None, "--positive and --normal are both 1"),
        (
            "1",
            None,
            Path("none.txt"),
            "--verifier none.txt: it cannot be read (No such file or directory). Name a text",
        ),
        ("1", None, Path(), "--verifier .: this is a folder. Name a text file with a line per trial: target, nontar"),
    ],
)
def test_what_cannot_be_asked_is_refused(request_of_synthetic, positive, normal, verifier, words):
    with pytest.raises(InputError, match=re.escape(words)):
        scores(request_of_synthetic, [], positive, normal, verifier, as_json=False)


@pytest.mark.slow
def test_of_the_published_store_the_command_prints_the_published_accuracy(tmp_path):
    """Each speaker has spoken each digit as often, so that the mean recall is the accuracy."""
    done = trichord(tmp_path, "scores", "baselines", "ds-cnn-int8", "--json")
    records = {record["protocol"]: record for record in json.loads(done.stdout)}
    with (ROOT / "docs/results/baselines/results.csv").open() as file:
        published = next(line for line in csv.DictReader(file) if line["system"] == "ds-cnn-int8")

    record = records["leave-one-group-out"]
    assert record["balanced_accuracy"] == pytest.approx(float(published["accuracy"]), abs=1e-4)
    assert record["scaled"]["ece"] < record["as_trained"]["ece"] == pytest.approx(float(published["ece"]), abs=1e-4)


def test_accuracy_without_a_class_counts_the_clips_of_all_others(results, row):
    """By hand: speakers are the sample, so that the accuracy is the mean over speakers of the mean over seeds."""
    members = results.members(*row.key, row.protocol)
    by_speaker = {}
    for _, result, run in members:
        kept = result.targets != 3
        right = (run.logits.argmax(axis=1) == result.targets)[kept].mean()
        by_speaker.setdefault(result.groups[0], []).append(right)
    found = accuracy_without(row, results, 3)

    assert found.estimate == pytest.approx(np.mean([np.mean(shares) for shares in by_speaker.values()]))
    assert found.estimate != pytest.approx(row.interval.estimate, abs=1e-6)


def test_the_command_leaves_a_class_out(results, row, monkeypatch, capsys):
    monkeypatch.setattr(Request, "results", lambda self: results)
    monkeypatch.setattr(Request, "open_study", lambda self: results.study)
    request = Request("spoken-digits")

    assert scores(request, ["convolutional-snn"], None, None, None, as_json=True, without="3") == 0
    record = next(r for r in json.loads(capsys.readouterr().out) if r["backend"] == row.run.backend.name)
    assert record["estimate"] == pytest.approx(accuracy_without(row, results, 3).estimate)
    assert scores(request, ["convolutional-snn"], None, None, None, as_json=False, without="3") == 0
    assert "without 3, %" in capsys.readouterr().out
    with pytest.raises(InputError, match="--without eleven: no class is called that"):
        scores(request, [], None, None, None, as_json=False, without="eleven")
    with pytest.raises(InputError, match="two different questions"):
        scores(request, [], "3", None, None, as_json=False, without="3")
