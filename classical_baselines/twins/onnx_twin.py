# classical_baselines/twins/onnx_twin.py
"""An integer network as an ONNX graph whose every tensor holds the integers of ours.

    input    uint8 [clip, channel, mel, frame]        integers 0 to n_levels
    logits   int32 [clip, class]

Operators of ONNX alone (opset 15). Layers with a bias in whole steps are QLinearConv. The others, and the readout, are
ConvInteger with its sum requantised by a product of floats, Round (half to even) and Clip; sums and means are written
out in the same way, because the quantised operators that runtimes add for them round differently from one another.

Weights stand as uint8 with a zero point of 128, the same numbers: on processors without VNNI, onnxruntime adds pairs of
products of unsigned by signed bytes in 16 bits, which saturate.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from classical_baselines.twins.integer_graph import Convolution, IntegerGraph, Layer, Maps, Mean, Sum

OPSET, IR_VERSION = 15, 8
WEIGHT_MIDDLE = 128
FEWEST_LEVELS, MOST_LEVELS = 0, 255
CLIPS_AT_ONCE = 64


def check_onnx() -> None:
    """InputError where onnx or onnxruntime is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"The ONNX twin needs {error.name}, which is not installed: `pip install 'trichord[deploy]'`; or make the "
            "other twin alone with --format c."
        ) from error


