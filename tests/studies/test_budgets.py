# tests/studies/test_budgets.py
import subprocess
import sys

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import UnlikeEnergiesError
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import compare_rows, deciding_coefficients, energy_rows
from studies.price_list import deployments

CNN = OperationCounts.of("network", "all", mac_int8=1e6)
LARGER = CNN.scaled(1.0001)


def row(counts, deployment="cmos-45nm-int8", boundary="operation", scenario="saturated", **options):
    (found,) = energy_rows(counts, [deployment], 1.0, boundaries=[boundary], scenarios=[scenario], **options)
    return found


def test_two_systems_priced_by_one_coefficient_compare_with_certainty():
    assert compare_rows(row(CNN), row(LARGER)).probability_low == 1.0
    assert compare_rows(row(LARGER), row(CNN)).probability_high == 0.0


def test_draws_that_are_shared_decide_where_intervals_overlap():
    a = row(CNN + OperationCounts.of("network", "b", add_int32=1e3))
    b = row(LARGER.scaled(1.2))

    assert a.high > b.low
    assert compare_rows(a, b).probability_low > 0.99


def test_every_deployment_names_known_devices_and_gives_a_row_per_boundary_and_scenario():
    rows = energy_rows(CNN, deployments(), 1.0)

    assert len(rows) == len(deployments()) * 4 * 2
    for found in rows:
        assert (found.nominal_joules is None) == (found.kind == "unavailable") == bool(found.reason)
        assert bool(found.unpriced) == (found.kind == "lower-bound")
        if found.draws is not None:
            assert found.low <= found.nominal_joules <= found.high
            assert sum(found.by_stage.values()) == pytest.approx(found.nominal_joules)
            assert sum(found.by_coefficient.values()) == pytest.approx(found.nominal_joules)


@pytest.mark.parametrize("deployment", sorted(deployments()))
def test_a_wider_boundary_never_costs_less(deployment):
    counts = OperationCounts.of("network", "a", synaptic_operations=1e5, chip_steps=10) + OperationCounts.of(
        "front_end", "a", mac_fp32=1e4
    )
    for system in (CNN, counts):
        rows = energy_rows(system, [deployment], 1.0, scenarios=["always-on"], link_values=10)
        known = [found.nominal_joules for found in rows if found.nominal_joules is not None]
        assert known == sorted(known)


def test_the_energy_per_second_of_audio_is_the_energy_per_decision_over_the_period():
    assert row(CNN, period_seconds=0.25).per_second_joules == pytest.approx(4 * 1e6 * 0.23e-12)


def test_alternatives_are_added_beside_the_deployment_that_they_rival():
    spikes = OperationCounts.of("network", "a", synaptic_operations=1e5, chip_steps=10)
    rows = energy_rows(spikes, ["cortex-m4+loihi-1"], 1.0, with_alternatives=True)

    assert {found.deployment: found.alternative_to for found in rows} == {
        "cortex-m4+loihi-1": "",
        "cortex-m4+loihi-1-sana-fe": "cortex-m4+loihi-1",
    }


def test_the_coefficient_that_decides_is_the_one_that_the_energy_is_made_of():
    found = deciding_coefficients(row(CNN + OperationCounts.of("network", "b", add_int32=10)))

    assert found[0][0] == "c45.mac-int8"
    assert found[0][1] > 0.999


def test_rows_of_unlike_boundaries_do_not_compare():
    with pytest.raises(UnlikeEnergiesError, match="within one boundary"):
        compare_rows(row(CNN), row(CNN, boundary="core"))


def test_the_same_seed_gives_the_same_draws_in_every_system():
    draws = CoefficientDraws(7)

    np.testing.assert_allclose(row(CNN, draws=draws).draws * 2, row(CNN.scaled(2), draws=CoefficientDraws(7)).draws)


@pytest.mark.parametrize(
    ("deployment", "clip_seconds", "message"),
    [("abacus", 1.0, "No deployment is called 'abacus'"), ("cortex-m4", 0.0, "clip_seconds must be above 0")],
)
def test_an_unknown_deployment_and_an_empty_clip_are_refused(deployment, clip_seconds, message):
    with pytest.raises(InputError, match=message):
        energy_rows(CNN, [deployment], clip_seconds)


def test_pricing_imports_no_torch():
    code = "import sys, studies.price_list; studies.price_list.deployments(); sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
