# neuro/interchange/nir_graph.py
"""A file of a NIR graph, opened: its kinds of node checked by name, its nodes as the chain from input to output.

A layer that hears itself (snnTorch's RLeaky and RSynaptic) is a loop in the graph, neurons -> matrix -> neurons; where
a reader takes such loops, `Chain.loops` says which matrix closes whose, and the chain is without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import InputError

DT_SECONDS = 1e-4  # the step that readers of NIR take by default, snnTorch's always
KEY = "trichord"  # of the metadata in which our own graphs keep the chip's integers
MATRICES = ("Affine", "Linear")


def nir_package() -> Any:
    """The package nir; InputError, with how to get it, where it is not here."""
    try:
        import nir
    except ImportError as error:
        raise InputError("NIR graphs are read and written by the package nir: install it (the extra `nir`).") from error
    return nir


def read_graph(path: Path, known: Sequence[str], advice: Mapping[str, str] | None = None) -> Any:
    """The `nir.NIRGraph` of a file; InputError, with the node, where it holds a kind that is not `known`."""
    nir = nir_package()
    _check_kinds(path, known, advice or {})
    try:
        return nir.read(path, type_check=False)
    except (ValueError, KeyError, TypeError, AssertionError, AttributeError) as error:
        raise InputError(f"{path}: nir cannot read it ({error}).") from error


def _check_kinds(path: Path, known: Sequence[str], advice: Mapping[str, str]) -> None:
    """Refuse kinds by node and name here: nir says of an unknown one only that it has no such attribute."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            kinds = {name: node["type"][()].decode() for name, node in file["node/nodes"].items()}
    except (OSError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: it is no file of a NIR graph ({error}).") from error
    for name, kind in kinds.items():
        check_kind(name, kind, known, advice)


def check_kind(name: str, kind: str, known: Sequence[str], advice: Mapping[str, str] | None = None) -> None:
    """InputError unless the node is of a known kind; `advice` says of some kinds what to do in their place."""
    if kind not in known:
        said = (advice or {}).get(kind, "")
        raise InputError(
            f"node {name!r} is of kind {kind}, which is not known here; known are {', '.join(known)}."
            + (f" {said}" if said else "")
        )


def holds_integers(graph: Any) -> bool:
    """Whether a graph has the chip's integers in its metadata: it was written here."""
    return KEY in (graph.metadata or {})


@dataclass(frozen=True)
class Chain:
    """Names of nodes from the Input to the Output."""

    names: tuple[str, ...]
    loops: Mapping[str, str] = field(default_factory=dict)  # name of neurons -> name of the matrix back to them


def chain_of(graph: Any, known: Sequence[str], *, loops: bool = False) -> Chain:
    """The chain of a graph; a branch, a loop that is not taken, a node that the chain misses are refused by name."""
    for name, node in graph.nodes.items():
        check_kind(name, type(node).__name__, known)
    edges = list(dict.fromkeys((source, target) for source, target in graph.edges))
    for name in (name for edge in edges for name in edge):
        if name not in graph.nodes:
            raise InputError(f"an edge names the node {name!r}, which is not there.")
    closing = _loops(graph, edges) if loops else {}
    edges = [edge for edge in edges if not set(edge) & set(closing.values())]
    following: dict[str, str] = {}
    for source, target in edges:
        if source in following or target in following.values():
            raise InputError(f"the edge from {source!r} to {target!r} makes a branch or a loop; only a chain is read.")
        following[source] = target
    starts = [name for name, node in graph.nodes.items() if type(node).__name__ == "Input"]
    if len(starts) != 1:
        raise InputError(f"a graph needs one node of kind Input; this one has {len(starts)}.")
    chain = starts
    while chain[-1] in following and len(chain) <= len(graph.nodes):
        chain.append(following[chain[-1]])
    missed = [name for name in graph.nodes if name not in chain and name not in closing.values()]
    if missed or type(graph.nodes[chain[-1]]).__name__ != "Output":
        raise InputError(f"the chain of nodes ends at {chain[-1]!r}; it must reach every node and end in an Output.")
    return Chain(tuple(chain), closing)


def _loops(graph: Any, edges: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Neurons by the matrix whose only edges lead from them and back to them."""

    def is_matrix(name: str) -> bool:
        return type(graph.nodes[name]).__name__ in MATRICES

    def n_edges(name: str) -> int:
        return sum(name in edge for edge in edges)

    pairs = [(source, target) for source, target in edges if is_matrix(target) and not is_matrix(source)]
    return {source: target for source, target in pairs if (target, source) in edges and n_edges(target) == 2}
