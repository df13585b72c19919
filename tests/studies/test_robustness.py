"""Curves, areas, table and exports of probes of the sound."""

import numpy as np
import pytest
from scipy import integrate, stats

from studies.exports.latex import latex
from studies.exports.rows import csv
from studies.figures import draw
from studies.probe_curves import curves
from studies.report.page import Drawings
from studies.results import load_results, trials_of
from studies.robustness import area_interval, robustness, table_note
from studies.specification import Probes
from studies.statistics import Trials, accuracy_interval
from studies.store import open_store
from studies.worker import DONE, run
from tests.studies.small_study import clips, study
from tests.studies.test_disturbance import grouped
from tests.studies.test_probing import CELL, planned, task_of

__all__ = ["clips"]  # a fixture

SOUND = Probes(
    snr_db=(20.0, 5.0, 0.0), noise=("white", "pink", "babble"), low_pass_hz=(1000.0, 2000.0), gain_db=(-20.0, 30.0)
)
FIGURES = ("noise", "pink-noise", "babble", "band-limit", "gain")


@pytest.fixture
def results(clips, tmp_path):
    given = clips(grouped(clips()))
    made = study().model_copy(update={"probes": SOUND})
    store = open_store(tmp_path / "store", create=True)
    plan = planned(made, store, given.content_hash)
    assert plan.n_missing == 7  # fit, test, three kinds of noise, cut-offs, gains
    assert run(task_of(made, plan, store)) == DONE
    return load_results(made, store, planned(made, store, given.content_hash))


def test_every_kind_has_its_curve_figure_column_and_exports(results):
    for noise in ("white", "pink", "babble"):
        (curve,) = curves(results, "snr_db", noise)
        assert [point.value for point in curve.points] == [0.0, 5.0, 20.0]
        assert curve.points[0].interval.low is not None
        (made,) = [one for (_, probe), one in results.probes.items() if (probe.name, probe.noise) == ("snr_db", noise)]
        assert [point.n_cells for point in curve.points] == [1, 1, 1]
        for point, made_run in zip(curve.points, reversed(made.runs), strict=True):
            assert point.interval.estimate == pytest.approx(trials_of([(CELL, made, made_run)]).scores.means.mean())
    drawings = {name: draw(f"accuracy-vs-{name}", results) for name in FIGURES}
    assert [len(drawing.records) for drawing in drawings.values()] == [4, 4, 4, 3, 3]  # the values, and clean
    assert [drawing.records[0]["noise"] for drawing in drawings.values()] == ["white", "pink", "babble", None, None]
    assert len({tuple(record["accuracy"] for record in one.records) for one in drawings.values()}) > 1

    table = robustness(results)
    assert [condition.title for condition in table.conditions] == [
        *("clean", "white, area", "pink, area", "babble, area"),
        *("below 2,000 Hz", "below 1,000 Hz", "-20 dB", "+30 dB"),
    ]
    (row,) = table.rows
    points = curves(results, "snr_db", "babble")[0].points
    area = integrate.trapezoid([p.interval.estimate for p in points], [p.value for p in points]) / 20
    assert row.accuracies[3].estimate == pytest.approx(area, abs=1e-12)
    assert row.accuracies[0].estimate == results.row("one").interval.estimate
    assert (table.n_recordings, table.n_unlike) == (10, 0)
    assert "10 sets of changed recordings have their SHA-256 in the store; all were the same bytes" in table_note(table)

    files = csv(results, Drawings(results)) | latex(results, Drawings(results))
    assert len(files["robustness.csv"].decode().splitlines()) == 1 + 8
    assert "figures/accuracy_vs_babble.csv" in files
    assert "babble, area" in files["tables/robustness.tex"].decode()


def test_without_probes_of_the_sound_there_is_no_table(clips, tmp_path):
    made = study()
    store = open_store(tmp_path / "store", create=True)
    plan = planned(made, store, clips().content_hash)
    assert run(task_of(made, plan, store)) == DONE
    results = load_results(made, store, planned(made, store, clips().content_hash))

    assert robustness(results) is None
    assert "robustness.csv" not in csv(results, Drawings(results))
    assert all(draw(f"accuracy-vs-{name}", results) is None for name in FIGURES)


def trials(shares, seed):
    """Six groups of 40 clips, each with a fold and a model of its own."""
    drawn = np.random.default_rng(seed).random((6, 40)) < np.array(shares)[:, None]
    names = np.repeat([f"g{number}" for number in range(6)], 40)
    return Trials(drawn.ravel(), names, np.array([f"c{n}" for n in range(240)]), np.zeros(240, dtype=int), names)


def test_the_interval_of_an_area_is_that_of_the_groups_own_areas():
    values = [0.0, 5.0, 20.0]
    made = [trials([0.3 * k + 0.05 * g for g in range(6)], k) for k in range(1, 3 + 1)]

    found = area_interval(
        [(value, one.scores) for value, one in zip(values, made, strict=True)], accuracy_interval(made[0])
    )

    accuracies = np.array([one.correct.reshape(6, 40).mean(axis=1) for one in made])
    areas = integrate.trapezoid(accuracies, values, axis=0) / 20
    low, high = stats.t.interval(0.95, 5, loc=areas.mean(), scale=stats.sem(areas))
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (areas.mean(), max(low, 0), min(high, 1)), abs=1e-12
    )
    assert found.method == "t over 6 groups, of their areas"


def test_where_no_group_differs_the_area_keeps_the_bounds_of_the_clips():
    made = trials([1.1] * 6, 0)
    shape = accuracy_interval(made)

    found = area_interval([(0.0, made.scores), (10.0, made.scores)], shape)

    assert (found.estimate, found.low, found.high) == (1.0, shape.low, 1.0)
    assert found.low < 1