def onnx_model(graph: IntegerGraph, about: Mapping[str, str]) -> bytes:
    """The graph as ONNX keeps it, with `about` in its metadata."""
    import onnx
    from onnx import TensorProto, helper

    writer = _Writer(graph)
    for layer in graph.layers:
        writer.write(layer)
    n_classes = len(graph.readout.biases)
    entry = helper.make_tensor_value_info("input", TensorProto.UINT8, ["clip", *graph.entry.shape])
    logits = helper.make_tensor_value_info("logits", TensorProto.INT32, ["clip", n_classes])
    made = helper.make_graph(writer.nodes, "network", [entry], [logits], writer.constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="trichord")
    helper.set_model_props(model, dict(about))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def onnx_logits(model: bytes, inputs: NDArray[np.uint8]) -> NDArray[np.int32]:
    """[clip, class]: the logits of onnxruntime, as whoever loads the file gets them, of [clip, channel, mel, frame]."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    parts = [inputs[first : first + CLIPS_AT_ONCE] for first in range(0, len(inputs), CLIPS_AT_ONCE)]
    return np.concatenate([session.run(["logits"], {"input": part})[0] for part in parts])


class _Writer:
    """Collects nodes and constants; a map bears the name of the layer that makes it."""

    def __init__(self, graph: IntegerGraph) -> None:
        self.entry = graph.entry
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def write(self, layer: Layer) -> None:
        """The nodes of one layer."""
        if isinstance(layer, Sum):
            self._sum(layer)
        elif isinstance(layer, Mean):
            self._mean(layer)
        elif layer.result is None:
            self._readout(layer)
        elif layer.bias_steps == 1:
            self._quantised_convolution(layer, layer.result)
        else:
            self._convolution(layer, layer.result)

    def _quantised_convolution(self, layer: Convolution, result: Maps) -> None:
        source, weights = layer.source, self._weights(layer)
        middles = self._constant(f"{layer.name}.weight_zeros", np.full(len(layer.weights), WEIGHT_MIDDLE, np.uint8))
        inputs = [
            *[self._of(source), *self._scale(source)],
            *[weights, self._constant(f"{layer.name}.weight_scales", layer.weight_scales), middles],
            *[*self._scale(result), self._constant(f"{layer.name}.biases", layer.biases)],
        ]
        clipped = result.n_levels < MOST_LEVELS
        name = f"{layer.name}.unclipped" if clipped else layer.name
        self._node("QLinearConv", inputs, name, **_geometry(layer))
        if clipped:  # QLinearConv clips to what a byte holds
            limits = [self._number(f"{layer.name}.{end}", value, np.uint8) for end, value in _limits(result)]
            self._node("Clip", [name, *limits], layer.name)

    def _convolution(self, layer: Convolution, result: Maps) -> None:
        steps = self._sums(layer)
        real = self._node("Cast", [steps], f"{layer.name}.real", to=_type(np.float32))
        factors = self._constant(f"{layer.name}.multipliers", layer.multipliers.reshape(1, -1, 1, 1))
        self._requantised(self._node("Mul", [real, factors], f"{layer.name}.scaled"), result)

    def _sums(self, layer: Convolution) -> str:
        """bias_steps * (sum w (x - z)) + b, int64."""
        name = layer.name
        zeros = [
            self._number(f"{name}.source_zero", layer.source.zero_point, np.uint8),
            self._number(f"{name}.weight_zero", WEIGHT_MIDDLE, np.uint8),
        ]
        inputs = [self._of(layer.source), self._weights(layer), *zeros]
        self._node("ConvInteger", inputs, f"{name}.products", **_geometry(layer))
        wide = self._node("Cast", [f"{name}.products"], f"{name}.wide", to=_type(np.int64))
        if layer.bias_steps > 1:
            steps = self._number(f"{name}.bias_steps", layer.bias_steps, np.int64)
            wide = self._node("Mul", [wide, steps], f"{name}.steps")
        biases = self._constant(f"{name}.biases", layer.biases.astype(np.int64).reshape(1, -1, 1, 1))
        return self._node("Add", [wide, biases], f"{name}.sums")

    def _readout(self, layer: Convolution) -> None:
        narrow = self._node("Cast", [self._sums(layer)], f"{layer.name}.narrow", to=_type(np.int32))
        self._node("Flatten", [narrow], "logits", axis=1)

    def _sum(self, layer: Sum) -> None:
        parts = [
            self._scaled(f"{layer.name}.{place}", maps, multiplier)
            for place, maps, multiplier in zip(
                ("one", "other"), (layer.one, layer.other), layer.multipliers, strict=True
            )
        ]
        self._requantised(self._node("Add", parts, f"{layer.name}.total"), layer.result)

    def _scaled(self, name: str, maps: Maps, multiplier: float) -> str:
        real = self._node("Cast", [self._of(maps)], f"{name}.real", to=_type(np.float32))
        zero = self._number(f"{name}.zero", maps.zero_point, np.float32)
        centred = self._node("Sub", [real, zero], f"{name}.centred")
        return self._node(
            "Mul", [centred, self._number(f"{name}.multiplier", multiplier, np.float32)], f"{name}.scaled"
        )

    def _mean(self, layer: Mean) -> None:
        name, (_, n_mels, n_frames) = layer.name, layer.source.shape
        wide = self._node("Cast", [self._of(layer.source)], f"{name}.wide", to=_type(np.int32))
        axes = self._constant(f"{name}.axes", np.array([2, 3], np.int64))
        summed = self._node("ReduceSum", [wide, axes], f"{name}.summed", keepdims=1)
        zeros = self._number(f"{name}.zeros", layer.source.zero_point * n_mels * n_frames, np.int32)
        centred = self._node("Sub", [summed, zeros], f"{name}.centred")
        real = self._node("Cast", [centred], f"{name}.real", to=_type(np.float32))
        factor = self._number(f"{name}.multiplier", layer.multiplier, np.float32)
        self._requantised(self._node("Mul", [real, factor], f"{name}.scaled"), layer.result)

    def _requantised(self, steps: str, result: Maps) -> None:
        name = result.name
        rounded = self._node("Round", [steps], f"{name}.rounded")
        moved = self._node(
            "Add", [rounded, self._number(f"{name}.zero", result.zero_point, np.float32)], f"{name}.moved"
        )
        limits = [self._number(f"{name}.{end}", value, np.float32) for end, value in _limits(result)]
        clipped = self._node("Clip", [moved, *limits], f"{name}.clipped")
        self._node("Cast", [clipped], name, to=_type(np.uint8))

    def _of(self, maps: Maps) -> str:
        return "input" if maps is self.entry else maps.name

    def _scale(self, maps: Maps) -> list[str]:
        n_uses = len(self.constants)  # the same maps may be read by several layers
        return [
            self._number(f"{maps.name}.scale.{n_uses}", maps.scale, np.float32),
            self._number(f"{maps.name}.zero_point.{n_uses}", maps.zero_point, np.uint8),
        ]

    def _weights(self, layer: Convolution) -> str:
        return self._constant(
            f"{layer.name}.weights", (layer.weights.astype(np.int16) + WEIGHT_MIDDLE).astype(np.uint8)
        )

    def _number(self, name: str, value: float, kind: type[np.generic]) -> str:
        return self._constant(name, np.array(value, dtype=kind))

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        return name

    def _node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=f"{output}:{operator}", **attributes))
        return output


def _geometry(layer: Convolution) -> dict[str, Any]:
    return {
        "strides": list(layer.stride),
        "pads": list(layer.pads),
        "dilations": list(layer.dilation),
        "group": layer.groups,
    }


def _limits(maps: Maps) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("lowest", FEWEST_LEVELS), ("highest", maps.n_levels)


def _type(kind: type[np.generic]) -> int:
    from onnx import helper

    tensor_type: int = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    return tensor_type
