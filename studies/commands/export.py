# studies/commands/export.py
"""`trichord export` and `trichord plot`: tables and figures of what is committed, as files of other tools."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError, choose
from studies.commands.request import Request, refuse_absent

if TYPE_CHECKING:
    from studies.results import StudyResults


def export(request: Request, to: Path, formats: str) -> int:
    """Write the files, and print where they are."""
    from studies.exports import parse_formats, write_export

    chosen = parse_formats(formats)
    if to.exists() and not to.is_dir():
        raise InputError(f"--to {to}: a file of this name is there already. Name a folder; it is made where missing.")
    written = write_export(_results(request), to, chosen)
    print(f"{len(written)} files below {to}")
    return 0


def plot(request: Request, figure: str, out: Path) -> int:
    """Write one figure, and print where it is."""
    from studies.figures import FIGURES
    from studies.report import write_file

    choose(FIGURES, figure, what="figure")
    ending = out.suffix.removeprefix(".").lower()
    if ending not in ("svg", "pdf", "png", "csv"):
        raise InputError(f"--out {out}: the ending says the format; give a name that ends in .svg, .pdf, .png or .csv.")
    if out.is_dir():
        raise InputError(f"--out {out}: this is a folder. Name the file in it, such as {out / figure}.svg.")
    results = _results(request)
    from studies.exports.figure_files import figure_file

    content = figure_file(results, figure, ending)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, content)
    print(f"Figure: {out}")
    return 0


def _results(request: Request) -> "StudyResults":
    from studies.results import load_results

    study = request.open_study()
    store = request.open_store(study)
    refuse_absent(store, named=request.store is not None)
    return load_results(study, store, request.planned(study, store, confirm=True))
