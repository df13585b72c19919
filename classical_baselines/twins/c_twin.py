# classical_baselines/twins/c_twin.py
"""An integer network as one self-contained C99 header: constant arrays, a static buffer, integers alone, no allocation.

A multiplier, a float of 32 bits, is written as mantissa / 2^shift with 24 binary digits. `arithmetic.h` multiplies and
adds as floats do, rounding after every operation, but in integers: a device without floating point, or a compiler that
rearranges it, gives the same bits. Only what a network uses of that file is written into its header.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from classical_baselines.harness.choices import InputError
from classical_baselines.twins.c_text import (
    array,
    banner,
    comment,
    constant,
    identifier,
    in_comment,
    numbers,
    quoted,
    shape_text,
    wrapped,
)
from classical_baselines.twins.integer_graph import Convolution, IntegerGraph, Layer, Maps, Mean, Sum
from classical_baselines.twins.scratch import scratch_of

FLOAT_DIGITS = 24
LARGEST_SHIFT = 62  # of an integer of 64 bits
LARGEST_FACTOR = 2**54  # times an activation of 8 bits and a sign stays below 2^63


@dataclass(frozen=True)
class Sizes:
    """Bytes of a twin on a device; its code comes on top, and depends on the compiler."""

    weights: int
    biases: int
    multipliers: int
    scratch: int
    input: int
    logits: int

    @property
    def flash(self) -> int:
        """Constant arrays."""
        return self.weights + self.biases + self.multipliers

    @property
    def ram(self) -> int:
        """The static buffer, and what the caller holds: the input and the logits."""
        return self.scratch + self.input + self.logits


def sizes_of(graph: IntegerGraph) -> Sizes:
    """The bytes of a graph's twin."""
    n_channels = sum(len(layer.biases) for layer in graph.convolutions if layer.result is not None)
    n_classes = len(graph.readout.biases)
    return Sizes(
        weights=sum(layer.weights.size for layer in graph.convolutions),
        biases=4 * (n_channels + n_classes),
        multipliers=5 * n_channels + 8 * n_classes,
        scratch=scratch_of(graph).n_bytes,
        input=graph.entry.n_bytes,
        logits=4 * n_classes,
    )


def c_header(graph: IntegerGraph, labels: Sequence[str], about: Sequence[str]) -> str:
    """The header; `about` are the lines of its head comment that say whose network this is."""
    sizes = sizes_of(graph)
    entry = graph.entry
    head = [
        *about,
        "",
        f"flash   {sizes.flash} bytes of constant arrays ({sizes.weights} of weights, {sizes.biases} of biases, "
        f"{sizes.multipliers} of multipliers), and the code",
        f"RAM     {sizes.ram} bytes: {sizes.scratch} of static scratch, {sizes.input} of input, {sizes.logits} of "
        "logits; and the stack of a few calls",
        f"input   uint8 [channel {entry.shape[0]}][mel {entry.shape[1]}][frame {entry.shape[2]}], the last axis "
        f"running fastest; an integer from 0 to {entry.n_levels} stands for (integer - {entry.zero_point}) * "
        f"{entry.scale:.9g}, and trichord_quantised makes it of that value",
        "logits  int32 [class]; a reported logit is the integer times a unit of its class (trichord_units), so that "
        "the largest reported logit is the decision, and not the largest integer",
        "between the layers: uint8, with a scale and a zero of each; weights int8 with a scale per output channel; "
        "biases and sums int32; rounded half to even, as ONNX QLinearConv rounds",
        "",
        "Include it in one source file. It needs C99 and nothing else, and allocates nothing.",
    ]
    parts = [
        comment(head),
        opening("TRICHORD_NETWORK_H"),
        f"#define TRICHORD_N_INPUTS {sizes.input}\n#define TRICHORD_N_CLASSES {len(labels)}\n"
        f"#define TRICHORD_SCRATCH_BYTES {max(1, sizes.scratch)}\n",
        labels_table(labels),
        *arithmetic(graph),
        banner("layers"),
        *(tables(layer) for layer in graph.layers),
        units_table(graph.readout),
        banner("the network"),
        quantised(entry),
        _classify(graph),
        "#endif\n",
    ]
    return "\n".join(parts)


