# studies/exports/__init__.py
"""What leaves a study: its tables and figures in the formats of other tools.

    FOLDER/results.md, cards/SYSTEM.md                md        the page of results, a card per system
    FOLDER/data_statement.md                          md        what the recordings are, and what to mind
    FOLDER/results.csv, figures/FIGURE.csv            csv       the rows, and the numbers behind each figure
    FOLDER/results.parquet                            parquet   the rows with their types (extra `export`)
    FOLDER/results.json                               json      the rows, answers, differences, looks and provenance
    FOLDER/tables/systems.tex, ...                    latex     booktabs, everything escaped
    FOLDER/figures/FIGURE.svg, FIGURE.pdf             svg, pdf  every figure that has something to show

The same store gives the same bytes. A format is a file of this folder with a function `(results, drawings) -> files`,
and a line in FORMATS; what it needs is imported when it is chosen.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError, choose
from studies.report import write_file
from studies.report.page import Drawings

if TYPE_CHECKING:
    from studies.results import StudyResults

Files = Mapping[str, bytes]  # by path below the folder

# name: (file of this folder, its function)
FORMATS: Mapping[str, tuple[str, str]] = {
    "md": ("markdown", "markdown"),
    "csv": ("rows", "csv"),
    "parquet": ("rows", "parquet"),
    "json": ("rows", "json"),
    "latex": ("latex", "latex"),
    "svg": ("figure_files", "svg"),
    "pdf": ("figure_files", "pdf"),
}


def parse_formats(text: str) -> list[str]:
    """`md,csv` as a list; a format that does not exist is refused."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"--format {text!r}: name at least one of {', '.join(FORMATS)}, joined by commas.")
    for name in names:
        choose(FORMATS, name, what="format of an export")
    return list(dict.fromkeys(names))


def export_files(results: "StudyResults", formats: Iterable[str]) -> Files:
    """Every file of the formats, by its path below the folder."""
    drawings = Drawings(results)
    files: dict[str, bytes] = {}
    for name in formats:
        file, function = choose(FORMATS, name, what="format of an export")
        make: Callable[[StudyResults, Drawings], Files] = getattr(import_module(f"studies.exports.{file}"), function)
        files |= make(results, drawings)
    return files


def write_export(results: "StudyResults", folder: Path, formats: Iterable[str]) -> list[Path]:
    """Write the files of the formats into `folder`; return their paths."""
    written = []
    for name, content in export_files(results, formats).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
        written.append(path)
    return written
