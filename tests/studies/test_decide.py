# tests/studies/test_decide.py
import json
import re
from dataclasses import replace
from math import atan, pi

import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.commands import decide as command
from studies.commands.quantity import quantity, share
from studies.commands.request import Request
from studies.decide import Limits, accuracy_probability, decide
from studies.fit import FitCheck
from studies.statistics import Interval
from studies.unit_scores import UnitScores
from tests.studies.priced_rows import side
from tests.studies.synthetic_results import synthetic_results

DRAWS = CoefficientDraws(n_draws=400)
CNN = OperationCounts.of("network", "all", mac_int8=1e6)  # 0.23 uJ, from 0.0767 to 0.69


def interval(scores, n_clips=100, *, blocks=None):
    """Of group scores [group] or [group, seed]; each group has models of its own unless `blocks` says otherwise."""
    by_seed = np.array(scores, dtype=float).reshape(len(scores), -1 if scores else 0)
    units = UnitScores(tuple(map(str, range(len(by_seed)))), by_seed, np.array(blocks or range(len(by_seed))))
    mean = float(by_seed.mean()) if by_seed.size else 1.0
    by_group = dict(zip(units.names, by_seed.mean(axis=1), strict=True)) if by_seed.size else {}
    spread = units.spread if len(by_seed) > 1 else None
    return Interval(mean, 0.0, 1.0, "t", len(by_seed), n_clips, 1, 1, None, None, by_group, spread)


def scored(scores, counts=CNN, deployment="cmos-45nm-int8", **place):
    found = side(counts, deployment, **place)
    return replace(found, row=replace(found.row, interval=interval(scores)))


def test_over_two_groups_the_probability_is_that_of_a_cauchy_distribution():
    # Student's t with one degree of freedom: P(T > t) = 1/2 - atan(t) / pi; here mean 0.8, standard error 0.1
    assert accuracy_probability(interval([0.7, 0.9]), 0.9)[0] == pytest.approx(0.5 - atan(1) / pi)
    assert accuracy_probability(interval([0.7, 0.9]), 0.8)[0] == pytest.approx(0.5)


def test_luck_in_training_that_groups_share_keeps_the_probability_from_certainty():
    """Three groups that agree under each of two seeds, 0.1 apart, whose variance is 0.005. By hand, with n = m = 3:
    models 9 / 6 * 0.005 / 2 = 0.00375 with 1 degree of freedom, counted 9 / 6 * (3 * 0.005 / 9) / 2 = 0.00125 with 2.
    """
    shared = interval([[0.75, 0.85], [0.75, 0.85], [0.750001, 0.850001]], blocks=[0, 0, 0])
    own = interval([[0.75, 0.85], [0.75, 0.85], [0.750001, 0.850001]])

    assert accuracy_probability(own, 0.75)[0] > 0.999
    tail = 1 - accuracy_probability(shared, 0.75)[0]
    assert stats.t.isf(tail, 1) ** 2 * 0.00375 - stats.t.isf(tail, 2) ** 2 * 0.00125 == pytest.approx(0.05**2, rel=1e-3)


def test_over_clips_the_probability_is_that_of_the_right_ones():
    # one clip of one right: Beta(3/2, 1/2), whose median is near 0.837
    assert accuracy_probability(interval([], n_clips=1), 0.8370)[0] == pytest.approx(0.5, abs=0.01)
    assert accuracy_probability(interval([0.8]), 0.5) == (0.0, 1.0)
    assert accuracy_probability(interval([0.8]), None) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("joules", "accuracy", "verdict"),
    [(1e-6, 0.5, "meets"), (1e-8, 0.5, "fails"), (1e-6, 0.99, "fails"), (0.23e-6, 0.5, "undecided")],
)
def test_a_budget_is_met_where_both_parts_are_likely(joules, accuracy, verdict):
    found = decide(scored([0.79, 0.8, 0.81, 0.8]), Limits(joules, accuracy), (), DRAWS)

    assert found.verdict == verdict
    assert found.p_both[0] == found.p_accuracy[0] * found.p_energy[0]


def test_a_lower_bound_of_energy_can_fail_a_budget_and_never_meet_it():
    bound = scored([0.79, 0.8, 0.81, 0.8], boundary="chip")

    assert bound.energy.kind == "lower-bound"
    assert decide(bound, Limits(1e-3, 0.5), (), DRAWS).verdict == "undecided"
    assert decide(bound, Limits(1e-9, 0.5), (), DRAWS).verdict == "fails"


def test_what_does_not_fit_meets_no_budget_and_what_is_too_slow_neither():
    fits = scored([0.79, 0.8, 0.81, 0.8], deployment="cortex-m4", boundary="chip")
    too_large = (FitCheck("flash of cortex-m4", 3e6, 2e6, "bytes", False),)

    assert decide(fits, Limits(1.0, 0.5), (), DRAWS).verdict == "meets"
    assert decide(fits, Limits(1.0, 0.5), too_large, DRAWS).verdict == "does not fit"
    # 1 M multiply-and-adds of the 2.656 M that take 1 / 23.2 s
    slow = decide(fits, Limits(1.0, 0.5, max_seconds=0.016), (), DRAWS)
    assert slow.does_not_fit == "latency: 16.2 ms of 16 ms asked (modelled, nominal)"
    assert decide(fits, Limits(1.0, 0.5, max_seconds=0.0165), (), DRAWS).verdict == "meets"


