# tests/studies/test_break_even.py
"""Expected crossings are solved on paper from the published prices, in picojoules."""

import json
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.devices import load_device
from classical_baselines.harness.operations import OperationCounts
from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.mapping.chips import LOIHI_1
from neuro.loihi.mapping.core_map import core_map
from neuro.loihi.mapping.mapped_operations import mapped_operations
from neuro.loihi.mapping.traffic import traffic
from neuro.loihi.operations import chip_operations
from studies.break_even import at_spike_rate, break_even, mac_factor, quantity_of, spike_rate_of
from studies.commands import break_even as command
from studies.commands.request import Request
from studies.what_if import side_of
from tests.neuro.loihi.networks import dense_layer, random_input, readout
from tests.studies.priced_rows import row_of, side
from tests.studies.synthetic_results import synthetic_results

DRAWS = CoefficientDraws(n_draws=400)
SPIKING = OperationCounts.of(
    "network", "layer-1", synaptic_operations=1e5, spikes_generated=1e3, neuron_updates_active=1e4, chip_seconds=1e-4
)


def integers(n):
    return OperationCounts.of("network", "all", mac_int8=n)


def test_the_break_even_spike_rate_solves_the_two_sums():
    a, b = side(SPIKING, "cortex-m4+loihi-1"), side(integers(8e6), "cmos-45nm-int8")
    factor = (8e6 * 0.23 - 1e4 * 81) / (1e5 * 23.6 + 1e3 * 69.3)

    found = break_even(a, b, "spike_rate", DRAWS)

    assert found.present == pytest.approx(0.1)
    assert found.crossings == pytest.approx([0.1 * factor])
    assert (found.of, found.less_below, found.less_above) == ("A", "A", "B")
    assert found.low < found.crossings[0] < found.high


def test_the_spike_rate_is_that_of_the_record_whether_mapped_or_not_and_with_a_silent_layer():
    rng = np.random.default_rng(0)
    never = dense_layer(rng, 9, 8, threshold=2**17 - 1, bias_mantissa=np.zeros(8, int))
    network = LoihiNetwork((dense_layer(rng, 12, 9), never, readout(rng, 8)), False, 1.0)
    record = emulate(network, random_input(rng, network, n_steps=8))
    mapped = core_map(network, LOIHI_1)
    expected = record.spikes[0].sum() / (8 * 3 * (9 + 8))

    assert record.spikes[0].any() and not record.spikes[1].any()
    assert spike_rate_of(chip_operations(network, record)) == pytest.approx(expected)
    assert spike_rate_of(mapped_operations(mapped, record, traffic(mapped, record))) == pytest.approx(expected)


def test_the_side_that_spikes_is_scaled_whether_it_is_named_first_or_second():
    a, b = side(SPIKING, "cortex-m4+loihi-1"), side(integers(8e6), "cmos-45nm-int8")
    ab, ba = break_even(a, b, "spike_rate", DRAWS), break_even(b, a, "spike_rate", DRAWS)

    assert ba.of == "B"
    assert ba.crossings == pytest.approx(ab.crossings)
    assert (ba.less_below, ba.less_above) == ("B", "A")


def test_half_the_spikes_leave_the_square_root_of_the_share_of_silent_updates():
    counts = OperationCounts.of(
        *("network", "layer-1"),
        neuron_updates_active=75,
        neuron_updates_inactive=25,
        spikes_generated=10,
        spikes_routed=20,
        spikes_in=4,
    ) + OperationCounts.of("encoder", "latency", compare_fp32=9)
    halved = at_spike_rate(counts, 0.5)

    assert spike_rate_of(counts) == 0.1
    assert halved.total("neuron_updates_inactive") == pytest.approx(50)
    assert halved.total("neuron_updates_active") == pytest.approx(50)
    assert [halved.total(name) for name in ("spikes_generated", "spikes_routed", "spikes_in")] == [5, 10, 2]
    assert halved.total("compare_fp32") == 9


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0.01, 10))
def test_scaling_spikes_keeps_the_number_of_updates_and_a_factor_of_one_keeps_all(active, silent, factor):
    counts = OperationCounts.of("network", "a", neuron_updates_active=active, neuron_updates_inactive=silent)
    scaled = at_spike_rate(counts, factor)

    total = scaled.total("neuron_updates_active") + scaled.total("neuron_updates_inactive")
    assert total == pytest.approx(active + silent)
    same = at_spike_rate(counts, 1.0).total("neuron_updates_active")
    assert same == pytest.approx(active, abs=1e-9 * (active + silent))


def test_sixteen_bits_cost_the_geometric_mean_of_the_8_and_the_32_bit_rows():
    expected = (sqrt(0.2 * 3.1) + sqrt(0.03 * 0.1)) / 0.23

    assert mac_factor(16) == pytest.approx(expected)
    assert mac_factor(32) == pytest.approx(3.2 / 0.23)


def test_the_break_even_width_solves_arithmetic_and_memory_together():
    narrow = OperationCounts.of("network", "all", mac_int8=1e6, sram_bytes=1e4)
    at_16 = 1e6 * 0.23 * mac_factor(16) + 2e4 * 2.5
    a = side(narrow, "cmos-45nm-int8", boundary="core")
    b = side(OperationCounts.of("network", "all", mac_fp32=at_16 / 4.6), "cmos-45nm-fp32", boundary="core")

    found = break_even(a, b, "bits", DRAWS)

    assert found.crossings == pytest.approx([16])
    assert (found.less_below, found.less_above) == ("A", "B")