def opening(guard: str) -> str:
    """The first lines after the head comment."""
    return (
        f"#ifndef {guard}\n#define {guard}\n\n#include <limits.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
        '#if INT_MAX < 2147483647\n#error "The network needs an int of 32 bits."\n#endif\n'
    )


def vectors_header(inputs: np.ndarray, logits: np.ndarray, classes: Sequence[int], names: Sequence[str]) -> str:
    """Quantised inputs [clip, ...] with the integer logits and the class that must come out."""
    n_clips = len(inputs)
    flat = inputs.reshape(n_clips, -1)
    rows = ",\n".join(
        f"    {{ /* {in_comment(name)} */\n{numbers(row.tolist(), indent=6)}\n    }}"
        for name, row in zip(names, flat, strict=True)
    )
    answers = ",\n".join(f"    {{ {', '.join(map(str, row))} }}" for row in logits.tolist())
    return "\n".join(
        [
            comment(["What trichord_classify must give for a few clips: inputs, integer logits, classes."]),
            '#ifndef TRICHORD_TEST_VECTORS_H\n#define TRICHORD_TEST_VECTORS_H\n\n#include "network.h"\n',
            f"#define TRICHORD_N_TESTS {n_clips}\n",
            f"static const uint8_t trichord_test_inputs[{n_clips}][TRICHORD_N_INPUTS] = {{\n{rows}\n}};\n",
            f"static const int32_t trichord_test_logits[{n_clips}][TRICHORD_N_CLASSES] = {{\n{answers}\n}};\n",
            f"static const int trichord_test_classes[{n_clips}] = {{ {', '.join(map(str, classes))} }};\n",
            "#endif\n",
        ]
    )


MAIN = """\
/* Runs the test vectors on the device: prints what was decided for each, and ends with 0 where every integer agrees. */

#include <stdio.h>

#include "network.h"
#include "test_vectors.h"

int main(void)
{
    int n_equal = 0;
    for (int i = 0; i < TRICHORD_N_TESTS; i++) {
        int32_t logits[TRICHORD_N_CLASSES];
        const int decided = trichord_classify(trichord_test_inputs[i], logits);
        int equal = decided == trichord_test_classes[i];
        for (int k = 0; k < TRICHORD_N_CLASSES; k++)
            equal = equal && logits[k] == trichord_test_logits[i][k];
        printf("clip %d: %s%s\\n", i, trichord_labels[decided], equal ? "" : ", NOT the integers that were stored");
        n_equal += equal;
    }
    printf("%d of %d clips give the stored integers\\n", n_equal, TRICHORD_N_TESTS);
    return n_equal == TRICHORD_N_TESTS ? 0 : 1;
}
"""


def mantissa_and_shift(multiplier: float, largest: int) -> tuple[int, int]:
    """multiplier = mantissa / 2^shift exactly; (0, 0) where no sum up to `largest` rounds to anything but 0.

    >>> mantissa_and_shift(0.75, 1000)
    (12582912, 24)
    """
    exact = Fraction(multiplier)
    if exact * largest < Fraction(1, 2):
        return 0, 0
    shift = FLOAT_DIGITS - 1
    while exact * 2**shift < 2 ** (FLOAT_DIGITS - 1):
        shift += 1
    while exact * 2**shift >= 2**FLOAT_DIGITS:
        shift -= 1
    mantissa = exact * 2**shift
    if not 0 <= shift <= LARGEST_SHIFT or mantissa.denominator != 1:
        raise InputError(
            f"A multiplier of {multiplier:g} cannot be written as an integer of 24 digits over 2^0 to 2^62."
        )
    return int(mantissa), shift


