# studies/commands/bench.py
"""`trichord bench`: our kernels beside their peers, the same number of threads on either side."""

import json
import os

from classical_baselines.harness.choices import choose
from studies.bench import BENCHES
from studies.bench.timing import BenchRow
from studies.worker import thread_environment


def bench(names: list[str], as_json: bool) -> int:
    """Print the rows of the benches named; 0 even where a target is missed: a busy machine is no failure."""
    chosen = {name: choose(BENCHES, name, what="bench") for name in names or BENCHES}
    os.environ.update(thread_environment(1))
    import torch

    torch.set_num_threads(1)
    rows = [row for run in chosen.values() for row in run()]
    if as_json:
        print(json.dumps([row.record() for row in rows], indent=1))
        return 0
    for row in rows:
        print(_line(row))
        for name, value in row.figures.items():
            print(f"    {name:40}  {value:,.0f}")
    return 0


def _line(row: BenchRow) -> str:
    if row.figures and row.ours_seconds is not None:
        return f"{row.name:44}  {row.ours_seconds:9.1f} s"
    if row.ratio is None or row.ours_seconds is None or row.peer_seconds is None:
        return f"{row.name:44}  not available beside {row.peer}: {row.unavailable}"
    target = "" if row.target is None else f", target {row.target:g}"
    difference = "" if row.max_difference is None else f", differs by at most {row.max_difference:.2g}"
    times = f"{1e3 * row.ours_seconds:9.3f} ms beside {1e3 * row.peer_seconds:10.3f} ms of {row.peer}"
    return f"{row.name:44}  {times}: {row.ratio:.2f} x{target}{difference}"
