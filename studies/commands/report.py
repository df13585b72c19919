# studies/commands/report.py
"""`trichord report`: the report of what is committed."""

from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.running import Plan
from studies.specification import Study
from studies.store import Store


def report(request: Request, out: Path | None) -> int:
    """Write the report, and print where it is."""
    if out is not None and out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: a file of this name is there already. Name a folder; it is made where missing.")
    study, store = request.opened()
    plan = request.planned(study, store, confirm=True)
    print(f"Report: {written_report(study, store, plan, out)}")
    return 0


def written_report(study: Study, store: Store, plan: Plan, out: Path | None = None) -> Path:
    """Write the report of a study; return the path of its page."""
    from studies.report import write_report
    from studies.results import load_results

    return write_report(load_results(study, store, plan), out or Path("reports") / study.name)
