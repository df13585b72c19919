"""The time to come is that of the nearest cells there are, and of forward passes where there are none."""

from dataclasses import replace

import pytest

from studies.checked_study import CheckedProtocol, CheckedStudy
from studies.index import CellSummary
from studies.rough_time import TimeToCome, in_words, time_to_come
from studies.running import Plan
from tests.studies.fake_study import GROUND, fake_study
from tests.studies.test_grid import keyed_with

CELLS = keyed_with("a")  # 3 systems, 5 folds, 4 seeds
PROTOCOL = CheckedProtocol(GROUND.folds["leave-one-group-out"], 5, "group", 36)
CHECKED = CheckedStudy("c0ffee", {"leave-one-group-out": PROTOCOL}, {"small": 0.001, "middle": 0.01, "large": None})


def plan_of(committed=0, study=None):
    missing = tuple((cell, ("fit",)) for cell in CELLS[committed:])
    return Plan(study or fake_study(), GROUND, tuple(CELLS), missing, confirm=False)


def summary(key, system, seconds, study="fake", kind="fit"):
    texts = dict.fromkeys(("dataset", "protocol", "fold", "content_hash", "specification_key", "code_version"))
    return key, CellSummary(
        key, kind, study, system=system, seed=0, fit_key=None, wall_seconds=seconds, n_bytes=1, changed_ns=1, **texts
    )


def test_committed_cells_tell_the_time_of_their_system_and_their_mean_that_of_the_others():
    done = dict(
        summary(one.fit_key, one.cell.system, {"small": 2.0, "middle": 8.0}[one.cell.system]) for one in CELLS[:2]
    )
    done |= dict([summary("0" * 64, "large", 1000.0)])  # by other code: not needed

    # 19 small at 2 s, 19 middle at 8 s, 20 large at their mean of 5 s, two at a time
    assert time_to_come(plan_of(2), done, CHECKED, 2) == TimeToCome((19 * 2 + 19 * 8 + 20 * 5) / 2, "committed")


def test_cells_by_other_code_tell_it_where_none_is_committed():
    older = dict([summary("0" * 64, "small", 3.0), summary("1" * 64, "small", 5.0), summary("2" * 64, "large", 10.0)])
    others = dict([summary("3" * 64, "small", 99.0, study="another"), summary("4" * 64, "small", 99.0, kind="test")])

    assert time_to_come(plan_of(), older | others, CHECKED, 1) == TimeToCome(20 * 4 + 20 * 10 + 20 * 6, "earlier")


def test_forward_passes_tell_it_where_there_is_no_cell_and_a_system_that_is_fitted_directly_is_left_out():
    seconds = 3 * 36 * 30 * 20 * (0.001 + 0.01)  # passes, clips, epochs, cells

    found = time_to_come(plan_of(), {}, CHECKED, 4)
    assert found.source == "forward"
    assert found.seconds == pytest.approx(seconds / 4)
    assert in_words(found).startswith("roughly 3 min of training, by forward passes")


def test_nothing_to_run_takes_no_time_and_what_is_not_known_is_not_zero():
    unknown = replace(CHECKED, clip_seconds=dict.fromkeys(CHECKED.clip_seconds))

    assert time_to_come(plan_of(len(CELLS)), {}, CHECKED, 1) == TimeToCome(0.0, None)
    assert time_to_come(plan_of(), {}, unknown, 1) == TimeToCome(None, None)
    assert in_words(TimeToCome(None, None)) == "time left not known yet"
