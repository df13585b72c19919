# neuro/loihi/lava_worker.py
"""Runs a `LoihiNetwork` on Lava's fixed-point simulation: `python -P lava_worker.py REQUEST.npz ANSWER.npz`.

A process of its own, because Lava starts processes by fork and torch inside them hangs: nothing but numpy and lava is
imported here. All clips run one after the other in one simulation; layer l resets u and v at its own offset, so that
K clips of T steps equal K runs of their own:

    reset_interval = T,  reset_offset = l + 1 for layer l = 1..L;  rows [l, l + K T) of layer l's spikes are the clips'

Axes are turned to Lava's order (x, y, channel); Lava convolves truly, so kernels are flipped to correlate.
"""

import dataclasses
import json
import sys
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
PICTURE_AXES = 4


def make_lava_importable() -> None:
    """Mend the two places where Lava 0.10 falls behind Python 3.11 and numpy 2.4.

    Since Python 3.11 the default value of a dataclass field must be hashable: `ByteEncoder` is made so while its module
    is imported. Since numpy 2.4 `reshape` has no argument `newshape`: the ports that reshape are given one by place.
    """
    genuine = dataclasses.dataclass

    def patched(cls: Any = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda inner: patched(inner, **options)
        if cls.__name__ == "ByteEncoder":
            options["unsafe_hash"] = True
        return genuine(cls, **options) if options else genuine(cls)

    dataclasses.dataclass = patched
    try:
        import lava.magma.compiler.var_model  # noqa: F401
    finally:
        dataclasses.dataclass = genuine

    from lava.magma.core.process.ports.ports import ReshapePort

    ReshapePort.get_transform_func_fwd = lambda port: _Reshape(port.shape)
    ReshapePort.get_transform_func_bwd = lambda port: _Reshape(port.old_shape)


@dataclasses.dataclass(frozen=True)
class _Reshape:
    shape: tuple[int, ...]

    def __call__(self, data: Any) -> Any:
        return np.reshape(data, self.shape)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Spikes [K T, neuron] of every layer, and the readout's potentials [clip, class]."""
    make_lava_importable()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source

    layers = json.loads(str(request["layers"]))
    n_steps, n_clips = int(request["n_steps"]), int(request["n_clips"])
    total = n_steps * n_clips + len(layers)
    source = Source(data=_input_data(request["input_spikes"], layers[0], total))

    port, sinks, neurons = source.s_out, [], []
    grid = tuple(layers[0]["input_grid"])
    for number, layer in enumerate(layers, start=1):
        message_bits = 8 if number == 1 and bool(request["graded_input"]) else 0
        weights, bias = request[f"weights_{number}"].astype(np.int32), request[f"bias_{number}"]
        if layer["kind"] == "convolution":
            synapses = _convolution(layer, weights, message_bits)
            maps, n_mels, n_frames = layer["output_grid"]
            shape: tuple[int, ...] = (n_mels, n_frames, maps)
        else:
            port, synapses = _dense(port, grid, weights, message_bits)
            shape = (len(weights),)
        port.connect(synapses.s_in)
        neuron = _neurons(layer, np.broadcast_to(bias, shape), n_steps, number)
        synapses.a_out.connect(neuron.a_in)
        sink = Sink(shape=shape, buffer=total)
        neuron.s_out.connect(sink.a_in)
        sinks.append(sink)
        neurons.append(neuron)
        port, grid = neuron.s_out, tuple(layer["output_grid"])

    configuration = Loihi2SimCfg(select_tag="fixed_pt")
    potentials = []
    for clip in range(n_clips):
        # The readout's reset comes one step after the clip's last one has passed all layers: read it before.
        source.run(condition=RunSteps(num_steps=n_steps + (0 if clip else len(layers))), run_cfg=configuration)
        potentials.append(np.asarray(neurons[-1].v.get()).astype(np.int64).reshape(-1))
    answer: dict[str, Any] = {"readout_potentials": np.stack(potentials)}
    for number, sink in enumerate(sinks, start=1):
        recorded = np.asarray(sink.data.get()).astype(np.int64) != 0
        if recorded.ndim == PICTURE_AXES:  # (x, y, map, step) back to (map, mel, frame)
            recorded = recorded.transpose(2, 0, 1, 3)
        rows = recorded.reshape(-1, total)[:, number : number + n_steps * n_clips]
        answer[f"spikes_{number}"] = np.packbits(rows.T, axis=1)
    source.stop()
    return answer


def _input_data(input_spikes: Array, first: dict[str, Any], total: int) -> Array:
    """[channel, step] padded to all steps; for a convolution in Lava's order (x, y, map, step)."""
    data: Array = np.zeros((len(input_spikes), total), dtype=np.int32)
    data[:, : input_spikes.shape[1]] = input_spikes
    if first["kind"] == "dense":
        return data
    return data.reshape(*first["input_grid"], total).transpose(1, 2, 0, 3)


def _convolution(layer: dict[str, Any], weights: Array, message_bits: int) -> Any:
    from lava.proc.conv.process import Conv

    maps, n_mels, n_frames = layer["input_grid"]
    kernels = weights.transpose(0, 2, 3, 1)[:, ::-1, ::-1, :]  # (map, x, y, map_in), flipped
    return Conv(
        weight=np.ascontiguousarray(kernels),
        input_shape=(n_mels, n_frames, maps),
        padding=(layer["padding"],) * 2,
        stride=(layer["stride"],) * 2,
        num_message_bits=message_bits,
    )


def _dense(port: Any, grid: tuple[int, ...], weights: Array, message_bits: int) -> tuple[Any, Any]:
    from lava.proc.dense.process import Dense

    if len(port.shape) > 1:  # after a convolution: columns from (map, mel, frame) to Lava's (mel, frame, map)
        weights = weights[:, np.arange(weights.shape[1]).reshape(grid).transpose(1, 2, 0).reshape(-1)]
        port = port.reshape((weights.shape[1],))
    return port, Dense(weights=weights, num_message_bits=message_bits)


def _neurons(layer: dict[str, Any], bias: Array, n_steps: int, number: int) -> Any:
    from lava.proc.lif.process import LIFReset

    return LIFReset(
        shape=bias.shape,
        du=4095,
        dv=layer["decay"],
        vth=layer["threshold"],
        bias_mant=np.ascontiguousarray(bias, dtype=np.int32),
        bias_exp=layer["bias_exponent"],
        reset_interval=n_steps,
        reset_offset=(number + 1) % n_steps,
    )


def main() -> None:
    """Read the request, run it, write the answer."""
    with np.load(sys.argv[1], allow_pickle=False) as request:
        answer = run({name: request[name] for name in request.files})
    np.savez_compressed(sys.argv[2], **answer)


if __name__ == "__main__":
    main()
