from dataclasses import replace

import numpy as np
import pytest

from studies.answers import answers, representatives, sentence
from studies.energy_answers import cheapest, energy_ratio
from studies.results import StudyResults
from studies.specification import Choice
from studies.statistics import Comparison
from tests.studies.synthetic_results import synthetic_results


def answer(results, topic):
    (found,) = (one for one in answers(results) if one.topic == topic)
    return found


def with_every_answer_right(results, system):
    """The same results, in which one system never errs."""

    def perfect(result):
        logits = np.eye(10, dtype=np.float32)[result.targets]
        runs = tuple(replace(run, logits=logits[: len(run.logits)]) for run in result.runs)
        return replace(result, runs=runs)

    return replace(
        results,
        fits={cell: perfect(r) if cell.system == system else r for cell, r in results.fits.items()},
        tests={cell: perfect(r) if cell.system == system else r for cell, r in results.tests.items()},
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("better", "A is 3.0 points better than B: +3.0 [+1.0, +5.0], p = 0.031."),
        ("equivalent", "A and B are equivalent within 2 points: +3.0 [+1.0, +5.0]."),
        ("undecided", "Undecided between A and B: +3.0 [+1.0, +5.0], p = 0.031. It would take nine groups."),
    ],
)
def test_a_verdict_is_said_with_its_interval(verdict, words):
    needs = "nine groups" if verdict == "undecided" else ""
    comparison = Comparison(0.03, 0.01, 0.05, 0.03125, "sign flip", 6, "group", 0.02, verdict, needs)

    assert sentence("A", "B", comparison) == words


def test_the_first_screen_asks_every_question_once():
    topics = [one.topic for one in answers(synthetic_results())]

    assert len(set(topics)) == len(topics)
    for topic in (
        "Most accurate",
        "Spiking against the baseline",
        "Quantum hybrid against the baseline",
        "ds-cnn: int8 against torch-float",
        "convolutional-snn: loihi-emulator against torch-float",
        "convolutional-snn against its dense twin",
        "qft-hybrid: does the circuit add anything?",
        "Least energy",
        "Least energy at the best accuracy",
        "What official would have said",
    ):
        assert topic in topics


def test_a_circuit_that_beats_every_control_adds_something_and_one_that_loses_adds_nothing():
    question = "qft-hybrid: does the circuit add anything?"
    wins = with_every_answer_right(synthetic_results(), "qft-hybrid")
    loses = with_every_answer_right(synthetic_results(), "qft-hybrid-no-circuit")

    assert answer(wins, question).verdicts == (("", "better"),)
    assert answer(wins, question).text.startswith(
        "Against those asked: qft-hybrid beats each of its 2 controls; no exact surrogate stands beside it"
    )
    assert answer(with_surrogate(wins), question).text.startswith("Yes: qft-hybrid beats each of its 2 controls.")
    assert answer(loses, question).verdicts == (("", "adds nothing"),)
    assert answer(loses, question).text.startswith("No: ")
    against_one = with_every_answer_right(wins, "qft-hybrid-no-circuit")  # equal to one control, better than the other
    assert answer(against_one, question).verdicts == (("", "adds nothing"),)


def with_surrogate(results):
    """The results, had the layer beside the hybrid been its exact surrogate."""
    systems = [
        one.model_copy(update={"classifier": Choice(name="quadratic-surrogate")}) if "no-circuit" in one.name else one
        for one in results.study.systems
    ]
    return replace(results, study=results.study.model_copy(update={"systems": tuple(systems)}))


def test_test_clips_do_not_choose_who_speaks_for_a_family():
    results = synthetic_results()
    chosen_before = {family: row.system.name for family, row in representatives(results).items()}
    swapped = replace(results, tests=with_every_answer_right(results, "dense-snn").tests)

    assert {family: row.system.name for family, row in representatives(swapped).items()} == chosen_before
    assert chosen_before == {"classical": "ds-cnn", "neuro": "convolutional-snn", "quantum": "qft-hybrid"}
    on_validation = replace(results, fits=with_every_answer_right(results, "dense-snn").fits)
    assert representatives(on_validation)["neuro"].system.name == "dense-snn"


def test_a_lower_bound_never_ranks_as_the_least_energy():
    ranked = cheapest(synthetic_results().headline_rows)

    assert all(energy.kind == "modelled" for _, energy in ranked)
    nominal = [energy.nominal_joules for _, energy in ranked]
    assert nominal == sorted(nominal)
    bounds = [e for row in synthetic_results().headline_rows for e in row.energies if e.kind == "lower-bound"]
    assert min(e.nominal_joules for e in bounds if e.boundary == "system") < nominal[0]


def test_the_energy_ratio_is_taken_draw_by_draw():
    (_, a), (_, b), *_ = cheapest(synthetic_results().headline_rows)
    ratios = sorted(x / y for x, y in zip(a.draws.tolist(), b.draws.tolist(), strict=True))
    median, low, high = energy_ratio(a, b)

    assert median == pytest.approx((ratios[4999] + ratios[5000]) / 2)
    assert low == pytest.approx(ratios[499], rel=1e-2)
    assert high == pytest.approx(ratios[9500], rel=1e-2)


def test_an_empty_store_has_one_answer():
    results = synthetic_results()
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})

    (only,) = answers(empty)
    assert only.topic == "Nothing yet"
