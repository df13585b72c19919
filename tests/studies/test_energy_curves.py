# tests/studies/test_energy_curves.py
"""Curves on paper: energies and accuracies of one's choice, beside what the definitions give for them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.commands.curves import curves as print_curves
from studies.commands.request import Request
from studies.energy_curves import Curve, accuracy_at, accuracy_draws, curves, energy_at, pair, pairs, records
from studies.figures import draw
from studies.report.page import page_html
from studies.statistics import Trials, accuracy_interval
from studies.tables import plain_markdown, results_markdown
from tests.studies.priced_rows import side
from tests.studies.synthetic_results import synthetic_results

DRAWS = CoefficientDraws(n_draws=4000)
MAC = 0.23e-12  # c45.mac-int8, nominal


def column(*values):
    return np.array(values, dtype=float)[:, None]


@pytest.mark.parametrize(
    ("joules", "accuracies", "wanted", "needed", "is_bound"),
    [
        ((1, 100), (0.8, 0.9), 0.85, 10, False),  # half way, in the logarithm
        ((100, 1), (0.9, 0.8), 0.85, 10, False),  # in any order
        ((1, 10, 100), (0.8, 0.7, 0.9), 0.85, 10, False),  # what is outdone is passed over
        ((1, 10, 100), (0.8, 0.9, 0.85), 0.9, 10, False),
        ((1, 10, 100), (0.8, 0.9, 0.9), 0.9, 10, False),  # the cheaper of two that are as accurate
        ((1, 1, 100), (0.7, 0.8, 0.9), 0.8, 1, False),  # the better of two that cost as much
        ((1, 100), (0.8, 0.9), 0.8, 1, False),
        ((1, 100), (0.8, 0.9), 0.75, 1, True),  # the cheapest is better already
        ((1, 100), (0.8, 0.9), 0.9, 100, False),
    ],
)
def test_the_energy_for_an_accuracy(joules, accuracies, wanted, needed, is_bound):
    found = energy_at(column(*joules), column(*accuracies), np.array([wanted]))
    assert found.joules[0] == pytest.approx(needed, rel=1e-12)
    assert found.is_bound[0] == is_bound


@pytest.mark.parametrize(
    ("joules", "accuracies", "spent", "reached"),
    [
        ((1, 100), (0.8, 0.9), 10, 0.85),
        ((1, 100), (0.8, 0.9), 1, 0.8),
        ((1, 100), (0.8, 0.9), 100, 0.9),
        ((1, 10, 100), (0.8, 0.7, 0.9), 10, 0.85),
        ((1, 10, 100), (0.8, 0.9, 0.6), 50, 0.9),  # a larger network that is worse need not be taken
        ((1, 1, 100), (0.7, 0.8, 0.9), 1, 0.8),
    ],
)
def test_the_accuracy_for_an_energy(joules, accuracies, spent, reached):
    assert accuracy_at(column(*joules), column(*accuracies), np.array([spent]))[0] == pytest.approx(reached)


joules_apart = st.integers(-9000, 3000).map(lambda thousandths: 10 ** (thousandths / 1000))  # by more than a last digit
sizes = st.lists(st.tuples(joules_apart, st.floats(0.1, 1)), min_size=2, max_size=6, unique_by=lambda one: one[0])


@given(sizes, st.floats(0, 1))
def test_a_curve_read_either_way_is_the_same(points, share):
    joules, accuracies = column(*(one[0] for one in points)), column(*(one[1] for one in points))
    cheapest = accuracies[joules.argmin(), 0]
    wanted = np.array([cheapest + share * (accuracies.max() - cheapest)])

    needed = energy_at(joules, accuracies, wanted)

    assert not needed.is_bound[0]
    assert joules.min() * (1 - 1e-9) <= needed.joules[0] <= joules.max() * (1 + 1e-9)
    step = np.clip(needed.joules * (1 + 1e-9), joules.min(), joules.max())
    assert accuracy_at(joules, accuracies, step)[0] >= wanted[0] - 1e-4  # a steep step magnifies the last digit
    more = energy_at(joules, accuracies, np.minimum(wanted + 0.05, accuracies.max()))
    assert more.joules[0] >= needed.joules[0] * (1 - 1e-9)


def test_each_draw_is_read_by_itself():
    joules, accuracies = np.array([[1.0, 4.0], [100.0, 2.0]]), np.array([[0.8, 0.9], [0.9, 0.5]])
    found = energy_at(joules, accuracies, np.array([0.85, 0.9]))
    assert found.joules == pytest.approx([10, 4])


def test_accuracies_are_drawn_as_wide_as_the_table_has_them_and_their_differences_too():
    rows = [synthetic_results().row(name) for name in ("ds-cnn", "convolutional-snn")]

    drawn = accuracy_draws(rows, 200_000, seed=3)

    assert drawn[:, 0].tolist() == [row.interval.estimate for row in rows]
    for row, ours in zip(rows, drawn[:, 1:], strict=True):
        assert np.quantile(ours, (0.025, 0.975)) == pytest.approx([row.interval.low, row.interval.high], abs=2e-3)
    ours, theirs = (np.array(list(row.interval.group_scores.values())) for row in rows)
    paired = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert np.quantile(drawn[0, 1:] - drawn[1, 1:], (0.025, 0.975)) == pytest.approx([*paired], abs=2e-3)


def test_shared_models_widen_the_draws_as_they_widen_the_interval():
    right = np.clip(30 + 4 * np.arange(6)[:, None] // 2 + np.array([-3, 0, 3]), 0, 50)  # [speaker, seed] of 50 clips
    places = [(speaker, seed, clip) for speaker in range(6) for seed in range(3) for clip in range(50)]
    trials = Trials(
        correct=np.array([clip < right[speaker, seed] for speaker, seed, clip in places]),
        groups=np.array([f"speaker {speaker}" for speaker, _, _ in places]),
        clips=np.array([f"{speaker}-{clip}" for speaker, _, clip in places]),
        seeds=np.array([seed for _, seed, _ in places]),
        folds=np.array(["official"] * len(places)),
    )
    row = replace(synthetic_results().row("ds-cnn"), trials=trials, interval=accuracy_interval(trials))
    assert 0 < row.interval.low < row.interval.high < 1

    drawn = accuracy_draws([row], 200_000, seed=3)[0, 1:]

    of_speakers = stats.sem(trials.scores.means) * stats.t.ppf(0.975, 5)
    half = (row.interval.high - row.interval.low) / 2
    assert half > 1.5 * of_speakers  # seeds of all speakers make most of it
    assert np.quantile(drawn, (0.025, 0.975)) == pytest.approx([row.interval.low, row.interval.high], abs=0.04 * half)


def curve(name, work, accuracies, spread=0.0, **changes):
    """Sizes that multiply so often, of these accuracies; drawn apart by `spread`."""
    counts = [OperationCounts.of("network", "all", mac_int8=macs) for macs in work]
    sides = [side(one, "cmos-45nm-int8", scenario="always-on", **changes) for one in counts]
    joules = np.array([one.joules(DRAWS) for one in sides])
    shift = spread * np.random.default_rng(1).standard_normal((len(work), 1 + DRAWS.n_draws))
    shift[:, 0] = 0
    return Curve(name, "classical", "operation", tuple(sides), joules, column(*accuracies) + shift)


def test_curves_of_one_price_have_the_ratio_of_their_work():
    found = pair(curve("A", (1e6, 1e7, 1e8), (0.7, 0.8, 0.9)), curve("B", (2e6, 2e7, 2e8), (0.7, 0.8, 0.85)))

    # both reach 85 %: A between 1e7 and 1e8, half way; B with 2e8. One price cancels, so no interval is left
    assert found.accuracy.nominal == pytest.approx(0.85)
    assert found.ratio.nominal == pytest.approx(10**7.5 / 2e8)
    assert found.ratio.high == pytest.approx(found.ratio.low)
    assert found.probability_less == (1.0, 1.0)
    assert found.verdict == "A less"
    assert found.bound == ""
    # both spend what 1e8 costs: A reaches 90 %, B 80 + 5 log10(1e8 / 2e7)
    assert found.energy == pytest.approx(1e8 * MAC)
    assert found.difference is not None
    assert found.difference.nominal == pytest.approx(0.9 - (0.8 + 0.05 * np.log10(5)))
    assert found.decides == ""


def test_a_cheapest_size_that_is_better_than_all_of_the_other_makes_a_bound():
    better, worse = curve("A", (1e6, 1e7, 1e8), (0.8, 0.85, 0.9)), curve("B", (1e7, 1e8, 1e9), (0.6, 0.65, 0.7))

    found = pair(better, worse)
    assert (found.bound, found.share_of_bounds, found.verdict) == ("≤", 1.0, "A less")
    assert found.ratio.nominal == pytest.approx(1e-3)
    assert "≤ 0.001" in found.texts[4]

    turned = pair(worse, better)
    assert (turned.bound, turned.verdict) == ("≥", "B less")
    assert turned.ratio.nominal == pytest.approx(1e3)

    # dearer and better: at most ten times as much, which settles nothing
    dearer = pair(curve("A", (1e8, 1e9, 1e10), (0.8, 0.85, 0.9)), curve("B", (1e5, 1e6, 1e7), (0.6, 0.65, 0.7)))
    assert (dearer.bound, dearer.verdict) == ("≤", "undecided")
    assert dearer.probability_less == (0.0, 1.0)
    assert (dearer.energy, dearer.difference) == (None, None)
    assert dearer.texts[-2] == "each size of A costs more"


def test_lucky_sizes_leave_it_undecided():
    found = pair(curve("A", (1e6, 1e7, 1e8), (0.7, 0.8, 0.9), 0.05), curve("B", (1e6, 1e7, 1e8), (0.7, 0.8, 0.9), 0.0))
    assert found.verdict == "undecided"
    assert found.ratio.low < 1 < found.ratio.high
    assert 0.1 < found.probability_less[0] <= found.probability_less[1] < 0.95


CURVES = {
    **dict.fromkeys(("ds-cnn", "small-ast", "residual-cnn", "linear-log-mel"), "Dense networks"),
    **dict.fromkeys(("convolutional-snn", "dense-snn"), "Spiking networks"),
    **dict.fromkeys(("convolutional-snn-twin", "dense-snn-twin", "svm-mfcc"), "Twins"),
}


def marked(curve_of=None):
    """The synthetic results, their systems being sizes of these curves."""
    results = synthetic_results()
    named = CURVES if curve_of is None else curve_of
    systems = [one.model_copy(update={"curve": named.get(one.name)}) for one in results.study.systems]
    return replace(results, study=results.study.model_copy(update={"systems": tuple(systems)}))


def test_systems_that_name_a_curve_are_its_sizes_where_three_have_an_energy():
    found = {one.name: one for one in curves(marked(), "system", DRAWS)}

    assert set(found) == {"Dense networks", "Twins"}  # two spiking networks make no curve
    assert {row.system.name for row in found["Twins"].rows} == {"dense-snn-twin", "convolutional-snn-twin", "svm-mfcc"}
    assert all((np.diff(one.joules[:, 0]) > 0).all() for one in found.values())
    assert pairs(synthetic_results()) == []


def test_report_tables_figure_and_command_show_them(capsys, monkeypatch):
    results = marked()
    (system,) = [one for one in pairs(results) if one.boundary == "system"]

    markdown, page = results_markdown(results), page_html(results)
    assert "## Families as curves" in markdown
    assert "Families as curves</h2>" in page
    for text in system.texts:
        assert plain_markdown(text) in markdown
    drawing = draw("energy-curves", results)
    assert drawing is not None
    assert {one["curve"] for one in drawing.records} == {"Dense networks", "Twins"}
    assert draw("energy-curves", synthetic_results()) is None

    monkeypatch.setattr(Request, "results", lambda request: results)
    assert print_curves(Request("spoken-digits"), "system", as_json=False) == 0
    printed = capsys.readouterr().out
    assert f"A Dense networks, B Twins: {system.verdict}" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert print_curves(Request("spoken-digits"), "all", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == records(pairs(results))


@pytest.mark.parametrize(
    ("boundary", "curve_of", "message"),
    [
        ("roof", None, "No boundary is called 'roof'"),
        ("system", {}, "'spoken-digits' has no two curves within the boundary system: 0 named, and each needs 3 sizes"),
        ("all", {"ds-cnn": "one"}, "has no two curves: 1 named"),
    ],
)
def test_what_cannot_be_compared_is_refused(monkeypatch, boundary, curve_of, message):
    monkeypatch.setattr(Request, "results", lambda request: marked(curve_of))
    with pytest.raises(InputError, match=message):
        print_curves(Request("spoken-digits"), boundary, as_json=False)
