"""NIR graphs of the chip's networks: spike for spike back through a file, floats as NIR's equations say, refusals."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from neuro.classifiers.nir_file import run_neurons
from neuro.interchange.float_graph import from_float_graph
from neuro.interchange.nir_export import to_nir
from neuro.interchange.nir_graph import DT_SECONDS, KEY
from neuro.interchange.nir_import import from_nir, read_nir, write_nir
from neuro.interchange.plain_integers import same_network
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, Recurrence
from neuro.loihi.emulator import emulate
from neuro.loihi.limits import LARGEST_THRESHOLD, NotMappableError
from tests.neuro.loihi.random_networks import convolution, random_network, weights

nir = pytest.importorskip("nir")


def dense(rng, grid, n_out, neuron, exponent=0):
    return LoihiLayer(
        "dense",
        weights(rng, (n_out, int(np.prod(grid))), "mixed", 8) // 16 * 2,
        rng.integers(-900, 900, n_out),
        int(rng.integers(0, 3)),
        neuron,
        grid,
        (n_out,),
        weight_exponent=exponent,
    )


def network_of(seed, decay=410, current_decay=4095, *, pictures=False, recurs=False):
    """A hidden layer of the given neuron, perhaps a convolution, then a readout; and input that makes it fire."""
    rng = np.random.default_rng(seed)
    neuron = Lif(decay, int(rng.integers(12, 40)), current_decay)
    if pictures:
        first = convolution(rng, (int(rng.integers(1, 3)), 6, 7), "lif", 1.0)
        first = LoihiLayer(**{**vars(first), "neuron": neuron, "weights": first.weights // 8 * 2})
    else:
        first = dense(rng, (12,), 9, neuron, int(rng.integers(-3, 3)))
        if recurs:
            first = replace(first, recurrence=Recurrence(2 * rng.integers(-12, 12, (9, 9)), int(rng.integers(-2, 2))))
    last = dense(rng, first.output_grid if pictures else (9,), 4, Lif(0, LARGEST_THRESHOLD))
    if pictures:
        last = LoihiLayer(**{**vars(last), "input_grid": (first.n_neurons,)})
    inputs = torch.from_numpy((rng.random((20, 3, int(np.prod(first.input_grid)))) < 0.3).astype(np.int32))
    return LoihiNetwork((first, last), False, 0.0123), inputs


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    decay=st.integers(1, 4095),
    current_decay=st.one_of(st.just(4095), st.integers(0, 4095)),
    kind=st.sampled_from(["dense", "pictures", "recurs"]),
)
def test_a_network_comes_back_through_a_file_spike_for_spike(tmp_path_factory, seed, decay, current_decay, kind):
    options = {} if kind == "dense" else {kind: True}
    network, inputs = network_of(seed, decay, current_decay, **options)
    assert (network.layers[0].recurrence is not None) == (kind == "recurs")
    path = tmp_path_factory.mktemp("nir") / "network.nir"
    write_nir(network, path)
    again = read_nir(path)
    assert same_network(network, again)
    before, after = (emulate(one, inputs, engine="torch", potentials=True) for one in (network, again))
    for one, other in zip((*before.spikes, *before.potentials), (*after.spikes, *after.potentials), strict=True):
        np.testing.assert_array_equal(one, other)


def euler(graph, inputs):
    """Potentials of the readout and spikes of the hidden layer by NIR's equations in float64, forward Euler."""
    values = inputs.numpy().astype(float)
    spikes = []
    for node in graph.nodes.values():
        kind = type(node).__name__
        if kind == "Affine":
            values = values @ node.weight.T + node.bias
        elif kind in ("LIF", "CubaLIF", "IF", "I"):
            tau_mem = getattr(node, "tau_mem", getattr(node, "tau", None))
            current, potential = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])
            out = np.zeros_like(values)
            for step, arriving in enumerate(values):
                if kind == "CubaLIF":
                    current = current + DT_SECONDS / node.tau_syn * (-current + node.w_in * arriving)
                else:
                    current = arriving
                if tau_mem is None:
                    potential = potential + DT_SECONDS * node.r * current
                else:
                    potential = potential + DT_SECONDS / tau_mem * (node.v_leak - potential + node.r * current)
                if kind == "I":
                    out[step] = potential
                else:
                    out[step] = potential > node.v_threshold
                    potential = np.where(out[step] > 0, node.v_reset, potential)
            spikes.append(out)
            values = out
    return spikes


