"""Energy by terms against the pricing of studies and sums on paper, the picture of the cores, the command's record."""

import json
from pathlib import Path

import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import price
from neuro.loihi.contracts import LoihiNetwork
from neuro.loihi.emulator import emulate
from neuro.loihi.mapping.chips import LOIHI_1, LOIHI_2
from neuro.loihi.mapping.core_map import core_map
from studies.chip_energy import chip_energy
from studies.chip_mapping import mapped_run
from studies.commands.mapping import map_system, mapping_record, say_mapping
from studies.commands.request import Request
from studies.figures.core_mesh import core_mesh
from studies.price_list import deployments
from tests.neuro.loihi.networks import dense_layer, random_input, readout


@pytest.fixture(scope="module", params=[LOIHI_1, LOIHI_2], ids=lambda chip: chip.name)
def found(request):
    """A network of three layers on seven cores."""
    rng = np.random.default_rng(0)
    layers = (dense_layer(rng, 30, 900), dense_layer(rng, 900, 700), readout(rng, 700))
    network = LoihiNetwork(layers, False, 1.0)
    return mapped_run(core_map(network, request.param), emulate(network, random_input(rng, network)))


def test_the_terms_are_those_of_a_sum_on_paper():
    counts = OperationCounts.of(
        "network",
        "layer-1",
        synaptic_operations=1000,
        neuron_updates_active=10,
        neuron_updates_inactive=100,
        messages_placed=20,
        hops_east_west=3,
        hops_north_south=5,
        state_resets=1,
        spikes_in=4,
    )
    energy = chip_energy(
        counts, "loihi-1-davies", working_seconds=1e-4, waiting_seconds=2e-5, draws=CoefficientDraws(n_draws=100)
    )
    nominal = {name: energy.range_of(name).nominal for name in energy.terms}

    assert nominal == pytest.approx(
        {
            "synapses": 1000 * 23.6e-12,
            "neurons": 10 * 81e-12 + 100 * 52e-12,
            "messages": 20 * 1.7e-12,
            "hops": 3 * 3e-12 + 5 * 4e-12,
            "reset": 5.94e-6,
            "input": 4 * 100e-12,
            "leakage": 1e-4 * 56e-3,
            "x86 idle": 1e-4 * 66e-3,
            "synchronisation": 2e-5 * 122e-3,
        }
    )
    assert energy.range_of().nominal == pytest.approx(sum(nominal.values()))


def test_all_terms_but_the_input_come_to_what_a_study_pays_for_the_chip(found):
    # The pricing of studies is another path from the same counts: saturated, at the times of SANA-FE.
    name = {"loihi-1": "cortex-m4+loihi-1-sana-fe", "loihi-2": "cortex-m4+loihi-2"}[found.cores.chip.name]
    draws = CoefficientDraws()
    paid = price(
        found.counts, deployments()[name], boundary="chip", scenario="saturated", period_seconds=1.0, draws=draws
    )
    seconds = found.counts.total("chip_seconds")
    device = deployments()[name].stages["network"][0]
    energy = chip_energy(found.counts, device, working_seconds=seconds, draws=draws)
    without_input = [term for term in energy.terms if term != "input"]

    assert energy.range_of(*without_input).nominal == pytest.approx(sum(paid.by_coefficient.values()))


def test_ranges_hold_their_nominal_values_and_time_costs(found):
    for name, energy in found.energies.items():
        for term in energy.terms:
            span = energy.range_of(term)
            assert 0 <= span.low <= span.high
        assert energy.range_of().low <= energy.range_of().nominal <= energy.range_of().high
        later = found.energies_at_measured_steps[name].range_of()
        assert later.high > energy.range_of("synapses").high


def test_the_picture_has_every_core_once_with_its_layer(found):
    drawing = core_mesh(found.cores, "a network")

    layers = [record["layer"] for record in drawing.records]
    assert len(layers) == found.cores.n_cores == sum(layer.n_cores for layer in found.cores.layers)
    assert layers.count("R") == found.cores.layers[-1].n_cores
    drawn = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert drawn == layers
    assert all(0 < record["load"] <= 1 for record in drawing.records)


def test_what_is_printed_says_limits_sources_and_differences(found, capsys):
    say_mapping(found)
    out = capsys.readouterr().out

    assert f"{found.cores.n_cores} of 128 cores of {found.cores.chip.title}" in out
    assert "layer 2 (dense, 900 to 700)" in out
    assert "assumed" in out
    is_loihi_1 = found.cores.chip is LOIHI_1
    assert ("Known to differ" in out) == is_loihi_1
    assert ("prices of Loihi 1 on a mapping to Loihi 2" in out) != is_loihi_1
    assert json.loads(json.dumps(mapping_record(found)))["n_cores"] == found.cores.n_cores


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_clips": 0}, "--clips 0: give 1 to 10000 validation clips"),
        ({"n_chips": 0}, "--chips 0: give 1 chip or more"),
        ({"chip": "loihi-9"}, "No chip is called 'loihi-9'. Choose one of: loihi-1, loihi-2"),
        ({"system": "ds-cnn"}, "--system ds-cnn: it is no spiking network"),
        ({"out": Path("cores.gif")}, "the ending says the format"),
    ],
)
def test_what_cannot_be_mapped_is_refused_before_anything_is_computed(given, message):
    asked = {"system": "dense-snn", "chip": "loihi-1", "n_chips": 1, "n_clips": 4, "fold": None, "seed": None}

    with pytest.raises(InputError, match=message):
        map_system(Request("quickstart"), **{**asked, "out": None, "as_json": False, **given})
