# tests/classical_baselines/harness/test_device_lint.py
"""A device file that says all that it must passes; whatever is left out of it, or cannot hold, is named."""

import pytest

from classical_baselines.harness.device_lint import GROUPS, lint_device
from classical_baselines.harness.devices import shipped_devices
from classical_baselines.harness.operations import OPERATIONS

ROW = {
    "id": "x.mac",
    "operations": ["mac_int8"],
    "picojoules": {"nominal": 2, "low": 1, "high": 4},
    "kind": "assumed",
    "boundary": "operation",
    "node": "45 nm",
    "conditions": "none",
    "evidence": "derived",
    "source": "a paper",
    "range_assumed": True,
}
WITHOUT = ["floats", "add_int32", "requantise_int32", "compare_int8", "memory", "spikes", "circuits", "link"]
FILE = {"device": "x", "title": "X", "scope": "all", "no_price_for": WITHOUT, "coefficient": [ROW]}


def problems(row=None, *, others=(), **changes):
    return lint_device({**FILE, "coefficient": [{**ROW, **(row or {})}, *others], **changes}, shipped_devices())


def row(**changes):
    return {key: value for key, value in {**ROW, **changes}.items() if value is not None}


def test_a_complete_file_has_no_problem():
    assert problems() == []


def test_the_groups_of_operations_hold_each_operation_once():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(OPERATIONS)


@pytest.mark.parametrize("key", sorted(ROW))
def test_a_row_without_one_of_its_parts_is_refused_by_its_name(key):
    without = {name: value for name, value in ROW.items() if name != key}

    found = lint_device({**FILE, "coefficient": [without]}, {})
    assert any(problem.startswith("a row: " if key == "id" else "x.mac: ") for problem in found)


@pytest.mark.parametrize("key", ["device", "title", "scope", "no_price_for"])
def test_a_file_without_one_of_its_parts_is_refused(key):
    assert lint_device({name: value for name, value in FILE.items() if name != key}, {})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "guessed"}, "kind must be one of measured, simulated, vendor, assumed"),
        ({"boundary": "rack"}, "boundary must be one of"),
        ({"evidence": "hearsay"}, "evidence must be one of measured, source read"),
        ({"evidence": "secondary; hearsay"}, "evidence must be one of measured, source read"),
        ({"operations": ["mac_int4"]}, "no operation is called 'mac_int4'"),
        ({"operations": "mac_int8"}, "a list of names"),
        ({"picojoules": {"nominal": 5, "low": 1, "high": 4}}, "low <= nominal <= high must hold; got 1, 5, 4"),
        ({"picojoules": {"nominal": 0, "low": 0, "high": 4}}, "above 0"),
        ({"picojoules": {"nominal": True, "low": 1, "high": 4}}, "above 0"),
        ({"picojoules": {"nominal": 2, "low": 1}}, "nominal, low and high"),
        ({"picojoules": 2}, "nominal, low and high"),
        ({"picojoules": {"nominal": 3, "low": 1, "high": 9}, "range_assumed": False}, "say range_assumed = true"),
        ({"range_assumed": "no"}, "range_assumed must be true or false"),
        ({"of": "y.mac"}, "nothing else"),
        ({"watts": {"nominal": 2, "low": 1, "high": 4}}, "needs one unit"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"operations": ["mac_int8", "idle_seconds"]}, "idle_seconds is priced in watts; got joules"),
        ({"operations": ["mac_int8", "step_time"]}, "step_time is priced in seconds; got joules"),
    ],
)
def test_a_row_that_says_something_impossible_is_refused(change, problem):
    assert any(problem in found for found in problems(change)), problems(change)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"includes": ["abacus"]}, "no device is called 'abacus'"),
        ({"includes": "spi"}, "includes must be a list"),
        ({"coefficient": {}}, "coefficient must be a list of tables"),
        ({"every_row": {"id": "all"}}, "every_row: 'id' has no place there"),
        ({"deployable": 1}, "deployable must be true or false"),
        ({"no_price_for": [*WITHOUT, "integers"]}, "no_price_for: mac_int8 has a price"),
        ({"no_price_for": WITHOUT[1:]}, "nothing is said of mac_fp32, add_fp32"),
        ({"no_price_for": [*WITHOUT, "colours"]}, "'colours' is neither an operation nor one of floats"),
        ({"included": [{"operations": ["sram_bytes"], "within": ["mac_int8"]}]}, "the reason is missing"),
        ({"included": [{"operations": ["ram"], "within": ["mac_int8"], "reason": "r"}]}, "is called 'ram'"),
        ({"included": [{"operations": "sram_bytes", "within": ["mac_int8"], "reason": "r"}]}, "two lists"),
        ({"unpriced": [{"boundary": "chip"}]}, "unpriced: needs a boundary and a term"),
        ({"unpriced": [{"boundary": "rack", "term": "heat"}]}, "unpriced: needs a boundary and a term"),
    ],
)
def test_a_file_that_says_something_impossible_is_refused(changes, problem):
    assert any(problem in found for found in problems(**changes)), problems(**changes)


