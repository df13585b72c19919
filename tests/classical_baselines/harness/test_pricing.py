# tests/classical_baselines/harness/test_pricing.py
"""Expected joules are sums on paper from the published prices."""

from dataclasses import replace

import numpy as np
import pytest

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.devices import load_device
from classical_baselines.harness.energy import LowerBound, Modelled, Unavailable
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import price
from studies.price_list import deployments

DRAWS = CoefficientDraws(n_draws=200)
CNN = OperationCounts.of("network", "all", mac_int8=2.656e6)
SPOTTER = OperationCounts.of(  # 390-256-256-29, every synapse active in each of 10 steps
    "network", "all", synaptic_operations=172_800 * 10, neuron_updates_active=541 * 10, chip_steps=10, state_resets=1
)


def priced(counts, deployment, boundary, scenario="saturated", period_seconds=1.0, **options):
    return price(
        counts,
        deployments()[deployment],
        boundary=boundary,
        scenario=scenario,
        period_seconds=period_seconds,
        draws=DRAWS,
        **options,
    )


def joules(*arguments, **options):
    energy = priced(*arguments, **options).energy
    return (energy.priced if isinstance(energy, LowerBound) else energy).nominal_joules


def test_a_ds_cnn_costs_what_the_prices_of_45_nm_make_of_its_multiplications():
    assert joules(CNN, "cmos-45nm-int8", "operation") == pytest.approx(0.61e-6, rel=0.01)
    floats = OperationCounts.of("network", "all", mac_fp32=2.656e6)
    assert joules(floats, "cmos-45nm-fp32", "operation") == pytest.approx(12.2e-6, rel=0.01)


def test_a_ds_cnn_costs_what_mlperf_tiny_measured_on_the_microcontroller_and_on_the_npu():
    extra = OperationCounts.of("network", "all", add_int32=1e5, requantise_int32=7e4, compare_int8=7e4, sram_bytes=1e6)

    assert joules(CNN + extra, "cortex-m4", "chip") == pytest.approx(1820.5e-6, rel=0.002)
    assert joules(CNN + extra, "cortex-m4+ndp9120", "chip") == pytest.approx(31.54e-6, rel=0.005)
    assert priced(CNN, "cortex-m4", "chip").busy_seconds["cortex-m4"] == pytest.approx(1 / 23.2, rel=0.01)
    assert priced(CNN, "cortex-m4+ndp9120", "chip").busy_seconds["ndp9120"] == pytest.approx(1 / 229, rel=0.01)


def test_memory_traffic_enters_at_the_boundary_core():
    traffic = CNN + OperationCounts.of("network", "all", sram_bytes=8e3, dram_bytes=8e3)

    assert joules(traffic, "cmos-45nm-int8", "operation") == joules(CNN, "cmos-45nm-int8", "operation")
    added = joules(traffic, "cmos-45nm-int8", "core") - joules(CNN, "cmos-45nm-int8", "core")
    assert added == pytest.approx(1e3 * 20e-12 + 1e3 * 1840e-12)


def test_the_chip_around_45_nm_arithmetic_is_missing_and_named():
    energy = priced(CNN, "cmos-45nm-int8", "chip").energy

    assert isinstance(energy, LowerBound)
    assert "leakage" in energy.unpriced[0]


def test_the_keyword_spotter_on_loihi_costs_its_synapses_neurons_floors_and_reset():
    operations = 172_800 * 10 * 23.6e-12 + 5410 * 81e-12
    assert joules(SPOTTER, "cortex-m4+loihi-1", "operation") == pytest.approx(operations)
    floors = 10 * 8.7e-6 * (56e-3 + 66e-3) + 5.94e-6
    assert joules(SPOTTER, "cortex-m4+loihi-1", "chip") == pytest.approx(operations + floors)


def test_with_the_measured_time_the_floors_of_loihi_come_within_a_sixth_of_the_measured_total():
    timed = SPOTTER + OperationCounts.of("network", "all", chip_seconds=3.37e-3)

    floors = joules(timed, "cortex-m4+loihi-1", "chip") - joules(timed, "cortex-m4+loihi-1", "operation")
    assert floors == pytest.approx(3.37e-3 * 0.122 + 5.94e-6)
    assert floors == pytest.approx(371.7e-6, rel=1 / 6)


