# studies/citing.py
"""What a study rests on, to cite: Trichord, the recordings, the methods and the prices that it used, and no others.

The references of methods are those that the modules of its systems name in their docstrings ("Reference: ..."), and
those of the statistical tests that its numbers come from; the sources of prices stand in the coefficient files.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from classical_baselines.data.catalogue import known_data_set
from classical_baselines.harness.coefficient import Coefficient
from studies.code_version import code_version, defining_modules, source_of
from studies.origins import revisions
from studies.results import StudyResults
from studies.specification import Study, System

Part = Literal["software", "data", "method", "price", "import"]
ASSUMED = "assumed by Trichord"
TITLE = "Trichord: classical, spiking and quantum-Fourier sound classifiers compared on equal terms"

# What the statistics of a row or a comparison say of themselves -> whose they are.
STATISTICS = {
    "t over": "Student, The Probable Error of a Mean, Biometrika 6 (1908), 1-25",
    "sign flip": "R. A. Fisher, The Design of Experiments, Oliver and Boyd, 1935 (sign-flip test)",
    "Wilson": "E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of the "
    "American Statistical Association 22 (1927), 209-212",
    "McNemar": "Q. McNemar, Note on the Sampling Error of the Difference between Correlated Proportions or "
    "Percentages, Psychometrika 12 (1947), 153-157",
    "bootstrap": "B. Efron, Better Bootstrap Confidence Intervals, Journal of the American Statistical Association 82 "
    "(1987), 171-185",
    "trainings that they share": "W. G. Howe, Approximate Confidence Limits on the Mean of X + Y Where X and Y Are Two "
    "Tabled Independent Random Variables, Journal of the American Statistical Association 69 (1974), 789-794",
    "exact bound": "C. J. Clopper and E. S. Pearson, The Use of Confidence or Fiducial Limits Illustrated in the Case "
    "of the Binomial, Biometrika 26 (1934), 404-413",
}
_AFTER_BRACKET = re.compile(r"(?<=\))\. ")
_REFERENCE = re.compile(r"^References?: (.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Citation:
    """One thing to cite, and what for."""

    part: Part
    key: str  # of its BibTeX entry
    text: str
    used_for: tuple[str, ...]  # systems, tests or coefficients


def citations(results: StudyResults) -> list[Citation]:
    """Everything to cite, in the order of a list of references."""
    found = [*_software(results), *_data(results)]
    found += _numbered("method", {**_methods(results), **_statistics(results)})
    return found + _numbered("price", _prices(results)) + _imports(results)


def citation_text(results: StudyResults) -> str:
    """The list as plain text."""
    headings = {
        "software": "Software",
        "data": "Recordings",
        "method": "Methods",
        "price": "Prices of operations",
        "import": "Results from elsewhere",
    }
    lines: list[str] = []
    cited = citations(results)
    for part, heading in headings.items():
        of_part = [one for one in cited if one.part == part]
        if of_part:
            lines += ["", heading, *(f"  [{one.key}] {one.text}{_for(one)}" for one in of_part)]
    n_assumed = len({c.id for c in _coefficients(results) if c.source.startswith(ASSUMED)})
    if n_assumed:
        more, they, their = (f"{n_assumed} more prices have", "they are", "their rows say")
        if n_assumed == 1:
            more, they, their = ("1 more price has", "it is", "its row says")
        lines += ["", f"{more} no published source: {they} assumed, and {their} so."]
    return "\n".join(lines[1:]) + "\n"


def bibtex(results: StudyResults) -> str:
    """The list as BibTeX; what has no fields of its own stands in a note, word for word."""
    return "\n".join(_entry(one) for one in citations(results))


def _entry(one: Citation) -> str:
    kind = "software" if one.part == "software" else "misc"
    fields = {"note": one.text}
    if one.part == "software":
        fields = {"title": f"{{{TITLE}}}", "author": "{The Trichord authors}", "year": "2026", "note": one.text}
    body = "".join(f"  {name} = {{{_tex(value)}}},\n" for name, value in fields.items())
    return f"@{kind}{{{one.key},\n{body}}}\n"


def _tex(text: str) -> str:
    return "".join(f"\\{character}" if character in "&%$#_" else character for character in text)


def _for(one: Citation) -> str:
    return f" ({', '.join(one.used_for)})" if one.used_for else ""


def _software(results: StudyResults) -> list[Citation]:
    known = revisions(results.provenances)
    at = f", revision{'s' * (len(known) > 1)} {', '.join(known)}" if known else ""
    return [Citation("software", "trichord", f"{TITLE}, version {version('trichord')}{at}, Apache-2.0", ())]


def _data(results: StudyResults) -> list[Citation]:
    data = results.study.data
    entry = None if data.folder else known_data_set(data.name)
    if entry is None:
        return [Citation("data", "recordings", f"{data.name}: recordings of your own; say where they can be had", ())]
    text = f"{entry.title}: {entry.citation}. {entry.source}. Licence: {entry.licence}"
    return [Citation("data", f"data-{data.name}", text, ())]


def _methods(results: StudyResults) -> dict[str, list[str]]:
    """Reference -> systems, of every module that a system with a row runs through."""
    found: dict[str, list[str]] = {}
    for system in dict.fromkeys(row.system.name for row in results.rows):
        if system not in results.imports:
            for module in _modules_of(results.study, results.study.system(system)):
                for reference in references_in(source_of(module)):
                    found.setdefault(reference, []).append(system)
    n_systems = len({name for names in found.values() for name in names})
    # What every system runs through is a matter of the study, and names none.
    return {text: [] if len(set(names)) == n_systems else list(dict.fromkeys(names)) for text, names in found.items()}


def _modules_of(study: Study, system: System) -> list[str]:
    """The modules that say how a system works: of the encoders its own alone, and none that only reads files."""
    own = defining_modules("encoder", system.encoder.name)
    return [
        module
        for module in code_version(study, system).modules
        if not module.startswith("classical_baselines.data.")
        and (module in own or not module.startswith("neuro.encoders."))
    ]


def references_in(source: str) -> Iterator[str]:
    """The references that the docstring of a module names, each paragraph on one line.

    >>> list(references_in('\"\"\"A code.\\n\\nReference: Thorpe, Neural\\nNetworks 14 (2001).\\n\"\"\"'))
    ['Thorpe, Neural Networks 14 (2001)']
    """
    for text in _REFERENCE.findall(ast.get_docstring(ast.parse(source)) or ""):
        # What follows a bracket and a full stop, as after a year, is no part of the reference.
        yield _AFTER_BRACKET.split(" ".join(text.split()))[0].removesuffix(".")


def _statistics(results: StudyResults) -> dict[str, list[str]]:
    from studies.tables import comparisons

    said = {row.interval.method for row in results.rows} | {made.test for _, _, made in comparisons(results)}
    return {text: [name] for name, text in STATISTICS.items() if any(name in words for words in said)}


def _prices(results: StudyResults) -> dict[str, list[str]]:
    """Source -> coefficients, of every price that was drawn."""
    found: dict[str, list[str]] = {}
    for coefficient in _coefficients(results):
        ids = found.setdefault(coefficient.source, [])
        if coefficient.id not in ids:
            ids.append(coefficient.id)
    return {source: ids for source, ids in sorted(found.items()) if not source.startswith(ASSUMED)}


def _coefficients(results: StudyResults) -> list[Coefficient]:
    return [one for row in results.rows for energy in row.energies for one in energy.coefficients]


def _imports(results: StudyResults) -> list[Citation]:
    return [Citation("import", f"import-{name}", one.said, ()) for name, one in results.imports.items()]


def _numbered(part: Part, found: dict[str, list[str]]) -> list[Citation]:
    return [
        Citation(part, f"{part}-{number}", text, tuple(used))
        for number, (text, used) in enumerate(found.items(), start=1)
    ]