def factor(id, of, **changes):
    return row(id=id, of=of, picojoules=None, factor={"nominal": 2, "low": 1, "high": 4}, operations=[], **changes)


@pytest.mark.parametrize(
    ("others", "problem"),
    [
        ([row()], "the id stands twice"),
        ([factor("x.twice", "x.nothing")], "`of` names no other row: 'x.nothing'"),
        ([factor("x.a", "x.b"), factor("x.b", "x.a")], "its factors go in a circle: x.a of x.b of x.a"),
        ([factor("x.self", "x.self")], "its factors go in a circle"),
        ([factor("x.twice", "x.mac")], "x.twice: prices nothing"),
        ([row(id="x.other", operations=[])], "x.other: prices nothing"),
        (
            [row(id="x.watts", picojoules=None, watts={"nominal": 2, "low": 1, "high": 4})],
            "mac_int8 is priced in joules",
        ),
        ([factor("x.twice", "x.mac") | {"operations": ["step_time"]}], "step_time is priced in seconds; got joules"),
        ([factor("x.cycles", "cycle") | {"operations": ["compare_int8"]}], "the operation `cycle`"),
    ],
)
def test_rows_that_do_not_hold_together_are_refused(others, problem):
    without = [name for name in WITHOUT if all(name not in other["operations"] for other in others)]
    found = problems(others=others, no_price_for=without)

    assert any(problem in one for one in found), found


def test_a_row_that_prices_nothing_may_say_why_it_stands_there():
    assert problems(others=[row(id="x.other", operations=[], reference="for comparison")]) == []


def test_what_holds_for_every_row_need_not_be_said_in_each():
    short = {key: ROW[key] for key in ("id", "operations", "picojoules", "range_assumed")}
    every = {key: value for key, value in ROW.items() if key not in short}

    assert lint_device({**FILE, "every_row": every, "coefficient": [short]}, {}) == []


def test_figures_need_not_say_what_becomes_of_every_operation():
    figures = {**FILE, "deployable": False, "no_price_for": []}

    assert lint_device(figures, {}) == []


@pytest.mark.parametrize("junk", [0, "x", [], {}, None, [[]], {"a": 1}, float("nan")])
@pytest.mark.parametrize("key", [*FILE, "every_row", "included", "unpriced", "includes", "label", "deployable"])
def test_nothing_that_stands_in_a_file_stops_the_lint(key, junk):
    assert isinstance(lint_device({**FILE, key: junk}, {}), list)


@pytest.mark.parametrize("junk", [0, "x", [], {}, None, [[]], {"a": 1}, float("nan")])
@pytest.mark.parametrize("key", [*ROW, "of", "reference"])
def test_nothing_that_stands_in_a_row_stops_the_lint(key, junk):
    assert isinstance(problems({key: junk}), list)
