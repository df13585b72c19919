# tests/studies/test_left_out.py
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.operations import OperationCounts
from studies.cell import CellResult, RunRecord
from studies.figures import draw
from studies.left_out import check_left_out, left_out_text, without_class
from studies.methods import methods
from studies.optimistic_classes import optimistic_class
from studies.results import load_results
from studies.scores import accuracy_without
from tests.studies.synthetic_results import synthetic_results, synthetic_study
from tests.studies.test_figures import of_keywords

LABELS = ("yes", "silence", "no")
TARGETS = [0, 1, 2, 1, 0]
LOGITS = np.arange(15, dtype=np.float32).reshape(5, 3)


def cell(*runs) -> CellResult:
    return CellResult(
        kind="test",
        label_names=LABELS,
        clip_names=("a", "b", "c", "d", "e"),
        groups=("p", "q", "p", "r", "s"),
        targets=np.array(TARGETS),
        clip_seconds=1.0,
        n_training_clips=10,
        runs=runs,
    )


def run(logits, seconds, indices=None) -> RunRecord:
    return RunRecord("torch-float", logits, OperationCounts(), seconds, indices)


def test_the_clips_of_the_class_are_gone_from_all_that_is_scored():
    """By hand: clips b and d, the second and the fourth, are silent."""
    found = without_class(cell(run(LOGITS, 5.0)), "silence")

    assert found.clip_names == ("a", "c", "e")
    assert found.groups == ("p", "p", "s")
    assert found.targets.tolist() == [0, 2, 0]
    assert found.label_names == LABELS
    assert found.runs[0].logits.tolist() == [[0, 1, 2], [6, 7, 8], [12, 13, 14]]
    assert found.runs[0].wall_seconds == pytest.approx(3.0)
    assert found.runs[0].clip_indices is None


def test_a_run_of_some_clips_keeps_those_that_are_left_at_their_new_places():
    """It took the clips b, c and e: c and e are left, and are now the second and the third."""
    found = without_class(cell(run(LOGITS[[1, 2, 4]], 3.0, (1, 2, 4))), "silence").runs[0]

    assert found.clip_indices == (1, 2)
    assert found.logits.tolist() == [[6, 7, 8], [12, 13, 14]]
    assert found.wall_seconds == pytest.approx(2.0)


def test_nothing_is_left_out_unless_a_class_is_named():
    whole = cell(run(LOGITS, 5.0))

    assert without_class(whole, "") is whole
    assert left_out_text(synthetic_study()) == ""


@pytest.mark.parametrize("labels", [LABELS, ("hiss",)])
def test_a_class_that_the_set_does_not_have_or_that_is_its_only_one_is_refused(labels):
    with pytest.raises(InputError, match=r"score_without = 'hiss' is not one of several classes of the set: .*leave"):
        check_left_out("hiss", labels)


def test_accuracies_and_verdicts_are_those_of_the_other_classes(monkeypatch):
    """What a row says without a class is what `scores --without` says of the whole row, and a choice follows it."""
    whole = synthetic_results()
    study = synthetic_study().model_copy(update={"score_without": "3"})
    results = loaded(study, whole, monkeypatch)

    for row in whole.headline_rows:
        ours, theirs = results.row(*row.key), accuracy_without(row, whole, 3)
        assert ours.interval.estimate == pytest.approx(theirs.estimate, abs=1e-12)
        assert ours.interval.low == pytest.approx(theirs.low, abs=1e-12)
        assert not ours.confusion[3].any()
        assert ours.counts.counts == row.counts.counts
    assert "Clips of the class 3 were trained on and answered, and count in no score." in methods(results)


def loaded(study, whole, monkeypatch):
    """The results of a store with the cells of `whole`."""
    import studies.results as module

    class Store:
        def __init__(self):
            self.of = {f"fit {cell}": r for cell, r in whole.fits.items()}
            self.of |= {f"test {cell}": r for cell, r in whole.tests.items()}

        def has(self, key):
            return key in self.of

        def load(self, key):
            return self.of[key]

        def provenance(self, key):
            return {}

        def attempts(self, key):
            return []

        def looks(self, content_hash):
            return {}

    class Keyed:
        accepted_code = rechecked_code = code_version = None

        def __init__(self, cell):
            self.cell, self.fit_key, self.test_key = cell, f"fit {cell}", f"test {cell}"

    class Plan:
        cells = tuple(Keyed(cell) for cell in whole.wanted)
        probed = ()
        ground = SimpleNamespace(content_hash="c" * 64)

    class Carrier:
        def __init__(self, store):
            pass

        def as_counted_now(self, key, where, code, result):
            return result

    class Configurations:
        def __init__(self, study, ground):
            pass

        def of(self, cell, kind):
            return ""

    monkeypatch.setattr(module, "Carrier", Carrier)
    monkeypatch.setattr(module, "Configurations", Configurations)
    monkeypatch.setattr(module, "read_imports", lambda *_: ())
    monkeypatch.setattr(module, "rechecks_of", lambda *_: ())
    monkeypatch.setattr(module, "read_measurements", lambda *_: ())
    return load_results(study, Store(), Plan())


def test_a_class_that_is_left_out_of_all_scores_has_no_second_column_and_the_stars_are_told_apart():
    results = of_keywords(synthetic_results())
    study = results.study.model_copy(update={"score_without": "silence"})

    assert optimistic_class(results.study) == "silence"
    assert optimistic_class(study) is None
    assert (
        "The stars' accuracies count silence."
        in draw("accuracy-vs-published-energy", replace(results, study=study)).caption
    )
