# tests/studies/test_optimistic_classes.py
"""Accuracy without a class whose score is optimistic stands in the report, and only where there is one."""

from dataclasses import replace

import numpy as np
import pytest

from classical_baselines.data.sets import DATA_SETS
from studies import optimistic_classes
from studies.report.sections.scores import SECTION
from studies.specification import Data
from tests.studies.synthetic_results import synthetic_results


def test_each_class_that_is_left_out_is_one_of_its_set():
    for name, label in optimistic_classes.OPTIMISTIC.items():
        assert label in DATA_SETS[name]().label_names


def test_the_accuracy_without_a_class_is_that_over_the_other_clips(monkeypatch):
    results = synthetic_results()
    monkeypatch.setattr(optimistic_classes, "OPTIMISTIC", {results.study.data.name: "3"})

    values = SECTION.values(results)

    assert values["without"] == "3"
    row = results.row("ds-cnn")
    by_part: dict[tuple[str, int], list[bool]] = {}  # a group answered by a seed; all parts weigh alike
    for of, cell, run in results.members("ds-cnn", row.run.backend.name, row.protocol):
        for group, target, logits in zip(cell.groups, cell.targets, run.logits, strict=True):
            if cell.label_names[target] != "3":
                by_part.setdefault((group, of.seed), []).append(int(np.argmax(logits)) == target)
    expected = np.mean([np.mean(right) for right in by_part.values()])
    (told,) = (one for one in values["rows"] if one["title"] == row.title)
    assert float(told["without"].split()[0]) == pytest.approx(100 * expected, abs=0.0501)  # as printed
    assert float(told["accuracy"].split()[0]) != pytest.approx(100 * expected, abs=0.0501)


def test_a_set_without_such_a_class_and_an_own_folder_have_no_such_column():
    results = synthetic_results()
    assert SECTION.values(results)["without"] is None

    own = results.study.model_copy(update={"data": Data(name="speech-commands-12", folder="words")})
    assert optimistic_classes.optimistic_class(own) is None
    assert SECTION.values(replace(results, study=own))["without"] is None
