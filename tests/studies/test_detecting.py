# tests/studies/test_detecting.py
"""EER and min t-DCF by attack and speaker, against sums on paper and scikit-learn's curve; the report's section."""

import json
import re
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import roc_curve

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.detection import VerifierRates
from studies.attack_list import read_attacks
from studies.commands.scores import scores
from studies.detecting import ALL, FOOLED, detections_of, is_detection
from studies.report.page import page_html
from studies.report.sections.detection import SECTION
from studies.wording import points_text
from tests.studies.asked import Asked
from tests.studies.synthetic_results import synthetic_results

LABELS = ("bonafide", "spoof")
ATTACKS = ("griffin-lim", "linear-prediction", "phase-vocoder")
SYSTEMS = ("ds-cnn", "convolutional-snn")


def few_results():
    """The made-up results of two systems and one seed."""
    results = synthetic_results(seeds=(0,))
    kept = {
        kind: {cell: one for cell, one in getattr(results, kind).items() if cell.system in SYSTEMS}
        for kind in ("fits", "tests")
    }
    systems = tuple(one for one in results.study.systems if one.name in SYSTEMS)
    study = results.study.model_copy(update={"systems": systems})
    wanted = tuple(cell for cell in results.wanted if cell.system in SYSTEMS)
    return replace(results, study=study, wanted=wanted, failures={}, **kept)


def of_speech(results, scores_of=None, named=True):
    """The made-up results as if they were of real and copied speech: odd classes are spoofs, attacks in turn."""

    def changed(one):
        bona_fide = one.targets % 2 == 0
        names = tuple(
            f"{'bonafide' if real else ATTACKS[i % 3]}/{name}" if named else name
            for i, (real, name) in enumerate(zip(bona_fide, one.clip_names, strict=True))
        )
        runs = []
        for run in one.runs:
            kept = slice(len(run.logits))
            odds = run.logits[:, ::2].max(axis=1) - run.logits[:, 1::2].max(axis=1)
            if scores_of is not None:
                odds = scores_of(bona_fide[kept], np.array(one.groups)[kept])
            runs.append(replace(run, logits=np.stack([odds, np.zeros_like(odds)], axis=1).astype(np.float32)))
        return replace(
            one, label_names=LABELS, clip_names=names, targets=(~bona_fide).astype(np.int64), runs=tuple(runs)
        )

    parts = {kind: {cell: changed(one) for cell, one in getattr(results, kind).items()} for kind in ("fits", "tests")}
    return replace(results, **parts)


@pytest.fixture(scope="module")
def speech():
    return of_speech(few_results())


def rates_by_scikit_learn(bona_fide, score):
    """Miss and false alarm at every threshold of its curve, where a clip AT the threshold is accepted."""
    false_alarm, hit, _ = roc_curve(bona_fide, score, drop_intermediate=False)
    return 1 - hit, false_alarm


def members(results, row):
    return [
        (run.logits[:, 0] - run.logits[:, 1], result.targets == 0, np.array(result.clip_names))
        for _, result, run in results.members(*row.key, row.protocol)
    ]


@pytest.mark.parametrize("attack", [ALL, *ATTACKS])
def test_rates_are_those_of_scikit_learns_curve_at_each_networks_own_threshold(speech, attack):
    row = speech.row("convolutional-snn")
    wrong, costs, n_real, n_fake = np.zeros(2), np.zeros(2), 0, 0
    for all_scores, real, names in members(speech, row):
        kept = real | np.char.startswith(names, attack)
        score, bona_fide = all_scores[kept], real[kept]
        miss, false_alarm = rates_by_scikit_learn(bona_fide, score)
        sizes = np.array([bona_fide.sum(), (~bona_fide).sum()])
        # the curve is walked from accepting none to accepting all, so that of two as good the last is the lowest
        nearest = len(miss) - 1 - np.argmin(np.abs(miss - false_alarm)[::-1])
        least = len(miss) - 1 - np.argmin((0.9405 * miss + 0.5 * false_alarm)[::-1])
        wrong += sizes * (miss[nearest], false_alarm[nearest])
        costs += sizes * (miss[least], false_alarm[least])
        n_real, n_fake = n_real + sizes[0], n_fake + sizes[1]

    found = {one.attack: one for one in detections_of(row, speech)}[attack]

    assert found.eer.estimate == pytest.approx((wrong[0] / n_real + wrong[1] / n_fake) / 2)
    assert found.min_tdcf.estimate == pytest.approx((0.9405 * costs[0] / n_real + 0.5 * costs[1] / n_fake) / 0.5)
    assert found.n_speakers == 6


