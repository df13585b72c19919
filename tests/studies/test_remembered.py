"""What is remembered is what was computed for the same things, and a damaged memory costs time alone."""

import pytest

from studies.remembered import remembered


@pytest.fixture
def calls(monkeypatch, tmp_path):
    monkeypatch.setenv("TRICHORD_CACHE", str(tmp_path))
    made = []

    def call(depends_on, value=1):
        return remembered("a thing", depends_on, lambda: made.append(depends_on) or {"value": value})

    return call, made, tmp_path / "remembered"


def test_a_value_is_computed_once_for_all_that_it_depends_on(calls):
    call, made, _ = calls

    assert [call(1), call(1, value=2), call(2, value=2), call("1")] == [{"value": n} for n in (1, 1, 2, 1)]
    assert made == [1, 2, "1"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"value": 7}', b"\xff", None])
def test_a_damaged_memory_is_no_memory(calls, damage):
    call, made, folder = calls
    call(1)
    (path,) = folder.iterdir()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"7", 1) if damage is None else damage)

    assert call(1) == {"value": 1}
    assert made == [1, 1]
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_costs_time_alone(calls):
    call, made, folder = calls
    folder.write_text("a file in its place")

    assert [call(1), call(1)] == [{"value": 1}] * 2
    assert made == [1, 1]


def test_an_error_is_not_remembered(calls):
    call, _, _ = calls
    with pytest.raises(ZeroDivisionError):
        remembered("a thing", 1, lambda: {"value": 1 / 0})

    assert call(1) == {"value": 1}
