# tests/studies/test_training_energy.py
"""Expected joules and numbers of decisions are sums on paper."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.price_list import deployments
from studies.specification import Choice
from studies.training_energy import amortised, clips_trained_on, forward_macs, per_decision, training_of
from tests.studies.priced_rows import side
from tests.studies.synthetic_results import SYSTEMS, synthetic_results

DRAWS = CoefficientDraws(n_draws=200)
FLOATS = deployments()["cmos-45nm-fp32"]


def test_training_is_three_forward_passes_of_every_full_batch_of_every_epoch():
    results = synthetic_results()
    found = training_of(results, results.row("ds-cnn"), FLOATS, DRAWS)
    macs = 3 * SYSTEMS["ds-cnn"][5] * 30 * 192  # 240 clips in batches of 64: three of them

    assert found.macs == pytest.approx(macs)
    assert found.joules[0] == pytest.approx(macs * 4.6e-12)


@pytest.mark.parametrize(("n_clips", "expected"), [(10, 20), (64, 128), (100, 128), (129, 256)])
def test_an_epoch_is_made_of_full_batches(n_clips, expected):
    assert clips_trained_on(2, n_clips, 64) == expected


def test_a_spiking_network_counts_the_additions_of_its_run_in_floats_and_not_what_the_chip_did():
    results = synthetic_results()
    chip = results.row("convolutional-snn", "loihi-emulator")
    adds = OperationCounts.of("network", "layer-1", add_fp32=700, mac_fp32=300)
    floats = replace(results.row("convolutional-snn", "torch-float"), counts=adds)

    assert forward_macs(SimpleNamespace(rows=(chip, floats)), chip) == 1000


def test_what_is_fitted_directly_or_has_no_record_is_not_counted_and_says_so():
    results = synthetic_results()
    row = results.row("svm-mfcc")
    direct = {cell: replace(fit, training={"fitted": "directly"}) for cell, fit in results.fits.items()}

    assert training_of(replace(results, fits=direct), row, FLOATS, DRAWS).reason.startswith("it is fitted directly")
    assert training_of(replace(results, fits={}), row, FLOATS, DRAWS).reason == "no training is recorded"


@pytest.mark.parametrize(
    ("classifier", "reason"),
    [("distilled", "a teacher"), *((name, "the weights that a decision") for name in ("pruned", "pruned-int8"))],
)
def test_training_that_is_unlike_three_decisions_is_not_priced_and_says_why(classifier, reason):
    results = synthetic_results()
    row = results.row("ds-cnn")
    system = row.system.model_copy(update={"classifier": Choice(name=classifier)})

    found = training_of(results, replace(row, system=system), FLOATS, DRAWS)

    assert found.macs is None and found.joules is None
    assert reason in found.reason


def test_parameter_shift_takes_two_evaluations_per_parameter_and_one_for_the_loss():
    results = synthetic_results()
    row = replace(results.row("qft-hybrid"), notes={"n_circuit_parameters": 32})
    found = training_of(results, row, FLOATS, DRAWS)
    seconds = 0.35 * 65 * 30 * 192

    assert found.machine_seconds == pytest.approx(seconds)
    assert found.machine_joules[0] == pytest.approx(25e3 * seconds, rel=1e-6)
    assert training_of(results, results.row("ds-cnn"), FLOATS, DRAWS).machine_seconds is None


def test_two_systems_are_even_where_training_and_decisions_weigh_the_same():
    dear = (np.array([100.0, 90.0, 110.0]), np.array([1.0, 1.0, 1.0]))
    cheap = (np.array([10.0, 10.0, 10.0]), np.array([4.0, 4.0, 1.0]))
    found = amortised(dear, cheap)

    assert found.n_decisions == pytest.approx(30)
    assert (found.low, found.high) == pytest.approx((80 / 3, 80 / 3))  # the last draw is never even
    assert found.share_of_draws == 0.5
    assert (found.less_at_first, found.less_in_the_end) == ("B", "A")
    assert amortised(cheap, (dear[0], cheap[1] * 2)).n_decisions is None


def test_training_is_spread_over_the_decisions_that_follow():
    decision = side(OperationCounts.of("network", "a", mac_int8=1e6), "cmos-45nm-int8")

    spread = per_decision(np.array([2.3e-4]), decision, DRAWS, [1, 1000])
    assert spread == pytest.approx([2.3e-4 + 0.23e-6, 4.6e-7], abs=1e-15)


def test_a_deployment_without_a_price_for_training_is_refused():
    results = synthetic_results()

    with pytest.raises(InputError, match="Name a deployment that prices mac_fp32"):
        training_of(results, results.row("ds-cnn"), deployments()["cortex-m4+ndp9120"], DRAWS)
