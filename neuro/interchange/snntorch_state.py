# neuro/interchange/snntorch_state.py
"""What a state dict of snnTorch says of its neurons, and whether a NIR graph of floats is of the same network.

    torch.save(net.state_dict(), "net.pt")

A NIR graph does not say how a spike resets; snnTorch's neurons do, in the buffer `reset_mechanism_val` (0 subtracts the
threshold, 1 sets the potential to 0, 2 leaves it), beside `beta`, `threshold`, of Synaptic `alpha`, and
`graded_spikes_factor`, by which every spike is multiplied and which a graph leaves out. Whether the reset comes a step
late (`reset_delay`) stands in neither. snnTorch 1.0.0, `snntorch/_neurons/neurons.py`.

Weights say whether it is the same network; a norm between the layers is refused, since a graph has no place for it.
Neurons and weights are those of the graph's node with the same name, or, where the names are others, in the same place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from classical_baselines.harness.choices import InputError
from neuro.interchange.float_graph import FloatGraph, FloatLayer
from neuro.neuron import CubaNeuron

RESETS = ("subtract", "zero", "none")  # by `reset_mechanism_val`
ROUNDING = 1e-6  # of a decay that went through 32-bit time constants
GAIN_ROUNDING = 1e-4  # of weights that were multiplied by a gain of 32-bit floats, of the largest


@dataclass(frozen=True)
class StateNeurons:
    """One layer of neurons of a state dict."""

    name: str  # of the module
    reset: str
    numbers: Mapping[str, Tensor]  # beta, threshold, of some alpha, graded_spikes_factor
    may_reset_late: bool  # of a kind with the option `reset_delay` that a graph's equations leave no room for


@dataclass(frozen=True)
class State:
    """What a state dict says, in the order of the file."""

    neurons: tuple[StateNeurons, ...]
    weights: Mapping[str, Tensor]  # by module: dense [neuron, channel], convolution [map, map_in, mel, frame]
    norms: Mapping[str, int]  # by module: channels


def read_state(path: Path) -> State:
    """The layers of a file; InputError where it is no state dict of such."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"state_file = {str(path)!r} cannot be read ({error.strerror or error}).") from error
    except Exception as error:  # torch raises whatever the unpickler or the archive does
        raise InputError(f"state_file = {str(path)!r} is no file of tensors alone. {SAVE}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"state_file = {str(path)!r} holds no state dict. {SAVE}")
    names = dict.fromkeys(key.rpartition(".")[0] for key in state if key.rpartition(".")[2] == "threshold")
    if not names:
        raise InputError(f"state_file = {str(path)!r} holds no neurons of snnTorch: none has a threshold. {SAVE}")
    scaled = {key.rpartition(".")[0]: value for key, value in state.items() if key.rpartition(".")[2] == "weight"}
    return State(
        tuple(_neurons(state, name, path) for name in names),
        {module: value for module, value in scaled.items() if value.ndim > 1 and not module.endswith("recurrent")},
        {module: value.numel() for module, value in scaled.items() if value.ndim == 1}
        | {key.rpartition(".")[0]: value.numel() for key, value in state.items() if key.endswith("running_mean")},
    )


SAVE = "Write it with torch.save(net.state_dict(), FILE), of the network whose graph it is."
SAME = "Give the state of the network that the graph was written of."


def check_state(state: State, graph: FloatGraph, readout: str, *, reset_is_said: bool) -> None:
    """InputError, with the layer and the value, unless the network is the graph's and resets as the chip does."""
    neurons = state.neurons
    layers = [layer for layer in graph.layers if layer.neurons]
    if len(neurons) != len(layers):
        raise InputError(
            f"the state has {len(neurons)} layers of neurons ({', '.join(one.name for one in neurons)}), the graph "
            f"{len(layers)} ({', '.join(layer.neurons for layer in layers)}). {SAME}"
        )
    by_name = {one.name: one for one in neurons}
    named = [by_name.get(layer.neurons.removesuffix(".lif")) for layer in layers]
    for layer, same_name, same_place in zip(layers, named, neurons, strict=True):
        one = same_place if None in named else same_name
        assert one is not None
        read_alone = readout == "potential" and layer is graph.layers[-1]
        _check_reset(one, layer, read_alone=read_alone, reset_is_said=reset_is_said)
        _check_numbers(one, layer)
    for module, n_channels in state.norms.items():
        raise InputError(
            f"layer {module!r} of the state normalises {n_channels} channels; neither the graph nor the chip has a "
            "place for it. Fold it into the weights and biases before it, then write graph and state again."
        )
    _check_weights(state.weights, graph.layers)


def _check_weights(weights: Mapping[str, Tensor], layers: Sequence[FloatLayer]) -> None:
    if len(weights) != len(layers):
        raise InputError(
            f"the state has {len(weights)} layers of synapses ({', '.join(weights)}), the graph {len(layers)} "
            f"({', '.join(layer.node for layer in layers)}). {SAME}"
        )
    by_name = [layer.node if layer.node in weights else "" for layer in layers]
    for module, layer in zip(by_name if all(by_name) else weights, layers, strict=True):
        given, wanted = weights[module].double(), torch.from_numpy(layer.weight).double()
        where = f"layer {module!r} of the state has"
        if given.shape != wanted.shape:
            shapes = [" x ".join(map(str, one.shape)) for one in (given, wanted)]
            raise InputError(f"{where} {shapes[0]} weights; the graph's node {layer.node!r} has {shapes[1]}. {SAME}")
        off = ~((given - wanted).abs() <= GAIN_ROUNDING * wanted.abs().max())  # NaN is among them
        if off.any():
            raise InputError(
                f"{where} a weight of {float(given[off][0]):g} where the graph's node {layer.node!r} has "
                f"{float(wanted[off][0]):g} ({int(off.sum())} of {off.numel()} differ). {SAME}"
            )


def _neurons(state: Mapping[str, Any], name: str, path: Path) -> StateNeurons:
    def number(what: str) -> Tensor | None:
        return state.get(f"{name}.{what}" if name else what)

    reset = number("reset_mechanism_val")
    if reset is None or reset.numel() != 1 or int(reset) not in range(len(RESETS)):
        raise InputError(
            f"state_file = {str(path)!r}: layer {name!r} has no reset_mechanism_val of 0, 1 or 2, so it does not say "
            'how a spike resets. Leave state_file out, and say it: reset_mechanism = "zero".'
        )
    wanted = ("beta", "threshold", "alpha", "graded_spikes_factor")
    found = {what: value for what in wanted if (value := number(what)) is not None}
    recurs = any(key.startswith((f"{name}.recurrent.", f"{name}.V")) for key in state)
    return StateNeurons(name, RESETS[int(reset)], found, "alpha" in found or recurs)


def _check_reset(one: StateNeurons, layer: FloatLayer, *, read_alone: bool, reset_is_said: bool) -> None:
    where = f"layer {one.name!r} (node {layer.neurons!r})"
    if read_alone:
        if one.reset != "none":
            raise InputError(
                f"{where} has reset_mechanism {one.reset!r}; with readout = 'potential' its neurons do not fire. Train "
                "it with reset_mechanism=\"none\", or set readout to 'count'."
            )
        return
    if one.reset != "zero":
        raise InputError(
            f"{where} has reset_mechanism {one.reset!r}; a spike sets the potential to 0 on the chip, so only 'zero' "
            'is run. Train the network with reset_mechanism="zero".'
        )
    if one.may_reset_late and not reset_is_said:
        raise InputError(
            f'{where} may reset a step late, which the state does not say. Set reset_mechanism to "zero" if it was '
            "trained with reset_delay=False; else train it so."
        )


def _check_numbers(one: StateNeurons, layer: FloatLayer) -> None:
    of_graph = {"beta": layer.neuron.beta, "graded_spikes_factor": 1.0}
    if isinstance(layer.neuron, CubaNeuron):
        of_graph["alpha"] = layer.neuron.alpha
    if layer.fires:
        of_graph["threshold"] = layer.neuron.threshold
    for what, value in of_graph.items():
        given = one.numbers.get(what, torch.tensor(1.0) if what == "graded_spikes_factor" else torch.tensor(torch.nan))
        off = given.double().flatten()
        off = off[~((off - value).abs() <= ROUNDING * max(1.0, abs(value)))]  # NaN is among them
        if off.numel():
            raise InputError(
                f"layer {one.name!r} has {what} of {float(off[0]):g}; the graph's node {layer.neurons!r} has {value:g}"
                ". Write graph and state of the same network, and say the step of the tool that wrote the graph: "
                "dt_seconds."
            )
