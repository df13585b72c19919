# studies/commands/rank.py
"""`trichord rank STUDY STUDY ...`: systems of one name across data sets, and their critical-difference diagram."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from studies.across import Ranking, ranking
from studies.commands.request import Request
from studies.paired_tests import ALPHA
from studies.tables import markdown_table


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
    print("\n".join(markdown_table(header, rows)))
    print(f"\naccuracy, and rank on each data set in brackets; {len(found.data_sets)} data sets are the sample")
    for name, (mean, low, high) in found.interquartile.items():
        print(f"interquartile mean of {name}: {mean:.3f} [{low:.3f}, {high:.3f}] over data sets and seeds")
    if found.refused:
        print(f"no test: {found.refused}")
    else:
        _print_tests(found)
    print(f"Figures: {', '.join(map(str, figures))}")
    return 0


def _print_tests(found: Ranking) -> None:
    if found.friedman_p is not None:
        print(f"Friedman: p = {found.friedman_p:.3g}")
    print(f"pairs: Wilcoxon signed-rank, {len(found.pairs)} tests\n")
    rows = [
        (pair.a, pair.b, f"{pair.n_better} : {pair.n_worse}", f"{pair.p_value:.3f}", f"{pair.p_holm:.3f}")
        for pair in found.pairs
    ]
    print("\n".join(markdown_table(("A", "B", "better : worse", "p", "p (Holm)"), rows)))
    for clique in found.cliques:
        print(f"\nnot told apart at {ALPHA:g}: {', '.join(clique)}", end="")
    print()


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
