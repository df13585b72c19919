# tests/studies/recomputing.py
"""What tests of rechecks share: code that says which version it is, and cells that are computed in this process."""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from studies.code_version import CodeVersion
from studies.executors.contract import Execution, Finished
from studies.rechecking import candidates, recheck_system
from studies.running import make_plan, tasks_of
from studies.worker import DONE, run
from tests.studies import fake_study
from tests.studies.fake_study import GROUND

STUDY = fake_study.fake_study(seeds=[0, 1])
FAKE = "tests.studies.fake_study"
SOME = "fold=anna,fold=ben,seed=0"
LOOKS = {("leave-one-group-out", fold): 3 for fold in ("anna", "ben")}


@contextmanager
def code(letter, **modules):
    """The code as it stands has this version."""
    version = CodeVersion(letter * 64, {"studies.pipeline": letter * 64, **modules})
    with ExitStack() as stack:
        for module in ("grid", "running", "rechecking"):
            stack.enter_context(patch(f"studies.{module}.code_version", return_value=version))
        yield version


def run_here(plan, store, pipeline_module=FAKE):
    """What an executor does, in this process."""
    execution = Execution()
    for task in tasks_of(plan, store, None, pipeline=pipeline_module):
        ok = run(task) == DONE
        reason = "" if ok else store.attempts(task.keys[0])[-1].reason
        execution.finished.append(Finished(task, ok, 0.1, reason))
    return execution


def planned(store, study=STUDY, ground=GROUND, **options):
    return make_plan(study, ground, store, confirm=True, **options)


def rechecked(store, folder, *, n_cells=1, only=None, study=STUDY, ground=GROUND, recompute=run_here):
    """What `trichord recheck` does with each system; verdicts by system."""
    found = candidates(study, planned(store, study, ground, only=only), store)
    return {
        system: recheck_system(study, ground, store, choices, n_cells, folder / system, recompute)
        for system, choices in found.items()
    }
