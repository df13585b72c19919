# tests/studies/test_columns.py
"""Lines of commands fit a terminal of 80 columns, and lose no word."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.commands.columns import WIDTH, columns, without_shared, wrapped

WORD = st.text("abcdefg", min_size=1, max_size=9)
TEXT = st.lists(WORD, min_size=1, max_size=30).map(" ".join)


@given(TEXT)
def test_a_paragraph_is_wrapped_as_the_library_does(text):
    assert wrapped(text, indent="  ") == textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


@given(st.lists(st.tuples(TEXT, TEXT, WORD), min_size=1, max_size=5))
def test_a_table_of_words_fits_and_keeps_each_of_them(rows):
    lines = columns([("first", "second", "third"), *rows])

    assert max(map(len, lines)) <= WIDTH
    words = [word for row in rows for field in row for word in field.split()]
    assert sorted(" ".join(lines).split()) == sorted([*words, "first", "second", "third"])


def test_names_break_after_hyphens_where_words_are_not_enough_and_quantities_never():
    name = "transformer-with-a-very-long-name-and-more-of-it"
    lines = columns([("system", "on", "energy"), (name, f"{name}-too", "≥ 1.27 mJ")])

    assert max(map(len, lines)) <= WIDTH
    assert "≥ 1.27 mJ" in lines[1]
    first = "".join(line[: lines[0].index("on")].strip() for line in lines[1:])
    assert first == name


@pytest.mark.parametrize("quantity", ["142 pJ", "89.9 %", "≤ 0.05", "24 KiB"])
def test_a_paragraph_keeps_a_number_and_its_unit_on_one_line(quantity):
    for n in range(60, 80):
        assert any(quantity in line for line in wrapped(f"{'x' * n} {quantity} and more"))


def test_what_goes_on_in_the_first_column_is_indented_and_a_new_line_is_not():
    lines = columns([("case", "found"), ("one two " * 6, "three " * 12), ("four", "five")])

    assert [line for line in lines if not line.startswith(" ")] == [lines[0], lines[1], "four" + lines[-1][4:]]
    assert lines[2].startswith("  one") or lines[2].startswith("  two")


def test_what_cannot_be_broken_is_left_whole():
    path = "/" + "x" * 100
    assert wrapped(f"File: {path}") == ["File:", path]


def test_what_all_rows_share_is_said_once():
    table = [("system", "clips", "n"), ("a", "test", "1"), ("b", "test", "2")]
    assert without_shared(table, ("clips",)) == ("clips: test", [("system", "n"), ("a", "1"), ("b", "2")])
    assert without_shared([*table, ("c", "validation", "3")], ("clips",))[0] == ""