def counted(results, errors, system="ds-cnn", backend="int8"):
    """Of one network, ten bona fide clips and ten spoofs of each speaker: so many of both err at a threshold of 0."""
    cell = next(cell for cell in results.tests if cell.system == system and cell.protocol == "official")
    score, targets, groups = [], [], []
    for speaker, (n_missed, n_passed) in errors.items():
        score += [-1.0] * n_missed + [1.0] * (10 - n_missed) + [1.0] * n_passed + [-1.0] * (10 - n_passed)
        targets += [0] * 10 + [1] * 10
        groups += [speaker] * 20
    run = next(run for run in results.tests[cell].runs if run.backend == backend)
    logits = np.stack([score, np.zeros(len(score))], axis=1).astype(np.float32)
    one = replace(
        results.tests[cell],
        runs=(replace(run, logits=logits),),
        targets=np.array(targets),
        groups=tuple(groups),
        clip_names=tuple(f"clip-{i}" for i in range(len(score))),
    )
    return {cell: one}


def of_counts(results, errors):
    """The results of that one network alone, and its row."""
    tests = counted(results, errors)
    changed = replace(results, tests=tests, wanted=tuple(tests))
    return changed, changed.row("ds-cnn", protocol="official")


def test_interval_and_cost_are_those_of_a_sum_on_paper(speech):
    """Speakers miss 1, 3, 2 and 2 of ten and pass 3, 3, 1 and 1 of ten spoofs: miss 8/40, false alarm 8/40."""
    results, row = of_counts(speech, {"a": (1, 3), "b": (3, 3), "c": (2, 1), "d": (2, 1)})

    (found,) = detections_of(row, results)

    t_of_three, by_speaker = 3.1824463, np.array([4, 6, 3, 3]) / 20  # each speaker's own half total error
    half = t_of_three * sqrt(np.var(by_speaker, ddof=1) / 4)
    assert found.eer.estimate == pytest.approx(0.2)
    assert (found.eer.low, found.eer.high) == pytest.approx((max(0, 0.2 - half), 0.2 + half), abs=1e-6)
    cost = (0.9405 * 0.2 + 0.5 * 0.2) / 0.5  # the same threshold: below accepting all, which costs 1
    by_speaker = (0.9405 * np.array([1, 3, 2, 2]) + 0.5 * np.array([3, 3, 1, 1])) / 10 / 0.5
    half = t_of_three * sqrt(np.var(by_speaker, ddof=1) / 4)
    assert found.min_tdcf.estimate == pytest.approx(cost)
    assert found.min_tdcf.low == pytest.approx(cost - half, abs=1e-6)
    assert found.min_tdcf.high == pytest.approx(min(1, cost + half), abs=1e-6)


def test_the_cost_behind_a_verifier_with_errors_is_that_of_its_definition(speech):
    results, row = of_counts(speech, {"a": (1, 3), "b": (3, 3), "c": (2, 1), "d": (2, 1)})

    (found,) = detections_of(row, results, VerifierRates(miss=0.05, false_alarm=0.02, spoof_false_alarm=0.4))

    c0 = 0.9405 * 0.05 + 0.0095 * 10 * 0.02
    c1, c2 = 0.9405 - c0, 0.05 * 10 * 0.4
    # accepting all costs C0 + C2, which is less than C0 + 0.2 (C1 + C2) is above it
    assert found.min_tdcf.estimate == pytest.approx(min(c0 + c2, c0 + 0.2 * (c1 + c2)) / (c0 + c2))


def test_without_any_error_the_interval_is_that_of_none_seen_in_so_many_speakers(speech):
    results, row = of_counts(speech, dict.fromkeys("abcd", (0, 0)))

    (found,) = detections_of(row, results)

    none_seen = 1 - 0.025 ** (1 / 4)
    assert (found.eer.estimate, found.eer.low, found.eer.high) == (0, 0, pytest.approx(none_seen))
    assert (found.min_tdcf.estimate, found.min_tdcf.high) == (0, 1)


