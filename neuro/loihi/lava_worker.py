# neuro/loihi/lava_worker.py
"""Runs networks on Lava's fixed-point simulation: `python -P lava_worker.py REQUEST.npz ANSWER.npz`.

A process of its own, because Lava starts processes by fork and torch inside them hangs: nothing but numpy and lava is
imported here. One process runs all networks of a request, one after the other, in one of two ways:

clips in a row   plain LIF layers: all clips in one simulation. Layer l resets u and v at its own offset, so that K
                 clips of T steps equal K runs of their own: reset_interval = T, reset_offset = l + 1 for layer
                 l = 1..L; rows [l, l + K T) of layer l's spikes are the clips'.
clip by clip     every other network, or where potentials are asked for: one simulation a clip, step by step. Layer l
                 is given its bias after l steps, when its first input arrives; until then all states are zero. Rows
                 [l, l + T) are the clip's.

Axes are turned to Lava's order (x, y, channel); Lava convolves truly, so kernels are flipped to correlate. Its
convolution knows no weight exponent, so weights are shifted before they are handed over.
"""

import dataclasses
import json
import sys
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
PICTURE_AXES = 4
LAYER_ARRAYS = ("weights", "bias", "delays", "recurrent", "cosine", "sine")


def make_lava_importable() -> None:
    """Mend the three places where Lava 0.10 falls behind Python 3.11 and numpy 2.4.

    Since Python 3.11 the default value of a dataclass field must be hashable: `ByteEncoder` is made so while its module
    is imported. Since numpy 2.4 `reshape` has no argument `newshape`: the ports that reshape are given one by place.
    Since numpy 2 an int8 stays one beside a Python integer: a convolution keeps its stride, padding and groups in 8
    bits, and 128 maps, or a picture whose padded side is 128 or more, overflow them; it is given Python's own integers.
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

    from lava.proc.conv import utils

    genuine_convolution = utils.conv
    utils.conv = lambda events, weights, *numbers: genuine_convolution(
        events, weights, *(np.asarray(number).tolist() for number in numbers)
    )


@dataclasses.dataclass(frozen=True)
class _Reshape:
    shape: tuple[int, ...]

    def __call__(self, data: Any) -> Any:
        return np.reshape(data, self.shape)


def run(request: dict[str, Any]) -> dict[str, Any]:
    """The answers of all networks, their names preceded by the network's number."""
    make_lava_importable()
    answers: dict[str, Any] = {}
    for number, network in enumerate(json.loads(str(request["networks"]))):
        arrays = {name.split("/", 1)[1]: request[name] for name in request if name.startswith(f"{number}/")}
        way = _clips_in_a_row if network["clips_in_a_row"] else _clip_by_clip
        answers |= {f"{number}/{name}": values for name, values in way(network, arrays).items()}
    return answers


def _clips_in_a_row(network: dict[str, Any], arrays: dict[str, Array]) -> dict[str, Array]:
    """Spikes [clip * step, neuron] of every layer, and the readout's potentials [clip, class]."""
    layers, (n_channels, n_clips, n_steps) = network["layers"], arrays["input_spikes"].shape
    total = n_steps * n_clips + len(layers)
    for number, layer in enumerate(layers, start=1):
        layer["neuron"] |= {"reset_interval": n_steps, "lava_reset_offset": (number + 1) % n_steps}
    inputs = arrays["input_spikes"].reshape(n_channels, n_clips * n_steps)
    built = _Built(layers, arrays, inputs, total, with_bias=True)
    potentials = []
    for clip in range(n_clips):
        # The readout's reset comes one step after the clip's last one has passed all layers: read it before.
        built.run(n_steps + (0 if clip else len(layers)), network["run_configuration"])
        potentials.append(built.potentials(layers[-1], built.neurons[-1]))
    answer = {"readout_potentials": np.stack(potentials)}
    for number, spikes in enumerate(built.spikes(), start=1):
        answer[f"spikes_{number}"] = spikes[number : number + n_steps * n_clips]
    built.stop()
    return answer


def _clip_by_clip(network: dict[str, Any], arrays: dict[str, Array]) -> dict[str, Array]:
    """The same, and the potentials [clip * step, neuron] of every layer."""
    layers, (_, n_clips, n_steps) = network["layers"], arrays["input_spikes"].shape
    for number, layer in enumerate(layers, start=1):
        interval = layer["neuron"].get("reset_interval", 0)
        if interval:
            layer["neuron"]["lava_reset_offset"] = (layer["neuron"]["reset_offset"] + number + 1) % interval
    answer: dict[str, list[Array]] = {"readout_potentials": []}
    for clip in range(n_clips):
        total = n_steps + len(layers)
        built = _Built(layers, arrays, arrays["input_spikes"][:, clip], total, with_bias=False)
        every: list[list[Array]] = [[] for _ in layers]
        for step in range(total):
            if 1 <= step <= len(layers):
                built.set_bias(step - 1)
            built.run(1, network["run_configuration"])
            for layer, neuron, kept in zip(layers, built.neurons, every, strict=True):
                kept.append(built.potentials(layer, neuron))
        for number, (spikes, kept) in enumerate(zip(built.spikes(), every, strict=True), start=1):
            answer.setdefault(f"spikes_{number}", []).append(spikes[number : number + n_steps])
            answer.setdefault(f"potentials_{number}", []).append(np.stack(kept[number : number + n_steps]))
        answer["readout_potentials"].append(every[-1][-1][None])
        built.stop()
    return {name: np.concatenate(values) for name, values in answer.items()}


