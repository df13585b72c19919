# studies/commands/columns.py
"""Lines of text in columns, as commands print them."""

from collections.abc import Sequence


def print_columns(lines: Sequence[Sequence[str]]) -> None:
    """Print lines of equally many fields, the heading first; a column is as wide as its widest field."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(field.ljust(width) for field, width in zip(line, widths, strict=True)).rstrip())