def test_the_difference_from_the_baseline_is_the_paired_t_test_of_speakers_and_its_sign_says_fewer_errors(speech):
    """Eight speakers, each with ten clips of both kinds, so that the EER is the mean of their half total errors."""
    ours = dict(zip("abcdefgh", [(1, 1), (0, 1), (2, 2), (1, 0), (0, 0), (2, 1), (1, 2), (1, 1)], strict=True))
    theirs = dict(zip("abcdefgh", [(4, 3), (3, 3), (3, 4), (4, 2), (3, 4), (4, 4), (2, 4), (4, 3)], strict=True))
    tests = counted(speech, theirs) | counted(speech, ours, "convolutional-snn", "loihi-emulator")
    results = replace(speech, tests=tests, wanted=tuple(tests))

    (baseline,), (found,) = (detections_of(results.row(name, protocol="official"), results) for name in SYSTEMS)

    a, b = (np.array(list(errors.values())).sum(axis=1) / 20 for errors in (ours, theirs))
    assert baseline.beyond_baseline is None
    difference = found.beyond_baseline
    assert difference.difference == pytest.approx(found.eer.estimate - baseline.eer.estimate)
    assert difference.differences == pytest.approx(dict(zip("abcdefgh", a - b, strict=True)))
    # one fold and one seed: speakers share its training, and what another would give is not known
    assert difference.verdict == "undecided" and "one seed was run" in difference.refused
    interval = ttest_rel(a, b).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((interval.low, interval.high))

    own_folds = {
        replace(cell, fold=speaker): replace(
            one,
            **{name: getattr(one, name)[start : start + 20] for name in ("targets", "groups", "clip_names")},
            runs=(replace(one.runs[0], logits=one.runs[0].logits[start : start + 20]),),
        )
        for cell, one in tests.items()
        for start, speaker in zip(range(0, 160, 20), "abcdefgh", strict=True)
    }
    apart = replace(speech, tests=own_folds, wanted=tuple(own_folds))
    (found,) = detections_of(apart.row("convolutional-snn", protocol="official"), apart)
    assert found.beyond_baseline.difference < 0
    assert found.beyond_baseline.verdict == "better"  # leave-one-speaker-out: each has a training of its own


def test_each_attack_is_compared_with_the_baseline_on_the_clips_of_both(speech):
    ours, theirs = (detections_of(speech.row(name), speech) for name in reversed(SYSTEMS))

    for one, other in zip(ours, theirs, strict=True):
        assert other.beyond_baseline is None
        assert one.beyond_baseline.difference == pytest.approx(one.eer.estimate - other.eer.estimate)
        assert one.beyond_baseline.low < one.beyond_baseline.difference < one.beyond_baseline.high


def test_one_speaker_has_no_interval(speech):
    results, row = of_counts(speech, {"a": (2, 1)})

    (found,) = detections_of(row, results)

    assert found.eer.low is None
    assert found.min_tdcf.low is None


def test_the_held_threshold_is_that_of_validation_clips_and_not_of_test_clips():
    """Bona fide clips score 1, spoofs -1; on test clips all are lower by two, and the held threshold refuses all."""

    def levels(bona_fide, groups, lowered=0.0):
        return np.where(bona_fide, 1.0, -1.0) - lowered

    known = of_speech(few_results(), levels)
    lowered = of_speech(few_results(), lambda b, g: levels(b, g, 2.0))
    results = replace(known, tests=lowered.tests)

    first = detections_of(results.row("ds-cnn"), results)[0]

    assert first.eer.estimate == 0  # at a threshold of its own, chosen on test clips
    assert (first.held.miss, first.held.false_alarm) == (1, 0)
    assert first.held.half_total.estimate == 0.5


def test_rows_of_validation_clips_have_rates_and_no_held_threshold(speech):
    results = replace(speech, tests={})

    first = detections_of(results.row("ds-cnn"), results)[0]

    assert first.held is None
    assert 0 < first.eer.estimate < 0.5


