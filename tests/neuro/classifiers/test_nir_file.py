"""Networks of NIR files: snnTorch's spikes as floats, the same spikes as integers where these are exact, refusals."""

import re

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.nir_file import NirFile, file_sha256
from neuro.classifiers.spiking_network import LOGIT_GAIN
from neuro.loihi.backends import logits_of
from neuro.loihi.contracts import NotMappableError
from neuro.loihi.emulator import emulate
from neuro.loihi.quantise import quantised
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

N_STEPS = 30


def options(graph, path, **given):
    written(graph, path)
    return NirFile(str(path), file_sha256(path), **{"reset_mechanism": "zero", **given})


def spikes_of(seed, *shape, rate=0.3):
    return (torch.rand(N_STEPS, *shape, generator=torch.Generator().manual_seed(seed)) < rate).float()


@pytest.fixture
def built(tmp_path):
    def build(graph, code="spikes", n_classes=3, **given):
        made = options(graph, tmp_path / "a.nir", **given)
        grid = tuple(int(n) for n in next(iter(graph.nodes["input"].input_type.values())))
        return made.build(EncodedShape(code, grid, N_STEPS), n_classes).eval()

    return build


def test_spikes_are_those_of_snntorchs_step_loop_in_every_layer(built):
    """Weights are multiples of 1/64, so that the sums of both are exact; decays and what follows are not."""
    pytest.importorskip("nirtorch")
    import snntorch
    from snntorch import export_nir

    def of_all(n_neurons, value):
        return torch.full((n_neurons,), value)

    zero = {"reset_mechanism": "zero", "init_hidden": True}
    net = torch.nn.Sequential(
        torch.nn.Linear(12, 9),
        snntorch.Leaky(beta=of_all(9, 0.9), threshold=of_all(9, 1.0), **zero),
        torch.nn.Linear(9, 7),
        snntorch.RLeaky(beta=0.7, linear_features=7, reset_delay=False, **zero),
        torch.nn.Linear(7, 6, bias=False),
        snntorch.Synaptic(
            alpha=of_all(6, 0.6), beta=of_all(6, 0.8), threshold=of_all(6, 0.7), reset_delay=False, **zero
        ),
        torch.nn.Linear(6, 3),
        snntorch.Leaky(beta=of_all(3, 0.95), threshold=of_all(3, 0.8), **zero),
    )
    rng = np.random.default_rng(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.from_numpy(on_grid(rng, *parameter.shape, largest=0.6)))
    network = built(export_nir.export_to_nir(net, torch.rand(1, 12), ignore_dims=[0]))
    inputs = spikes_of(2, 16, 12)
    theirs = {number: [] for number in (1, 3, 5, 7)}
    for number, every in theirs.items():
        net[number].register_forward_hook(lambda module, given, out, every=every: every.append(out.detach().clone()))
    with torch.no_grad():
        for step in inputs:
            net(step)
        ours = network.hidden_spikes(inputs)

    for mine, other in zip(ours, theirs.values(), strict=True):
        assert 0.02 < float(mine.mean()) < 0.95
        assert torch.equal(mine, torch.stack(other))
    with torch.no_grad():
        assert torch.allclose(network(inputs), torch.stack(theirs[7]).sum(0) * LOGIT_GAIN / N_STEPS)
    assert (
        network.n_parameters() == sum(p.numel() for p in net.parameters()) - 7 + 6
    )  # one bias is in another, one is 0


