import pytest

from studies.wording import amount_text, counted, factor_text, joules_text, note_text, percent


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
        (-2.5e-7, "−250 nJ"),
        (1.19e-17, "0.0119 fJ"),
    ],
)
def test_joules_are_written_with_three_digits_and_a_prefix(joules, text):
    assert joules_text(joules) == text


def test_what_is_not_known_is_a_dash_and_never_zero():
    assert percent(None) == "–"
    assert percent(0.0) == "0.0"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (6.25e-10, "joules", "625 pJ"),
        (9.3e-5, "watts", "93 µW"),
        (1.2e-8, "seconds", "12 ns"),
        (1.0, "cycles", "1 cycle"),
        (9.0, "cycles", "9 cycles"),
        (3000.0, "cycles", "3,000 cycles"),
        (2.5033e6, "flops", "2,503,000 flops"),
        (10.0, "factor", "10"),
    ],
)
def test_a_coefficient_is_written_with_a_prefix_or_in_full_and_one_of_it_is_singular(value, unit, text):
    assert amount_text(value, unit) == text


def test_no_number_without_a_unit_has_an_exponent():
    assert [factor_text(value) for value in (3e-5, 0.0123, 35.4e6)] == ["0.00003", "0.0123", "35,400,000"]
    assert [note_text(value) for value in (2.5e-6, 12345.6)] == ["0.0000025", "12,300"]


def test_one_is_singular():
    assert [counted(n, "cell") for n in (0, 1, 2000)] == ["0 cells", "1 cell", "2,000 cells"]
