# studies/commands/names_given.py
"""The names that an option takes, joined by commas."""

from classical_baselines.harness.choices import InputError


def names_given(text: str | None, option: str, *, without: str) -> list[str]:
    """Each name once; none where the option was not given. `without` says what it is then.

    >>> names_given("ds-cnn, small-ast", "--system", without="all systems")
    ['ds-cnn', 'small-ast']
    """
    names = list(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))
    if text is not None and not names:
        raise InputError(f"{option} {text!r} names nothing. Give A or A,B; without {option} it is {without}.")
    return names
