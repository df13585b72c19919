# neuro/interchange/plain_integers.py
"""A `LoihiNetwork` as one .npz file of plain integers, which any program with NumPy reads.

    graph                        text: JSON, below
    layer-N/weights              int16, N from 1; dense [neuron, channel], convolution [map, map_in, mel, frame]
    layer-N/bias_mantissa        int16
    layer-N/delays               int16, where the layer has any
    layer-N/recurrence/weights   int16 [to, from], where it has any
    layer-N/neuron/cosine, sine  int16, of resonate-and-fire

    {"schema": "trichord-loihi-network", "version": 1, "graded_input": false, "readout_gain": 0.01,
     "layers": [{"kind": "dense", "bias_exponent": 0, ..., "neuron": {"model": "lif", "decay": 410, ...}}, ...]}

The names are those of the fields of `LoihiLayer` and of the neuron models, and mean what their modules say. All of
these integers fit 16 bits by the chip's limits. `readout_gain` is the one number that is none: a positive factor of the
logits, which decides nothing.

Reading is strict: an unknown or missing name, another version, an array that is not of integers, and whatever the chip
cannot hold are refused by name. So are a periodic reset, which the chip has and no system, encoder or study of the
suite uses, and a readout that could fire, and lose what it gathered. Nothing is unpickled.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from neuro.loihi.contracts import (
    Lif,
    LoihiLayer,
    LoihiNetwork,
    NotMappableError,
    Recurrence,
    ResonateAndFire,
    SigmaDelta,
    TernaryLif,
)
from neuro.loihi.limits import LARGEST_THRESHOLD

SCHEMA = "trichord-loihi-network"
VERSION = 1
GRAPH = "graph"
NEURONS: Mapping[str, type] = {
    "lif": Lif,
    "ternary-lif": TernaryLif,
    "sigma-delta": SigmaDelta,
    "resonate-and-fire": ResonateAndFire,
}
ARRAYS = ("weights", "bias_mantissa", "delays", "cosine", "sine")
KINDS = ("dense", "convolution")
LEAST = {"stride": 1, "padding": 0}
TUPLES = ("input_grid", "output_grid")  # which JSON keeps as lists
Arrays = dict[str, NDArray[np.int16]]


@dataclass(frozen=True, eq=False)
class PlainNetwork:
    """A network as JSON and arrays of integers."""

    graph: Mapping[str, Any]
    arrays: Mapping[str, NDArray[np.int16]]

    def equals(self, other: "PlainNetwork") -> bool:
        """Whether every number of the two is the same."""
        return (
            self.graph == other.graph
            and self.arrays.keys() == other.arrays.keys()
            and all(np.array_equal(array, other.arrays[name]) for name, array in self.arrays.items())
        )


def same_network(one: LoihiNetwork, other: LoihiNetwork) -> bool:
    """Whether two networks are the same in every number."""
    return to_plain(one).equals(to_plain(other))


def to_plain(network: LoihiNetwork) -> PlainNetwork:
    """The network's numbers by name."""
    arrays: Arrays = {}
    layers = []
    for number, layer in enumerate(network.layers, start=1):
        place = f"layer-{number}"
        said = _said(layer, place, arrays)
        said["neuron"] = neuron_record(layer.neuron, f"{place}/neuron", arrays)
        if layer.recurrence is not None:
            said["recurrence"] = _said(layer.recurrence, f"{place}/recurrence", arrays)
        layers.append(said)
    graph = {
        "schema": SCHEMA,
        "version": VERSION,
        "graded_input": bool(network.graded_input),
        "readout_gain": float(network.readout_gain),
        "layers": layers,
    }
    return PlainNetwork(graph, arrays)


def neuron_record(neuron: Any, place: str, arrays: Arrays) -> dict[str, Any]:
    """The model's name and numbers; its arrays go to `arrays`."""
    names = {kind: name for name, kind in NEURONS.items()}
    if type(neuron) not in names:
        raise NotMappableError(f"{place}: {type(neuron).__name__} has no plain form; it may be {', '.join(NEURONS)}.")
    return {"model": names[type(neuron)], **_said(neuron, place, arrays)}


def _said(record: Any, place: str, arrays: Arrays) -> dict[str, Any]:
    """Numbers and words of a dataclass; its arrays go to `arrays`, and what is a record itself is left out."""
    said: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            arrays[f"{place}/{field.name}"] = _int16(value, f"{place}/{field.name}")
        elif isinstance(value, tuple):
            said[field.name] = [int(size) for size in value]
        elif isinstance(value, str):
            said[field.name] = value
        elif isinstance(value, (int, np.integer)):
            said[field.name] = int(value)
    return said


def _int16(values: NDArray[Any], place: str) -> NDArray[np.int16]:
    narrow = values.astype("<i2")
    if not np.array_equal(narrow, values):
        raise NotMappableError(f"{place} holds a value that 16 bits do not: {values[narrow != values].flat[0]}.")
    return narrow


def from_plain(plain: PlainNetwork) -> LoihiNetwork:
    """The network; InputError or NotMappableError, with the place, where it is none."""
    graph, left = plain.graph, dict(plain.arrays)
    _check_keys(graph, ("schema", "version", "graded_input", "readout_gain", "layers"), GRAPH)
    if graph["schema"] != SCHEMA or graph["version"] != VERSION:
        raise InputError(
            f"{GRAPH}: schema {graph['schema']!r}, version {graph['version']!r}; it must be {SCHEMA!r}, {VERSION}."
        )
    if not isinstance(graph["layers"], list) or not graph["layers"]:
        raise InputError(f"{GRAPH}: layers must be a list of at least one layer; got {graph['layers']!r}.")
    gain = graph["readout_gain"]
    _check_gain(gain)
    if type(graph["graded_input"]) is not bool:
        raise InputError(f"{GRAPH}: graded_input must be true or false; got {graph['graded_input']!r}.")
    layers = tuple(_layer(said, f"layer-{number}", left) for number, said in enumerate(graph["layers"], start=1))
    _check_used(layers)
    if left:
        raise InputError(f"{min(left)}: no layer of the graph has such an array. Leave it out.")
    return LoihiNetwork(layers, graph["graded_input"], gain)