def exact_layers(rng, picture=None):
    """Integrate-and-fire throughout and weights of up to 254/64: the chip's integers hold all of it."""

    def matrix(n_out, n_in):
        weight = (2 * rng.integers(-20, 28, (n_out, n_in)) / 64).astype(np.float32)
        weight[0, 0] = 254 / 64
        return nir.Affine(weight, on_grid(rng, n_out, largest=0.2))

    if picture is None:
        yield from (nir.Delay(rng.integers(0, 4, 12) * 1e-4), matrix(9, 12), integrate_and_fire(9))
        yield from (matrix(3, 9), integrate_and_fire(3, 1.5))
        return
    kernel = (2 * rng.integers(-16, 28, (2, 1, 3, 3)) / 64).astype(np.float32)
    kernel[0, 0, 0, 0] = 254 / 64
    yield nir.Conv2d(picture, kernel, 2, 1, 1, 1, on_grid(rng, 2, largest=0.1))
    grid = (2, *(-(-size // 2) for size in picture))
    yield integrate_and_fire(grid)
    yield nir.Flatten({"input": np.array(grid)}, 0, -1)
    yield from (matrix(5, int(np.prod(grid))), integrate_and_fire(5, 2.0), matrix(3, 5))


@pytest.mark.parametrize(("picture", "readout"), [(None, "count"), ((5, 6), "potential")])
def test_integers_spike_as_the_floats_do_where_they_hold_them_exactly(built, picture, readout):
    rng = np.random.default_rng(3)
    reads = (12,) if picture is None else (1, *picture)
    graph = chain(*exact_layers(rng, picture), reads=reads, gives=(3,))
    network = built(graph, readout=readout)
    inputs = spikes_of(4, 8, int(np.prod(reads)))
    integers = quantised(network)
    record = emulate(integers, inputs)
    with torch.no_grad():
        every, logits = network.hidden_spikes(inputs), network(inputs)

    assert [layer.neuron.decay for layer in integers.layers] == [0] * len(integers.layers)
    for floats, fired in zip(every, record.spikes, strict=False):
        assert 0.05 < float(floats.mean()) < 0.95
        np.testing.assert_array_equal(floats.flatten(2).numpy(), fired)
    torch.testing.assert_close(logits_of(integers, record), logits, atol=1e-4, rtol=1e-4)


def test_a_delayed_channel_arrives_as_many_steps_later(built):
    graph = chain(
        nir.Delay(np.array([0.0, 3e-4])), nir.Linear(np.array([[2.0, 0], [0, 2.0], [0, 0]])), integrate_and_fire(3),
        reads=(2,), gives=(3,),
    )  # fmt: skip
    inputs = torch.zeros(N_STEPS, 1, 2)
    inputs[5] = inputs[N_STEPS - 2] = 1
    (fired,) = built(graph).hidden_spikes(inputs)

    assert fired[:, 0].nonzero().tolist() == [[5, 0], [8, 1], [N_STEPS - 2, 0]]


def test_leaking_neurons_as_integers_part_from_the_floats_by_rounding_alone(built):
    rng = np.random.default_rng(5)
    graph = chain(
        affine(rng, 20, 12), lif(20, 0.9), affine(rng, 10, 20), cuba(10, 0.5, 0.8, 1.5), affine(rng, 3, 10),
        lif(3, 0.7),
        reads=(12,), gives=(3,),
    )  # fmt: skip
    network = built(graph)
    inputs = spikes_of(6, 32, 12)
    record = emulate(quantised(network), inputs)
    first, *_ = network.hidden_spikes(inputs)

    assert float((first.numpy() != record.spikes[0]).mean()) < 0.01
    assert [float(spikes.mean()) for spikes in record.spikes[:3]] == pytest.approx(
        [float(spikes.mean()) for spikes in network.hidden_spikes(inputs)], abs=0.01
    )
    assert [layer.neuron.current_decay for layer in quantised(network).layers] == [4095, 2047, 4095, 4095]


def test_a_bias_into_a_current_that_lasts_is_what_it_grows_to(built):
    graph = chain(nir.Affine(np.eye(3), np.full(3, 0.1)), cuba(3, 0.75, 0.5, 100.0), reads=(3,), gives=(3,))
    integers = quantised(built(graph))
    record = emulate(integers, torch.zeros(200, 1, 3), potentials=True)
    unit = integers.layers[0].neuron.threshold / 100 * 2**6

    assert record.potentials[0][-1] / unit == pytest.approx(0.1 / (1 - 0.75) / (1 - 0.5), rel=0.01)


def test_the_last_potential_keeps_its_own_leak_and_never_fires(built):
    ends = nir.LI(tau=np.full(3, 2e-4), r=np.full(3, 2.0), v_leak=np.zeros(3))
    for last in (ends, lif(3, 0.5, 0.01)):
        graph = chain(
            nir.Linear(8 * np.eye(3)), integrate_and_fire(3), nir.Linear(np.eye(3)), last, reads=(3,), gives=(3,)
        )
        network = built(graph, readout="potential")
        inputs = torch.zeros(N_STEPS, 1, 3)
        inputs[-3:, 0, 0] = inputs[-1, 0, 1] = inputs[0, 0, 2] = 1
        wanted = torch.tensor([1 + 0.5 + 0.25, 1, 0.5 ** (N_STEPS - 1)])
        torch.testing.assert_close(network(inputs)[0], wanted * LOGIT_GAIN / N_STEPS)
        integers = quantised(network)
        of_chip = logits_of(integers, emulate(integers, inputs))[0]
        torch.testing.assert_close(of_chip, wanted * LOGIT_GAIN / N_STEPS, atol=1e-3, rtol=1e-3)


def test_levels_count_in_the_first_layers_units(built):
    graph = chain(nir.Linear(np.full((3, 3), 0.5)), integrate_and_fire(3), reads=(3,), gives=(3,))
    as_spikes, as_levels = (quantised(built(graph, code)) for code in ("spikes", "graded"))

    ratio = [network.layers[0].neuron.threshold / network.layers[0].weights.max() for network in (as_spikes, as_levels)]
    assert ratio[1] == pytest.approx(255 * ratio[0], rel=0.02)
    assert as_levels.graded_input


def test_a_probe_of_the_threshold_moves_every_layers_own(built):
    graph = chain(affine(np.random.default_rng(7), 9, 12), lif(9, 0.9), nir.Linear(np.eye(9)[:3]), lif(3, 0.9, 0.5),
                  reads=(12,), gives=(3,))  # fmt: skip
    network = built(graph)
    before = quantised(network)
    network.neuron = type(network.neuron)(beta=1.0, threshold=2.0)
    after = quantised(network)

    assert [layer.neuron.threshold for layer in after.layers[:2]] == [
        2 * layer.neuron.threshold for layer in before.layers[:2]
    ]
    np.testing.assert_array_equal(after.layers[0].weights, before.layers[0].weights)
    (fired, _) = network.hidden_spikes(torch.full((2, 1, 12), 1.0))
    network.neuron = type(network.neuron)(beta=1.0)
    assert fired.sum() < network.hidden_spikes(torch.full((2, 1, 12), 1.0))[0].sum()


def test_operations_are_those_of_the_spikes_with_two_decays_where_the_current_lasts(built):
    graph = chain(nir.Linear(np.full((5, 4), 2.0)), cuba(5, 0.5, 0.5), nir.Linear(np.full((3, 5), 2.0)), lif(3, 0.5),
                  reads=(4,), gives=(3,))  # fmt: skip
    counts = built(graph).count_operations(torch.ones(N_STEPS, 2, 4))
    per_layer = {
        layer: {operation: counts.counts["network", layer, operation] for operation in ("add_fp32", "mac_fp32")}
        for layer in ("layer-1", "layer-2")
    }

    assert per_layer["layer-1"] == {"add_fp32": N_STEPS * (5 + 4 * 5), "mac_fp32": 2 * N_STEPS * 5}
    assert per_layer["layer-2"] == {"add_fp32": N_STEPS * (3 + 5 * 3), "mac_fp32": N_STEPS * 3}


def test_a_gradient_reaches_the_input_and_no_weight(built):
    network = built(chain(affine(np.random.default_rng(8), 3, 4), lif(3, 0.9), reads=(4,), gives=(3,)))
    inputs = spikes_of(9, 2, 4).requires_grad_()
    network(inputs).sum().backward()

    assert bool(inputs.grad.any())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert network.fit_directly(inputs, torch.zeros(2), 0)


SMALL = chain(nir.Linear(np.eye(3, dtype=np.float32)), lif(3, 0.9), reads=(3,), gives=(3,))
SHAPE = EncodedShape("spikes", (3,), N_STEPS)


def test_a_file_is_named_by_its_content(tmp_path):
    path = written(SMALL, tmp_path / "a.nir")
    sha256 = file_sha256(path)
    for given in ("", "0" * 64):
        with pytest.raises(InputError, match=rf"sha256 of .*a\.nir .*sha256 = '{sha256}'"):
            NirFile(str(path), given, "zero").build(SHAPE, 3)
    written(chain(nir.Linear(2 * np.eye(3)), lif(3, 0.9), reads=(3,), gives=(3,)), path)
    with pytest.raises(InputError, match="the file's is another"):
        NirFile(str(path), sha256, "zero").build(SHAPE, 3)
    with pytest.raises(InputError, match="there is no such file, as seen from"):
        NirFile(str(tmp_path / "b.nir"), sha256, "zero").build(SHAPE, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reset_mechanism": ""}, "reset_mechanism is not said. .*default subtracts"),
        ({"reset_mechanism": "subtract"}, "reset_mechanism of 'subtract'.*only 'zero' is run"),
        ({"readout": "rate"}, "readout must be one of count, potential; got 'rate'"),
        ({"dt_seconds": 0.0}, "dt_seconds must be positive"),
    ],
)
def test_options_that_cannot_hold_are_refused(given, said, tmp_path):
    with pytest.raises(InputError, match=said):
        options(SMALL, tmp_path / "a.nir", **given).build(SHAPE, 3)


@pytest.mark.parametrize(
    ("shape", "n_classes", "given", "said"),
    [
        (EncodedShape("spikes", (4,), N_STEPS), 3, {}, r"the graph reads 3; the encoder gives 4 \(4 channels"),
        (SHAPE, 4, {}, "ends in 3 neurons .node 'node-1'.; the study has 4 classes"),
        (SHAPE, 3, {"n_steps": 40}, "trained with 40 steps a clip; the encoder gives 30"),
        (EncodedShape("intensity", (3, 1)), 3, {}, "nir-file reads spikes"),
        (SHAPE, 3, {"readout": "potential"}, "a layer that does must come before"),
    ],
)
def test_a_graph_and_a_study_that_do_not_agree_are_refused_with_both(shape, n_classes, given, said, tmp_path):
    with pytest.raises(InputError, match=said):
        options(SMALL, tmp_path / "a.nir", **given).build(shape, n_classes)


def test_pictures_are_not_taken_for_others_of_as_many_elements(tmp_path):
    graph = chain(
        nir.Flatten({"input": np.array([4, 6])}, 0, -1), affine(np.random.default_rng(0), 3, 24), lif(3, 0.9),
        reads=(4, 6), gives=(3,),
    )  # fmt: skip
    made = options(graph, tmp_path / "a.nir")
    assert made.build(EncodedShape("spikes", (4, 6), 5), 3)
    with pytest.raises(InputError, match="the graph reads 4 x 6; the encoder gives 6 x 4"):
        made.build(EncodedShape("spikes", (6, 4), 5), 3)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ((nir.Linear(np.eye(3)),), "ends without neurons that fire .node 'node-3'.*Set readout to 'potential'"),
        ((convolution(np.random.default_rng(0), 1, 1), lif((1, 1, 3), 0.9)), "ends in a convolution .node 'node-3'"),
    ],
)
def test_ends_that_cannot_be_counted_are_refused(nodes, said, tmp_path):
    reads = (1, 1, 3) if len(nodes) > 1 else (3,)
    first = (convolution(np.random.default_rng(0), 1, 1),) if len(nodes) > 1 else (nir.Linear(np.eye(3)),)
    graph = chain(*first, lif(reads, 0.9), *nodes, reads=reads, gives=(3,))
    with pytest.raises(InputError, match=said):
        options(graph, tmp_path / "a.nir").build(EncodedShape("spikes", reads, 5), 3)


@pytest.mark.parametrize(
    ("node", "threshold", "said"),
    [
        (nir.Linear(np.array([[30.0, 0, 0]] * 3)), 0.1, "'node-1': a weight of 30 is more than 254 times the thr"),
        (nir.Affine(np.eye(3), np.full(3, 40.0)), 1.0, r"'node-1': a bias of 40 is \d+ in the units .* up to 524160"),
    ],
)  # fmt: skip
def test_what_the_integers_cannot_hold_is_refused_with_the_node(node, threshold, said, built):
    network = built(chain(node, lif(3, 0.9, threshold), reads=(3,), gives=(3,)))
    with pytest.raises(NotMappableError, match=said):
        quantised(network)


def test_levels_into_a_layer_that_hears_itself_are_refused_as_integers(built):
    graph = chain(nir.Linear(np.eye(3)), lif(3, 0.9), reads=(3,), gives=(3,))
    graph.nodes["back"] = nir.Linear(np.eye(3))
    graph.edges += [("node-2", "back"), ("back", "node-2")]
    assert quantised(built(graph)).layers[0].recurrence is not None
    with pytest.raises(NotMappableError, match=re.escape("node 'node-1' reads levels of 8 bits")):
        quantised(built(graph, "graded"))
