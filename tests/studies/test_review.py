"""The checklist says what the store shows: what holds there, and what is open."""

from dataclasses import replace

import pytest

from studies.methods import methods
from studies.review import checklist
from tests.studies.synthetic_results import synthetic_results


def answered(results):
    return {item.question: item for item in checklist(results)}


def _without_roles(*roles):
    results = synthetic_results()
    systems = tuple(system for system in results.study.systems if system.role not in roles)
    return replace(results, study=results.study.model_copy(update={"systems": systems}))


def _only_run(wanted):
    """Cells of some systems alone; the study names all."""
    results = synthetic_results()
    names = {system.name for system in results.study.systems if wanted(system)}
    fits, tests = ({c: r for c, r in cells.items() if c.system in names} for cells in (results.fits, results.tests))
    return replace(results, fits=fits, tests=tests)


def _with_equal_recordings(n):
    return _with_audit(n_equal_recordings=n)


def _with_audit(**changes):
    results = synthetic_results()
    cell, result = next((c, r) for c, r in results.fits.items() if c.protocol == "leave-one-group-out")
    audit = {**result.training["audit"], **changes}
    return replace(results, fits={**results.fits, cell: replace(result, training={**result.training, "audit": audit})})


def _without_checks(name):
    results = synthetic_results()
    tests = {
        cell: replace(
            result,
            runs=tuple(replace(run, checks=tuple(c for c in run.checks if c.name != name)) for run in result.runs),
        )
        for cell, result in results.tests.items()
    }
    return replace(results, tests=tests)


def _unpriced():
    results = synthetic_results()
    systems = tuple(
        system.model_copy(update={"runs": tuple(run.model_copy(update={"deployments": ()}) for run in system.runs)})
        for system in results.study.systems
    )
    return replace(results, study=results.study.model_copy(update={"systems": systems}))


def test_every_question_is_answered_from_a_whole_study():
    items = answered(synthetic_results())

    assert len(items) == len(checklist(synthetic_results()))
    assert all(item.answer and item.state in ("holds", "open") for item in items.values())
    assert items["How many seeds?"].state == "holds"
    assert items["Was every family tuned with the same effort?"].state == "open"
    assert "lava-equality" in items["Were spiking networks and circuits checked against Lava and Aer?"].answer


@pytest.mark.parametrize(
    ("question", "change", "words"),
    [
        ("How many seeds?", lambda: synthetic_results(seeds=(0,)), "1 at least"),
        (
            "Were test clips looked at by this study alone?",
            lambda: replace(synthetic_results(), looks={("leave-one-group-out", "theo"): 900}),
            "theo 900 (",
        ),
        (
            "Is anything missing?",
            lambda: replace(synthetic_results(), accepted_codes=("c0ffee",)),
            "Cells of older code stand in: c0ffee",
        ),
        (
            "Which code made it?",
            lambda: replace(synthetic_results(), provenances=({"git": {"revision": "abc", "dirty": True}},)),
            "cells from changed files: 1",
        ),
        (
            "Are there simple rivals, trained on the same clips?",
            lambda: _without_roles("rival"),
            "None",
        ),
        (
            "Does every spiking network stand beside its dense twin, every circuit beside its controls?",
            lambda: _without_roles("twin", "control"),
            "Not ",
        ),
        (
            "Are the speakers and recordings of training and test apart?",
            lambda: _with_equal_recordings(3),
            "3 recordings equal sample for sample",
        ),
        (
            "Are the speakers and recordings of training and test apart?",
            lambda: _with_audit(groups_apart=False),
            "Groups are apart in ",
        ),
        (
            "Were spiking networks and circuits checked against Lava and Aer?",
            lambda: _without_checks("aer-equality"),
            "Not, or not in all: ",
        ),
        (
            "Are there simple rivals, trained on the same clips?",
            lambda: _only_run(lambda system: system.role != "rival"),
            "None",
        ),
        ("Is idling counted?", _unpriced, "No system is priced."),
        ("Which terms have no price?", _unpriced, "no system names a deployment"),
        ("Is every system priced to one boundary, host and front end included?", _unpriced, "No full price"),
        ("Are the tests corrected for their number?", synthetic_results, "after Holm's correction"),
    ],
)
def test_what_a_reviewer_would_attack_is_open(question, change, words):
    item = answered(change())[question]

    assert item.state == "open"
    assert words in item.answer


def test_a_study_that_never_opened_its_test_clips_says_so():
    items = answered(replace(synthetic_results(confirmed=False), looks={}))

    assert (
        items["Were test clips looked at by this study alone?"].answer
        == "They were not looked at: validation clips only."
    )
    assert "validation clips only" in methods(synthetic_results(confirmed=False))


def test_the_methods_paragraph_has_the_numbers_of_the_study():
    results = synthetic_results()
    said = methods(results)

    assert said.startswith(f"{len(results.headline_rows)} systems were compared on {results.study.data.name}")
    for words in ("6 groups", "t over 6 groups", "3 seeds", "10,000 draws", "lava-equality of"):
        assert words in said


def test_an_empty_store_has_nothing_that_holds():
    empty = replace(synthetic_results(), fits={}, tests={})

    assert [item.state for item in checklist(empty)] == ["open"]
    assert methods(empty) == "No cell of the headline protocol is committed."


def test_the_methods_paragraph_claims_no_prices_that_were_not_made():
    assert "Energy was not priced." in methods(_unpriced())
    assert "always on" not in methods(_unpriced())
