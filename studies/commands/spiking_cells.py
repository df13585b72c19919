# studies/commands/spiking_cells.py
"""What is asked of a trained spiking network, checked before it is looked for (`trained_cells.py`)."""

from classical_baselines.harness.choices import InputError
from studies.commands.request import Request
from studies.specification import Study

MOST_CLIPS = 10_000


def check_clips(n_clips: int) -> None:
    """Refuse a number of validation clips that cannot be, or that no machine would hold."""
    if not 1 <= n_clips <= MOST_CLIPS:
        raise InputError(f"--clips {n_clips}: give 1 to {MOST_CLIPS} validation clips.")


def study_with_spiking(request: Request, system: str, so: str) -> Study:
    """The study; refused where the system is no spiking network, `so` that there is nothing to be had of it."""
    study = request.open_study()
    if study.system(system).family != "neuro":
        raise InputError(f"--system {system}: it is no spiking network, so {so}.")
    return study
