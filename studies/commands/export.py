# studies/commands/export.py
"""`trichord export` and `trichord plot`: what is committed, for other tools: tables, figures, a zip file, MLflow."""

from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError, choose
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.request import Request

if TYPE_CHECKING:
    from studies.results import StudyResults


def export(request: Request, to: Path | None, formats: str, archive: Path | None, mlflow: str | None) -> int:
    """Write what is asked for, and print where it is."""
    from studies.exports import parse_formats, write_export

    chosen = parse_formats(formats)
    if to is None and archive is None and mlflow is None:
        raise InputError("Say where to: --to DIR for tables and figures, --archive FILE.zip, or --mlflow DIR.")
    if to is not None and to.exists() and not to.is_dir():
        raise InputError(f"--to {to}: a file of this name is there already. Name a folder; it is made where missing.")
    if archive is not None and (archive.suffix != ".zip" or archive.is_dir()):
        raise InputError(f"--archive {archive}: give the name of a file that ends in .zip.")
    results = request.results()
    if to is not None:
        written = write_export(results, to, chosen)
        print(f"{len(written)} files below {to}")
    if archive is not None:
        _write_archive(request, results, archive)
    if mlflow is not None:
        from studies.exports.mlflow import export_mlflow

        print(f"{export_mlflow(results, mlflow)} runs added to the experiment {results.study.name} in {mlflow}")
    return 0


def _write_archive(request: Request, results: "StudyResults", path: Path) -> None:
    from studies.exports.archive import archive_bytes
    from studies.report import write_file

    study = request.open_study()
    store = request.open_store(study)
    content = archive_bytes(results, request.planned(study, store, confirm=True), store)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content)
    print(f"Archive: {path}, {len(content) / 1e6:.1f} MB")


def plot(request: Request, figure: str, out: Path) -> int:
    """Write one figure, and print where it is."""
    from studies.figures import FIGURES

    choose(FIGURES, figure, what="figure")
    ending = ending_of(out, figure)
    from studies.exports.figure_files import figure_file

    write_figure(figure_file(request.results(), figure, ending), out)
    print(f"Figure: {out}")
    return 0
