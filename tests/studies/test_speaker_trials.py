"""Verification of speakers: trials against all pairs, rates against scikit-learn, intervals against sums on paper."""

import json
from dataclasses import replace
from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_curve

from classical_baselines.data.speakers import known_labels
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.detection import equal_error_rate
from studies import speaker_trials
from studies.commands import speaker_trials as command
from studies.report.page import page_html
from studies.speaker_trials import (
    KINDS,
    drawn_trials,
    has_speaker_trials,
    minimum_detection_cost,
    trial_scores,
    verifications_of,
)
from tests.studies.asked import Asked
from tests.studies.synthetic_results import synthetic_results

LABELS = known_labels(9)  # and unknown: as the made-up results have ten classes
UNKNOWN = 9
VOICES = 4  # unknown speakers in a part


def pairs_of(trials):
    return {frozenset(pair) for pair in zip(trials.enrolled.tolist(), trials.tested.tolist(), strict=True)}


NAMES = [f"{word}/{speaker}-{take}.wav" for speaker in "abc" for word in ("no", "yes") for take in range(2)]
SPEAKERS = [name.split("/")[1][0] for name in NAMES]


def test_few_clips_give_every_pair_of_a_kind_once_for_each_enrolled_speaker():
    is_unknown = [speaker != "c" for speaker in SPEAKERS]  # a and b, four clips each
    for kind in KINDS:
        trials = drawn_trials(NAMES, SPEAKERS, is_unknown, kind)
        wanted = {
            (frozenset((i, j)), SPEAKERS[i] == SPEAKERS[j])
            for i, j in combinations(range(len(NAMES)), 2)
            if is_unknown[i] and is_unknown[j]
            if (NAMES[i].split("/")[0] == NAMES[j].split("/")[0]) == (kind == "text-dependent")
        }
        same = np.array([SPEAKERS[i] == SPEAKERS[j] for i, j in zip(trials.enrolled, trials.tested, strict=True)])

        assert pairs_of(trials) == {pair for pair, _ in wanted}
        np.testing.assert_array_equal(trials.is_target, same)
        # a pair of two speakers is a trial of either of them, a pair of one speaker is one trial
        assert len(same) == sum(1 if target else 2 for _, target in wanted)


def test_a_trial_is_left_without_a_speaker_where_neither_clip_is_theirs():
    trials = drawn_trials(NAMES, SPEAKERS, [True] * len(NAMES), "text-dependent")
    voices = [{SPEAKERS[i], SPEAKERS[j]} for i, j in zip(trials.enrolled, trials.tested, strict=True)]

    assert {frozenset(voice) for voice in voices} == {frozenset(voice) for voice in ("a", "b", "c", "ab", "ac", "bc")}
    assert trials.without("a").tolist() == ["a" not in voice for voice in voices]


def test_many_clips_give_as_many_trials_to_each_speaker_and_the_order_of_clips_does_not_matter():
    names = [f"{word}/{speaker}-{take:02d}.wav" for speaker in "ab" for word in ("no", "yes") for take in range(25)]
    speakers = [name.split("/")[1][0] for name in names]
    trials = drawn_trials(names, speakers, [True] * len(names), "text-independent")

    assert len(trials.enrolled) == 2 * 2 * speaker_trials.N_TRIALS
    enrolled = trials.speakers[trials.enrolled]
    assert all((enrolled[~trials.is_target] == one).sum() == speaker_trials.N_TRIALS for one in "ab")

    order = np.random.default_rng(0).permutation(len(names)).tolist()
    other = drawn_trials(
        [names[i] for i in order], [speakers[i] for i in order], [True] * len(names), "text-independent"
    )
    said = {(names[i], names[j]) for i, j in zip(trials.enrolled, trials.tested, strict=True)}
    assert {(names[order[i]], names[order[j]]) for i, j in zip(other.enrolled, other.tested, strict=True)} == said
    again = drawn_trials(names, speakers, [True] * len(names), "text-independent", seed=1)
    assert {(names[i], names[j]) for i, j in zip(again.enrolled, again.tested, strict=True)} != said


