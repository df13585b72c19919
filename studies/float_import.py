# studies/float_import.py
"""A NIR graph of floats as a system: what it is to be called in a study, and the chip's integers that it becomes.

file -> `nir-file` with the file's own hash -> layers -> integers
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import build_options
from classical_baselines.harness.contracts import EncodedShape
from neuro.classifiers.nir_file import NirFile, NirNetwork, check_readout, file_sha256
from neuro.interchange import float_graph, nir_import
from neuro.interchange.nir_graph import holds_integers, read_graph
from neuro.loihi.contracts import LoihiNetwork


def comes_as_floats(path: Path) -> bool:
    """Whether another tool wrote the graph; InputError, with the node, where neither reader knows it."""
    known = tuple(dict.fromkeys((*float_graph.KNOWN, *nir_import.KNOWN)))
    return not holds_integers(read_graph(path, known, float_graph.ADVICE))


def as_system(path: Path, options: Mapping[str, Any]) -> NirFile:
    """The classifier of a study that this file is."""
    given = {"path": str(path), "sha256": file_sha256(path), **options}
    system: NirFile = build_options(NirFile, given, what="the network")
    system.check_file()
    return system


def quantised_file(system: NirFile) -> LoihiNetwork:
    """The integers, for input of spikes; what a study adds are the encoder's shape and its classes."""
    graph = float_graph.read_float_graph(Path(system.path), system.dt_seconds)
    check_readout(graph, system.readout)
    return NirNetwork(EncodedShape("spikes", graph.input_grid), graph, system.readout).loihi_network()
