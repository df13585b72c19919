# neuro/encoders/steps.py
"""How many simulation steps a code is given."""

from classical_baselines.harness.choices import InputError

MOST_STEPS = 1024  # far above what a study needs; spikes are kept for every step


def check_n_steps(n_steps: int, least: int = 1) -> None:
    """Refuse fewer simulation steps than the code needs, and more than memory is meant for."""
    if not least <= n_steps <= MOST_STEPS:
        raise InputError(f"n_steps must be at least {least} and at most {MOST_STEPS}; got {n_steps}.")
