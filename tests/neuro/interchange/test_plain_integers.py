"""Networks as plain integers: read back equal, the same spikes; what is amiss is refused by name."""

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.interchange.plain_integers import plain_bytes, read_plain, same_network
from neuro.loihi.contracts import Lif
from neuro.loihi.emulator import emulate
from neuro.loihi.limits import NotMappableError
from tests.neuro.loihi.random_networks import random_network


def changed(content, change):
    """The file's content after `change(graph, arrays)`."""
    with np.load(BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    graph = json.loads(str(arrays.pop("graph")))
    change(graph, arrays)
    file = BytesIO()
    np.savez(file, graph=np.array(json.dumps(graph)), **arrays)
    return file.getvalue()


def importable(rng, number):
    """One of any neuron model without a periodic reset, whose last layer never fires."""
    network, inputs = random_network(rng, number)
    first, last = network.layers
    if isinstance(first.neuron, Lif):
        first = replace(first, neuron=replace(first.neuron, reset_interval=0, reset_offset=0))
    if isinstance(last.neuron, Lif):
        last = replace(last, neuron=replace(last.neuron, threshold=2**17 - 1))
    return replace(network, layers=(first, last)), inputs


@settings(max_examples=48, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), number=st.integers(0, 23))
def test_a_network_of_every_neuron_model_and_kind_of_synapse_is_read_back_equal_and_spikes_alike(seed, number):
    network, inputs = importable(np.random.default_rng(seed), number)
    content = plain_bytes(network)
    again = read_plain(content)
    assert plain_bytes(again) == content
    assert same_network(network, again)
    for layer, read in zip(network.layers, again.layers, strict=True):  # not by the code under test
        np.testing.assert_array_equal(layer.weights, read.weights)
        np.testing.assert_array_equal(layer.bias, read.bias)
        assert (layer.input_grid, layer.stride, layer.padding) == (read.input_grid, read.stride, read.padding)
    before, after = (emulate(one, inputs, engine="torch", potentials=True) for one in (network, again))
    np.testing.assert_array_equal(before.readout_potentials, after.readout_potentials)
    for one, other in zip((*before.spikes, *before.potentials), (*after.spikes, *after.potentials), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("gain", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_gain_that_no_reader_would_take_is_not_written(gain):
    network = importable(np.random.default_rng(1), 0)[0]
    with pytest.raises(InputError, match="readout_gain must be a positive number; got"):
        plain_bytes(replace(network, readout_gain=gain))


@pytest.fixture(scope="module")
def content():
    return plain_bytes(importable(np.random.default_rng(1), 0)[0])


REFUSED = {
    "schema 'other'": lambda graph, arrays: graph.update(schema="other"),
    "version 2": lambda graph, arrays: graph.update(version=2),
    "no neuron model 'izhikevich'": lambda graph, arrays: graph["layers"][0]["neuron"].update(model="izhikevich"),
    "layer-1/neuron: unknown name 'soft_reset'": lambda graph, arrays: graph["layers"][0]["neuron"].update(
        soft_reset=1
    ),
    "layer-1/neuron/decay is missing": lambda graph, arrays: graph["layers"][0]["neuron"].pop("decay"),
    "layer-1/neuron/decay must be an integer": lambda graph, arrays: graph["layers"][0]["neuron"].update(decay=0.1),
    "layer-2/weights is missing": lambda graph, arrays: arrays.pop("layer-2/weights"),
    "layer-9/weights: no layer": lambda graph, arrays: arrays.update({"layer-9/weights": np.ones(1, int)}),
    "layer-1/weights must be an array of signed": lambda graph, arrays: arrays.update(
        {"layer-1/weights": arrays["layer-1/weights"] * 0.5}
    ),
    "layer-1: delays of 64": lambda graph, arrays: arrays.update(
        {"layer-1/delays": np.full_like(arrays["layer-1/weights"], 64)}
    ),
    "layer-1: bias_mantissa of 5000": lambda graph, arrays: arrays.update(
        {"layer-1/bias_mantissa": np.full_like(arrays["layer-1/bias_mantissa"], 5000)}
    ),
    "readout_gain must be a positive": lambda graph, arrays: graph.update(readout_gain=float("nan")),
    "kind must be dense": lambda graph, arrays: graph["layers"][0].update(kind="pooling"),
    "layer-1/neuron: reset_interval of 5 steps; no system": lambda graph, arrays: graph["layers"][0]["neuron"].update(
        reset_interval=5
    ),
    "layer-2/neuron: threshold of 131070; the last": lambda graph, arrays: graph["layers"][1]["neuron"].update(
        threshold=2**17 - 2
    ),
    "layers must be a list": lambda graph, arrays: graph.update(layers=[]),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_amiss_is_refused_with_its_place(content, said):
    with pytest.raises((InputError, NotMappableError)) as refused:
        read_plain(changed(content, REFUSED[said]))
    assert said in str(refused.value)


@pytest.mark.parametrize("other", [b"", b"not a zip", b"\x93NUMPY\x01\x00"])
def test_another_file_is_refused(other):
    with pytest.raises(InputError, match=r"no \.npz file"):
        read_plain(other)


def test_a_zip_without_a_graph_is_refused():
    file = BytesIO()
    np.savez(file, weights=np.ones(3, int))
    with pytest.raises(InputError, match="no graph"):
        read_plain(file.getvalue())
