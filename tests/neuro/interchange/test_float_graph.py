"""NIR graphs of floats: what is read of each node, and what is refused, with the node, the value and the limit."""

import re

import h5py
import numpy as np
import pytest

from classical_baselines.harness.choices import InputError
from neuro.interchange.float_graph import from_float_graph, read_float_graph
from neuro.interchange.nir_export import to_nir
from neuro.neuron import CubaNeuron, LifNeuron
from tests.neuro.interchange.float_graphs import (
    affine,
    chain,
    convolution,
    cuba,
    integrate_and_fire,
    lif,
    nir,
    on_grid,
    written,
)
from tests.neuro.interchange.test_nir import network_of

RNG = np.random.default_rng(0)


def one_layer(neurons, *before, reads=(4,)):
    return chain(*before, affine(RNG, 3, 4), neurons, reads=reads, gives=(3,))


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.7, 0.9, 0.95, 0.99, 0.9990234375, 1.0])
def test_the_decays_that_snntorch_wrote_come_back_as_the_same_floats(beta):
    written_by_both = lif(3, beta, 1.5), cuba(3, 0.75, beta, 1.5)
    (leaky,), (synaptic,) = (from_float_graph(one_layer(neurons)).layers for neurons in written_by_both)

    assert (leaky.neuron.beta, leaky.neuron.threshold) == (float(np.float32(beta)), 1.5)
    assert type(leaky.neuron) is LifNeuron
    assert synaptic.neuron == CubaNeuron(float(np.float32(beta)), 1.5, alpha=0.75)


def test_gains_of_one_leave_the_weights_alone_and_others_go_into_them():
    graph = one_layer(lif(3, 0.9))
    (as_written,) = from_float_graph(graph).layers
    graph.nodes["node-2"].r *= 3
    (threefold,) = from_float_graph(graph).layers

    np.testing.assert_array_equal(as_written.weight, graph.nodes["node-1"].weight)
    np.testing.assert_allclose(threefold.weight, 3 * graph.nodes["node-1"].weight, rtol=1e-6)
    np.testing.assert_allclose(threefold.bias, 3 * graph.nodes["node-1"].bias, rtol=1e-6)
    assert threefold.neuron == as_written.neuron


def test_the_step_of_another_tool_is_said_and_a_tau_below_it_refused():
    graph = one_layer(nir.LIF(*(np.full(3, value) for value in (20e-3, 20.0, 0.0, 1.0, 0.0))))

    (layer,) = from_float_graph(graph, dt_seconds=1e-3).layers
    assert layer.neuron.beta == pytest.approx(0.95)
    np.testing.assert_array_equal(layer.weight, graph.nodes["node-1"].weight)  # r dt / tau = 1
    with pytest.raises(InputError, match=r"'node-2': tau of 0.02 s is shorter than a step of 0.1 s.*dt_seconds"):
        from_float_graph(graph, dt_seconds=0.1)


def test_a_loop_through_one_matrix_is_a_layer_that_hears_itself():
    graph = one_layer(lif(3, 0.9))
    graph.nodes["back"] = affine(RNG, 3, 3)
    graph.edges += [("node-2", "back"), ("back", "node-2")]
    (layer,) = from_float_graph(graph).layers

    np.testing.assert_array_equal(layer.recurrent, graph.nodes["back"].weight)
    np.testing.assert_allclose(layer.bias, graph.nodes["node-1"].bias + graph.nodes["back"].bias)
    graph.nodes["back"] = affine(RNG, 3, 4)
    with pytest.raises(InputError, match=r"'back' leads 3 x 4 back to 'node-2'.*a matrix of 3 x 3"):
        from_float_graph(graph)


