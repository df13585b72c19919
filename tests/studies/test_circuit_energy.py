# tests/studies/test_circuit_energy.py
"""Energy of a circuit's decision against sums on paper, and how far it is from the FFT."""

from math import log10

import pytest

from classical_baselines.harness.devices import load_device
from classical_baselines.harness.operations import OperationCounts
from quantum.machine_time import ShotTimes
from quantum.operations import processor_operations
from quantum.transpiled import CircuitCost, PartCost
from studies.circuit_energy import SCALED_BY, TIMES, energy_of_counts, fft_counts, fft_joules

COST = CircuitCost(PartCost(0, 0, 0, 44e-6), PartCost(0, 0, 0, 8e-6))
TIMES_OF_A_SHOT = ShotTimes(250e-6, 1.708e-6, 1.56e-6, 0.7e-6, n_feed_forward=7)


def test_power_times_time_in_each_view():
    found = energy_of_counts(processor_operations(COST, 8, 3000, times=TIMES_OF_A_SHOT))
    seconds = 3000 * (250e-6 + 1.708e-6 + 1.56e-6 + 7 * 0.7e-6 + 52e-6)

    assert found.n_qubits == 8
    assert found.seconds.mid == pytest.approx(seconds)
    assert found.joules["whole"].mid == pytest.approx(25e3 * seconds)
    assert found.joules["share"].mid == pytest.approx(25e3 * seconds * 8 * 0.007519)
    assert found.joules["marginal"].mid == pytest.approx(11 * 8 * seconds)


def test_every_time_and_the_power_stand_at_their_own_ends():
    found = energy_of_counts(processor_operations(COST, 8, 1000, times=TIMES_OF_A_SHOT))
    low = 1000 * (0.1e-6 + 0.896e-6 + 0.8356e-6 + 7 * 0.2333e-6 + 52e-6)
    high = 1000 * (500e-6 + 4.044e-6 + 4e-6 + 7 * 2.1e-6 + 52e-6 * 660 / 68)

    assert found.joules["whole"].low == pytest.approx(15e3 * low)
    assert found.joules["whole"].high == pytest.approx(30e3 * high)
    assert found.joules["marginal"].low == pytest.approx(8 * 8 * low)


def test_counted_times_are_the_nominal_ones_of_the_file_that_has_their_ranges():
    nominal = {layer: load_device(TIMES).row(id).nominal for layer, id in SCALED_BY.items()}
    own = ShotTimes(n_feed_forward=1).parts

    assert {layer: nominal[layer] for layer in own} == pytest.approx(own)
    for id in set(SCALED_BY.values()):
        row = load_device(TIMES).row(id)
        assert row.source and row.low <= row.nominal <= row.high


def test_an_fft_of_256_values_is_5_n_log_n_operations_and_its_scaling():
    counts = fft_counts(8)

    # complex multiplications count as 4 and 2: m n / 2 of them and m n complex additions are 5 n m real operations
    assert counts.total("multiply_fp32") + counts.total("add_fp32") == 5 * 256 * 8 + 2 * 256
    # 10 pJ to 1 nJ per operation, of 10,240 of them, and what reads and writes them
    assert 1e-8 < fft_joules(8)["cmos-45nm-fp32"] < fft_joules(8)["cortex-m4"] < 2e-5


def test_the_distance_to_the_fft_is_a_ratio_of_joules():
    found = energy_of_counts(processor_operations(COST, 8, 4096))
    distance = found.orders_of_magnitude("whole", "cortex-m4")

    assert distance.mid == pytest.approx(log10(found.joules["whole"].mid / fft_joules(8)["cortex-m4"]))
    assert 9 < distance.mid < 10
    assert distance.low < distance.mid < distance.high


def test_without_a_machine_there_is_nothing_to_price():
    assert energy_of_counts(OperationCounts.of("network", "head", mac_fp32=10)) is None