@given(st.integers(0, 2**31))
def test_a_score_is_the_correlation_of_the_outputs_for_known_speakers(seed):
    logits = np.random.default_rng(seed).standard_normal((len(NAMES), 10)).astype(np.float32)
    trials = drawn_trials(NAMES, SPEAKERS, [True] * len(NAMES), "text-dependent")

    scores = trial_scores(logits, range(9), trials)

    expected = np.corrcoef(logits[:, :9].astype(np.float64))[trials.enrolled, trials.tested]
    np.testing.assert_allclose(scores, expected, atol=1e-12)
    logits[:, UNKNOWN] += 5
    np.testing.assert_allclose(trial_scores(logits + 3, range(9), trials), scores, atol=1e-5)


def test_a_clip_that_resembles_every_speaker_alike_has_no_likeness_to_any_clip():
    logits = np.eye(12, 10, dtype=np.float32)
    logits[0] = 7
    trials = drawn_trials(NAMES, SPEAKERS, [True] * len(NAMES), "text-dependent")
    scores = trial_scores(logits, range(9), trials)

    assert np.isfinite(scores).all()
    assert not scores[(trials.enrolled == 0) | (trials.tested == 0)].any()


@given(st.integers(0, 2**31), st.integers(2, 60), st.integers(2, 60), st.floats(0.01, 0.99))
def test_rates_are_those_of_scikit_learn_s_curve(seed, n_target, n_other, prior):
    draw = np.random.default_rng(seed)
    target, other = draw.normal(0.5, 1, n_target).round(1), draw.normal(-0.5, 1, n_other).round(1)
    false_alarm, hit, _ = roc_curve(
        np.r_[np.ones(n_target), np.zeros(n_other)], np.r_[target, other], drop_intermediate=False
    )

    cost = min(prior * (1 - h) + (1 - prior) * f for f, h in zip(false_alarm, hit, strict=True)) / min(prior, 1 - prior)
    assert minimum_detection_cost(target, other, prior) == pytest.approx(cost)
    gap = np.abs(1 - hit - false_alarm)
    means = ((1 - hit + false_alarm) / 2)[gap <= gap.min() + 1e-12]
    assert np.min(np.abs(means - equal_error_rate(target, other)[0])) < 1e-12


def test_scores_that_say_nothing_cost_as_much_as_accepting_none():
    assert minimum_detection_cost(np.zeros(5), np.zeros(7)) == pytest.approx(1)
    assert minimum_detection_cost(np.ones(5), np.zeros(7)) == 0


def test_the_interval_of_a_mean_over_speakers_in_folds_is_that_of_a_stratified_sample():
    values = {"1": {"a": 0.1, "b": 0.3, "c": 0.2}, "2": {"d": 0.5, "e": 0.1, "f": 0.2, "g": 0.4}}
    folds = {}
    for fold, of in values.items():
        left = {one: float(np.mean([v for other, v in of.items() if other != one])) for one in of}
        folds[fold] = speaker_trials._Values(float(np.mean(list(of.values()))), left)

    found = speaker_trials._estimate(folds, least=0)

    samples = [np.array(list(of.values())) for of in values.values()]
    mean = np.mean([sample.mean() for sample in samples])
    half = stats.t.ppf(0.975, 7 - 2) * sqrt(sum(sample.var(ddof=1) / len(sample) for sample in samples)) / 2
    assert (found.value, found.low, found.high) == pytest.approx((mean, mean - half, mean + half))


@pytest.fixture(scope="module")
def verified():
    """The made-up results, as if half of the clips were of unknown speakers: four voices a part, ten words."""
    results = synthetic_results()

    def changed(cell, one):
        n_clips = len(one.clip_names)
        voice = np.arange(n_clips) % (2 * VOICES)  # the second half are known
        unknown = voice < VOICES
        words = np.arange(n_clips) // (2 * VOICES) % 2
        fold = f"{cell.fold}-{one.kind}"
        return replace(
            one,
            label_names=LABELS,
            targets=np.where(unknown, UNKNOWN, voice).astype(np.int64),
            groups=tuple(f"{fold}-voice-{v}" if u else f"known-{v}" for v, u in zip(voice, unknown, strict=True)),
            clip_names=tuple(f"{w}/{fold}-{i:03d}.wav" for i, w in enumerate(words)),
            runs=tuple(replace(run, logits=_of_voices(voice, cell, run.backend)) for run in one.runs),
        )

    made = {
        kind: {cell: changed(cell, one) for cell, one in getattr(results, kind).items()} for kind in ("fits", "tests")
    }
    return replace(results, **made)


