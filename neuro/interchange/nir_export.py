# neuro/interchange/nir_export.py
"""A `LoihiNetwork` as a NIR graph: what other simulators read as floats, with the chip's integers in the metadata.

    Input -> [Flatten] -> Affine | Conv2d -> LIF | CubaLIF | IF -> ... -> Affine -> I -> Output
                                             LIF | CubaLIF | IF -> Linear -> itself, where a layer hears itself

NIR's nodes are differential equations; with forward Euler at steps of `dt` seconds they become the chip's recurrences
without its rounding. A layer keeps the unit of its integers (divided by the 2^6 of thresholds and inputs):

    weight = W 2^exponent    bias = mantissa 2^exponent / 2^6    v_threshold = vth    v_reset = 0, v_leak = 0
    LIF      tau = dt 4096 / dv                                 r = tau / dt         du = 4095: no current
    CubaLIF  tau_mem as tau; tau_syn = dt 4096 / (du + 1)       w_in = tau_syn / dt  0 < dv
    IF       dv = 0, du = 4095                                  r = 1 / dt
    I        the readout, whose potential is read               r = 1 / dt           dv = 0, du = 4095

The chip adds a bias to the membrane. Before a CubaLIF the bias of an Affine would pass the current's filter instead, so
there it is 0 and v_leak = bias tau_mem / dt, which is the same sum in every step.

Each node's metadata hold its integers as JSON (`trichord`), so that `nir_import` gives the same spikes. NIR has no node
for a delay per synapse, for a sign, for a periodic reset, nor for sigma-delta and resonate-and-fire: layers that have
them are refused by name. A loop takes one step here, as in snnTorch's RLeaky and RSynaptic, which are written alike;
NIR leaves it to each simulator.

Reference: Pedersen et al., Nature Communications 15, 8122 (2024).
"""

import json
from itertools import pairwise
from typing import Any

import numpy as np

from neuro.interchange.nir_graph import DT_SECONDS, KEY, nir_package
from neuro.interchange.plain_integers import to_plain
from neuro.loihi.contracts import Lif, LoihiLayer, LoihiNetwork, NotMappableError, Recurrence
from neuro.loihi.limits import DECAY_UNITY, FRACTION_BITS, LARGEST_DECAY


def to_nir(network: LoihiNetwork) -> Any:
    """The network as a `nir.NIRGraph`; NotMappableError, with the layer, where NIR has no node for it."""
    nir = nir_package()
    records = to_plain(network).graph["layers"]
    first = network.layers[0].input_grid
    nodes: dict[str, Any] = {"input": nir.Input(input_type={"input": np.array(first)})}
    grid = first
    for number, (layer, record) in enumerate(zip(network.layers, records, strict=True), start=1):
        check_has_nodes(layer, f"layer {number}", is_readout=number == len(network.layers))
        if len(grid) > 1 and layer.kind == "dense":
            nodes[f"flatten-{number}"] = nir.Flatten(
                input_type={"input": np.array(grid)}, start_dim=0, end_dim=len(grid) - 1
            )
        grid = layer.output_grid
        nodes[f"synapses-{number}"] = _synapses(nir, layer, record)
        nodes[f"neurons-{number}"] = _neurons(nir, layer, is_readout=number == len(network.layers))
        nodes[f"neurons-{number}"].metadata[KEY] = json.dumps(record["neuron"])
    nodes["output"] = nir.Output(output_type={"output": np.array(grid)})
    edges = list(pairwise(nodes))
    for number, (layer, record) in enumerate(zip(network.layers, records, strict=True), start=1):
        if layer.recurrence is not None:
            neurons, back = f"neurons-{number}", f"recurrent-{number}"
            nodes[back] = _loop(nir, layer.recurrence, record["recurrence"])
            edges += [(neurons, back), (back, neurons)]
    said = {
        "graded_input": bool(network.graded_input),
        "readout_gain": float(network.readout_gain),
        "dt_seconds": DT_SECONDS,
    }
    # NIR 1.0.8 takes a kernel for square when it works out shapes, so those of another kernel fail its check.
    return nir.NIRGraph(nodes, edges, metadata={KEY: json.dumps(said)}, type_check=False)


def check_has_nodes(layer: LoihiLayer, title: str, *, is_readout: bool) -> None:
    """NotMappableError where NIR cannot say what the layer does."""
    lacking = None
    if not isinstance(layer.neuron, Lif):
        lacking = f"neurons of the model {type(layer.neuron).__name__}"
    elif layer.neuron.reset_interval:
        lacking = "a periodic reset"
    elif layer.delays is not None:
        lacking = "delays of single synapses"
    elif is_readout and layer.recurrence is not None:
        lacking = "a readout that hears itself"
    elif layer.neuron.decay == 0 and layer.neuron.current_decay < LARGEST_DECAY:
        lacking = "a current that lasts into a membrane without leak"
    elif is_readout and (layer.neuron.decay or layer.kind != "dense"):
        lacking = "a readout that leaks or is a convolution"
    if lacking is not None:
        raise NotMappableError(f"{title}: NIR has no node for {lacking}. Write plain integers (.npz).")


def _synapses(nir: Any, layer: LoihiLayer, record: dict[str, Any]) -> Any:
    weight = layer.weights * 2.0**layer.weight_exponent
    bias = layer.bias / 2.0**FRACTION_BITS * (not _current_lasts(layer))
    kept = {name: value for name, value in record.items() if name not in ("neuron", "recurrence")}
    integers = {
        KEY: json.dumps(kept),
        "weights": layer.weights.astype("<i2"),
        "bias_mantissa": layer.bias_mantissa.astype("<i2"),
    }
    if layer.kind == "dense":
        return nir.Affine(weight=weight, bias=bias, metadata=integers)
    return nir.Conv2d(
        input_shape=layer.input_grid[1:],
        weight=weight,
        stride=layer.stride,
        padding=layer.padding,
        dilation=1,
        groups=1,
        bias=bias,
        metadata=integers,
    )


def _loop(nir: Any, recurrence: Recurrence, record: dict[str, Any]) -> Any:
    integers = {KEY: json.dumps(record), "weights": recurrence.weights.astype("<i2")}
    return nir.Linear(weight=recurrence.weights * 2.0**recurrence.weight_exponent, metadata=integers)


def _current_lasts(layer: LoihiLayer) -> bool:
    return isinstance(layer.neuron, Lif) and layer.neuron.current_decay < LARGEST_DECAY


def _neurons(nir: Any, layer: LoihiLayer, *, is_readout: bool) -> Any:
    """One value per neuron, as NIR wants them."""
    neuron = layer.neuron
    assert isinstance(neuron, Lif)  # checked before

    def every(value: float) -> Any:
        return np.full(layer.output_grid, value)

    if is_readout:
        return nir.I(r=every(1 / DT_SECONDS))
    fires = {"v_threshold": every(neuron.threshold), "v_reset": every(0.0)}
    if neuron.decay == 0:
        return nir.IF(r=every(1 / DT_SECONDS), **fires)
    steps = DECAY_UNITY / neuron.decay
    fires |= {"r": every(steps), "v_leak": every(0.0)}
    if neuron.current_decay == LARGEST_DECAY:
        return nir.LIF(tau=every(DT_SECONDS * steps), **fires)
    lasts = DECAY_UNITY / (neuron.current_decay + 1)
    fires["v_leak"] = (layer.neuron_bias / 2.0**FRACTION_BITS * steps).reshape(layer.output_grid)
    return nir.CubaLIF(tau_mem=every(DT_SECONDS * steps), tau_syn=every(DT_SECONDS * lasts), w_in=every(lasts), **fires)
