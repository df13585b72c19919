# classical_baselines/twins/c_text.py
"""C99 as text: constants, comments, identifiers, strings."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

LINE = 120  # characters


def constant(kind: str, name: str, fields: Mapping[str, int | str]) -> str:
    values = (f".{key} = {literal(value)}" for key, value in fields.items())
    return f"static const {kind} {identifier(name)} = {{\n{wrapped(values, indent=4)}\n}};\n"


def literal(value: int | str) -> str:
    return f"INT64_C({value})" if isinstance(value, int) and abs(value) >= 2**31 else str(value)


def array(kind: str, name: str, rows: Iterable[Sequence[int]]) -> str:
    return f"static const {kind} {name}[] = {{\n" + ",\n".join(numbers(row) for row in rows) + "\n};"


def numbers(values: Sequence[int], indent: int = 4) -> str:
    return wrapped(map(literal, values), indent)


def wrapped(items: Iterable[str], indent: int) -> str:
    """Items with commas between them, as many to a line as fit."""
    margin = " " * indent
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 <= LINE:
            lines[-1] += f", {item}"
        else:
            lines.append(margin + item)
    return ",\n".join(lines)


def shape_text(shape: tuple[int, int, int]) -> str:
    return f"{{ {shape[0]}, {shape[1]}, {shape[2]} }}"


def identifier(name: str) -> str:
    return "layer_" + re.sub(r"\W", "_", name)


def banner(title: str) -> str:
    return f"/* {'-' * (LINE - 7 - len(title))} {title} */\n"


def comment(lines: Sequence[str]) -> str:
    written = ["/*"]
    for line in lines:
        margin = " " * 8 if line[7:8] == " " else ""  # of what stands beside a word in a column of its own
        wrapped = textwrap.wrap(in_comment(line), LINE - 3, subsequent_indent=margin, break_on_hyphens=False)
        written += [f" * {part}" for part in wrapped] or [" *"]
    return "\n".join([*written, " */\n"])


def in_comment(text: str) -> str:
    """Text that neither ends a comment nor is read as a trigraph."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")


def quoted(text: str) -> str:
    r"""A C string of the text in UTF-8.

    >>> print(quoted('a "b" \u00e9?'))
    "a \"b\" \303\251\?"
    """
    plain = set(range(32, 127)) - set(b'"\\?')
    escaped = {b: f"\\{chr(b)}" for b in b'"\\?'}
    return '"' + "".join(chr(b) if b in plain else escaped.get(b, f"\\{b:03o}") for b in text.encode()) + '"'