def test_pictures_go_through_convolutions_and_are_flattened_before_a_matrix():
    graph = chain(
        convolution(RNG, 3, 1, stride=2),
        lif((3, 3, 4), 0.9),
        convolution(RNG, 2, 3, padding="same"),
        integrate_and_fire((2, 3, 4)),
        nir.Flatten({"input": np.array([2, 3, 4])}, 0, -1),
        nir.Linear(on_grid(RNG, 5, 24)),
        reads=(1, 6, 8),
        gives=(5,),
    )
    first, second, last = from_float_graph(graph).layers

    assert (first.input_grid, first.output_grid, first.stride, first.padding) == ((1, 6, 8), (3, 3, 4), 2, 1)
    assert (second.output_grid, second.stride, second.padding, second.neuron.beta) == ((2, 3, 4), 1, 1, 1.0)
    assert (last.input_grid, last.output_grid, last.fires) == ((24,), (5,), False)
    assert not last.bias.any()


def test_a_delay_is_whole_steps_of_the_channels_that_the_next_matrix_reads():
    (layer,) = from_float_graph(one_layer(lif(3, 0.9), nir.Delay(np.array([0.0, 1e-4, 63e-4, 2e-4])))).layers

    assert layer.delays.tolist() == [0, 1, 63, 2]


NAN = np.float32("nan")
UNLIKE = np.array([1e-3, 2e-3, 3e-3])


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (one_layer(lif(3, 0.9, tau=UNLIKE, r=UNLIKE)),
         r"'node-2': r differs between its neurons, 0.001 to 0.003; the chip has one for a layer"),
        (one_layer(lif(3, 0.9, v_threshold=np.array([1.0, 1.0, 2.0]))), "'node-2': v_threshold differs .* 1 to 2"),
        (one_layer(lif(3, -0.1)), "'node-2': tau of .* is shorter than a step"),
        (one_layer(lif(3, 0.9, v_leak=np.full(3, 0.5))), "'node-2': v_leak of 0.5; here it must be 0. Give .* a bias"),
        (one_layer(lif(3, 0.9, v_reset=np.full(3, -1.0))), "'node-2': v_reset of -1; here it must be 0. A spike sets"),
        (one_layer(lif(3, 0.9, threshold=0.0)), "'node-2': threshold must be positive; got 0"),
        (one_layer(lif(3, 0.9, threshold=NAN)), "'node-2': v_threshold holds values that are no numbers"),
        (one_layer(cuba(3, 1.0, 0.9)), "'node-2': alpha must be at least 0 and below 1"),
        (one_layer(lif(2, 0.9)), "'node-2' has 2 neurons; its synapses lead to 3"),
        (one_layer(lif(3, 0.9), reads=(5,)), "'node-1' reads 4 channels; what arrives is 5. Give both the same number"),
        (one_layer(lif(3, 0.9), reads=(2, 2)), "'node-1' reads 4 channels; what arrives is 2 x 2. Put a Flatten"),
        (one_layer(lif(3, 0.9), nir.Flatten({"input": np.array([2, 2])}, 1, -1), reads=(2, 2)),
         "'node-1' flattens the axes 1 to -1 of 2 x 2; only all of them"),
        (one_layer(lif(3, 0.9), nir.Delay(np.array([0.0, 0.0, 0.0, 64e-4]))),
         r"'node-1': a delay of 0.0064 s is 64 steps of 0.0001 s; the chip has whole steps of 0 to 63"),
        (one_layer(lif(3, 0.9), nir.Delay(np.full(4, 1.5e-4))), "'node-1': a delay of 0.00015 s is 1.5 steps"),
        (one_layer(lif(3, 0.9), nir.Delay(np.zeros(3))), "'node-1' has 3 delays for 4 channels"),
        (one_layer(lif(3, 0.9), nir.Delay(np.zeros(4)), nir.Delay(np.zeros(4))), "'node-2': a Delay must stand alone"),
        (chain(nir.Affine(np.full((3, 4), NAN), np.zeros(3)), lif(3, 0.9), reads=(4,), gives=(3,)),
         "'node-1': 12 of its 12 numbers of weight are NaN or infinite"),
        (chain(nir.Affine(np.ones((3, 4)), np.array([0, NAN, 0])), lif(3, 0.9), reads=(4,), gives=(3,)),
         "'node-1': 1 of its 3 numbers of bias are NaN"),
        (chain(affine(RNG, 3, 4), affine(RNG, 3, 3), lif(3, 0.9), reads=(4,), gives=(3,)),
         "'node-2' follows 'node-1' without neurons between them. Multiply"),
        (chain(lif(4, 0.9), reads=(4,), gives=(4,)), "'node-1': synapses .* must come before neurons"),
        (chain(affine(RNG, 3, 4), reads=(4,), gives=(3,)), "no neurons that fire .LIF, CubaLIF, IF."),
        (chain(affine(RNG, 3, 4), lif(3, 0.9), nir.Delay(np.zeros(3)), reads=(4,), gives=(3,)),
         "a Delay stands before the Output"),
        (chain(affine(RNG, 3, 4), nir.I(np.ones(3)), affine(RNG, 3, 3), lif(3, 0.9), reads=(4,), gives=(3,)),
         "'node-2' of kind I does not fire, so it can only be the last"),
        (chain(convolution(RNG, 2, 1, dilation=2), lif((2, 4, 4), 0.9), reads=(1, 6, 6), gives=(2, 4, 4)),
         "'node-1' has dilation of 2 x 2; here it must be 1"),
        (chain(convolution(RNG, 2, 1, groups=2), lif((2, 6, 6), 0.9), reads=(1, 6, 6), gives=(2, 6, 6)),
         "'node-1' has groups of 2; here it must be 1"),
        (chain(convolution(RNG, 2, 1, stride=(1, 2)), lif((2, 6, 3), 0.9), reads=(1, 6, 6), gives=(2, 6, 3)),
         "'node-1' has a stride of 1 x 2; it must be the same"),
        (chain(convolution(RNG, 2, 1, padding=0), lif((2, 6, 3), 0.9), reads=(1, 2, 6), gives=(2, 6, 3)),
         "'node-1': its kernel is larger than the picture of 1 x 2 x 6"),
        (chain(convolution(RNG, 2, 3), lif((2, 6, 6), 0.9), reads=(1, 6, 6), gives=(2, 6, 6)),
         "'node-1' reads 3 maps .*; what arrives is 1 x 6 x 6"),
        (chain(nir.Delay(np.zeros(36)), convolution(RNG, 2, 1), lif((2, 6, 6), 0.9), reads=(1, 6, 6), gives=(2, 6, 6)),
         "'node-2': a Delay stands before it"),
    ],
)  # fmt: skip
def test_what_the_chip_has_no_place_for_is_refused_with_the_node_and_the_value(graph, said):
    with pytest.raises(InputError, match=said):
        from_float_graph(graph)


