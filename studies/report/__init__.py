# studies/report/__init__.py
"""The report of a study: one page that opens offline, and the files beside it.

    FOLDER/report.html                        figures inside, nothing loaded from elsewhere
    FOLDER/results.csv, results.md            the tables
    FOLDER/accuracy_vs_energy.svg, .png       a panel per boundary
    FOLDER/accuracy_vs_energy_system.svg, .png   the system boundary alone

    page.py        puts the sections together        section.py     what a section is
    sections/      one template per section, with one file that makes its values, and their order
    page.css       how it looks, on paper, on a phone, in the dark

The first screen is the answers; then come the picture, the tables and everything that they rest on. Names are escaped.
Each file is written aside and renamed into place. Heavy libraries are imported when a report is written.
"""

from pathlib import Path

from studies.figures import file_stem
from studies.report.page import Drawings, page_html
from studies.results import StudyResults
from studies.tables import results_csv, results_markdown

FIGURE_FILES = ("accuracy-vs-energy", "accuracy-vs-energy-system")


def write_report(results: StudyResults, folder: Path) -> Path:
    """Write the report and its files into `folder`; return the path of the page."""
    from studies.figures.style import png_bytes

    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "results.csv", results_csv(results).encode())
    write_file(folder / "results.md", results_markdown(results).encode())
    drawings = Drawings(results)
    for name in FIGURE_FILES:
        drawing, svg = drawings.drawing(name), drawings.svg(name)
        if drawing is not None and svg is not None:
            write_file(folder / f"{file_stem(name)}.svg", svg.encode())
            write_file(folder / f"{file_stem(name)}.png", png_bytes(drawing.figure))
    page = folder / "report.html"
    write_file(page, page_html(results, drawings).encode())
    return page


def write_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it into place: no reader sees half of it."""
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
