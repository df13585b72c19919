# studies/commands/search.py
"""`trichord search`: systems and devices by accuracy against energy under a budget, then the report of the trials."""

import csv
import io
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.commands.executor_options import executor_options
from studies.commands.report import written_report
from studies.commands.request import Request
from studies.progress import progress_for
from studies.running import Plan, run_plan
from studies.wording import joules_text, percent
from studies.worker import STOPPED

if TYPE_CHECKING:
    from studies.search import Found, Trial


def search(request: Request, jobs: int | None, out: Path | None, as_json: bool) -> int:
    """Search, and say what keeps the budget; 1 where nothing does."""
    from studies.report import write_file
    from studies.search import Found, front_file, searched
    from studies.search import search as search_for

    study = request.open_study()
    wanted = searched(study)
    options = executor_options("inline", jobs)
    folder = out or Path("reports") / f"{study.name}-trials"
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder}: a file of this name is there already. Name a folder.")
    store = request.open_store(study, create=True)

    def run(plan: Plan) -> bool:
        command = ["trichord", *sys.argv[1:]]
        progress = progress_for(as_json=as_json)
        return not run_plan(plan, store, request.data_root, progress, options, command=command).interrupted

    found: Found = search_for(study, store, request.data_root, run, lambda trial: _tell(trial, as_json=as_json))
    if found.interrupted:
        print("Interrupted. The same command goes on from here.", file=sys.stderr)
        return STOPPED
    report = written_report(found.study, store, found.plan, folder)
    _write_effort(found, folder)
    front = folder / "front.toml"
    if found.front:
        write_file(front, front_file(study, found).encode())
    else:
        front.unlink(missing_ok=True)
    _conclude(found, wanted.n_trials, report, front, as_json=as_json)
    return 0 if found.front else 1


def _write_effort(found: "Found", folder: Path) -> None:
    """`trials.csv`, and what every space got for its effort as a figure."""
    from studies.figures.search_effort import record_of, search_effort
    from studies.figures.style import png_bytes, svg_text
    from studies.report import write_file

    text = io.StringIO(newline="")
    records = [record_of(trial) for trial in found.trials]
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    write_file(folder / "trials.csv", text.getvalue().encode())
    figure = search_effort(found.trials).figure
    write_file(folder / "search_effort.svg", svg_text(figure).encode())
    write_file(folder / "search_effort.png", png_bytes(figure))


def _tell(trial: "Trial", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"event": "trial", **_record(trial)}), flush=True)
    else:
        print(_line(trial), flush=True)


def _conclude(found: "Found", n_trials: int, report: Path, front: Path, *, as_json: bool) -> None:
    if as_json:
        named = [trial.name for trial in found.front]
        print(json.dumps({"event": "search", "front": named, "report": str(report), "study": str(front)}))
        return
    print(
        f"\n{len(found.within_budget)} of {len(found.trials)} trials keep the budget, {n_trials} of each space drawn."
    )
    for trial in found.front:
        print(f"front  {_line(trial)}")
    print(f"Report: {report}")
    if found.front:
        print(f"Chosen on validation clips. To train the front in full and test it: trichord run {front} --confirm")
    else:
        print("Nothing keeps the budget; the reasons stand with each trial. Widen the spaces, or the budget.")


def _line(trial: "Trial") -> str:
    accuracy = "no accuracy" if trial.accuracy is None else f"{percent(trial.accuracy)} %"
    joules = "no price" if trial.joules is None else joules_text(trial.joules)
    seconds = "no latency" if trial.seconds is None else f"{1e3 * trial.seconds:.3g} ms"
    kept = f"  ({trial.reason})" if trial.reason else ""
    return f"{trial.name}: {accuracy}, {joules}, {seconds} on {trial.deployment}{kept}"


def _record(trial: "Trial") -> dict[str, Any]:
    record = asdict(trial)
    for name in ("system", "distributions"):
        del record[name]
    return {"name": trial.name, "deployment": trial.deployment, **record}