def aligned(multipliers: Sequence[float]) -> tuple[list[int], int]:
    """Integers and one shift: multiplier = integer / 2^shift exactly.

    >>> aligned([0.5, 0.75])
    ([2, 3], 2)
    """
    exact = [Fraction(multiplier) for multiplier in multipliers]
    shift = max(0, *(one.denominator.bit_length() - 1 for one in exact))
    return [int(one * 2**shift) for one in exact], shift


def arithmetic(graph: IntegerGraph, *more: str) -> list[str]:
    """The parts of `arithmetic.h` that the network uses, and `more`, by their names there."""
    source = (Path(__file__).parent / "arithmetic.h").read_text(encoding="utf-8")
    found = re.split(r"^/\* -- (\w+): (.*) \*/\n", source, flags=re.MULTILINE)[1:]
    parts = zip(found[::3], found[1::3], found[2::3], strict=True)
    used = {"numbers", "convolve", "decide", *more}
    used |= {"add"} if any(isinstance(layer, Sum) for layer in graph.layers) else set()
    used |= {"average"} if any(isinstance(layer, Mean) for layer in graph.layers) and not more else set()
    return [f"{banner(title)}\n{text.strip()}\n" for name, title, text in parts if name in used]


def tables(layer: Layer) -> str:
    """The constants of one layer."""
    if isinstance(layer, Convolution):
        return _convolution(layer)
    if isinstance(layer, Sum):
        factors, shift = aligned(layer.multipliers)
        if max(factors) > LARGEST_FACTOR or shift > LARGEST_SHIFT:
            raise InputError(
                f"{layer.name}: the scales of its two addends are {layer.multipliers[0]:g} and "
                f"{layer.multipliers[1]:g} steps of its own, too far apart for sums of 64 bits."
            )
        return constant(
            "trichord_addition",
            layer.name,
            {
                "n": layer.result.n_bytes,
                "one_zero": layer.one.zero_point,
                "other_zero": layer.other.zero_point,
                "out_zero": layer.result.zero_point,
                "out_levels": layer.result.n_levels,
                "one_factor": factors[0],
                "other_factor": factors[1],
                "shift": shift,
            },
        )
    n_channels, n_mels, n_frames = layer.source.shape
    largest = n_mels * n_frames * 255
    mantissa, shift = mantissa_and_shift(layer.multiplier, largest)
    return constant(
        "trichord_mean",
        layer.name,
        {
            "channels": n_channels,
            "places": n_mels * n_frames,
            "in_zero": layer.source.zero_point,
            "out_zero": layer.result.zero_point,
            "out_levels": layer.result.n_levels,
            "mantissa": mantissa,
            "shift": shift,
        },
    )


def _convolution(layer: Convolution) -> str:
    name = identifier(layer.name)
    n_out = len(layer.weights)
    arrays = [
        array("int8_t", f"{name}_weights", (row.reshape(-1).tolist() for row in layer.weights)),
        array("int32_t", f"{name}_biases", [layer.biases.tolist()]),
    ]
    fields: dict[str, int | str] = {
        "in": shape_text(layer.source.shape),
        "out": shape_text(layer.out_shape),
        "groups": layer.groups,
        "kernel_mels": layer.weights.shape[2],
        "kernel_frames": layer.weights.shape[3],
        "stride_mels": layer.stride[0],
        "stride_frames": layer.stride[1],
        "pad_mels": layer.pads[0],
        "pad_frames": layer.pads[1],
        "dilation_mels": layer.dilation[0],
        "dilation_frames": layer.dilation[1],
        "in_zero": layer.source.zero_point,
        "out_zero": 0,
        "out_levels": 0,
        "bias_steps": layer.bias_steps,
        "weights": f"{name}_weights",
        "biases": f"{name}_biases",
        "mantissas": "NULL",
        "shifts": "NULL",
    }
    if layer.result is not None:
        largest = layer.largest_sum()
        pairs = [mantissa_and_shift(float(layer.multipliers[i]), int(largest[i])) for i in range(n_out)]
        arrays.append(array("int32_t", f"{name}_mantissas", [[mantissa for mantissa, _ in pairs]]))
        arrays.append(array("uint8_t", f"{name}_shifts", [[shift for _, shift in pairs]]))
        fields |= {
            "out_zero": layer.result.zero_point,
            "out_levels": layer.result.n_levels,
            "mantissas": f"{name}_mantissas",
            "shifts": f"{name}_shifts",
        }
    return "\n".join([*arrays, constant("trichord_convolution", layer.name, fields)])


