# classical_baselines/twins/scratch.py
"""Where the maps between layers lie in one static buffer: maps that are never needed together share their bytes.

A map lives from the layer that makes it to the last one that reads it. Maps are placed by size, the largest first, each
at the lowest place that no map living beside it has taken. A sum overwrites an addend that nothing else needs, since it
reads an element before it writes it. The input stays with the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from classical_baselines.twins.integer_graph import IntegerGraph, Sum, sources_of


@dataclass(frozen=True)
class Scratch:
    """The first byte of every map by the name of the layer that makes it, and how many bytes there are."""

    places: Mapping[str, int]
    n_bytes: int


@dataclass
class _Tenant:
    """Maps that follow one another in the same bytes."""

    names: list[str]
    n_bytes: int
    born: int  # the layer that makes the first
    dies: int  # the last layer that reads the last

    def meets(self, other: "_Tenant") -> bool:
        return self.born <= other.dies and other.born <= self.dies


def scratch_of(graph: IntegerGraph) -> Scratch:
    """The places of all maps of a graph."""
    last_read = {maps.name: number for number, layer in enumerate(graph.layers) for maps in sources_of(layer)}
    tenants: dict[str, _Tenant] = {}
    for number, layer in enumerate(graph.layers):
        if layer.result is None:
            continue
        name = layer.result.name
        dies = last_read.get(name, number)
        heir = None
        if isinstance(layer, Sum):
            addends = [tenants.get(maps.name) for maps in (layer.one, layer.other)]
            heir = next((tenant for tenant in addends if tenant is not None and tenant.dies == number), None)
        if heir is None:
            tenants[name] = _Tenant([name], layer.result.n_bytes, number, dies)
        else:
            heir.names.append(name)
            heir.dies = dies
            tenants[name] = heir
    placed: list[tuple[_Tenant, int]] = []
    distinct = list({id(tenant): tenant for tenant in tenants.values()}.values())
    for tenant in sorted(distinct, key=lambda one: -one.n_bytes):
        place = 0
        for first, n_bytes in sorted((first, other.n_bytes) for other, first in placed if tenant.meets(other)):
            if place + tenant.n_bytes <= first:
                break
            place = max(place, first + n_bytes)
        placed.append((tenant, place))
    places = {name: place for tenant, place in placed for name in tenant.names}
    return Scratch(places, max((place + tenant.n_bytes for tenant, place in placed), default=0))
