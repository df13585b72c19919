# tests/studies/test_circuit_energy.py
"""Energy of a circuit's decision against sums on paper, and how far it is from the FFT."""

from math import log10

import pytest
import torch

from classical_baselines.harness.devices import load_device
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.real_state import real_state_angles
from quantum.machine_time import ShotTimes
from quantum.operations import processor_operations
from quantum.transpiled import CircuitCost, PartCost
from studies.circuit_energy import (
    SCALED_BY,
    TIMES,
    energy_of_counts,
    fft_counts,
    fft_joules,
    preparation_counts,
    preparation_joules,
)

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


def test_shots_of_a_calibration_have_the_range_of_the_times_that_they_take():
    counts = processor_operations(COST, 8, 1000, times=TIMES_OF_A_SHOT)
    calibration = OperationCounts.of(
        "readout", "readout-calibration", machine_seconds=0.1, shots=400, measurements=3200
    )

    plain, more = energy_of_counts(counts), energy_of_counts(counts + calibration)

    nominal = 250e-6 + 1.708e-6 + 1.56e-6
    low, high = (0.1e-6 + 0.896e-6 + 0.8356e-6) / nominal, (500e-6 + 4.044e-6 + 4e-6) / nominal
    assert more.seconds.low - plain.seconds.low == pytest.approx(0.1 * low)
    assert more.seconds.mid - plain.seconds.mid == pytest.approx(0.1)
    assert more.seconds.high - plain.seconds.high == pytest.approx(0.1 * high)


@pytest.mark.parametrize("n_qubits", [1, 2, 3, 5])
def test_the_angles_of_a_preparation_are_counted_one_by_one(n_qubits):
    counts, found = preparation_counts(n_qubits), dict.fromkeys(("transcendental", "multiply", "add"), 0)
    found["multiply"] += 2**n_qubits  # signs
    for level in reversed(range(n_qubits)):
        n_pairs = 2**level
        found["transcendental"] += n_pairs  # arc tangents
        found["multiply"] += 2 * n_pairs  # doubled, and scaled behind the transform
        for _ in range(level):  # a stage of butterflies
            found["add"] += n_pairs
        if level:
            found["transcendental"] += n_pairs
            found["multiply"] += 2 * n_pairs
            found["add"] += n_pairs

    assert {name: counts.total(f"{name}_fp32") for name in found} == found
    n_angles = real_state_angles(torch.eye(2**n_qubits)[:1]).shape[1]
    assert n_angles == 2**n_qubits - 1 == counts.total("transcendental_fp32") - (n_angles - 1)


def test_the_angles_of_a_preparation_take_about_what_an_fft_does_and_nothing_beside_the_machine():
    fft, machine = fft_joules(8)["cortex-m4"], energy_of_counts(processor_operations(COST, 8, 4096))

    assert 0.5 * fft < preparation_joules(8) < 2 * fft
    assert preparation_joules(8) < 1e-5 * machine.joules["marginal"].low


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
