# studies/commands/augment.py
"""`trichord augment STUDY`: what the augmentation of each system makes of a training clip, as pictures."""

from pathlib import Path

from classical_baselines.harness.choices import InputError
from studies.commands.figure_output import ending_of, write_figure
from studies.commands.names_given import names_given
from studies.commands.request import Request

MOST_DRAWN = 20


def augment(request: Request, *, systems: str | None, clip: str | None, n_drawn: int, out: Path | None) -> int:
    """Write the figure; nothing is trained, and no validation or test clip is shown."""
    if not 1 <= n_drawn <= MOST_DRAWN:
        raise InputError(f"--draw {n_drawn}: give 1 to {MOST_DRAWN} drawings of each.")
    named = names_given(systems, "--system", without="every system that augments")
    study = request.open_study()
    for name in named:
        study.system(name)
    out = out or Path("reports") / study.name / "augmentations.png"
    ending = ending_of(out, "augmentations")

    from studies.augmenting import augmented
    from studies.exports.figure_files import WRITERS
    from studies.figures.augmentations import augmentations

    lines = augmented(study, named or [one.name for one in study.systems], clip, n_drawn, request.data_root)
    if not lines:
        raise InputError(
            f"No system of {study.name!r} that is asked for augments pictures. Give one an `augmentation`, or the "
            "study."
        )
    write_figure(WRITERS[ending](augmentations(lines)), out)
    print(f"{lines[0].clip} ({lines[0].label}), a training clip, under {len(lines)} augmentations")
    print(f"Figure: {out}")
    return 0
