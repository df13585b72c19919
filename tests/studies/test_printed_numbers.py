# tests/studies/test_printed_numbers.py
"""A printed number finds the places that print it, and no others."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.printed_numbers import every_place, parsed, places
from studies.wording import energy_text, joules_text, percent
from tests.studies.synthetic_results import synthetic_results


@cache
def everywhere():
    return tuple(every_place(synthetic_results()))


def where(text):
    return {(place.address, place.what) for place in places(parsed(text), everywhere())}


def test_every_accuracy_of_the_report_is_found_by_what_is_printed_of_it():
    for row in synthetic_results().rows:
        address = f"{row.system.name}@{row.run.backend.name}/{row.protocol} accuracy"
        assert (address, "accuracy") in where(percent(row.interval.estimate))
        assert (address, "accuracy") in where(f"{row.interval.estimate:.3f}")
        assert (address, "high end of the accuracy's interval") in where(f"{percent(row.interval.high)} %")


def test_every_energy_is_found_by_what_is_printed_of_it_with_and_without_a_space():
    for row in synthetic_results().headline_rows:
        for energy in row.energies:
            if energy.nominal_joules is None:
                continue
            text = energy_text(energy).partition(" [")[0].removeprefix("≥ ")
            address = f"{row.system.name}@{row.run.backend.name}/{row.protocol} energy"
            for written in (text, text.replace(" ", ""), f"{energy.nominal_joules:.3g}"):
                found = {place[0] for place in where(written) if place[1] == "energy per decision"}
                assert f"{address} {energy.deployment} {energy.boundary} {energy.scenario}" in found


def test_a_number_in_joules_is_no_accuracy_and_one_in_per_cent_no_energy():
    assert {what for _, what in where("50 mJ")} <= {
        *("energy per decision", "energy per second of audio"),
        *("low end of the energy's range", "high end of the energy's range"),
    }
    assert not any("energy" in what for _, what in where("79 %"))


@given(st.floats(1e-9, 1e5))
def test_what_prints_as_a_number_matches_it_and_what_prints_otherwise_does_not(joules):
    text = joules_text(joules)
    number = parsed(text)

    assert number.is_of(joules)
    assert not number.is_of(joules + 2.1 * number.half_step)
    assert number.value == pytest.approx(joules, rel=6e-3)


@given(st.decimals(0, 1, places=4))
def test_a_share_matches_its_percentage_by_the_digits_printed(share):
    printed = (100 * share).quantize(Decimal("0.1"))

    assert parsed(str(printed)).is_of(float(share), 100)
    assert not parsed(str(printed + Decimal("0.2"))).is_of(float(share), 100)


@pytest.mark.parametrize("text", ["ds-cnn accuracy", "", "mJ", "1,82 mJ", "0x10", "1e", "nan"])
def test_what_is_no_number_is_not_taken_for_one(text):
    assert parsed(text) is None


def test_places_cover_the_differences_of_the_report():
    assert {"difference in accuracy", "p of the difference"} <= {place.what for place in everywhere()}
