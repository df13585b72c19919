"""The checklist says what the store shows: what holds there, and what is open."""

from dataclasses import replace

import pytest

from studies.review import checklist, methods
from tests.studies.synthetic_results import synthetic_results


def answered(results):
    return {item.question: item for item in checklist(results)}


def test_every_question_is_answered_from_a_whole_study():
    items = answered(synthetic_results())

    assert len(items) == len(checklist(synthetic_results()))
    assert all(item.answer and item.state in ("holds", "open") for item in items.values())
    assert items["How many seeds?"].state == "holds"
    assert items["Was every family tuned with the same effort?"].state == "open"
    assert "lava-equality" in items["Were chip and circuit checked against Lava and Aer?"].answer


@pytest.mark.parametrize(
    ("question", "change", "words"),
    [
        ("How many seeds?", lambda: synthetic_results(seeds=(0,)), "1 for every system"),
        (
            "How often were test clips looked at?",
            lambda: replace(synthetic_results(), looks={("leave-one-group-out", "theo"): 900}),
            "theo 900",
        ),
        (
            "Is anything missing?",
            lambda: replace(synthetic_results(), accepted_codes=("c0ffee",)),
            "Cells of older code stand in: c0ffee",
        ),
        (
            "Which code made it?",
            lambda: replace(synthetic_results(), provenances=({"git": {"revision": "abc", "dirty": True}},)),
            "1 cells from changed files",
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
            "Do training and test share speakers or recordings?",
            lambda: _with_equal_recordings(3),
            "3 recordings equal sample for sample",
        ),
    ],
)
def test_what_a_reviewer_would_attack_is_open(question, change, words):
    item = answered(change())[question]

    assert item.state == "open"
    assert words in item.answer


def test_a_study_that_never_opened_its_test_clips_says_so():
    items = answered(replace(synthetic_results(confirmed=False), looks={}))

    assert items["How often were test clips looked at?"].answer == "Never: validation clips only."
    assert "validation clips only" in methods(synthetic_results(confirmed=False))


def test_the_methods_paragraph_has_the_numbers_of_the_study():
    results = synthetic_results()
    said = methods(results)

    assert said.startswith(f"{len(results.headline_rows)} systems were compared on {results.study.data.name}")
    for words in ("6 groups", "t over 6 groups", "3 seeds", "10,000 draws", "lava-equality of"):
        assert words in said


def _without_roles(*roles):
    results = synthetic_results()
    systems = tuple(system for system in results.study.systems if system.role not in roles)
    return replace(results, study=results.study.model_copy(update={"systems": systems}))


def _with_equal_recordings(n):
    results = synthetic_results()
    cell, result = next(iter(results.fits.items()))
    audit = {**result.training["audit"], "n_equal_recordings": n}
    return replace(results, fits={**results.fits, cell: replace(result, training={**result.training, "audit": audit})})
