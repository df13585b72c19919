"""Twins against the integer networks of the suite, against numpy's floats, and under a strict compiler."""

import random
import re
import struct
import subprocess
from functools import lru_cache
from itertools import pairwise

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.causal_tcn import CausalTcn
from classical_baselines.models.dense_twin import ConvolutionalTwin, DenseTwin
from classical_baselines.models.ds_cnn import DsCnn
from classical_baselines.models.integer_network import IntegerNetwork
from classical_baselines.models.low_bit_backend import LowBitNetwork
from classical_baselines.models.low_bit_cnn import LowBitCnn
from classical_baselines.models.pruned_int8 import PrunedInt8
from classical_baselines.models.raw_cnn import RawCnn
from classical_baselines.models.residual_cnn import ResidualCnn
from classical_baselines.twins.c_stream import c_stream_header, stream_sizes
from classical_baselines.twins.c_twin import c_header, mantissa_and_shift, sizes_of
from classical_baselines.twins.compiled import SANITISERS, answers_of, c_compiler, compiled, stream_answers_of
from classical_baselines.twins.integer_graph import Sum, integer_graph, integer_logits, sources_of
from classical_baselines.twins.onnx_twin import onnx_logits, onnx_model
from classical_baselines.twins.scratch import scratch_of
from classical_baselines.twins.streaming import stream_of
from tests.classical_baselines.models.test_integer_network import quantised
from tests.classical_baselines.twins.networks import random_network

PICTURE = EncodedShape("intensity", (12, 20))
SAMPLES = EncodedShape("intensity", (1, 200))
PRUNED = {"stem_width": 8, "widths": (8, 12), "strides": (1, 2)}
NETWORKS = {
    "ds-cnn": (DsCnn(stem_width=8, widths=(8, 12, 12), strides=(1, 2, 1), bits=8), PICTURE),
    "residual-cnn": (ResidualCnn(stem_width=8, widths=(8, 12), strides=(1, 2), bits=8), PICTURE),
    "pruned-int8": (PrunedInt8(network={"name": "residual-cnn", "options": PRUNED}), PICTURE),
    "dense-twin": (DenseTwin(hidden=(24, 16), n_steps=15), PICTURE),
    "convolutional-twin": (ConvolutionalTwin(channels=(6, 8), strides=(2, 2), n_steps=3), PICTURE),
    "raw-cnn": (RawCnn(widths=(6, 8), kernels=(16, 5), strides=(4, 2), bits=8), SAMPLES),
    "causal-tcn": (CausalTcn(width=12, dilations=(1, 2), bits=8), PICTURE),
    "low-bit-cnn": (LowBitCnn(channels=(6, 8), strides=(2, 2), hidden=(7,)), PICTURE),
}


@lru_cache
def trained(name):
    options, shape = NETWORKS[name]
    network = quantised(options, shape=shape)
    return network, integer_graph(network, shape.grid)


def backend_logits(network, encoded):
    few_bits = any(type(module).__name__ == "LowBitMap" for module in network.modules())
    return (LowBitNetwork if few_bits else IntegerNetwork)(network).logits(encoded).numpy()


def header_of(graph):
    n_classes = len(graph.readout.biases)
    return c_header(graph, [f'class "{i}"??/' for i in range(n_classes)], ["A network */ of the tests ??/"])


def check_twins(network, graph, encoded, *flags):
    expected = integer_logits(network, graph, encoded)
    reported = backend_logits(network, encoded)
    inputs = graph.quantised(encoded)

    np.testing.assert_array_equal(graph.reported(expected), reported)
    np.testing.assert_array_equal(onnx_logits(onnx_model(graph, {}), inputs), expected)
    answers = answers_of(header_of(graph), encoded.numpy(), expected.shape[1], *flags)
    np.testing.assert_array_equal(answers.inputs, inputs.reshape(len(inputs), -1))
    np.testing.assert_array_equal(answers.logits, expected)
    np.testing.assert_array_equal(answers.classes, reported.argmax(axis=1))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_trained_network_its_graph_and_its_header_give_the_same_integers(name):
    network, graph = trained(name)
    low = -1.2 if name == "raw-cnn" else -0.2  # beyond the range on both sides, so that inputs clip
    encoded = torch.empty(40, *NETWORKS[name][1].grid).uniform_(low, 1.2, generator=torch.Generator().manual_seed(1))

    check_twins(network, graph, encoded)


