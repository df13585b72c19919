# studies/report/code_lines.py
"""The lines of a table that sets codes side by side: the title, then a cell with its text and what it is sorted by."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from studies.results import Row


class Code(Protocol):
    """A system as a code of its pictures."""

    @property
    def row(self) -> Row: ...

    @property
    def texts(self) -> Sequence[str]: ...


def code_line(code: Code, numbers: Iterable[float | None]) -> dict[str, Any]:
    """What the template is given of one code; `numbers` sort the cells behind the title, None last."""
    sorts = ["" if number is None else f"{number:.6g}" for number in numbers]
    return {
        "family": code.row.system.family,
        "title": code.row.title,
        "cells": [{"text": text, "sort": sort} for text, sort in zip(code.texts[1:], sorts, strict=True)],
    }
