import pytest

from studies.wording import joules_text, percent


@pytest.mark.parametrize(
    ("joules", "text"),
    [
        (None, "–"),
        (6.072e-4, "607 µJ"),
        (1.0, "1 J"),
        (25_200.0, "25.2 kJ"),
        (2.36e-11, "23.6 pJ"),
        (9.996e-4, "1 mJ"),
        (3e-15, "0.003 pJ"),
    ],
)
def test_joules_are_written_with_three_digits_and_a_prefix(joules, text):
    assert joules_text(joules) == text


def test_what_is_not_known_is_a_dash_and_never_zero():
    assert percent(None) == "–"
    assert percent(0.0) == "0.0"
