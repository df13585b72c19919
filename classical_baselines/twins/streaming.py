# classical_baselines/twins/streaming.py
"""A causal network a frame at a time: the same layers on one frame, with windows of past frames in place of whole maps.

A graph can be streamed where its input is one row of frames [channel, 1, frame], where every convolution looks at this
frame and earlier ones alone (stride 1, zeros only before the first frame), and where the frames meet in one mean before
the readout.

    window     the last 1 + dilation (kernel - 1) frames of what a convolution reads, zeros of it before the first
    sums       of each channel over the frames so far
    after t    mean = sum / t, and the readout of it: what the backend reports for the clip's first t frames
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from classical_baselines.twins.integer_graph import Convolution, IntegerGraph, Layer, Maps, Mean, Sum


@dataclass(frozen=True, eq=False)
class Stream:
    """The layers of one frame, in order, and what is kept between frames."""

    frame: IntegerGraph  # every map is one frame wide; its last layers are the mean and the readout
    windows: Mapping[str, Maps]  # by the convolution that looks back on them: [channel, 1, frame], the newest last
    mean: Mean
    n_frames: int  # of a whole clip

    def mean_multiplier(self, n_frames: int) -> float:
        """Of the sum over so many frames."""
        source, result = self.mean.source, self.mean.result
        return float(np.float32(source.scale / (result.scale * n_frames)))


def stream_of(graph: IntegerGraph) -> Stream | None:
    """The network a frame at a time; None where a layer sees later frames, skips some, or none meet in a mean."""
    n_frames = graph.entry.shape[2]
    means = [layer for layer in graph.layers if isinstance(layer, Mean)]
    if len(means) != 1 or graph.layers[-2] is not means[0] or graph.readout.source is not means[0].result:
        return None
    steps: list[Layer] = []
    windows: dict[str, Maps] = {}
    single = {id(graph.entry): _one_frame(graph.entry)}
    for layer in graph.layers[:-2]:
        assert layer.result is not None
        if graph.entry.shape[1] != 1 or layer.result.shape[1:] != (1, n_frames):
            return None
        made = single[id(layer.result)] = _one_frame(layer.result)
        if isinstance(layer, Sum):
            steps.append(replace(layer, one=single[id(layer.one)], other=single[id(layer.other)], result=made))
            continue
        if not isinstance(layer, Convolution):
            return None
        reach = layer.dilation[1] * (layer.weights.shape[3] - 1)
        if layer.stride != (1, 1) or layer.pads != (0, reach, 0, 0) or layer.weights.shape[2] != 1:
            return None
        source = single[id(layer.source)]
        if reach:
            windows[layer.name] = replace(source, shape=(source.shape[0], 1, reach + 1))
        steps.append(replace(layer, source=source, result=made, out_shape=made.shape, pads=(0, 0, 0, 0)))
    mean = replace(means[0], source=single[id(means[0].source)])
    return Stream(IntegerGraph(single[id(graph.entry)], (*steps, mean, graph.readout)), windows, mean, n_frames)


def _one_frame(maps: Maps) -> Maps:
    return replace(maps, shape=(maps.shape[0], 1, 1))