def test_an_attack_is_named_by_the_clips_by_its_fold_or_by_a_list(speech):
    row = speech.row("ds-cnn")
    assert [one.attack for one in detections_of(row, speech)] == [ALL, *ATTACKS]

    unnamed = of_speech(few_results(), named=False)
    assert [one.attack for one in detections_of(unnamed.row("ds-cnn"), unnamed)] == [ALL]
    stems = {
        name.removesuffix(".wav"): f"A{7 + i % 2:02d}"
        for result in unnamed.tests.values()
        for i, name in enumerate(result.clip_names)
    }
    listed = detections_of(unnamed.row("ds-cnn"), unnamed, FOOLED, stems)
    assert [one.attack for one in listed] == [ALL, "A07", "A08"]
    assert listed[0].eer == detections_of(unnamed.row("ds-cnn"), unnamed)[0].eer

    protocol = "unseen-attack-and-speaker"
    moved = {
        replace(cell, protocol=protocol, fold=f"attack-{cell.fold[0]}/1"): one
        for cell, one in unnamed.tests.items()
        if cell.protocol == "leave-one-group-out"
    }
    protocols = (unnamed.study.protocols[0].model_copy(update={"name": protocol}),)
    study = unnamed.study.model_copy(update={"protocols": protocols})
    by_fold = replace(unnamed, study=study, tests=moved, wanted=tuple(moved))
    found = detections_of(by_fold.row("ds-cnn"), by_fold)
    assert [one.attack for one in found] == [ALL, *(f"attack-{initial}" for initial in "gjlnty")]


def test_the_report_shows_them_for_bona_fide_and_spoofed_speech_alone(speech):
    assert is_detection(speech)
    assert not is_detection(few_results())

    page = page_html(speech)
    everything, first, *_ = detections_of(speech.row("ds-cnn"), speech)
    section = page[page.index('id="detection"') :]
    for one in (everything, first):
        assert f"{100 * one.eer.estimate:.1f} [{100 * one.eer.low:.1f}, {100 * one.eer.high:.1f}]" in section
        assert f"{one.min_tdcf.estimate:.3f} [{one.min_tdcf.low:.3f}, {one.min_tdcf.high:.3f}]" in section
    assert "accepts 0 % of other speakers and 100 % of spoofs" in section
    assert all(f"<th>{attack}</th>" in section for attack in ATTACKS)
    assert "EER less that of ds-cnn" in section
    (other, *_) = detections_of(speech.row("convolutional-snn"), speech)
    assert points_text(other.beyond_baseline) in section
    assert SECTION.values(few_results()) is None


def test_the_command_prints_and_writes_attacks_with_their_intervals(speech, capsys):
    assert scores(Asked(speech), ["ds-cnn"], "bonafide", None, None, as_json=False) == 0
    printed = capsys.readouterr().out
    assert "an assumed verifier without errors of its own" in " ".join(printed.split())
    assert len(re.findall(r" (griffin-|linear-|phase-) ", printed)) == 3 * 4  # two backends under two protocols

    scores(Asked(speech), ["ds-cnn"], "bonafide", None, None, as_json=True)
    records = json.loads(capsys.readouterr().out)
    assert [one["attack"] for one in records[0]["detection"]] == [ALL, *ATTACKS]


def test_a_list_of_trials_is_read_in_both_forms_and_a_wrong_line_is_named(tmp_path, speech):
    of_2019 = tmp_path / "eval.txt"
    of_2019.write_text("LA_0001 LA_E_1 - - bonafide\nLA_0001 LA_E_2 - A07 spoof\n")
    of_2021 = tmp_path / "trial_metadata.txt"
    of_2021.write_text("LA_0009 LA_E_3 alaw ita_tx A13 spoof notrim eval\n")
    assert read_attacks(of_2019) == {"LA_E_2": "A07"}
    assert read_attacks(of_2021) == {"LA_E_3": "A13"}

    of_2019.write_text("LA_0001 LA_E_1 - - bonafide\nLA_0001 LA_E_2 - B7 spoof\n")
    with pytest.raises(InputError, match=r"eval.txt, line 2: 'LA_E_2' is spoof, and its attack 'B7' is none"):
        read_attacks(of_2019)
    of_2019.write_text("LA_0001 LA_E_1 - - bonafide\n")
    with pytest.raises(InputError, match=r"eval.txt: no line is of a spoof"):
        read_attacks(of_2019)
    with pytest.raises(InputError, match="this is a folder"):
        read_attacks(tmp_path)
    of_2019.write_text("LA_0001 LA_E_2 - A07 spoof\n")
    with pytest.raises(InputError, match="--attacks is for the labels bonafide and spoof"):
        scores(Asked(speech), [], "spoof", None, None, as_json=False, attacks=of_2019)
    with pytest.raises(InputError, match="--attacks is for a class against all others"):
        scores(Asked(speech), [], None, None, None, as_json=False, attacks=of_2019)
