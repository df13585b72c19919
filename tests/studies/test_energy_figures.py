# tests/studies/test_energy_figures.py
import numpy as np
import pytest

from classical_baselines.harness.coefficient import CoefficientDraws
from studies.figures import draw
from studies.results import StudyResults
from studies.tornado import tornado
from studies.what_if import side_of
from tests.studies.synthetic_results import synthetic_results


def test_a_tornado_has_a_bar_per_coefficient_from_its_low_to_its_high_end():
    results = synthetic_results()
    drawing = draw("tornado", results)
    (ax,) = drawing.figure.axes
    bars = [tuple(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 6]
    first = drawing.records[0]
    sides = [results.row(first[who].split(" on ")[0]) for who in ("a", "b")]
    a, b = (side_of(r, "system", "always-on", first[w].split(" on ")[1]) for r, w in zip(sides, "ab", strict=True))
    swings = tornado(a, b, CoefficientDraws(n_draws=10))[: len(bars)]

    assert a.row.system.family == "neuro"
    assert b.row.system.name == results.study.baseline
    np.testing.assert_allclose(bars, [(swing.at_low, swing.at_high) for swing in swings])
    assert any(line.get_xdata()[0] == pytest.approx(a.present_joules / b.present_joules) for line in ax.lines)


def test_a_line_of_energy_by_rate_falls_to_the_work_of_a_decision_and_ends_where_a_device_is_busy():
    drawing = draw("energy-by-rate", synthetic_results())
    (ax,) = drawing.figure.axes
    curves = [line for line in ax.lines if len(line.get_xdata()) == 121]

    assert len(curves) == len({(record["system"], record["deployment"]) for record in drawing.records})
    for curve in curves:
        decades = np.asarray(curve.get_ydata())
        known = decades[np.isfinite(decades)]
        assert (np.diff(known) <= 1e-9).all()
        assert np.isfinite(decades[: len(known)]).all()
    assert any(not np.isfinite(curve.get_ydata()[-1]) for curve in curves)  # the circuit takes 0.35 s


def test_without_results_there_is_no_picture_of_energy():
    results = synthetic_results()
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})

    assert draw("tornado", empty) is draw("energy-by-rate", empty) is None
