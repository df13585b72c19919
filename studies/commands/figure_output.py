# studies/commands/figure_output.py
"""The file that `--out` names for one figure: refused before any work where it cannot be, written at the end."""

from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.places import check_place, told_of

ENDINGS = ("svg", "pdf", "png", "csv")


def ending_of(out: Path, name: str) -> str:
    """The format that the file's ending says; `name` is what the figure is called."""
    ending = out.suffix.removeprefix(".").lower()
    if ending not in ENDINGS:
        raise InputError(
            f"--out {out}: the ending says the format; give a name that ends in .svg, .pdf or .png, or in .csv for the "
            "numbers behind it."
        )
    if out.is_dir():
        raise InputError(f"--out {out}: this is a folder. Name the file in it, such as {out / name}.svg.")
    check_place(out, "--out")
    return ending


def write_figure(content: bytes, out: Path) -> None:
    """Write it, in a folder that is made for it if need be."""
    from studies.report import write_file

    with told_of(out, "--out"):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, content)
