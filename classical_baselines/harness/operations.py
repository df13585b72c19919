# classical_baselines/harness/operations.py
"""Operation counts: what one clip costs, before any price is put on it.

A count is keyed by (stage, layer, operation) and is a mean per clip. Packages count; only
`pricing` turns counts into joules. An operation outside `OPERATIONS` is an error, never zero:
a free operation flatters a device.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

STAGES = ("front_end", "encoder", "network", "readout", "training")

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        # arithmetic in floating point
        "mac_fp32": "multiply and add, 32-bit float",
        "add_fp32": "add or subtract, 32-bit float",
        "multiply_fp32": "multiply, 32-bit float",
        "compare_fp32": "compare, maximum or select, 32-bit float",
        "transcendental_fp32": "logarithm, exponential, division, square root or trigonometric function, 32-bit float",
        # arithmetic in integers
        "mac_int8": "multiply and add, 8-bit operands into a 32-bit accumulator",
        "add_int32": "add, 32-bit integer (bias, residual sum, accumulation without a product)",
        "requantise_int32": "scale, round and clip of a 32-bit accumulator to an activation",
        "compare_int8": "compare, maximum or select, 8-bit integer",
        # memory traffic of the batch-1 inference
        "sram_bytes": "bytes moved between arithmetic and on-chip memory",
        "dram_bytes": "bytes moved between the chip and external memory",
        # spiking networks, from the spikes that really occurred
        "synaptic_operations": "one spike accumulated through one synapse",
        "neuron_updates_active": "update of a neuron in a step in which it received input or fired",
        "neuron_updates_inactive": "update of a neuron in a step in which it neither received input nor fired",
        "spikes_generated": "a neuron fired",
        "spikes_routed": "a spike message sent to one destination core, over hops that nobody counted",
        "messages_placed": "a spike message sent to one destination core, whose hops are counted",
        "hops_east_west": "a spike message passed on to the next tile of its row",
        "hops_north_south": "a spike message passed on to the next tile of its column",
        "spikes_in": "a spike or graded event brought onto the chip from outside",
        "chip_steps": "one synchronised time step of the chip",
        "chip_seconds": "time that the chip is powered for one clip",
        "state_resets": "clearing of all neuron state between two clips",
        # quantum circuits, after transpilation
        "gates_1q": "one-qubit gate executions: per circuit, times shots",
        "gates_2q": "two-qubit gate executions: per circuit, times shots",
        "measurements": "qubit measurements: per circuit, times shots",
        "shots": "repetitions of a circuit",
        "machine_seconds": "time that the quantum machine is occupied",
        # between devices
        "link_bits": "bits sent from one device to another",
    }
)

Key = tuple[str, str, str]


class UnknownOperationError(ValueError):
    """An operation or a stage that has no name here."""


@dataclass(frozen=True)
class OperationCounts:
    """Mean counts per clip, keyed by (stage, layer, operation)."""

    counts: Mapping[Key, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (stage, layer, operation), count in self.counts.items():
            if stage not in STAGES:
                raise UnknownOperationError(f"No stage is called {stage!r}. Choose one of: {', '.join(STAGES)}.")
            if operation not in OPERATIONS:
                known = ", ".join(sorted(OPERATIONS))
                raise UnknownOperationError(f"No operation is called {operation!r}. Choose one of: {known}.")
            if not 0 <= count < float("inf"):
                raise ValueError(f"A count must be finite and >= 0; {stage}/{layer}/{operation} is {count}.")
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))

    @classmethod
    def of(cls, stage: str, layer: str, **operations: float) -> "OperationCounts":
        """Counts of one layer: `OperationCounts.of("network", "head", mac_fp32=640)`."""
        return cls({(stage, layer, name): float(count) for name, count in operations.items()})

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, str, float]]) -> "OperationCounts":
        """The counts that `rows()` listed."""
        return cls({(stage, layer, operation): float(count) for stage, layer, operation, count in rows})

    def rows(self) -> list[tuple[str, str, str, float]]:
        """(stage, layer, operation, count), in order of entry: what the store keeps."""
        return [(*key, count) for key, count in self.counts.items()]

    def __iter__(self) -> Iterator[tuple[Key, float]]:
        return iter(self.counts.items())

    def __add__(self, other: "OperationCounts") -> "OperationCounts":
        """Sum by key; keys of either side are kept."""
        merged = dict(self.counts)
        for key, count in other.counts.items():
            merged[key] = merged.get(key, 0.0) + count
        return OperationCounts(merged)

    def scaled(self, factor: float) -> "OperationCounts":
        """Every count times `factor` (>= 0)."""
        return OperationCounts({key: count * factor for key, count in self.counts.items()})

    def total(self, operation: str, *, stage: str | None = None) -> float:
        """Sum of one operation over all layers, of one stage or of all."""
        if operation not in OPERATIONS:
            raise UnknownOperationError(f"No operation is called {operation!r}.")
        return sum(n for (s, _, o), n in self.counts.items() if o == operation and stage in (None, s))

    def stages(self) -> tuple[str, ...]:
        """The stages that have counts, in the order of the signal path."""
        present = {stage for stage, _, _ in self.counts}
        return tuple(stage for stage in STAGES if stage in present)
