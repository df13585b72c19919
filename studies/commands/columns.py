# studies/commands/columns.py
"""Lines of text in columns and in paragraphs, as commands print them: no line is wider than a terminal of old.

Only what cannot be broken is left wider: a path, a command to copy, the number or the name that fills a column.
"""

import re
import textwrap
from collections.abc import Sequence

WIDTH = 80  # characters, wherever the output goes, so that it is the same in a file
GAP = "  "
# Between a sign and its number, and between a number and its unit, where no line may end.
_TOGETHER = re.compile(r"(?<=[≥≤<>=]) (?=[\d−])|(?<=\d) (?=(?:[fpnµmkMG]?[JWs]|%|KiB)(?![\w]))")
_NO_BREAK = "\u00a0"
_HYPHEN = re.compile(r"(?<=[\w)]-)(?=\w)|(?<=[/+])(?=\w)")


def print_columns(lines: Sequence[Sequence[str]], *, indent: str = "", right: Sequence[int] = ()) -> None:
    """Print lines of equally many fields, the heading first, in columns; see `columns`."""
    print("\n".join(columns(lines, indent=indent, right=right)))


def columns(lines: Sequence[Sequence[str]], *, indent: str = "", right: Sequence[int] = ()) -> list[str]:
    """The lines as text: a column is as wide as its widest field, and fields go on below where a line is too wide.

    Fields break between words; where that is not enough, after hyphens too. What goes on in the first column is
    indented, so that a new line is told from one that goes on. The columns `right` end at one place.

    >>> columns([("what", "joules"), ("a", "1"), ("b", "12")], right=(1,))
    ['what  joules', 'a          1', 'b         12']
    """
    widths = _widths(lines, WIDTH - len(indent))
    text = []
    for line in lines:
        cells = [_broken(field, width) for field, width in zip(line, widths, strict=True)]
        if 0 not in right:
            cells[0] = _hung(line[0], widths[0])
        for place in range(max(map(len, cells))):
            parts = [cell[place] if place < len(cell) else "" for cell in cells]
            padded = [
                part.rjust(width) if number in right else part.ljust(width)
                for number, (part, width) in enumerate(zip(parts, widths, strict=True))
            ]
            text.append((indent + GAP.join(padded)).rstrip())
    return text


def print_wrapped(text: str, *, indent: str = "", hanging: str | None = None) -> None:
    """Print a paragraph; see `wrapped`."""
    print("\n".join(wrapped(text, indent=indent, hanging=hanging)))


def wrapped(text: str, *, indent: str = "", hanging: str | None = None) -> list[str]:
    """A paragraph in lines; `hanging` indents all but the first. A word that is too long keeps its line.

    >>> [len(line) for line in wrapped("a word " * 20, indent="- ", hanging="  ")]
    [80, 62]
    """
    after = indent if hanging is None else hanging
    wrapper = textwrap.TextWrapper(
        WIDTH, initial_indent=indent, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
    lines = wrapper.wrap(_TOGETHER.sub(_NO_BREAK, text)) or [indent.rstrip()]
    return [line.replace(_NO_BREAK, " ") for line in lines]


def without_shared(lines: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[str, list[tuple[str, ...]]]:
    """Columns of these names, whose fields are all alike, said in a sentence, and the lines without them.

    >>> without_shared([("system", "clips"), ("a", "test"), ("b", "test")], ["clips"])
    ('clips: test', [('system',), ('a',), ('b',)])
    """
    head, *rest = lines
    alike = [place for place, name in enumerate(head) if name in names and len({line[place] for line in rest}) == 1]
    said = "; ".join(f"{head[place]}: {rest[0][place]}" for place in alike)
    return said, [tuple(field for place, field in enumerate(line) if place not in alike) for line in lines]


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """The width of each column: the widest are narrowed first, never below what cannot be broken."""
    fields = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in fields]
    available = room - len(GAP) * (len(widths) - 1)
    for pieces in (_words, _pieces):
        least = [max((len(piece) for field in column for piece in pieces(field)), default=0) for column in fields]
        while sum(widths) > available:
            narrowable = [place for place, width in enumerate(widths) if width > least[place]]
            if not narrowable:
                break
            widths[max(narrowable, key=lambda place: widths[place])] -= 1
    return widths


def _words(field: str) -> list[str]:
    return [word.replace(_NO_BREAK, " ") for word in _TOGETHER.sub(_NO_BREAK, field).split(" ") if word]


def _pieces(field: str) -> list[str]:
    return [piece for word in _words(field) for piece in _HYPHEN.split(word)]


def _hung(field: str, width: int) -> list[str]:
    """The lines of a field, all but the first indented where there is room."""
    lines = _broken(field, width)
    if len(lines) == 1:
        return lines
    narrower = _broken(field, width - len(GAP))
    if max(map(len, narrower)) > width - len(GAP):
        return lines
    return [narrower[0], *(GAP + line for line in narrower[1:])]


def _broken(field: str, width: int) -> list[str]:
    """The lines of a field: its words, parted after hyphens where one alone is too wide."""
    if len(field) <= width:
        return [field]
    lines = [""]
    for word in _words(field):
        for number, piece in enumerate([word] if len(word) <= width else _HYPHEN.split(word)):
            joined = f"{lines[-1]} {piece}" if lines[-1] and not number else lines[-1] + piece
            if len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines[lines[0] == "" :]