def test_a_spike_message_costs_a_tile_and_two_hops():
    spikes = SPOTTER + OperationCounts.of("network", "all", spikes_routed=1000, spikes_generated=1000)

    outside = joules(spikes, "cortex-m4+loihi-1", "core") - joules(spikes, "cortex-m4+loihi-1", "operation")
    assert outside == pytest.approx(1000 * (1.7e-12 + 2 * 3.5e-12))
    rival = joules(spikes, "cortex-m4+loihi-1-sana-fe", "core") - joules(
        spikes, "cortex-m4+loihi-1-sana-fe", "operation"
    )
    assert rival == pytest.approx(1000 * (111e-12 + 2 * 3.6e-12))


def test_always_on_charges_the_idle_chip_for_the_rest_of_the_period():
    idle = joules(SPOTTER, "cortex-m4+loihi-1", "chip", "always-on") - joules(SPOTTER, "cortex-m4+loihi-1", "chip")

    assert idle == pytest.approx((1.0 - 87e-6) * 0.122)
    asleep = joules(CNN, "cortex-m4", "chip", "always-on") - joules(CNN, "cortex-m4", "chip")
    assert asleep == pytest.approx(42.2e-6 + 10e-6 * (1.0 - 2.656e6 * 685e-12 / 42.2e-3))


def test_a_frame_on_a_superconducting_machine_costs_31_kilojoules_and_the_shares_less():
    circuit = OperationCounts.of(
        "network", "circuit", machine_seconds=1.24, shots=4096, measurements=4096 * 8, gates_2q=1e5, gates_1q=1e5
    )

    assert joules(circuit, "host+superconducting-qpu", "system") == pytest.approx(31e3, rel=0.01)
    assert joules(circuit, "host+superconducting-qpu-marginal", "system") == pytest.approx(1.24 * 8 * 11)
    share = joules(circuit, "host+superconducting-qpu-share", "system")
    assert share == pytest.approx(1.24 * 25e3 * 8 / 133, rel=1e-3)
    assert not priced(circuit, "host+superconducting-qpu", "system", "always-on").keeps_up


def test_the_machine_kept_for_the_task_is_charged_while_it_waits():
    circuit = OperationCounts.of("network", "circuit", machine_seconds=0.2, shots=100, measurements=800)

    assert joules(circuit, "host+superconducting-qpu", "system", "always-on") == pytest.approx(25e3, rel=1e-6)


def test_the_front_end_stands_at_the_boundary_system_alone():
    front_end = OperationCounts.of("front_end", "log-mel", mac_fp32=1000, transcendental_fp32=100)

    assert joules(CNN + front_end, "cortex-m4", "chip") == joules(CNN, "cortex-m4", "chip")
    added = joules(CNN + front_end, "cortex-m4", "system") - joules(CNN, "cortex-m4", "system")
    assert added == pytest.approx(1000 * 5 * 352e-12 + 100 * 50 * 352e-12)


def test_the_link_carries_counted_bits_else_spikes_else_intensities():
    spikes = SPOTTER + OperationCounts.of("encoder", "latency", spikes_in=100)
    bits = SPOTTER + OperationCounts.of("encoder", "latency", link_bits=100)

    def on_the_link(counts, **options):
        return priced(counts, "cortex-m4+loihi-1", "system", **options).by_stage["link"]

    assert on_the_link(bits) == pytest.approx(100 * 50e-12)
    assert on_the_link(spikes) == pytest.approx(100 * (100e-12 + 32 * 50e-12))
    assert on_the_link(SPOTTER, link_values=100) == pytest.approx(100 * 8 * 50e-12)
    assert "link_bits (not counted)" in priced(SPOTTER, "cortex-m4+loihi-1", "system").energy.unpriced


@pytest.mark.parametrize(
    ("counts", "deployment", "boundary"),
    [
        (OperationCounts.of("network", "a", mac_fp32=1), "cmos-45nm-int8", "operation"),
        (OperationCounts.of("network", "a", mac_fp32=1), "cortex-m4+ndp9120", "chip"),
        (OperationCounts.of("network", "a", mac_fp32=1), "cortex-m4+loihi-1", "operation"),
        (SPOTTER, "cortex-m4", "chip"),
        (SPOTTER, "cortex-m4+ndp9120", "chip"),
        (OperationCounts.of("network", "a", gates_2q=9, mac_fp32=1), "cortex-m4", "system"),
        (OperationCounts.of("network", "a", gates_2q=9), "host+superconducting-qpu", "system"),
        (CNN, "cortex-m4", "operation"),
        (OperationCounts(), "cortex-m4", "system"),
    ],
)
def test_a_network_that_a_device_cannot_price_has_no_energy_there(counts, deployment, boundary):
    energy = priced(counts, deployment, boundary).energy

    assert isinstance(energy, Unavailable)
    assert energy.reason


