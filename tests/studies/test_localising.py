"""Degrees of a study of directions, against sums on paper and numpy's complex angles; the report's section."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.data.binaural.directions import Placed, sector_labels
from studies.localising import is_localised, lateral_and_azimuth, localisations_of
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
            Placed("ari_nh2" if i % 2 else "fhk_ku100", 1.0, (36 * int(t) + 4) % 360, name).name
            for i, (t, name) in enumerate(zip(one.targets, one.clip_names, strict=True))
        )
        return replace(one, label_names=LABELS, clip_names=names)

    changed = {kind: {cell: placed(one) for cell, one in getattr(results, kind).items()} for kind in ("fits", "tests")}
    return replace(results, **changed)


def test_a_network_that_is_right_errs_by_the_distance_to_the_centres_and_a_turn_takes_it_away(directions):
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
        assert (one.turn_deg, one.turned) == (-4.0, pytest.approx(0, abs=1e-3))
        assert one.lateral.low < one.lateral.mean < one.lateral.high
        assert one.beyond_delay is None  # the study has no system that hears the delay alone


def test_the_report_shows_degrees_where_labels_are_sectors_alone(directions):
    assert is_localised(directions)
    assert not is_localised(synthetic_results())

    page = page_html(directions)
    first = localisations_of(directions.row("ds-cnn"), directions)[0]
    assert "front-back confusions" in page
    assert f"{first.lateral.mean:.1f} [{first.lateral.low:.1f}, {first.lateral.high:.1f}]" in page
    assert "front-back confusions" not in page_html(synthetic_results())
