# neuro/interchange/nir_import.py
"""A NIR graph that `nir_export` wrote, back as the same `LoihiNetwork`.

The chip's integers are taken from the metadata of the nodes. What other tools read are the nodes' floats: if these are
not the ones that the integers give, somebody changed one and not the other, and the graph is refused with the node.
Only a chain is read, from one input to one output, with the matrices by which layers hear themselves. A node of another
kind, a node without integers, any other second edge from or to a node are refused by name.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.harness.choices import InputError
from neuro.interchange.nir_export import to_nir
from neuro.interchange.nir_graph import KEY, chain_of, nir_package, read_graph
from neuro.interchange.plain_integers import SCHEMA, VERSION, PlainNetwork, from_plain
from neuro.loihi.contracts import LoihiNetwork

SYNAPSES = ("Affine", "Conv2d")
NEURONS = ("LIF", "CubaLIF", "IF", "I")
LOOP = "Linear"
KNOWN = ("Input", "Flatten", *SYNAPSES, LOOP, *NEURONS, "Output")
ARRAYS = ("weights", "bias_mantissa")


def write_nir(network: LoihiNetwork, path: Path) -> None:
    """Write the network's graph to a file."""
    nir_package().write(path, to_nir(network))


def read_nir(path: Path) -> LoihiNetwork:
    """The network of a file; InputError, with the node, where it cannot be read as what it says."""
    return from_nir(read_graph(path, KNOWN))


def from_nir(graph: Any) -> LoihiNetwork:
    """The network of a `nir.NIRGraph`."""
    chain = chain_of(graph, KNOWN, loops=True)
    layers: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for name in chain.names:
        node = graph.nodes[name]
        kind = type(node).__name__
        if kind in SYNAPSES:
            layers.append(_integers_of(node, name))
            for array in ARRAYS:
                arrays[f"layer-{len(layers)}/{array}"] = _array_of(node, name, array)
        elif kind in NEURONS:
            if not layers or "neuron" in layers[-1]:
                raise InputError(f"node {name!r}: a node of synapses (Affine, Conv2d) must come before neurons.")
            layers[-1]["neuron"] = _integers_of(node, name)
            if name in chain.loops:
                back = chain.loops[name]
                layers[-1]["recurrence"] = _integers_of(graph.nodes[back], back)
                array = _array_of(graph.nodes[back], back, "weights")
                arrays[f"layer-{len(layers)}/recurrence/weights"] = array
        elif kind == LOOP:
            raise InputError(f"node {name!r} is of kind {LOOP}; only a layer's synapses to itself are.")
    said = _integers_of(graph, "graph")
    said.pop("dt_seconds", None)
    network = from_plain(PlainNetwork({"schema": SCHEMA, "version": VERSION, **said, "layers": layers}, arrays))
    loops = [chain.loops[name] for name in chain.names if name in chain.loops]
    _check_floats(graph, [*chain.names, *loops], to_nir(network))
    return network


def _array_of(node: Any, name: str, array: str) -> Any:
    if array not in node.metadata:
        raise InputError(f"node {name!r} has no {array} in its metadata. Export the network again.")
    return np.asarray(node.metadata[array])


def _integers_of(node: Any, name: str) -> dict[str, Any]:
    try:
        text = node.metadata[KEY]
        said = json.loads(text.decode() if isinstance(text, bytes) else text)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{name!r} has no integers of the chip in its metadata ({KEY}), so it was not written by `trichord`. A "
            "network of floats alone is a system of a study: the classifier nir-file."
        ) from error
    if not isinstance(said, dict):
        raise InputError(f"{name!r}: the metadata {KEY} must be a record of names and values; got {said!r}.")
    return said


def _check_floats(graph: Any, names: Sequence[str], expected: Any) -> None:
    """Refuse floats that are not those of the integers, in the node where they part."""
    if len(names) != len(expected.nodes):
        raise InputError(f"the graph has {len(names)} nodes; its integers give {len(expected.nodes)}.")
    for name, wanted in zip(names, expected.nodes.values(), strict=True):
        node = graph.nodes[name]
        if type(node) is not type(wanted):
            raise InputError(
                f"node {name!r} is of kind {type(node).__name__}; its integers give {type(wanted).__name__}."
            )
        for field, value in _numbers(wanted).items():
            given = _numbers(node)[field]
            if not np.array_equal(np.asarray(given), np.asarray(value)):
                raise InputError(
                    f"node {name!r}: {field} is not what the integers in its metadata give. Change both or neither: "
                    "export the network again."
                )


def _numbers(node: Any) -> dict[str, Any]:
    """What a node's simulator reads; of an input or output its shape."""
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        types = node.input_type if kind == "Input" else node.output_type
        return {"shape": next(iter(types.values()))}
    return {name: value for name, value in node.to_dict().items() if name not in ("metadata", "type")}