@pytest.mark.parametrize("few_bits", [False, True])
@settings(max_examples=8, deadline=None)
@given(number=st.integers(0, 2**31))
def test_any_network_its_graph_and_its_header_give_the_same_integers(few_bits, number):
    draw = random.Random(number)
    grid = (draw.randint(3, 9), draw.randint(3, 12))
    network = random_network(draw, grid, few_bits=few_bits)
    try:
        graph = integer_graph(network, grid)
    except InputError as error:  # a channel whose weights happen to be all but zero has no bias in int32
        assert "more than int32 holds" in str(error)
        reject()

    check_twins(network, graph, torch.randn(24, *grid))


def test_a_header_is_clean_under_the_sanitisers_and_every_warning():
    encoded = torch.rand(6, *PICTURE.grid)
    encoded[0], encoded[1] = 0.0, 1.0

    check_twins(*trained("ds-cnn"), encoded, *SANITISERS)
    check_twins(*trained("causal-tcn"), encoded, *SANITISERS)


@pytest.mark.parametrize("flags", [(), SANITISERS], ids=["as it is", "sanitised"])
def test_a_stream_decides_after_each_frame_as_the_backend_does_on_the_frames_so_far(flags):
    network, graph = trained("causal-tcn")
    stream = stream_of(graph)
    encoded = torch.rand(6, *PICTURE.grid, generator=torch.Generator().manual_seed(2)) * 1.2
    n_frames = PICTURE.grid[1]

    answers = stream_answers_of(
        c_stream_header(stream, [str(i) for i in range(5)], ["A stream"]), encoded.numpy(), 5, *flags
    )

    np.testing.assert_array_equal(answers.inputs.swapaxes(1, 2), graph.quantised(encoded)[:, :, 0])
    for n in range(1, n_frames + 1):
        so_far = encoded[:, :, :n]
        expected = integer_logits(network, integer_graph(network, (PICTURE.grid[0], n)), so_far)
        np.testing.assert_array_equal(answers.logits[:, n - 1], expected, err_msg=f"after {n} frames")
        np.testing.assert_array_equal(answers.classes[:, n - 1], backend_logits(network, so_far).argmax(axis=1))


def test_a_stream_keeps_past_frames_and_not_the_clip():
    _, graph = trained("causal-tcn")  # width 12; kernel 3 at dilations 1 and 2
    stream = stream_of(graph)

    assert {name: maps.shape for name, maps in stream.windows.items()} == {
        "blocks.0.depthwise": (12, 1, 3),
        "blocks.1.depthwise": (12, 1, 5),
    }
    sizes = stream_sizes(stream)
    assert sizes.scratch == 12 * (3 + 5) + 4 * (12 + 1) + scratch_of(stream.frame).n_bytes
    assert sizes.input == 12 and sizes.ram < sizes_of(graph).ram / 2
    assert stream_of(trained("ds-cnn")[1]) is stream_of(trained("raw-cnn")[1]) is None


ONE_BY_ONE = """\
#include <stdio.h>
#include "network.h"
struct row { int64_t sum; int32_t mantissa, shift, zero, levels; };
int main(void)
{
    struct row r;
    while (fread(&r, sizeof r, 1, stdin) == 1)
        putchar(trichord_requantised(r.sum, r.mantissa, r.shift, r.zero, r.levels));
    return 0;
}
"""


def test_requantising_in_integers_is_what_floats_of_32_bits_give(tmp_path):
    draw = np.random.default_rng(0)
    multipliers = np.float32(
        np.concatenate([2.0 ** -np.arange(1, 20), 3.0 * 2.0 ** -np.arange(3, 22), draw.random(200) / 99])
    )
    near = [0, 1, 3, 2**24 - 1, 2**24 + 1, 2**24 + 3, 2**25 + 6, 2**31 - 1, 2**38 + 2**14]
    rows, expected = [], []
    for multiplier in multipliers:
        mantissa, shift = mantissa_and_shift(float(multiplier), 2**39)
        halves = [round((n + 0.5) / float(multiplier)) for n in draw.integers(0, 300, 12)]  # where ties are
        for size in [*near, *halves, *(h + 1 for h in halves), *draw.integers(0, 2**20, 8).tolist()]:
            for total in (size, -size):
                if abs(total) >= 2**39:
                    continue
                zero, levels = (128, 255) if total % 3 else (0, 15)
                rows.append(struct.pack("<qiiii", total, mantissa, shift, zero, levels))
                steps = np.rint(np.float32(total) * multiplier) + np.float32(zero)
                expected.append(int(np.clip(steps, 0, levels)))
    program = compiled({"network.h": header_of(trained("ds-cnn")[1]), "one.c": ONE_BY_ONE}, "one.c", tmp_path)

    found = subprocess.run([program], input=b"".join(rows), capture_output=True, check=True).stdout

    assert len(expected) > 10_000 and len(set(expected)) == 256
    np.testing.assert_array_equal(np.frombuffer(found, np.uint8), expected)