def test_a_graded_first_layer_has_a_price_on_loihi_2_only():
    graded = SPOTTER + OperationCounts.of("network", "first", mac_int8=1000)

    first = priced(graded, "cortex-m4+loihi-1", "operation").energy
    assert isinstance(first, LowerBound)
    assert first.unpriced == ("mac_int8 (network on loihi-1-davies)",)
    for deployment, picojoules in (("cortex-m4+loihi-2", 23.6), ("cortex-m4+loihi-2-sana-fe", 35.5)):
        with_it, without = (priced(counts, deployment, "operation").energy for counts in (graded, SPOTTER))
        assert isinstance(with_it, Modelled) and isinstance(without, Modelled)
        assert with_it.nominal_joules - without.nominal_joules == pytest.approx(1000 * picojoules * 1e-12, rel=1e-6)
        assert deployments()[deployment].labels == ("Loihi 1 prices on a Loihi 2 mapping",)


@pytest.mark.parametrize("deployment", ["cortex-m4+loihi-2", "cortex-m4+loihi-2-sana-fe"])
def test_loihi_2_is_charged_its_own_static_power_and_not_that_of_loihi_1_too(deployment):
    idle = priced(SPOTTER, deployment, "chip", "always-on").by_stage["idle"]

    assert idle == pytest.approx((1 - 87e-6) * 0.232)


def test_an_integer_operation_is_inside_a_multiplication_only_where_there_is_one():
    alone = OperationCounts.of("front_end", "a", requantise_int32=100)

    assert priced(CNN + alone, "cortex-m4", "system").by_stage["front_end"] == pytest.approx(100 * 10 * 352e-12)


def test_memory_traffic_on_the_microcontroller_is_charged_only_where_nothing_else_carries_it():
    copied = OperationCounts.of("encoder", "copy", sram_bytes=400)
    added = copied + OperationCounts.of("encoder", "add", add_fp32=10)

    assert priced(CNN + copied, "cortex-m4", "system").by_stage["encoder"] == pytest.approx(400 * 0.5 * 352e-12)
    assert priced(CNN + added, "cortex-m4", "system").by_stage["encoder"] == pytest.approx(10 * 3 * 352e-12)


def test_the_draws_of_a_price_are_made_once_and_enter_as_count_times_price():
    draws = CoefficientDraws(seed=3, n_draws=50)
    device = load_device("cmos-45nm-int8")
    macs, adds = device.rows("mac_int8")[0], device.rows("add_int32")[0]
    counts = CNN + OperationCounts.of("readout", "other", mac_int8=1e5, add_int32=7e4)
    found = price(
        *(counts, deployments()["cmos-45nm-int8"]),
        **{"boundary": "operation", "scenario": "saturated", "period_seconds": 1.0, "draws": draws},
    )

    expected = 2.756e6 * CoefficientDraws(3, 50).of(macs) + 7e4 * CoefficientDraws(3, 50).of(adds)
    np.testing.assert_allclose(found.energy.draws, expected[1:])
    assert found.by_coefficient == pytest.approx({"c45.mac-int8": 2.756e6 * 0.23e-12, "c45.add-int32": 7e4 * 0.1e-12})
    assert draws.price(device, macs) is draws.price(device, macs)


def test_a_price_that_is_a_factor_of_another_is_multiplied_in_draw_by_draw():
    draws = CoefficientDraws(n_draws=50)
    device = load_device("loihi-1-davies")
    hops = device.row("as.hops")

    np.testing.assert_allclose(draws.price(device, hops), draws.of(hops) * draws.of(device.row("l1.davies.hop")))


SPOTTER_FP32 = OperationCounts.of("network", "all", mac_fp32=172_800, add_fp32=541, sram_bytes=7e5)


