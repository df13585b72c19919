# studies/exports/latex.py
"""Tables for a paper: booktabs, everything escaped, one float per file.

    tables/systems.tex        accuracy and energy of the headline runs, the best group in bold
    tables/differences.tex    paired differences and verdicts
    tables/energy.tex         energy per decision by deployment and boundary
    tables/robustness.tex     accuracy on changed sound, where a study probes it

A page needs `\\usepackage{booktabs}`. The best group in bold: the most accurate system and every system that the
paired test does not show to be less accurate; with few groups that may be most of them, and the caption says how it
was tested. Systems that do not stand on all their cells are never in bold.
"""

from collections.abc import Iterable, Sequence

from classical_baselines.harness.energy import BOUNDARIES
from studies.energy_answers import cheapest
from studies.exports import Files
from studies.report.page import Drawings
from studies.results import Row, StudyResults
from studies.robustness import RobustnessTable, cell_text, robustness, table_note
from studies.tables import comparisons
from studies.wording import energy_text, interval_text, p_text, percent, points_text

ESCAPES = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "µ": r"\textmu{}",
    "−": "$-$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "–": "--",
    "…": r"\ldots{}",
}


def latex(results: StudyResults, drawings: Drawings) -> Files:
    """The tables of the study."""
    del drawings
    made = {"systems": _systems(results), "differences": _differences(results), "energy": _energy(results)}
    if (table := robustness(results)) is not None:
        made["robustness"] = _robustness(results, table)
    return {f"tables/{name}.tex": text.encode() for name, text in made.items()}


def escaped(text: str) -> str:
    """Plain text as LaTeX reads it back.

    >>> print(escaped("50 % of a_b & {c}"))
    50 \\% of a\\_b \\& \\{c\\}
    """
    return "".join(ESCAPES.get(character, character) for character in " ".join(text.split()))


def best_group(results: StudyResults) -> set[str]:
    """The most accurate system and those that are not shown to be less accurate."""
    ranked = results.ranked_rows
    return {row.system.name for row in ranked if row is ranked[0] or results.compare(row, ranked[0]).verdict != "worse"}


def _systems(results: StudyResults) -> str:
    rows = sorted(results.headline_rows, key=lambda row: -row.interval.estimate)
    bold = best_group(results)
    priced = {row.key: energy for row, energy in cheapest(rows)}

    def line(row: Row) -> list[str]:
        accuracy = escaped(interval_text(row.interval))
        energy = priced.get(row.key)
        return [
            escaped(row.title),
            escaped(row.system.family),
            escaped(row.run.backend.name),
            rf"\textbf{{{accuracy}}}" if row.system.name in bold else accuracy,
            escaped(percent(row.macro_f1)),
            escaped("–" if energy is None else energy_text(energy)),
            escaped("" if energy is None else energy.deployment),
        ]

    tested = sorted({results.compare(row, results.ranked_rows[0]).test for row in results.ranked_rows[1:]})
    return _table(
        results,
        "systems",
        ("system", "family", "run on", "accuracy, %", "macro-F1", "energy per decision", "deployment"),
        "lllrrrl",
        [line(row) for row in rows],
        f"{_evidence(results)} Accuracy with its 95 % interval "
        f"({', '.join(dict.fromkeys(row.interval.method for row in rows))}). Bold: the most accurate system and every "
        f"system that is not shown to be less accurate ({'; '.join(tested) or 'no test'}; not corrected for "
        f"{max(0, len(results.ranked_rows) - 1)} comparisons). Energy: nominal value with its 5 to 95 % range over the "
        "prices, at the system boundary, always on, on the deployment that costs least.",
    )


def _differences(results: StudyResults) -> str:
    made = comparisons(results)
    tests = ", ".join(dict.fromkeys(found.test for _, _, found in made))
    return _table(
        results,
        "differences",
        ("A", "B", "A − B, points", "p", "A is"),
        "llrrl",
        [
            [
                escaped(a.title),
                escaped(b.title),
                escaped(points_text(found)),
                escaped(p_text(found.p_value)),
                escaped(found.verdict),
            ]
            for a, b, found in made
        ],
        f"{_evidence(results)} Paired differences in accuracy with their 95 % intervals. Test: {tests or 'none'}; p is "
        f"not corrected for the {len(made)} comparisons. Equivalent: the interval lies within "
        f"±{100 * results.study.equivalence_margin:g} points.",
    )


def _energy(results: StudyResults) -> str:
    lines: dict[tuple[str, str], dict[str, str]] = {}
    titles = {row.system.name: row.title for row in results.headline_rows}
    for row in results.headline_rows:
        for energy in row.energies:
            if (energy.scenario, energy.alternative_to) == ("always-on", ""):
                text = "–" if energy.nominal_joules is None else energy_text(energy)
                lines.setdefault((row.system.name, energy.deployment), {})[energy.boundary] = text
    return _table(
        results,
        "energy",
        ("system", "deployment", *BOUNDARIES),
        "ll" + "r" * len(BOUNDARIES),
        [
            [escaped(titles[name]), escaped(place), *(escaped(found.get(boundary, "")) for boundary in BOUNDARIES)]
            for (name, place), found in lines.items()
        ],
        f"{_evidence(results)} Energy per decision by boundary, always on: nominal value with its 5 to 95 % range over "
        "the prices; ≥ marks a lower bound, a dash that there is no price. Boundaries do not compare with each other.",
    )


def _robustness(results: StudyResults, table: RobustnessTable) -> str:
    return _table(
        results,
        "robustness",
        ("system", *(condition.title for condition in table.conditions)),
        "l" + "r" * len(table.conditions),
        [
            [escaped(row.system.title or row.system.name), *(escaped(cell_text(one)) for one in row.accuracies)]
            for row in table.rows
        ],
        f"{_evidence(results)} {table_note(table)}",
    )


def _evidence(results: StudyResults) -> str:
    protocol = results.study.headline_protocol.name
    clips = "Test" if results.confirmed else "Validation"
    return f"{results.study.title}. {clips} clips, {protocol}, {len(results.study.seeds)} seeds."


def _table(
    results: StudyResults, name: str, header: Sequence[str], columns: str, lines: Iterable[Sequence[str]], caption: str
) -> str:
    """A float of one booktabs table; header and caption are plain text, the lines are LaTeX."""
    body = [rf"{' & '.join(line)} \\" for line in lines]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(caption)}}}",
            rf"\label{{tab:{results.study.name}-{name}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            rf"{' & '.join(escaped(title) for title in header)} \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
