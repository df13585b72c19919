# studies/exports/figure_files.py
"""Every figure as a file: SVG with its text as text, PDF with its fonts inside, and the picture for a slide as PNG."""

from collections.abc import Callable, Mapping

from classical_baselines.harness.choices import InputError, choose
from studies.exports import Files
from studies.figures import FIGURES, file_stem
from studies.figures.drawing import Drawing
from studies.figures.style import pdf_bytes, png_bytes, svg_text
from studies.report.page import Drawings
from studies.results import StudyResults
from studies.tables import csv_text

# By the ending of a file.
WRITERS: Mapping[str, Callable[[Drawing], bytes]] = {
    "svg": lambda drawing: svg_text(drawing.figure).encode(),
    "pdf": lambda drawing: pdf_bytes(drawing.figure),
    "png": lambda drawing: png_bytes(drawing.figure),
    "csv": lambda drawing: csv_text(drawing.records).encode(),
}


def svg(results: StudyResults, drawings: Drawings) -> Files:
    """`figures/FIGURE.svg` and the numbers behind it."""
    return _files(drawings, "svg")


def pdf(results: StudyResults, drawings: Drawings) -> Files:
    """`figures/FIGURE.pdf` and the numbers behind it."""
    return _files(drawings, "pdf")


def figure_file(results: StudyResults, name: str, ending: str) -> bytes:
    """One figure as the content of a file with this ending: svg, pdf, png, or csv for the numbers behind it."""
    write = choose(WRITERS, ending, what="kind of figure file")
    drawing = Drawings(results).drawing(name)
    if drawing is None:
        raise InputError(f"--figure {name}: the committed cells hold nothing to draw there. Choose another figure.")
    return write(drawing)


def _files(drawings: Drawings, ending: str) -> Files:
    files = {}
    for name in FIGURES:
        drawing = drawings.drawing(name)
        if drawing is not None:
            for kind in (ending, "csv"):
                files[f"figures/{file_stem(name)}.{kind}"] = WRITERS[kind](drawing)
    return files