@pytest.mark.parametrize(
    ("deployment", "total", "dynamic", "idle_watts", "rate"),
    [
        ("quadro-k4000", 49.1e-3, 29.7e-3, 14.97, 770),
        ("xeon-e5-2630", 15.7e-3, 6.32e-3, 17.01, 1814),
        ("jetson-tx1", 11.9e-3, 5.60e-3, 2.64, 419),
        ("xeon-e5-2630+movidius-ncs", 2.16e-3, 1.46e-3, 0.210, 300),
        ("xeon-e5-2630+movidius-ncs2", 3.10e-3, 2.03e-3, 0.496, 465),
    ],
)
def test_a_processor_costs_its_total_and_its_idle_power_or_what_it_draws_above_that(
    deployment, total, dynamic, idle_watts, rate
):
    assert joules(SPOTTER_FP32, deployment, "chip") == pytest.approx(total, rel=0.01)
    assert joules(SPOTTER_FP32, f"{deployment}-dynamic", "chip") == pytest.approx(dynamic, rel=0.01)
    waiting = joules(SPOTTER_FP32, deployment, "chip", "always-on") - total
    assert waiting == pytest.approx(idle_watts * (1 - 1 / rate), rel=0.01)
    above = joules(SPOTTER_FP32, f"{deployment}-dynamic", "chip", "always-on")
    assert above == pytest.approx(dynamic, rel=0.01)
    (busy,) = priced(SPOTTER_FP32, deployment, "chip").busy_seconds.values()
    assert busy == pytest.approx(1 / rate, rel=0.01)


def test_memory_prices_read_per_32_bits_are_twice_those_read_per_64():
    traffic = OperationCounts.of("network", "all", mac_int8=1, sram_bytes=8e3, dram_bytes=8e3)

    for node in ("45nm", "7nm"):
        for precision in ("int8", "fp32"):
            name = f"cmos-{node}-{precision}"
            once = joules(traffic, name, "core") - joules(traffic, name, "operation")
            per_32 = f"{name}-per-32-bits"
            twice = joules(traffic, per_32, "core") - joules(traffic, per_32, "operation")
            assert twice == pytest.approx(2 * once)


def test_memory_and_arithmetic_of_7_nm_cost_what_its_table_prints():
    work = OperationCounts.of("network", "all", mac_int8=1e6, sram_bytes=8e3, dram_bytes=8e3)
    floats = OperationCounts.of("network", "all", mac_fp32=1e6)

    assert joules(work, "cmos-7nm-int8", "core") == pytest.approx(1e6 * 0.077e-12 + 1e3 * 8.5e-12 + 1e3 * 1300e-12)
    assert joules(floats, "cmos-7nm-fp32", "operation") == pytest.approx(1e6 * 1.69e-12)
    assert joules(floats, "cmos-7nm-bf16", "operation") == pytest.approx(1e6 * 0.32e-12)
    assert joules(floats, "cmos-45nm-fp16", "operation") == pytest.approx(1e6 * 1.5e-12)
    assert deployments()["cmos-7nm-bf16"].labels == (
        "16-bit prices on operations that were counted, and run, in 32 bits",
    )


def test_a_data_sheet_gives_design_power_over_a_tenth_of_the_peak_rate():
    floats = OperationCounts.of("network", "all", mac_fp32=1e9)

    assert joules(floats, "h100", "chip") == pytest.approx(2e9 * 700 / 66.9e12 * 10, rel=0.01)
    assert priced(floats, "h100", "chip").busy_seconds["h100"] == pytest.approx(2e9 / 6.69e12, rel=0.01)
    assert joules(floats, "a100-fp16", "chip") == pytest.approx(2e9 * 400 / 312e12 * 10, rel=0.01)


def test_an_all_in_price_of_a_synapse_holds_neurons_routing_and_steps():
    spikes = SPOTTER + OperationCounts.of("network", "all", spikes_routed=1000, spikes_generated=1000)

    total = priced(spikes, "cortex-m4+truenorth", "chip")
    assert total.by_coefficient == {"tn.synapse": pytest.approx(1_728_000 * 26e-12)}
    assert total.busy_seconds["truenorth"] == pytest.approx(1_728_000 * 26e-12 / 72e-3)
    assert total.energy.unpriced == ("state_resets (network on truenorth)", "idle power of TrueNorth")
    spinnaker = priced(spikes, "cortex-m4+spinnaker-1", "operation")
    assert sum(spinnaker.by_stage.values()) == pytest.approx(1_728_000 * 13.3e-9 + 5410 * 26e-9)
    assert "spikes_routed (network on spinnaker-1)" in spinnaker.energy.unpriced


def test_steps_within_an_all_in_price_are_no_seconds():
    odin = replace(deployments()["cortex-m4+truenorth"], stages={"network": ("odin",)}, link="")
    found = price(SPOTTER, odin, boundary="chip", scenario="saturated", period_seconds=1.0, draws=DRAWS)

    assert found.busy_seconds == {}
    assert found.by_coefficient == {"odin.synapse": pytest.approx(1_728_000 * 12.7e-12)}