def test_kinds_that_are_not_read_are_refused_with_what_to_do(tmp_path):
    pooled = chain(
        nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])), reads=(1, 4, 4), gives=(1, 2, 2)
    )
    with pytest.raises(InputError, match=r"'node-1' is of kind AvgPool2d, .*known are Input.* train with a stride"):
        read_float_graph(written(pooled, tmp_path / "pooled.nir"))
    normed = written(chain(one_layer(lif(3, 0.9)), reads=(4,), gives=(3,)), tmp_path / "normed.nir")
    with h5py.File(normed, "a") as file:  # nir has no such node, so its own writer makes none
        del file["node/nodes/node-1/type"]
        file["node/nodes/node-1/type"] = b"BatchNorm2d"
    with pytest.raises(InputError, match=r"'node-1' is of kind BatchNorm2d, .*fold it into the weights and biases"):
        read_float_graph(normed)
    nested = chain(one_layer(lif(3, 0.9)), reads=(4,), gives=(3,))
    with pytest.raises(InputError, match=r"'node-1' is of kind NIRGraph.*Write its nodes into the graph itself"):
        read_float_graph(written(nested, tmp_path / "nested.nir"))


def test_a_graph_that_trichord_wrote_is_no_graph_of_floats():
    with pytest.raises(InputError, match=re.escape("`trichord import-chip` reads it")):
        from_float_graph(to_nir(network_of(1)[0]))