@pytest.mark.parametrize(("decay", "current_decay"), [(2048, 4095), (1024, 2047), (0, 4095)])
def test_the_floats_solve_to_the_spikes_of_the_integers_but_for_their_rounding(decay, current_decay):
    network, inputs = network_of(5, decay, current_decay)
    first = network.layers[0]
    network = LoihiNetwork(
        (LoihiLayer(**{**vars(first), "weight_exponent": 0}), network.layers[1]), False, network.readout_gain
    )
    record = emulate(network, inputs, engine="torch")
    hidden, _ = euler(to_nir(network), inputs)
    assert 0.02 < record.spikes[0].mean() < 0.9
    assert (hidden != record.spikes[0]).mean() < 0.01


def test_a_loop_is_read_as_floats_by_the_reader_of_other_tools_graphs_spike_for_spike():
    # Without a leak and a current floats of this size are exact, so they and the integers fire alike.
    network, inputs = network_of(6, decay=0, recurs=True)
    first = replace(network.layers[0], weight_exponent=0, bias_mantissa=network.layers[0].bias_mantissa // 64 * 64)
    first = replace(first, bias_exponent=0, recurrence=replace(first.recurrence, weight_exponent=0))
    network = replace(network, layers=(first, network.layers[1]))
    graph = to_nir(network)
    graph.metadata = {}  # as another tool's
    layer = from_float_graph(graph).layers[0]
    currents = inputs.float() @ torch.from_numpy(layer.weight).T + torch.from_numpy(layer.bias)
    fired, _ = run_neurons(currents, layer.neuron, torch.from_numpy(layer.recurrent))
    record = emulate(network, inputs, engine="torch")
    without = emulate(replace(network, layers=(replace(first, recurrence=None), network.layers[1])), inputs)

    assert 0.02 < record.spikes[0].mean() < 0.9
    np.testing.assert_array_equal(fired.bool().numpy(), record.spikes[0])
    assert (record.spikes[0] != without.spikes[0]).any()


def test_a_loop_that_parts_from_its_integers_and_a_matrix_that_is_no_loop_are_refused():
    graph = to_nir(network_of(6, recurs=True)[0])
    graph.nodes["recurrent-1"].weight[0, 0] += 2
    with pytest.raises(InputError, match="node 'recurrent-1': weight is not what the integers"):
        from_nir(graph)
    graph = to_nir(network_of(6)[0])
    graph.nodes["more"] = nir.Linear(np.eye(4))
    graph.edges = [edge for edge in graph.edges if edge != ("neurons-2", "output")]
    graph.edges += [("neurons-2", "more"), ("more", "output")]
    with pytest.raises(InputError, match="node 'more' is of kind Linear; only a layer's synapses to itself"):
        from_nir(graph)


def test_what_nir_has_no_node_for_is_refused_by_layer_and_name():
    named = {1: "a current that lasts|reset", 2: "a periodic reset", 3: "TernaryLif", 4: "SigmaDelta", 12: "delays"}
    for number, said in named.items():
        network, _ = random_network(np.random.default_rng(3), number)
        if number == 1:
            network, _ = network_of(0, 0, 100)
        with pytest.raises(NotMappableError, match=rf"layer 1: .*({said})"):
            to_nir(network)


@pytest.fixture
def graph():
    return to_nir(network_of(1)[0])


def test_a_node_that_is_not_known_is_refused_by_name(graph, tmp_path):
    graph.nodes["pool"] = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    with pytest.raises(InputError, match="node 'pool' is of kind SumPool2d"):
        from_nir(graph)
    nir.write(tmp_path / "a.nir", graph)
    with pytest.raises(InputError, match="node 'pool' is of kind SumPool2d"):
        read_nir(tmp_path / "a.nir")


def test_floats_that_part_from_the_integers_are_refused_with_the_node(graph):
    graph.nodes["synapses-1"].weight[0, 0] += 2
    with pytest.raises(InputError, match="node 'synapses-1': weight is not what the integers"):
        from_nir(graph)


def test_integers_that_part_from_the_floats_are_refused_with_the_node(graph):
    said = json.loads(graph.nodes["neurons-1"].metadata[KEY])
    graph.nodes["neurons-1"].metadata[KEY] = json.dumps({**said, "decay": said["decay"] + 1})
    with pytest.raises(InputError, match="node 'neurons-1': tau is not"):
        from_nir(graph)


def test_a_graph_without_integers_a_loop_and_another_file_are_refused(graph, tmp_path):
    graph.edges.append(("neurons-1", "synapses-1"))
    with pytest.raises(InputError, match="a branch or a loop"):
        from_nir(graph)
    graph.edges.pop()
    graph.nodes["synapses-1"].metadata = {}
    with pytest.raises(InputError, match="'synapses-1' has no integers"):
        from_nir(graph)
    (tmp_path / "a.nir").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="no file of a NIR graph"):
        read_nir(tmp_path / "a.nir")