def units_table(readout: Convolution) -> str:
    """What the integer logits are multiplied by."""
    units, shift = aligned(readout.multipliers.tolist())
    largest = readout.largest_sum()
    if max(unit * int(reach) for unit, reach in zip(units, largest, strict=True)) >= 2**63:
        raise InputError(f"{readout.name}: the units of the logits lie too far apart for products of 64 bits.")
    said = f"/* A reported logit is the integer one * its unit / 2^{shift}. */\n"
    return f"{said}{array('int64_t', 'trichord_units', [units])}\n"


def quantised(entry: Maps) -> str:
    """The function that makes an integer of a real value of the input."""
    scale = re.sub(r"0+p", "p", entry.scale.hex())
    zero, levels = entry.zero_point, entry.n_levels
    return f"""\
/* A real value of the input as the integer that the network reads: rounded half to even, and clipped. The one place
   where there are floats; leave it out where integers come in. */
static inline uint8_t trichord_quantised(float real)
{{
    const float steps = real / {scale}f; /* {entry.scale:.9g} */
    if (!(steps > {-zero}.0f))
        return 0;
    if (steps >= {levels - zero}.0f)
        return {levels};
    int whole = (int)steps - (steps < 0.0f); /* at most steps, and within 1 of it */
    const float rest = steps - (float)whole;
    whole += rest > 0.5f || (rest == 0.5f && whole % 2 != 0);
    return (uint8_t)(whole + {zero});
}}
"""


def call_of(layer: Layer, at: Callable[[Maps], str]) -> str:
    """The statement that computes a layer; `at` says where maps lie."""
    name = f"&{identifier(layer.name)}"
    if isinstance(layer, Sum):
        return f"trichord_add({name}, {at(layer.one)}, {at(layer.other)}, {at(layer.result)});"
    if isinstance(layer, Mean):
        return f"trichord_average({name}, {at(layer.source)}, {at(layer.result)});"
    if layer.result is None:
        return f"trichord_read_out({name}, {at(layer.source)}, logits);"
    return f"trichord_convolve({name}, {at(layer.source)}, {at(layer.result)});"


def _classify(graph: IntegerGraph) -> str:
    places = scratch_of(graph).places

    def at(maps: Maps) -> str:
        return "input" if maps is graph.entry else f"scratch + {places[maps.name]}"

    calls = [call_of(layer, at) for layer in graph.layers]
    buffer = [] if not places else ["static uint8_t scratch[TRICHORD_SCRATCH_BYTES];"]
    body = "\n".join(f"    {line}" for line in [*buffer, *calls])
    return f"""\
/* Classifies one clip: `input` has TRICHORD_N_INPUTS integers, `logits` is given TRICHORD_N_CLASSES of them. Returns
   the class, an index into trichord_labels. Not for two threads at a time: they would share the scratch. */
static inline int trichord_classify(const uint8_t *input, int32_t *logits)
{{
{body}
    return trichord_decision(logits, trichord_units, TRICHORD_N_CLASSES);
}}
"""


def labels_table(labels: Sequence[str]) -> str:
    """The names of the classes."""
    names = wrapped(map(quoted, labels), indent=4)
    return f"static const char *const trichord_labels[TRICHORD_N_CLASSES] = {{\n{names}\n}};\n"
