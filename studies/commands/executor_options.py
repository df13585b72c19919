# studies/commands/executor_options.py
"""`--executor`, `--jobs` and `--gpus-per-cell`: how many cells run side by side, checked before anything is opened."""

from classical_baselines.harness.choices import InputError, choose
from studies.executors import EXECUTORS
from studies.executors.contract import Options


def executor_options(executor: str, jobs: int | None, gpus_per_cell: float | None = None) -> Options:
    """The options of the executor that is named."""
    choose(EXECUTORS, executor, what="executor")
    if jobs is not None and jobs < 1:
        raise InputError(f"--jobs must be 1 or more; got {jobs}.")
    if gpus_per_cell is None:
        return Options(jobs)
    if executor != "ray":
        raise InputError(
            f"--gpus-per-cell {gpus_per_cell:g} is for --executor ray, which shares GPUs out; inline, every cell sees "
            "the GPUs that CUDA_VISIBLE_DEVICES leaves."
        )
    if not 0 < gpus_per_cell <= 1 and (gpus_per_cell <= 0 or not gpus_per_cell.is_integer()):
        raise InputError(f"--gpus-per-cell {gpus_per_cell:g}: give a share above 0 up to 1, or a whole number of GPUs.")
    return Options(jobs, gpus_per_cell)