class _Built:
    """A network of Lava's processes."""

    def __init__(
        self, layers: list[dict[str, Any]], arrays: dict[str, Array], inputs: Array, total: int, *, with_bias: bool
    ) -> None:
        from lava.proc.io.sink import RingBuffer as Sink
        from lava.proc.io.source import RingBuffer as Source

        self.source = Source(data=_input_data(inputs, layers[0], total))
        self.layers, self.total = layers, total
        self.sinks: list[Any] = []
        self.neurons: list[Any] = []
        self.biases: list[Array] = []
        port, grid = self.source.s_out, tuple(layers[0]["input_grid"])
        for number, layer in enumerate(layers, start=1):
            of_layer = {name: arrays[f"{name}_{number}"] for name in LAYER_ARRAYS if f"{name}_{number}" in arrays}
            shape = _lava_shape(layer)
            if layer["kind"] == "convolution":
                synapses = _convolution(layer, of_layer["weights"])
            else:
                port, synapses = _dense(port, grid, layer, of_layer)
            port.connect(synapses.s_in)
            bias = np.ascontiguousarray(np.broadcast_to(of_layer["bias"], shape), dtype=np.int32)
            neuron = _neurons(layer, bias if with_bias else np.zeros_like(bias), of_layer)
            synapses.a_out.connect(neuron.a_real_in if layer["neuron"]["model"] == "ResonateAndFire" else neuron.a_in)
            if "recurrent" in of_layer:
                back = _dense_process(of_layer["recurrent"], layer["recurrence"], message_bits=0)
                neuron.s_out.connect(back.s_in)
                back.a_out.connect(neuron.a_in)
            sink = Sink(shape=shape, buffer=total)
            neuron.s_out.connect(sink.a_in)
            self.sinks.append(sink)
            self.neurons.append(neuron)
            self.biases.append(bias)
            port, grid = neuron.s_out, tuple(layer["output_grid"])

    def run(self, n_steps: int, configuration: str) -> None:
        from lava.magma.core import run_configs
        from lava.magma.core.run_conditions import RunSteps

        # On a board the models that its cores run are preferred; in simulation the tag asks for the chip's integers.
        options = {"select_tag": "fixed_pt"} if configuration.endswith("SimCfg") else {}
        chosen = getattr(run_configs, configuration)(**options)
        self.source.run(condition=RunSteps(num_steps=n_steps), run_cfg=chosen)

    def set_bias(self, number: int) -> None:
        """Give layer `number`, from 0, its bias."""
        layer, neuron, bias = self.layers[number], self.neurons[number], self.biases[number]
        if layer["neuron"]["model"] == "SigmaDelta":
            finer = layer["neuron"]["spike_exponent"] + layer["neuron"]["state_exponent"]
            neuron.bias.set((bias << layer["bias_exponent"]) << finer)
        elif layer["neuron"]["model"] != "ResonateAndFire":
            neuron.bias_mant.set(bias.astype(np.int16))

    def potentials(self, layer: dict[str, Any], neuron: Any) -> Array:
        """What a readout would read, [neuron]."""
        name = {"SigmaDelta": "act", "ResonateAndFire": "real"}.get(layer["neuron"]["model"], "v")
        return _from_lava(np.asarray(getattr(neuron, name).get()).astype(np.int64)[..., None])[0]

    def spikes(self) -> list[Array]:
        """[step, neuron] of every layer."""
        return [_from_lava(np.asarray(sink.data.get()).astype(np.int64)) for sink in self.sinks]

    def stop(self) -> None:
        self.source.stop()


def _from_lava(values: Array) -> Array:
    """[neuron, step], or (x, y, map, step), as [step, neuron] with neurons in the order (map, mel, frame)."""
    if values.ndim == PICTURE_AXES:
        values = values.transpose(2, 0, 1, 3)
    return values.reshape(-1, values.shape[-1]).T


def _lava_shape(layer: dict[str, Any]) -> tuple[int, ...]:
    if layer["kind"] == "dense":
        return tuple(layer["output_grid"])
    maps, n_mels, n_frames = layer["output_grid"]
    return n_mels, n_frames, maps


