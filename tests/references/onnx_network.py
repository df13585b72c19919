"""Quantised networks of the suite as ONNX graphs, so that onnxruntime runs the integers that ours must equal."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from classical_baselines.models.integer_network import integer_weights

MICROSOFT = "com.microsoft"  # onnxruntime's own QLinearAdd and QLinearGlobalAveragePool

# Signed weights w are handed over as the unsigned w + 128 with that zero point, the same numbers to ONNX: on processors
# without VNNI, onnxruntime adds pairs of unsigned-by-signed products in 16 bits that saturate, so it is inexact there.
WEIGHT_MIDDLE = 128


class OnnxNetwork:
    """Collects nodes; each method takes and returns (name of a uint8 tensor, its ActivationScale)."""

    def __init__(self):
        self.nodes, self.constants, self.outputs = [], [], []

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _node(self, operator, inputs, name, output_type=TensorProto.UINT8, domain="", **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [name], name=f"{name}-node", domain=domain, **attributes))
        axes = (
            ["batch", "class"]
            if output_type == TensorProto.INT32
            else ["batch", "channel", f"{name}-mel", f"{name}-frame"]
        )
        self.outputs.append(helper.make_tensor_value_info(name, output_type, axes))
        return name

    def _scale(self, scale):
        return [self.constant(np.float32(scale.scale)), self.constant(np.uint8(scale.zero_point))]

    def _middles(self, n_channels):
        return self.constant(np.full(n_channels, WEIGHT_MIDDLE, np.uint8))

    def quantise(self, quantiser):
        scale = quantiser.activation_scale()
        name = self._node("QuantizeLinear", ["pictures", *self._scale(scale)], "input")
        return self._clipped(name, scale)

    def linear_map(self, name, module, source):
        x, x_scale = source
        weights, weight_scales, biases = self._parameters(module, x_scale)
        scale = module.output.activation_scale()
        conv = module.convolution
        inputs = [
            *[x, *self._scale(x_scale)],
            *[self.constant(weights), self.constant(weight_scales), self._middles(len(weights))],
            *[*self._scale(scale), self.constant(biases)],
        ]
        pads = [*conv.padding, *conv.padding]
        self._node("QLinearConv", inputs, name, strides=list(conv.stride), pads=pads, group=conv.groups)
        return self._clipped(name, scale)

    def sum(self, name, module, one, other):
        scale = module.output.activation_scale()
        inputs = [one[0], *self._scale(one[1]), other[0], *self._scale(other[1]), *self._scale(scale)]
        return self._node("QLinearAdd", inputs, name, domain=MICROSOFT), scale

    def mean(self, name, module, source):
        scale = module.output.activation_scale()
        inputs = [source[0], *self._scale(source[1]), *self._scale(scale)]
        return self._node("QLinearGlobalAveragePool", inputs, name, domain=MICROSOFT, channels_last=0), scale

    def readout(self, name, module, source):
        """int32 accumulators [batch, class], the bias in them; `x` is flattened as channel, mel, frame."""
        x, x_scale = source
        weights, _, biases = self._parameters(module, x_scale)
        self.nodes.append(helper.make_node("Flatten", [x], [f"{name}-flat"], axis=1))
        matrix = self.constant(np.ascontiguousarray(weights.reshape(len(weights), -1).T))
        factors = [f"{name}-flat", matrix, self.constant(np.uint8(0)), self.constant(np.uint8(WEIGHT_MIDDLE))]
        self.nodes.append(helper.make_node("MatMulInteger", factors, [f"{name}-product"]))
        self._node("Add", [f"{name}-product", self.constant(biases)], name, TensorProto.INT32)

    def run(self, pictures):
        """{name: integers} of every layer for pictures [batch, 1, mel, frame]."""
        value = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, list(pictures.shape))
        graph = helper.make_graph(self.nodes, "network", [value], self.outputs, self.constants)
        opsets = [helper.make_opsetid("", 15), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in self.outputs]
        return dict(zip(names, session.run(names, {"pictures": pictures}), strict=True))

    def _clipped(self, name, scale):
        if scale.n_levels == 255:
            return name, scale
        limits = [self.constant(np.uint8(0)), self.constant(np.uint8(scale.n_levels))]
        return self._node("Clip", [name, *limits], f"{name}-clipped"), scale

    @staticmethod
    def _parameters(module, x_scale):
        weights, weight_scales = (values.detach() for values in integer_weights(module))
        units = np.float32(x_scale.scale) * weight_scales.numpy()
        biases = np.rint(module.folded()[1].detach().double().numpy() / units.astype(np.float64))
        return (weights.numpy() + WEIGHT_MIDDLE).astype(np.uint8), weight_scales.numpy(), biases.astype(np.int32)
