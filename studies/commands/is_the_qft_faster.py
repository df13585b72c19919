# studies/commands/is_the_qft_faster.py
"""`trichord is-the-qft-faster`: the page docs/results/is-the-qft-faster.md, computed anew, and its figure."""

import json
from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.figure_output import ending_of, write_figure
from studies.wording import plain_number

LEAST_ERROR = 1e-6  # 1e11 shots and more: years of a processor for one spectrum


def is_the_qft_faster(error: float, out: Path | None, as_json: bool) -> int:
    """Print the page, or the numbers behind the figure; write the figure where one is asked for."""
    if not LEAST_ERROR <= error < 1:
        least = plain_number(LEAST_ERROR)
        raise InputError(f"--error {error:g}: give a total variation distance from {least} to below 1, such as 0.05.")
    ending = None if out is None else ending_of(out, "is_the_qft_faster")

    if out is not None and ending is not None:
        from studies.exports.figure_files import WRITERS
        from studies.figures.qft_speed import qft_speed

        write_figure(WRITERS[ending](qft_speed(error)), out)
    if as_json:
        from studies.qft_speed import LOADINGS, TASKS, crossing, records

        crossings = [
            {"task": task.name, "loading": loading} | crossing(task.name, loading, error)
            for task in TASKS
            for loading in LOADINGS
        ]
        print(json.dumps({"error": error, "crossings": crossings, "seconds": records(error)}))
        return 0
    from studies.qft_speed_page import qft_speed_page

    print(qft_speed_page(error), end="")
    return 0