def _check_gain(gain: Any) -> None:
    if not isinstance(gain, float) or not 0 < gain < float("inf"):
        raise InputError(f"{GRAPH}: readout_gain must be a positive number; got {gain!r}.")


def _check_used(layers: tuple[LoihiLayer, ...]) -> None:
    """NotMappableError for what the chip has and nothing here uses, so that nothing here is checked with it."""
    for number, layer in enumerate(layers, start=1):
        if isinstance(layer.neuron, Lif) and layer.neuron.reset_interval:
            raise NotMappableError(
                f"layer-{number}/neuron: reset_interval of {layer.neuron.reset_interval} steps; no system, encoder or "
                "study here resets its neurons within a clip. Train without, and set reset_interval to 0."
            )
    readout = layers[-1].neuron
    if isinstance(readout, Lif) and readout.threshold < LARGEST_THRESHOLD:
        raise NotMappableError(
            f"layer-{len(layers)}/neuron: threshold of {readout.threshold}; the last layer's potential is read, so its "
            f"neurons must not fire: {LARGEST_THRESHOLD}, the largest. To count spikes, let a layer gather them."
        )


def _layer(said: Any, place: str, left: dict[str, Any]) -> LoihiLayer:
    said = dict(_mapping(said, place))
    neuron = neuron_of(said.pop("neuron", None), f"{place}/neuron", left)
    recurrence = said.pop("recurrence", None)
    back = None if recurrence is None else _built(Recurrence, recurrence, f"{place}/recurrence", left)
    layer: LoihiLayer = _built(LoihiLayer, said, place, left, neuron=neuron, recurrence=back)
    return layer


def neuron_of(said: Any, place: str, left: dict[str, Any]) -> Any:
    """The neuron model that a record names; its arrays are taken from `left`."""
    said = dict(_mapping(said, place))
    model = said.pop("model", None)
    if model not in NEURONS:
        raise InputError(f"{place}: no neuron model {model!r}; there are {', '.join(NEURONS)}.")
    return _built(NEURONS[model], said, place, left)


def _built(kind: type, said: Any, place: str, left: dict[str, Any], **made: Any) -> Any:
    """The dataclass `kind` from its numbers and its arrays, each of the type that the field has."""
    said = _mapping(said, place)
    wanted = [field for field in fields(kind) if field.name not in made]
    _check_keys(said, tuple(field.name for field in wanted if field.name not in ARRAYS), place)
    values = {field.name: _value(field, said[field.name], place) for field in wanted if field.name not in ARRAYS}
    for field in wanted:
        name = f"{place}/{field.name}"
        if name in left:
            values[field.name] = _integers(left.pop(name), name)
        elif field.name in ARRAYS and field.default is MISSING:
            raise InputError(f"{name} is missing; it must be an array of integers.")
    try:
        return kind(**values, **made)
    except NotMappableError as error:
        raise NotMappableError(f"{place}: {error}") from error


def _value(field: Field[Any], value: Any, place: str) -> Any:
    """A number, a word or a tuple of sizes as the graph has it; InputError where the field holds no such."""
    name = f"{place}/{field.name}"
    if field.name in TUPLES:
        if not isinstance(value, list) or not value or not all(type(n) is int and n > 0 for n in value):
            raise InputError(f"{name} must be a list of sizes; got {value!r}.")
        return tuple(value)
    if field.type is int and (type(value) is not int or value < LEAST.get(field.name, value)):
        raise InputError(f"{name} must be an integer{_from(field.name)}; got {value!r}.")
    if field.name == "kind" and value not in KINDS:
        raise InputError(f"{name} must be {' or '.join(KINDS)}; got {value!r}.")
    return value


def _from(name: str) -> str:
    return f" of {LEAST[name]} or more" if name in LEAST else ""


def _mapping(said: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise InputError(f"{place} must be a record of names and values; got {said!r}.")
    return said


def _check_keys(said: Any, allowed: tuple[str, ...], place: str) -> None:
    said = _mapping(said, place)
    for name in said:
        if name not in allowed:
            raise InputError(f"{place}: unknown name {name!r}; there are {', '.join(allowed)}.")
    for name in allowed:
        if name not in said:
            raise InputError(f"{place}/{name} is missing from the graph.")


def _integers(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    if array.dtype.kind != "i" or array.size == 0:
        raise InputError(f"{name} must be an array of signed integers, not empty; got {array.dtype} {array.shape}.")
    return array.astype(np.int64)


def plain_bytes(network: LoihiNetwork) -> bytes:
    """The content of the .npz file: the same network gives the same bytes."""
    _check_gain(float(network.readout_gain))
    plain = to_plain(network)
    file = BytesIO()
    text = json.dumps(plain.graph, allow_nan=False)
    np.savez_compressed(file, **{GRAPH: np.array(text)}, **plain.arrays)  # type: ignore[arg-type]
    return file.getvalue()


def read_plain(content: bytes) -> LoihiNetwork:
    """The network of a file's content."""
    try:
        with np.load(BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        graph = json.loads(str(arrays.pop(GRAPH)))
    except KeyError as error:
        raise InputError(f"There is no {GRAPH} in it, so it is no network of plain integers.") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError(f"It is no .npz file of a network of plain integers ({error}).") from error
    return from_plain(PlainNetwork(graph, arrays))
