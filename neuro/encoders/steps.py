# neuro/encoders/steps.py
"""How many simulation steps a code is given."""

from classical_baselines.harness.choices import InputError


def check_n_steps(n_steps: int, least: int = 1) -> None:
    """Refuse fewer simulation steps than the code needs."""
    if n_steps < least:
        raise InputError(f"n_steps must be at least {least}; got {n_steps}.")
