# tests/classical_baselines/harness/test_devices.py
import tomllib

import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.device_lint import clashes
from classical_baselines.harness.devices import (
    FOLDER,
    CoefficientError,
    coefficients_digest,
    describe_coefficients,
    load_device,
    shipped_devices,
    with_device,
)
from classical_baselines.harness.operations import OPERATIONS

BOARD = """
device = "my-board"
title = "My board"
scope = "all-in at the supply"
includes = ["cortex-m-cycles"]
no_price_for = ["mac_int8", "spikes", "circuits", "link"]

[every_row]
kind = "measured"
boundary = "chip"
node = "a microcontroller at 1.8 V"
conditions = "running from flash"
evidence = "source read"
source = "our power meter"

[[coefficient]]
id = "my.cycle"
operations = ["cycle"]
picojoules = { nominal = 100, low = 90, high = 110 }
range_assumed = false
"""


def board(**changes):
    return tomllib.loads(BOARD) | changes


@pytest.mark.parametrize("name", shipped_devices())
def test_every_shipped_device_passes_the_lint_under_the_name_of_its_file(name):
    device = load_device(name)

    assert device.name == name
    assert all(row.low <= row.nominal <= row.high and row.source and row.conditions for row in device.coefficients)


def test_one_id_has_one_value_in_every_file_so_that_its_draws_can_be_shared():
    devices = dict(shipped_devices())

    assert [problem for device in devices.values() for problem in clashes(device, devices)] == []


def test_every_operation_is_priced_somewhere_and_reported_where_it_is_not():
    for operation in OPERATIONS:
        assert any(operation not in device.unpriced_operations() for device in shipped_devices().values()), operation
    assert "synaptic_operations" in load_device("cortex-m4").unpriced_operations()
    assert "mac_fp32" in load_device("loihi-1-davies").unpriced_operations()
    assert "mac_int8" in load_device("loihi-1-davies").unpriced_operations()
    assert "mac_fp32" in load_device("ndp9120").unpriced_operations()


def test_a_board_that_takes_over_the_cycles_pays_its_own_price_for_each():
    devices = with_device(shipped_devices(), board(), "my_board.toml")
    (mac,) = devices["my-board"].rows("mac_fp32")

    assert CoefficientDraws().price(devices["my-board"], mac)[0] == pytest.approx(5 * 100e-12)
    assert "my-board" not in shipped_devices()


def test_a_row_of_the_file_replaces_what_it_takes_over_for_its_operations_alone():
    raw = board()
    raw["coefficient"].append({**raw["coefficient"][0], "id": "my.add", "operations": ["add_fp32"]})
    device = with_device(shipped_devices(), raw, "my_board.toml")["my-board"]

    assert [row.id for row in device.rows("add_fp32")] == ["my.add"]
    assert [row.id for row in device.rows("multiply_fp32")] == ["m4.cycles.multiply-fp32"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "cortex-m4"}, r"my_board.toml: a device called 'cortex-m4' exists already"),
        ({"title": ""}, r"my_board.toml: title is missing\."),
        ({"includes": ["abacus"]}, r"my_board.toml: includes: no device is called 'abacus'"),
    ],
)
def test_a_file_that_does_not_pass_is_named_with_what_is_wrong(changes, words):
    with pytest.raises(CoefficientError, match=words):
        with_device(shipped_devices(), board(**changes), "my_board.toml")


def test_an_id_that_stands_elsewhere_with_other_values_is_refused():
    raw = board()
    raw["coefficient"][0]["id"] = "m4.cycle"

    with pytest.raises(CoefficientError, match=r"m4.cycle: stands in cortex-m4 with other values"):
        with_device(shipped_devices(), raw, "my_board.toml")


def test_many_problems_are_told_in_one_line_with_the_first_of_them():
    raw = board()
    del raw["every_row"]

    with pytest.raises(CoefficientError, match=r"my.cycle: kind is missing; .*; and 1 more\.$"):
        with_device(shipped_devices(), raw, "my_board.toml")


def test_the_digest_follows_every_word_of_a_row_and_not_the_order():
    rows = load_device("cortex-m4").coefficients
    devices = with_device(shipped_devices(), board(), "my_board.toml")
    mended = board()
    mended["coefficient"][0]["source"] = "our better power meter"
    other = with_device(shipped_devices(), mended, "my_board.toml")

    assert coefficients_digest(rows) == coefficients_digest(reversed(rows))
    mine, better = (found["my-board"].coefficients for found in (devices, other))
    assert len({coefficients_digest(each) for each in (rows, mine, better)}) == 3


def test_an_unknown_device_is_refused_with_the_names_that_exist():
    with pytest.raises(InputError, match=r"No device is called 'loihi-9'. Choose one of: .*loihi-2"):
        load_device("loihi-9")


def test_the_table_of_coefficients_names_each_price_once():
    table = describe_coefficients()

    assert len({(row["id"], row["device"], row["operation"]) for row in table}) == len(table)
    assert all(row["source"] and row["conditions"] and row["kind"] for row in table)


def test_the_folder_holds_device_files_alone():
    assert {path.suffix for path in FOLDER.iterdir() if path.is_file()} == {".toml"}
