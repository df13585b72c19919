# tests/studies/test_diagnosing.py
"""Sensitivity, specificity and score of patients, against sums on paper."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from studies.diagnosing import answers, diagnosis_of, normal_place, patient_auroc, patient_shares
from studies.report.page import page_html
from studies.wording import points_text
from tests.studies.synthetic_results import SPEAKERS, synthetic_results

# Patients a and b are ill, c and d well: a 3 of 4 found, b 1 of 2; c 2 of 2 left alone, d 1 of 2.
PATIENTS = np.array(list("aaaabbccdd"))
RIGHT = np.array([1, 1, 1, 0, 1, 0, 1, 1, 1, 0], dtype=bool)
ILL = np.array([1] * 6 + [0] * 4, dtype=bool)
CLIPS = np.array([f"clip-{number}" for number in range(10)])


def test_shares_and_intervals_are_those_of_a_sum_on_paper():
    sensitivity, specificity, score = patient_shares(RIGHT, ILL, PATIENTS, CLIPS)

    # Se = 4/6: a is 3 - 4 * 2/3 = 1/3 above, b is 1/3 below, of 6 clips: d = +-1/18
    assert sensitivity.estimate == pytest.approx(4 / 6)
    assert sensitivity.low == 0.0  # two patients say almost nothing: 0.67 - 12.7 * 0.11
    # Sp = 3/4: c is 2 - 2 * 3/4 = 1/2 above, d 1/2 below, of 4 clips: d = +-1/8
    assert specificity.estimate == pytest.approx(3 / 4)
    assert score.estimate == pytest.approx((4 / 6 + 3 / 4) / 2)
    assert (sensitivity.n_patients, specificity.n_patients, score.n_patients) == (2, 2, 2)
    assert (sensitivity.n_clips, specificity.n_clips, score.n_clips) == (6, 4, 10)


def test_many_patients_of_equal_size_give_the_t_interval_of_their_means():
    """With one clip count, the linearised ratio is the textbook mean: checked by its own formula."""
    found = np.array([4, 3, 2, 4, 1, 3])  # of four clips each, of six ill patients
    well = np.array([4, 4, 3, 2, 4, 4])
    right = np.concatenate([np.arange(4) < n for n in (*found, *well)])
    patients = np.repeat([f"p{number}" for number in range(12)], 4)
    ill = np.repeat([True, False], 24)
    sensitivity, specificity, score = patient_shares(right, ill, patients, np.arange(48).astype(str))

    t_of_five = 2.5705818
    half = t_of_five * sqrt(np.var(found / 4, ddof=1) / 6)
    assert sensitivity.low == pytest.approx(np.mean(found / 4) - half, abs=1e-6)
    both = t_of_five * sqrt(np.var(found / 4, ddof=1) / 6 + np.var(well / 4, ddof=1) / 6) / 2
    assert score.low == pytest.approx(score.estimate - both, abs=1e-6)
    assert specificity.high == pytest.approx(min(1, np.mean(well / 4) + t_of_five * sqrt(np.var(well / 4, ddof=1) / 6)))


def test_where_all_are_right_the_interval_is_not_nothing():
    sensitivity, _, _ = patient_shares(np.ones(10, dtype=bool), ILL, PATIENTS, CLIPS)

    assert (sensitivity.low, sensitivity.high) == (pytest.approx(0.025 ** (1 / 2)), 1.0)


def test_a_single_patient_has_no_interval():
    sensitivity, _, score = patient_shares(RIGHT, ILL, np.array(list("aaaaaaccdd")), CLIPS)

    assert sensitivity.low is None
    assert score.low is None


def test_the_auroc_is_scikit_learns_and_with_a_clip_a_patient_its_interval_is_delongs():
    """Thirty ill and thirty well, a clip each: variance by the placements of either kind (DeLong et al. 1988)."""
    draw = np.random.default_rng(0)
    ill = np.arange(60) < 30
    scores = np.round(draw.normal(size=60) + ill, 1)  # with ties
    clips = np.array([f"{number:02d}" for number in range(60)])

    found = patient_auroc([scores], [ill], [clips], clips)

    wins = (scores[ill][:, None] > scores[~ill]) + 0.5 * (scores[ill][:, None] == scores[~ill])
    variance = wins.mean(axis=1).var(ddof=1) / 30 + wins.mean(axis=0).var(ddof=1) / 30
    assert found.estimate == pytest.approx(roc_auc_score(ill, scores))
    assert found.low == pytest.approx(found.estimate - stats.t.ppf(0.975, 29) * sqrt(variance))


def test_clips_of_a_patient_that_are_copies_say_no_more_than_one_and_networks_are_averaged():
    draw = np.random.default_rng(1)
    ill = np.arange(20) < 10
    both = [draw.normal(size=20) + ill for _ in range(2)]
    patients = np.array([f"{number:02d}" for number in range(20)])

    single = patient_auroc(both, [ill, ill], [patients, patients], np.tile(patients, 2))
    copies = patient_auroc(
        *([np.tile(scores, 5) for scores in both], [np.tile(ill, 5)] * 2),
        *([np.tile(patients, 5)] * 2, np.tile(patients, 10)),
    )

    assert single.estimate == pytest.approx(np.mean([roc_auc_score(ill, scores) for scores in both]))
    assert (copies.estimate, copies.low) == (pytest.approx(single.estimate), pytest.approx(single.low))
    once = patient_auroc(both[:1], [ill], [patients], patients)
    twice = patient_auroc([both[0]] * 2, [ill] * 2, [patients] * 2, np.tile(patients, 2))
    assert (twice.estimate, twice.low) == (pytest.approx(once.estimate), pytest.approx(once.low))


def test_a_clip_is_normal_up_to_the_operating_point_and_then_of_its_likeliest_abnormal_class():
    p = np.array([[0.1, 0.2, 0.7], [0.4, 0.3, 0.3], [0.2, 0.5, 0.3], [0.3, 0.1, 0.6]])

    assert answers(p, normal=2, threshold=0.35).tolist() == [2, 0, 1, 0]
    assert answers(p, normal=2, threshold=0.75).tolist() == [2, 2, 2, 2]


@pytest.fixture(scope="module")
def of_patients():
    """The made-up results, as if they were of lungs: ten classes will do, if one of them is called normal."""
    results = synthetic_results()
    study = results.study.model_copy(update={"data": results.study.data.model_copy(update={"name": "synthetic-lung"})})
    names = ("normal", *(f"finding-{number}" for number in range(1, 10)))
    renamed = {
        kind: {cell: replace(one, label_names=names) for cell, one in getattr(results, kind).items()}
        for kind in ("fits", "tests")
    }
    return replace(results, study=study, **renamed)


def test_the_operating_point_is_that_of_validation_clips_and_not_of_test_clips(of_patients):
    """Other test logits leave every threshold; other validation logits move them."""
    row = of_patients.row("convolutional-snn")
    thresholds = diagnosis_of(row, of_patients, 0).thresholds
    for kind, same in (("tests", True), ("fits", False)):
        changed = {
            cell: replace(one, runs=tuple(replace(run, logits=run.logits * 3 - 2 * np.eye(10)[0]) for run in one.runs))
            for cell, one in getattr(of_patients, kind).items()
        }
        results = replace(of_patients, **{kind: changed})
        found = diagnosis_of(results.row("convolutional-snn"), results, 0).thresholds
        assert (found == thresholds) is same


def test_the_report_shows_them_for_data_that_say_which_label_is_normal_alone(of_patients):
    assert normal_place(of_patients) == 0
    assert normal_place(synthetic_results()) is None

    page = page_html(of_patients)
    one = diagnosis_of(of_patients.row("ds-cnn"), of_patients, 0)
    assert "Sensitivity and specificity" in page and "ICBHI score, %" in page
    assert f"{100 * one.score.estimate:.1f} [{100 * one.score.low:.1f}, {100 * one.score.high:.1f}]" in page
    assert f"{one.auroc.estimate:.3f} [{one.auroc.low:.3f}, {one.auroc.high:.3f}]" in page
    assert "ICBHI score less that of ds-cnn" in page
    other = diagnosis_of(of_patients.row("convolutional-snn"), of_patients, 0).beyond_baseline
    assert points_text(other) in page[page.index("ICBHI score less that of ds-cnn") :]
    assert "Sensitivity and specificity" not in page_html(synthetic_results())


def test_the_score_less_the_baselines_is_the_mean_over_seeds_and_pairs_patients(of_patients):
    found, none = (
        diagnosis_of(of_patients.row(name), of_patients, 0).beyond_baseline for name in ("dense-snn", "ds-cnn")
    )

    of_seeds = []
    for seed in (0, 1, 2):
        tests = {cell: one for cell, one in of_patients.tests.items() if cell.seed == seed}
        alone = replace(of_patients, tests=tests)
        ours, theirs = (diagnosis_of(alone.row(name), alone, 0).score.estimate for name in ("dense-snn", "ds-cnn"))
        of_seeds.append(ours - theirs)
    assert none is None
    assert found.difference == pytest.approx(np.mean(of_seeds))
    assert set(found.differences) == set(SPEAKERS)
    assert (found.n_units, found.unit) == (6, "group")
    assert found.low < found.difference < found.high


def test_rows_of_validation_clips_have_no_operating_point(of_patients):
    open_only = replace(of_patients, tests={})

    assert diagnosis_of(open_only.row("convolutional-snn"), open_only, 0) is None
