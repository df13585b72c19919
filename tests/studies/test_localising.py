"""Degrees of a study of directions, against sums on paper and numpy's complex angles; the report's section."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.binaural.directions import Placed, sector_labels
from studies.localising import is_localised, lateral_and_azimuth, localisations_in_noise, localisations_of
from studies.probe import Probe
from studies.report.page import page_html
from tests.studies.synthetic_results import synthetic_results

LABELS = sector_labels(10)  # of 36 degrees, as the made-up results have ten classes


@given(st.integers(0, 35))
def test_a_sure_answer_is_the_centre_of_its_sector(sector):
    p = np.full((1, 36), 1e-12)
    p[0, sector] = 1
    lateral, azimuth = lateral_and_azimuth(p)

    direction = np.exp(1j * np.radians(10 * sector))
    assert lateral[0] == pytest.approx(np.degrees(np.arcsin(direction.imag)), abs=1e-4)
    assert abs(np.exp(1j * np.radians(azimuth[0])) - direction) < 1e-5


def test_front_and_back_alike_is_no_direction_between_them():
    p = np.zeros((2, 36))
    p[0, [3, 15]] = 0.5  # 30 and 150 degrees: their vectors point to 90
    p[1, [3, 15]] = 0.4, 0.6
    lateral, azimuth = lateral_and_azimuth(p)

    assert lateral == pytest.approx([30, 30])
    assert azimuth == pytest.approx([30, 150])


def test_between_two_sectors_the_median_lies_in_proportion():
    p = np.zeros((1, 36))
    p[0, [1, 2]] = 0.5  # 10 and 20 degrees
    assert lateral_and_azimuth(p)[0] == pytest.approx([15])
    p[0, [1, 2]] = 0.75, 0.25  # the middle of the first stands at 0.375, that of the second at 0.875
    assert lateral_and_azimuth(p)[0] == pytest.approx([10 + 10 * (0.5 - 0.375) / 0.5])


@pytest.fixture(scope="module")
def directions():
    """The made-up results, as if their ten classes were sectors: a clip stands four degrees off its centre."""
    results = synthetic_results()

    def placed(one):
        names = tuple(
            Placed("ari_nh2" if i % 2 else "fhk_ku100", 1.0, (36 * int(t) + 4) % 360, name, -4.0 if i % 2 else 0.0).name
            for i, (t, name) in enumerate(zip(one.targets, one.clip_names, strict=True))
        )
        return replace(one, label_names=LABELS, clip_names=names)

    changed = {kind: {cell: placed(one) for cell, one in getattr(results, kind).items()} for kind in ("fits", "tests")}
    return replace(results, **changed)


def test_a_network_that_is_right_errs_by_the_distance_to_the_centres_and_what_the_head_was_turned_by(directions):
    tests = {
        cell: replace(one, runs=tuple(replace(run, logits=99 * np.eye(10)[one.targets]) for run in one.runs))
        for cell, one in directions.tests.items()
    }
    results = replace(directions, tests=tests)

    found = localisations_of(results.row("ds-cnn"), results)

    assert [one.responses for one in found] == ["ari_nh2", "fhk_ku100"]
    truth = np.radians(36 * np.arange(10) + 4)
    centre = np.radians(36 * np.arange(10))
    error = np.abs(np.degrees(np.arcsin(np.sin(truth)) - np.arcsin(np.sin(centre))))
    for one in found:
        assert error.min() <= one.lateral.mean <= error.max()
        assert one.azimuth == pytest.approx(4, abs=1e-3)
        assert one.confused == 0
        assert one.lateral.low < one.lateral.mean < one.lateral.high
        assert one.beyond_delay is None  # the study has no system that hears the delay alone
    # measured four degrees further to the right, azimuths are those of the centres; of the other head they are as told
    assert found[0].as_measured.mean == pytest.approx(0, abs=1e-3)
    assert found[1].as_measured == found[1].lateral


def test_a_system_is_measured_against_the_best_that_hears_the_delay_alone_set_by_set(directions, monkeypatch):
    right_on = {"ds-cnn": (0, 1), "dense-snn": (1,), "svm-mfcc": (0,)}  # odd places are ari_nh2, even ones fhk_ku100

    def logits(system, targets):
        missed = np.array([0 if i % 2 in right_on[system] else 2 for i in range(len(targets))])
        return 99 * np.eye(10)[(targets + missed) % 10]

    tests = {
        cell: replace(one, runs=tuple(replace(run, logits=logits(cell.system, one.targets)) for run in one.runs))
        for cell, one in directions.tests.items()
        if cell.system in right_on
    }
    results = replace(directions, tests=tests)
    hears_delay = {"dense-snn"}
    monkeypatch.setattr(
        type(results.study),
        "front_end_of",
        lambda _, system: SimpleNamespace(name="interaural-delay" if system.name in hears_delay else "interaural"),
    )

    of_one = {one.responses: one.beyond_delay for one in localisations_of(results.row("ds-cnn"), results)}
    hears_delay.add("svm-mfcc")
    of_both = {one.responses: one.beyond_delay for one in localisations_of(results.row("ds-cnn"), results)}

    assert of_one["ari_nh2"].mean == pytest.approx(0, abs=1e-6)
    assert of_one["fhk_ku100"].mean > 5
    assert of_both["ari_nh2"].mean == of_both["fhk_ku100"].mean == pytest.approx(0, abs=1e-6)
    assert localisations_of(results.row("svm-mfcc"), results)[0].beyond_delay is None


def test_a_contender_that_hears_the_delay_alone_is_held_against_rivals_and_is_a_floor_of_what_hears_more(
    directions, monkeypatch
):
    missed = {"ds-cnn": 1, "dense-snn": 2, "svm-mfcc": 3, "small-ast": 0}  # sectors; contenders but the SVM, a rival
    tests = {
        cell: replace(
            one,
            runs=tuple(
                replace(run, logits=99 * np.eye(10)[(one.targets + missed[cell.system]) % 10]) for run in one.runs
            ),
        )
        for cell, one in directions.tests.items()
        if cell.system in missed
    }
    results = replace(directions, tests=tests)
    monkeypatch.setattr(
        type(results.study),
        "front_end_of",
        lambda _, system: SimpleNamespace(name="interaural" if system.name == "ds-cnn" else "interaural-delay"),
    )

    more, contender, rival, best_contender = (localisations_of(results.row(name), results) for name in missed)

    for hears_more, alone, floor, least in zip(more, contender, rival, best_contender, strict=True):
        assert alone.beyond_delay.mean == pytest.approx(floor.lateral.mean - alone.lateral.mean)
        assert least.lateral.mean < min(alone.lateral.mean, floor.lateral.mean)
        assert hears_more.beyond_delay.mean == pytest.approx(least.lateral.mean - hears_more.lateral.mean)
        assert floor.beyond_delay is None


@pytest.fixture(scope="module")
def in_noise(directions):
    """Test cells of the CNN, without an error in the first seed, which alone was probed: a sector off at 10 dB, two at
    0."""
    right, probes = {}, {}
    for cell, one in directions.tests.items():
        if cell.system != "ds-cnn" or cell.protocol != "leave-one-group-out":
            continue
        own = next(run for run in one.runs if run.backend == "int8")
        answers = [replace(own, logits=99 * np.eye(10)[(one.targets + missed) % 10]) for missed in (0, 1, 2)]
        right[cell] = replace(one, runs=(answers[0 if cell.seed == 0 else 2],))
        if cell.seed == 0:
            probes[cell, Probe("snr_db", (10.0, 0.0))] = replace(one, kind="probe", runs=tuple(answers[1:]))
            probes[cell, Probe("gain_db", (6.0,))] = replace(one, kind="probe", runs=(answers[2],))
    return replace(directions, tests=right, probes=probes)


def test_lateral_errors_in_noise_are_those_of_plain_sums_over_the_probed_clips(in_noise):
    found = localisations_in_noise(in_noise)

    assert [(one.system.name, one.responses) for one in found] == [("ds-cnn", "ari_nh2"), ("ds-cnn", "fhk_ku100")]

    def lateral(degrees):
        return np.degrees(np.arcsin(np.sin(np.radians(degrees))))

    for parity, one in ((1, found[0]), (0, found[1])):
        assert list(one.at_snr_db) == [10.0, 0.0]
        for missed, error in ((0, one.unchanged), (1, one.at_snr_db[10.0]), (2, one.at_snr_db[0.0])):
            errors = [
                abs(lateral(36 * ((int(target) + missed) % 10)) - lateral(36 * int(target) + 4))
                for cell, made in in_noise.tests.items()
                if cell.seed == 0
                for i, target in enumerate(made.targets)
                if i % 2 == parity
            ]
            assert error.mean == pytest.approx(np.mean(errors), abs=1e-3)
            assert error.low < error.mean < error.high


def test_the_report_shows_lateral_errors_by_the_ratio_of_signal_to_noise(in_noise, directions):
    page = page_html(in_noise)

    for column in ("without noise", "10 dB", "0 dB"):
        assert f"<th>{column}</th>" in page
    for one in localisations_in_noise(in_noise):
        for error in (one.unchanged, *one.at_snr_db.values()):
            assert f'<td class="n">{error.mean:.1f} [{error.low:.1f}, {error.high:.1f}]</td>' in page
    assert "errs least on the very clips that are judged" in page
    assert "<th>without noise</th>" not in page_html(directions)


def test_the_report_shows_degrees_where_labels_are_sectors_alone(directions):
    assert is_localised(directions)
    assert not is_localised(synthetic_results())

    page = page_html(directions)
    first = localisations_of(directions.row("ds-cnn"), directions)[0]
    assert "front-back confusions" in page
    for error in (first.lateral, first.as_measured):
        assert f"{error.mean:.1f} [{error.low:.1f}, {error.high:.1f}]" in page
    assert "front-back confusions" not in page_html(synthetic_results())
