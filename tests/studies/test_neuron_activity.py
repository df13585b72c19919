# tests/studies/test_neuron_activity.py
"""Firing rates and potentials of a network whose neurons can be followed by hand, their figures, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, TernaryLif
from neuro.loihi.limits import LARGEST_THRESHOLD
from studies.commands.neurons import neurons
from studies.commands.request import Request
from studies.exports.figure_files import WRITERS
from studies.figures.firing_rates import firing_rates
from studies.figures.membranes import chosen_neurons, membranes
from studies.neuron_activity import activity


def dense(weights, neuron):
    weights = np.array(weights)
    grids = (weights.shape[1],), (weights.shape[0],)
    return LoihiLayer("dense", weights, np.zeros(len(weights), np.int64), 0, neuron, *grids)


@pytest.fixture
def network():
    """One channel into neurons that gather 0, 4, 10 and 20 a spike without leak, and fire beyond 10."""
    hidden = dense([[0], [4], [10], [20]], Lif(0, 10))
    return LoihiNetwork((hidden, dense([[2, 2, 2, 2], [0, 0, 0, 2]], Lif(0, LARGEST_THRESHOLD))), False, 0.5)


INPUTS = torch.ones(12, 2, 1)


def test_rates_and_potentials_are_those_of_a_sum_on_paper(network):
    found = activity(network, INPUTS)
    (layer,) = found.layers

    # 4, 8, fires; 10, fires; fires in every step
    assert layer.rates.tolist() == pytest.approx([0, 4 / 12, 6 / 12, 1])
    assert (layer.n_silent, layer.n_saturated, found.n_clips) == (1, 1, 2)
    assert layer.potentials[:6, 1].tolist() == pytest.approx([0.4, 0.8, 0, 0.4, 0.8, 0])
    assert layer.potentials[:4, 2].tolist() == pytest.approx([1, 0, 1, 0])
    assert layer.spikes[:3].tolist() == [
        [False, False, False, True],
        [False, False, True, True],
        [False, True, False, True],
    ]
    gain = 2 * 2**6 * 0.5 / 12
    assert found.readout[-1].tolist() == pytest.approx([(4 + 6 + 12) * gain, 12 * gain])


def test_the_figures_show_the_numbers_that_they_are_drawn_of(network):
    found = activity(network, INPUTS)
    traces, rates = membranes(found, "Net", ("a", "b")), firing_rates(found, "Net")

    assert chosen_neurons(found.layers[0]) == [3, 1, 0]
    assert [row["potential"] for row in traces.records if row["neuron"] == 1] == found.layers[0].potentials[
        :, 1
    ].tolist()
    assert sum(row["spike"] for row in traces.records) == found.layers[0].spikes[:, [3, 1, 0]].sum()
    assert [row["rate"] for row in rates.records] == found.layers[0].rates.tolist()
    legend = rates.figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["1 silent, 1 saturated", "mean 45.8 %"]
    titles = [ax.get_title("left") for ax in traces.figure.axes]
    assert titles == [
        "layer 1, neuron 3: fires in 100.0 % of steps",
        "layer 1, neuron 1: fires in 33.3 % of steps",
        "layer 1, neuron 0: fires in 0.0 % of steps",
        "readout: a ends highest (dark) of 2 classes",
    ]
    assert WRITERS["svg"](rates) == WRITERS["svg"](firing_rates(found, "Net"))
    assert WRITERS["svg"](traces) == WRITERS["svg"](membranes(found, "Net", ("a", "b")))


def test_neurons_of_other_models_are_refused_by_layer(network):
    other = replace(network.layers[0], neuron=TernaryLif(0, 10, -10))
    with pytest.raises(InputError, match="layer 1 is of TernaryLif neurons"):
        activity(replace(network, layers=(other, network.layers[1])), INPUTS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"figure": "raster"}, "No figure of neurons is called 'raster'. Choose one of: firing-rates, membranes"),
        ({"n_clips": 0}, "--clips 0: give 1 to"),
        ({"system": "ds-cnn"}, "--system ds-cnn: it is no spiking network"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_any_work(given, said):
    asked = {"system": "dense-snn", "figure": "membranes", "n_clips": 4, "fold": None, "seed": None, "out": None}
    with pytest.raises(InputError, match=said):
        neurons(Request(study="quickstart"), **{**asked, **given})