def test_one_weight_that_is_off_by_one_is_seen_in_both_twins():
    network, graph = trained("ds-cnn")
    encoded = torch.rand(40, *PICTURE.grid)
    expected = integer_logits(network, graph, encoded)
    header = header_of(graph)
    begins = header.index("layer_stem_weights[] = {")
    first = re.compile(r"-?\d+(?=,)").search(header, begins)
    changed = f"{header[: first.start()]}{int(first.group()) - np.sign(int(first.group()))}{header[first.end() :]}"
    model = onnx.load_from_string(onnx_model(graph, {}))
    weights = next(one for one in model.graph.initializer if one.name == "stem.weights")
    array = numpy_helper.to_array(weights).copy()
    array.flat[0] -= 1
    weights.CopyFrom(numpy_helper.from_array(array, weights.name))

    assert (answers_of(changed, encoded.numpy(), 5).logits != expected).any()
    assert (onnx_logits(model.SerializeToString(), graph.quantised(encoded)) != expected).any()


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_maps_that_are_needed_together_share_no_byte(name):
    _, graph = trained(name)
    scratch = scratch_of(graph)
    bytes_of = {layer.result.name: layer.result.n_bytes for layer in graph.layers if layer.result is not None}
    for number, layer in enumerate(graph.layers):
        later = {maps.name for one in graph.layers[number + 1 :] for maps in sources_of(one)}
        earlier = {one.result.name for one in graph.layers[:number] if one.result is not None}
        alive = later & earlier
        if not isinstance(layer, Sum):  # which may overwrite what it has read
            alive |= {maps.name for maps in sources_of(layer)}
        if layer.result is not None:
            alive.add(layer.result.name)
        spans = sorted((scratch.places[one], scratch.places[one] + bytes_of[one]) for one in alive if one in bytes_of)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans)), layer.name
        assert not spans or spans[-1][1] <= scratch.n_bytes
    assert scratch.n_bytes < sum(bytes_of.values()) or len(bytes_of) <= 2


def test_the_bytes_are_a_sum_on_paper():
    _, graph = trained("dense-twin")  # 240 -> 24 -> 16 -> 5
    sizes = sizes_of(graph)

    assert sizes.weights == 240 * 24 + 24 * 16 + 16 * 5
    assert sizes.biases == 4 * (24 + 16 + 5)
    assert sizes.multipliers == 5 * (24 + 16) + 8 * 5
    assert (sizes.scratch, sizes.input, sizes.logits) == (24 + 16, 240, 20)
    assert (sizes.flash, sizes.ram) == (6224 + 180 + 240, 300)


def test_a_channel_whose_weights_are_all_but_zero_is_refused_for_its_bias():
    network = quantised(NETWORKS["ds-cnn"][0])
    network.blocks[0].pointwise.norm.weight.data[3] = 1e-9
    network.blocks[0].pointwise.norm.bias.data[3] = 9.0

    with pytest.raises(InputError, match=r"^blocks.0.pointwise: the bias of channel 3 is .*int32.*weight decay\.$"):
        integer_graph(network, PICTURE.grid)


def test_a_network_of_floats_is_refused():
    with pytest.raises(InputError, match="Set bits = 8"):
        integer_graph(DsCnn().build(PICTURE, 5), PICTURE.grid)


def test_a_machine_without_a_compiler_is_told_how_to_get_one(monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"no C compiler \(cc, gcc, clang\) is there. Install one .*--format onnx"):
        c_compiler()
    monkeypatch.setenv("CC", "no-such-compiler -m32")
    with pytest.raises(InputError, match="CC=no-such-compiler -m32, which is no command here"):
        c_compiler()