def test_the_break_even_number_of_shots_is_proportional():
    machine = OperationCounts.of("network", "circuit", shots=1000, gates_2q=1e5, machine_seconds=0.5)
    tally = OperationCounts.of("readout", "values", add_int32=1000)
    other = OperationCounts.of("network", "circuit", shots=10, gates_2q=1e3, machine_seconds=0.02)
    a, b = (side(c, "host+superconducting-qpu", boundary="system") for c in (machine + tally, other))

    found = break_even(a, b, "shots", DRAWS)

    assert found.crossings == pytest.approx([40])  # beside the machine's joules, the additions are nothing
    assert found.low == pytest.approx(found.high)  # both are priced by one power: it cancels
    assert quantity_of(a, b, "shots").at(a, 40).counts.total("add_int32") == pytest.approx(40)


def test_the_crossing_of_a_coefficient_moves_as_the_draws_of_the_other_price():
    a = side(integers(1e6), "cmos-45nm-int8")
    b = side(OperationCounts.of("network", "all", mac_fp32=1e5), "cmos-45nm-fp32")
    other = DRAWS.of(load_device("cmos-45nm-fp32").rows("mac_fp32")[0])

    found = break_even(a, b, "c45.mac-int8", DRAWS)

    assert 1e12 * found.crossings[0] == pytest.approx(0.46)
    assert (1e12 * found.low, 1e12 * found.high) == pytest.approx(1e12 * np.quantile(other[1:] * 0.1, (0.05, 0.95)))
    assert found.share_of_draws == 1.0


def test_without_a_crossing_within_the_range_there_is_none():
    found = break_even(side(SPIKING, "cortex-m4+loihi-1"), side(integers(1), "cmos-45nm-int8"), "spike_rate", DRAWS)

    assert found.crossings == ()
    assert (found.low, found.share_of_draws) == (None, 0.0)
    assert found.less_below == found.less_above == "B"


def test_equal_systems_cross_nowhere_and_neither_uses_less():
    a, b = side(SPIKING, "cortex-m4+loihi-1"), side(SPIKING, "cortex-m4+loihi-1")
    found = break_even(a, b, "l1.davies.synapse", DRAWS)

    assert found.crossings == ()
    assert (found.of, found.less_below, found.less_above) == ("both", "neither", "neither")


def test_a_quantity_that_neither_side_has_and_an_all_in_price_are_refused():
    cmos, m4 = side(integers(1e6), "cmos-45nm-int8"), side(integers(1e6), "cortex-m4", boundary="chip")

    with pytest.raises(InputError, match="spike_rate belongs to a run that counts synaptic_operations"):
        break_even(cmos, cmos, "spike_rate", DRAWS)
    with pytest.raises(InputError, match="cortex-m4 has an all-in price"):
        break_even(m4, m4, "bits", DRAWS)
    with pytest.raises(InputError, match=r"or a coefficient of these two: c45\.mac-int8"):
        break_even(cmos, cmos, "price", DRAWS)


def test_a_side_without_a_price_is_refused_with_the_reason():
    row = row_of(integers(1e6), "cortex-m4")

    with pytest.raises(InputError, match="priced as a whole, from the boundary chip up"):
        side_of(row, "operation", "saturated")
    with pytest.raises(InputError, match=r"No deployment of .* is called 'abacus'"):
        side_of(row, "chip", "saturated", "abacus")


def test_the_command_prints_the_crossing_its_model_and_who_uses_less(monkeypatch, capsys):
    monkeypatch.setattr(Request, "open_study", lambda self: synthetic_results().study)
    monkeypatch.setattr(Request, "results", lambda self: synthetic_results())
    asked = {"boundary": "system", "scenario": "saturated", "deployment_a": "", "deployment_b": ""}

    command.break_even(Request("x"), "ds-cnn", "convolutional-snn-twin", "ndp.mac-int8", **asked, as_json=True)
    record = json.loads(capsys.readouterr().out)
    command.break_even(Request("x"), "ds-cnn", "convolutional-snn-twin", "ndp.mac-int8", **asked, as_json=False)
    printed = capsys.readouterr().out

    assert record["deployment_a"] == "cortex-m4+ndp9120"
    assert record["present"] == pytest.approx(11.9e-12)
    answer = "no break-even over ndp.mac-int8 from 0.0119 pJ to 11.9 nJ: B uses less throughout."
    assert " ".join(printed.split()).startswith(answer)
    assert max(map(len, printed.splitlines())) <= 80
    assert "model: " in printed


def test_the_command_says_of_a_lower_bound_only_what_is_known():
    bound = side(integers(1e6), "cmos-45nm-int8", boundary="system")  # idle power and host have no price
    full = side(integers(1e6), "cortex-m4", boundary="system")
    found = break_even(bound, full, "c45.mac-int8", DRAWS)
    answer = " ".join(" ".join(command.lines(bound, full, found)).split())

    assert (bound.energy.kind, full.energy.kind, found.less_below) == ("lower-bound", "modelled", "A")
    assert "A is less" in answer and "as a lower bound: who uses less is not known" in answer
    assert "A uses less" not in answer
