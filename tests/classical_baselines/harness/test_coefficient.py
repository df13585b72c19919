# tests/classical_baselines/harness/test_coefficient.py
import tomllib

import numpy as np
import pytest
from scipy import stats

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import (
    FOLDER,
    CoefficientDraws,
    describe_coefficients,
    device_names,
    lint,
    load_device,
    log_triangular,
)
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
FILE = {"device": "x", "title": "X", "scope": "all", "coefficient": [ROW]}


@pytest.mark.parametrize("name", device_names())
def test_every_coefficient_file_says_all_that_it_must(name):
    device = load_device(name)

    assert all(row.low <= row.nominal <= row.high and row.source and row.conditions for row in device.coefficients)
    assert device.name == tomllib.loads((FOLDER / f"{name.replace('-', '_')}.toml").read_text())["device"]


def test_a_complete_row_has_no_problem():
    assert lint(FILE) == []


@pytest.mark.parametrize("key", sorted(ROW))
def test_a_row_without_one_of_its_parts_is_refused(key):
    row = {name: value for name, value in ROW.items() if name != key}

    assert lint({**FILE, "coefficient": [row]})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "guessed"}, "kind must be one of"),
        ({"boundary": "rack"}, "boundary must be one of"),
        ({"operations": ["mac_int4"]}, "no operation is called 'mac_int4'"),
        ({"picojoules": {"nominal": 5, "low": 1, "high": 4}}, "low <= nominal <= high"),
        ({"picojoules": {"nominal": 0, "low": 0, "high": 4}}, "above 0"),
        ({"of": "y.mac"}, "nothing else"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_a_row_that_says_something_impossible_is_refused(change, problem):
    assert any(problem in found for found in lint({**FILE, "coefficient": [{**ROW, **change}]}))


def test_one_id_has_one_value_in_every_file_so_that_its_draws_can_be_shared():
    values = {}
    for name in device_names():
        for row in load_device(name).coefficients:
            values.setdefault(row.id, set()).add((row.low, row.nominal, row.high, row.unit))

    assert [id for id, found in values.items() if len(found) > 1] == []


def test_every_operation_is_priced_somewhere_and_reported_where_it_is_not():
    devices = [load_device(name) for name in device_names()]

    for operation in OPERATIONS:
        assert any(operation not in device.unpriced_operations() for device in devices), operation
    assert "synaptic_operations" in load_device("cortex-m4").unpriced_operations()
    assert "mac_fp32" in load_device("loihi-1-davies").unpriced_operations()
    assert "mac_int8" in load_device("loihi-1-davies").unpriced_operations()
    assert "mac_fp32" in load_device("ndp9120").unpriced_operations()


def test_the_draws_follow_a_triangle_on_the_logarithm():
    drawn = log_triangular(np.random.default_rng(0).random(20_000), 1.0, 3.0, 30.0)
    triangle = stats.triang(c=np.log(3) / np.log(30), loc=0, scale=np.log(30))

    assert stats.kstest(np.log(drawn), triangle.cdf).pvalue > 0.01


def test_a_range_that_starts_at_its_nominal_value_and_a_range_of_one_value_are_drawn():
    uniform = np.random.default_rng(1).random(5_000)

    assert log_triangular(uniform, 2.0, 2.0, 4.0).min() >= 2.0
    assert set(log_triangular(uniform, 2.0, 2.0, 2.0)) == {2.0}


def test_the_same_id_and_seed_give_the_same_draws_and_another_seed_gives_others():
    row = load_device("cortex-m4").row("m4.mac-int8")

    np.testing.assert_array_equal(CoefficientDraws(3).of(row), CoefficientDraws(3).of(row))
    assert not np.array_equal(CoefficientDraws(3).of(row), CoefficientDraws(4).of(row))


def test_a_price_in_cycles_is_cycles_times_the_energy_of_a_cycle():
    device = load_device("cortex-m4")
    (row,) = device.rows("mac_fp32")

    assert CoefficientDraws().price(device, row)[0] == pytest.approx(5 * 352e-12)
    (log,) = device.rows("transcendental_fp32")
    assert CoefficientDraws().price(device, log)[0] == pytest.approx(10 * 5 * 352e-12)


def test_an_unknown_device_is_refused_with_the_names_that_exist():
    with pytest.raises(InputError, match=r"No device is called 'loihi-9'. Choose one of: .*loihi-2"):
        load_device("loihi-9")


def test_the_table_of_coefficients_names_each_price_once():
    table = describe_coefficients()

    assert len({(row["id"], row["device"], row["operation"]) for row in table}) == len(table)
    assert all(row["source"] and row["conditions"] and row["kind"] for row in table)
