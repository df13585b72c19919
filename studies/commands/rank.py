# studies/commands/rank.py
"""`trichord rank STUDY STUDY ...`: systems of one name across data sets, and their critical-difference diagram."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from studies.across import Ranking, ranking
from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request
from studies.paired_tests import ALPHA
from studies.wording import counted, p_text, plain_number


def rank(requests: Sequence[Request], systems: Sequence[str] | None, out: Path | None, as_json: bool) -> int:
    """Print ranks and tests, and write `critical_difference.svg` and `.png`."""
    found = ranking([request.results() for request in requests], systems)
    folder = out or Path("reports") / "rank"
    figures = _write_figures(found, folder)
    if as_json:
        print(json.dumps({**asdict(found), "figures": [str(path) for path in figures]}))
        return 0
    header = ("system", *found.data_sets, "mean rank")
    rows = [
        (name, *(f"{accuracy:.3f} ({rank:g})" for accuracy, rank in zip(accuracies, ranks, strict=True)), f"{mean:.2f}")
        for name, accuracies, ranks, mean in zip(
            found.systems, found.accuracies, found.ranks, found.mean_ranks, strict=True
        )
    ]
    print_columns([header, *rows])
    print()
    print_wrapped(f"accuracy, and rank on each data set in brackets; {len(found.data_sets)} data sets are the sample")
    for name, (mean, low, high) in found.interquartile.items():
        span = f"{mean:.3f} [{low:.3f}, {high:.3f}]"
        print_wrapped(f"interquartile mean of {name}: {span} over data sets and seeds", hanging="  ")
    if found.refused:
        print_wrapped(f"no test: {found.refused}")
    else:
        _print_tests(found)
    print(f"Figures: {', '.join(map(str, figures))}")
    return 0


def _print_tests(found: Ranking) -> None:
    if found.friedman_p is not None:
        print(f"Friedman: p = {plain_number(found.friedman_p)}")
    print(f"pairs: Wilcoxon signed-rank, {counted(len(found.pairs), 'test')}\n")
    rows = [
        (pair.a, pair.b, f"{pair.n_better} : {pair.n_worse}", p_text(pair.p_value), p_text(pair.p_holm))
        for pair in found.pairs
    ]
    print_columns([("A", "B", "better : worse", "p", "p (Holm)"), *rows])
    for clique in found.cliques:
        print()
        print_wrapped(f"not told apart at {ALPHA:g}: {', '.join(clique)}", hanging="  ")


def _write_figures(found: Ranking, folder: Path) -> list[Path]:
    from studies.figures.critical_difference import critical_difference
    from studies.figures.style import png_bytes, svg_text
    from studies.report import write_file

    figure = critical_difference(found).figure
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "critical_difference.svg", folder / "critical_difference.png"]
    for path, content in zip(paths, (svg_text(figure).encode(), png_bytes(figure)), strict=True):
        write_file(path, content)
    return paths