def test_the_answer_names_the_price_that_would_flip_it_and_how_far_the_accuracy_is_off():
    over = decide(scored([0.7, 0.8]), Limits(0.2e-6, 0.8), (), DRAWS).would_flip
    far = decide(scored([0.7, 0.8]), Limits(1e-9, None), (), DRAWS).would_flip

    assert over[0] == "accuracy: 5.0 points below what is asked (P = 0.25)"
    assert over[1] == "energy: 0.87 times the nominal energy is allowed; flipped by c45.mac-int8 at 0.0767 pJ"
    assert far == (
        "energy: 0.00435 times the nominal energy is allowed; no coefficient alone would change that within its range",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("1mJ", 1e-3), ("200 uJ", 2e-4), ("3µJ", 3e-6), ("3 μJ", 3e-6), ("8fJ", 8e-15), ("0.5", 0.5), ("2e-3J", 2e-3)],
)
def test_a_quantity_is_read_with_its_unit(text, value):
    assert quantity(text, "J", "--max-energy") == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "1mW", "-1mJ", "0J", "many", "1.2.3J"])
def test_a_quantity_without_sense_is_refused(text):
    with pytest.raises(InputError, match="give a number above 0 with its unit, such as 1mJ"):
        quantity(text, "J", "--max-energy")


def test_a_percentage_is_no_share():
    with pytest.raises(InputError, match=r"--min-accuracy 90: give a share from 0 to 1, such as 0\.9"):
        share("90", "--min-accuracy")


def asked(**changes):
    given = {"max_energy": "1mJ", "min_accuracy": "0.7", "max_latency": None, "device": None}
    return {**given, "boundary": "system", "scenario": "always-on", "as_json": False, **changes}


def test_the_command_gives_one_verdict_per_system_or_every_deployment_of_a_device(monkeypatch, capsys):
    monkeypatch.setattr(Request, "results", lambda self: synthetic_results())
    command.decide(Request("x"), **asked(as_json=True))
    every = json.loads(capsys.readouterr().out)
    command.decide(Request("x"), **asked(device="ndp9120"))
    lines = capsys.readouterr().out.splitlines()
    printed = " ".join(" ".join(lines).split())

    assert len({decision["system"] for decision in every}) == len(every)
    assert re.match(
        r"None of \d+ surely meets the budget; \d+ (is|are) undecided, the likeliest \S+ on cortex-m4", printed
    )
    assert max(map(len, lines)) <= 80
    assert "at most 1 mJ per decision, at least 70 % accuracy; boundary system, always-on; test clips" in printed
    assert "on cortex-m4+ndp9120" in printed
    assert "loihi" not in printed
    assert "fits: " in printed and "real time: " in printed
    memory = [check for decision in every for check in decision["checks"] if check["unit"] == "bytes"]
    assert {"what", "needed", "allowed", "fits", "note"} <= set(memory[0])
    assert any(check["what"] == "flash of cortex-m4" and check["allowed"] == 2048 * 1024 for check in memory)


def test_a_device_of_no_run_and_an_empty_budget_are_refused(monkeypatch):
    monkeypatch.setattr(Request, "results", lambda self: synthetic_results())

    with pytest.raises(InputError, match="No system has an energy on 'abacus'"):
        command.decide(Request("x"), **asked(device="abacus"))
    with pytest.raises(InputError, match="Nothing is asked"):
        command.decide(Request("x"), **asked(max_energy=None, min_accuracy=None))


def decided(verdict, p, system="ds-cnn"):
    found = decide(scored([0.79, 0.8, 0.81, 0.8]), Limits(1e-6, 0.5), (), DRAWS)
    return replace(found, verdict=verdict, p_both=(p, p), system=system)


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        ([("meets", 0.97), ("fails", 0.0)], "a on cmos-45nm-int8 meets the budget (P = 0.97); it is the only one of 2"),
        ([("meets", 0.97), ("meets", 0.96)], "2 of 2 meet the budget, a on cmos-45nm-int8 most surely (P = 0.97)."),
        (
            [("undecided", 0.5), ("fails", 0.0)],
            "None of 2 surely meets the budget; 1 is undecided, the likeliest a on ",
        ),
        ([("fails", 0.04)], "None of 1 meets the budget; the nearest is a on cmos-45nm-int8 (P = 0.04)."),
        ([("does not fit", 0.9)], "None of 1 meets the budget: none fits what it would run on."),
    ],
)
def test_the_first_sentence_is_the_answer(verdicts, answer):
    found = [decided(verdict, p, system) for (verdict, p), system in zip(verdicts, "ab", strict=False)]
    assert command._answer(found).startswith(answer)
