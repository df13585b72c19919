# studies/commands/bench.py
"""`trichord bench`: our kernels beside their peers, the same number of threads on either side."""

import json
import os
import sys
from pathlib import Path

from classical_baselines.harness.choices import choose
from studies.bench import BENCHES
from studies.bench.timing import BenchRow
from studies.freed_memory import return_freed_memory
from studies.worker import thread_environment

WHOLE_FROM = 100  # a figure as large as this is a count, and shown without a fraction


def bench(names: list[str], as_json: bool, peer_pythons: list[Path] | None = None) -> int:
    """Print the rows of the benches named; 0 even where a target is missed: a busy machine is no failure.

    A row is printed as soon as it is measured; as JSON all stand in one list, and the rows go to stderr meanwhile.
    """
    chosen = {name: choose(BENCHES, name, what="bench") for name in names or BENCHES}
    os.environ.update(thread_environment(1))
    return_freed_memory()
    if peer_pythons:
        from studies.bench.integer_peers import use_pythons

        use_pythons(peer_pythons)
    import torch

    torch.set_num_threads(1)
    records = []
    for run in chosen.values():
        for row in run():
            records.append(row.record())
            print("\n".join(_lines(row)), file=sys.stderr if as_json else sys.stdout, flush=True)
    if as_json:
        print(json.dumps(records, indent=1))
    return 0


def _lines(row: BenchRow) -> list[str]:
    return [_line(row), *(f"    {name:40}  {_figure(value)}" for name, value in row.figures.items())]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM or value == 0 else f"{value:.4g}"


def _line(row: BenchRow) -> str:
    if row.figures and row.ours_seconds is not None and row.peer_seconds is None:
        return f"{row.name:44}  {row.ours_seconds:9.1f} s"
    if row.ratio is None or row.ours_seconds is None or row.peer_seconds is None:
        return f"{row.name:44}  not available beside {row.peer}: {row.unavailable}"
    target = "" if row.target is None else f", target {row.target:g}"
    difference = "" if row.max_difference is None else f", differs by at most {row.max_difference:.2g}"
    times = f"{1e3 * row.ours_seconds:9.3f} ms beside {1e3 * row.peer_seconds:10.3f} ms of {row.peer}"
    return f"{row.name:44}  {times}: {row.ratio:.2f} x{target}{difference}"