def _input_data(input_spikes: Array, first: dict[str, Any], total: int) -> Array:
    """[channel, step] padded to all steps; for a convolution in Lava's order (x, y, map, step)."""
    data: Array = np.zeros((len(input_spikes), total), dtype=np.int32)
    data[:, : input_spikes.shape[1]] = input_spikes
    if first["kind"] == "dense":
        return data
    return data.reshape(*first["input_grid"], total).transpose(1, 2, 0, 3)


def _message_bits(layer: dict[str, Any]) -> int:
    """0 tells Lava that what arrives is 0 or 1; any other number, that it is an integer."""
    return 8 if layer["graded"] else 0


def _convolution(layer: dict[str, Any], weights: Array) -> Any:
    from lava.proc.conv.process import Conv

    maps, n_mels, n_frames = layer["input_grid"]
    kernels = weights.astype(np.int32).transpose(0, 2, 3, 1)[:, ::-1, ::-1, :]  # (map, x, y, map_in), flipped
    return Conv(
        weight=np.ascontiguousarray(kernels) << layer["weight_exponent"],
        input_shape=(n_mels, n_frames, maps),
        padding=(layer["padding"],) * 2,
        stride=(layer["stride"],) * 2,
        num_message_bits=_message_bits(layer),
    )


def _dense(port: Any, grid: tuple[int, ...], layer: dict[str, Any], arrays: dict[str, Array]) -> tuple[Any, Any]:
    weights, delays = arrays["weights"], arrays.get("delays")
    if len(port.shape) > 1:  # after a convolution: columns from (map, mel, frame) to Lava's (mel, frame, map)
        order = np.arange(weights.shape[1]).reshape(grid).transpose(1, 2, 0).reshape(-1)
        weights, delays = weights[:, order], None if delays is None else delays[:, order]
        port = port.reshape((weights.shape[1],))
    return port, _dense_process(weights, layer, _message_bits(layer), delays)


def _dense_process(weights: Array, options: dict[str, Any], message_bits: int, delays: Array | None = None) -> Any:
    from lava.proc.dense.process import DelayDense, Dense
    from lava.utils.weightutils import SignMode

    common = {
        "weights": weights.astype(np.int32),
        "weight_exp": options["weight_exponent"],
        "num_weight_bits": options["weight_bits"],
        "sign_mode": SignMode[options["sign_mode"].upper()],
        "num_message_bits": message_bits,
    }
    return Dense(**common) if delays is None else DelayDense(delays=delays.astype(int), **common)


def _neurons(layer: dict[str, Any], bias: Array, arrays: dict[str, Array]) -> Any:
    neuron = layer["neuron"]
    if neuron["model"] == "ResonateAndFire":
        return _resonators(layer, arrays)
    if neuron["model"] == "SigmaDelta":
        from lava.proc.sdn.process import ActivationMode, SigmaDelta

        return SigmaDelta(
            shape=bias.shape,
            vth=neuron["threshold"],
            bias=bias << layer["bias_exponent"],
            act_mode=ActivationMode[neuron["activation"].upper()],
            spike_exp=neuron["spike_exponent"],
            state_exp=neuron["state_exponent"],
        )
    from lava.proc.lif.process import LIF, LIFReset, TernaryLIF

    common = {
        "shape": bias.shape,
        "du": neuron["current_decay"],
        "dv": neuron["decay"],
        "bias_mant": bias,
        "bias_exp": layer["bias_exponent"],
    }
    if neuron["model"] == "TernaryLif":
        return TernaryLIF(vth_hi=neuron["upper_threshold"], vth_lo=neuron["lower_threshold"], **common)
    if not neuron["reset_interval"]:
        return LIF(vth=neuron["threshold"], **common)
    return LIFReset(
        vth=neuron["threshold"],
        reset_interval=neuron["reset_interval"],
        reset_offset=neuron["lava_reset_offset"],
        **common,
    )


def _resonators(layer: dict[str, Any], arrays: dict[str, Array]) -> Any:
    """Lava's process makes its one pair of factors of a period; each neuron's own integers take their place."""
    from lava.proc.rf.process import RF

    neuron, shape = layer["neuron"], _lava_shape(layer)
    bank = RF(
        shape=shape, period=10, alpha=0.1, state_exp=neuron["state_exponent"], decay_bits=neuron["decay_bits"], vth=1
    )
    for variable, factors in ((bank.cos_decay, arrays["cosine"]), (bank.sin_decay, arrays["sine"])):
        turned = factors.reshape(layer["output_grid"])
        variable.init = (turned.transpose(1, 2, 0) if turned.ndim > 1 else turned).astype(np.int32)
        variable.shape = shape
    bank.vth.init = neuron["threshold"]
    return bank


def main() -> None:
    """Read the request, run it, write the answer."""
    with np.load(sys.argv[1], allow_pickle=False) as request:
        answer = run({name: request[name] for name in request.files})
    np.savez_compressed(sys.argv[2], **answer)


if __name__ == "__main__":
    main()