def _of_voices(voice, cell, backend):
    """Logits that are alike for one voice, with noise; of ds-cnn without any."""
    draw = np.random.default_rng([cell.seed, *cell.system.encode(), *backend.encode(), *cell.fold.encode()])
    noise = 0.0 if cell.system == "ds-cnn" else 1.5
    return (4 * np.eye(10)[voice] + noise * draw.standard_normal((len(voice), 10))).astype(np.float32)


def test_a_network_that_is_sure_of_voices_makes_no_error_and_its_interval_has_a_width(verified):
    for one in verifications_of(verified.row("ds-cnn"), verified):
        assert (one.eer.value, one.eer.low, one.min_dcf.value, one.held.value) == (0, 0, 0, 0)
        assert one.eer.high == pytest.approx(1 - 0.025 ** (1 / 24))  # six folds of four speakers
        assert one.beyond_baseline is None  # it is the baseline
        assert one.n_speakers == 24


def test_rates_of_a_row_are_the_mean_over_its_folds_of_rates_over_all_pairs(verified, monkeypatch):
    monkeypatch.setattr(speaker_trials, "N_TRIALS", 10**6)
    row = verified.row("dense-snn")
    found = {one.kind: one for one in verifications_of(row, verified)}

    by_fold = {kind: {} for kind in KINDS}
    for cell, result, run in verified.members("dense-snn", "loihi-emulator", row.protocol):
        z = np.corrcoef(run.logits[:, :9].astype(np.float64))
        places = [i for i, target in enumerate(result.targets) if target == UNKNOWN]
        for kind in KINDS:
            target, other = [], []
            for i, j in combinations(places, 2):
                if (result.clip_names[i][0] == result.clip_names[j][0]) == (kind == "text-dependent"):
                    same = result.groups[i] == result.groups[j]
                    # a pair of two speakers is drawn for either of them
                    (target if same else other).extend([z[i, j]] * (1 if same else 2))
            by_fold[kind].setdefault(cell.fold, []).append(equal_error_rate(np.array(target), np.array(other))[0])
    for kind in KINDS:
        assert found[kind].eer.value == pytest.approx(np.mean([np.mean(of) for of in by_fold[kind].values()]))
        assert 0 < found[kind].eer.low < found[kind].eer.value < found[kind].eer.high < 0.5
        assert found[kind].beyond_baseline.value == pytest.approx(found[kind].eer.value)  # the baseline makes no error
        assert found[kind].held.value >= 0


def test_rows_of_validation_clips_hold_no_threshold(verified):
    results = replace(verified, tests={})
    assert all(one.held is None for one in verifications_of(results.row("dense-snn"), results))


def test_the_report_shows_verification_where_labels_are_speakers_alone(verified):
    assert has_speaker_trials(verified)
    assert not has_speaker_trials(synthetic_results())

    page = page_html(verified)
    assert "Verification of unheard speakers" in page
    assert "EER less that of ds-cnn" in page
    assert "Verification of unheard speakers" not in page_html(synthetic_results())


def test_the_command_prints_every_run_and_refuses_a_study_of_something_else(verified, capsys):
    assert command.speaker_trials(Asked(verified), ["ds-cnn"], 0, as_json=True) == 0
    records = json.loads(capsys.readouterr().out)
    assert {record["backend"] for record in records} == {"torch-float", "int8"}
    assert all(record["eer"]["value"] == 0 for record in records)

    assert command.speaker_trials(Asked(verified), ["dense-snn"], 3, as_json=False) == 0
    assert "by --seed 3" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"The labels of spoken-digits are 0, 1, 2 \.\.\., not known speakers"):
        command.speaker_trials(Asked(synthetic_results()), [], 0, as_json=False)
    with pytest.raises(InputError, match="--seed must be 0 or more; got -1"):
        command.speaker_trials(Asked(verified), [], -1, as_json=False)
