# studies/literature_counts.py
"""Operations of the networks of published claims, from the few numbers that their sources give.

    dense       so many multiply-and-adds; weights of `bits`
    spiking     synaptic operations, neuron updates and spikes of `n_steps`; on a process that has no spikes, an
                addition per synaptic operation (a multiply-and-add where events are graded), and a multiply-and-add
                and a compare per neuron update
    circuit     shots of a machine, each as long as `studies.qft_speed` has it
    fourier     an FFT; its counts are those of the suite's engine
    patch-map   what a quanvolution of four qubits computes: an exact linear map of 81 products per patch

What nobody published is counted at both ends of what it can be: each end is a `Variant`, and a claim is judged over all
of them. Memory is counted on a process alone, at two ends for all networks alike:

    weights     each weight of a dense network is read once per run (once per multiply-and-add where `n_weights` is not
                given), each weight that an event meets once per event; states are read and written once per update;
                activations stay in registers
    operands    every operand comes from memory: 2 per multiply-and-add; a weight, and a sum read and written, per event

States and sums have 4 bytes. Batch 1 throughout. The networks of chips have their traffic inside the chip's prices.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from classical_baselines.harness.operations import OperationCounts
from studies.circuit_energy import fft_counts
from studies.qft_speed import LOADINGS, shot_seconds, shots_for, two_qubit_gates, values_told_apart

STATE_BYTES = 4
MEMORY = ("weights", "operands")

Bits = Literal[8, 32]
Count = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Variant:
    """The counts at one end of what is not known, and which end that is; "" where all is known."""

    name: str
    counts: OperationCounts


class _Network(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dense(_Network):
    """A network whose every weight counts."""

    kind: Literal["dense"]
    macs: Count  # per run
    n_weights: Count | None = None  # of a network that uses weights again: convolutions
    n_runs: int = Field(1, ge=1)  # per decision

    def variants(self, bits: Bits, memory: str) -> list[Variant]:
        """One."""
        n, n_bytes = self.macs * self.n_runs, bits // 8
        read = (self.n_weights or self.macs) * self.n_runs if memory == "weights" else 2 * n
        counts = {"mac_int8" if bits == 8 else "mac_fp32": n, "sram_bytes": n_bytes * read}
        return [Variant("", OperationCounts.of("network", "all", **counts))]


class Spiking(_Network):
    """A network of events, per decision."""

    kind: Literal["spiking"]
    n_synapses: Count | None = None  # of which a share `rates` is active in each step
    synaptic_operations: Count | None = None  # or their sum, where it was published
    n_neurons: int | None = Field(None, ge=1)  # None: not published, and their updates are left out
    n_inputs: int = Field(0, ge=0)
    n_steps: int | None = Field(None, ge=1)
    rates: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(min_length=1)  # spikes per neuron and step
    measured_seconds: Count | None = None  # of a decision, beside the steps' own time
    graded: bool = False

    def on_chip(self) -> list[Variant]:
        """For each rate, and each way to know the time."""
        found = []
        for rate in self.rates:
            updates = float((self.n_neurons or 0) * (self.n_steps or 0))
            events = {"mac_int8" if self.graded else "synaptic_operations": self._events(rate)}
            spikes = {
                "neuron_updates_active": updates,
                "spikes_generated": updates * rate,
                "spikes_routed": updates * rate,
                "spikes_in": self.n_inputs * (self.n_steps or 0) * rate,
                "state_resets": 1.0,
            }
            times = [("", {"chip_steps": float(self.n_steps)})] if self.n_steps else [("", {})]
            if self.measured_seconds:
                times = [("at the time of a step", times[0][1])]
                times.append(("at the measured time", {"chip_seconds": self.measured_seconds}))
            for name, time in times:
                words = ", ".join(part for part in (self._rate_text(rate), name) if part)
                found.append(Variant(words, OperationCounts.of("network", "all", **events, **spikes, **time)))
        return found

    def variants(self, bits: Bits, memory: str) -> list[Variant]:
        """On a process: for each rate."""
        found = []
        for rate in self.rates:
            events, updates = self._events(rate), float((self.n_neurons or 0) * (self.n_steps or 0))
            add, mac, compare = (
                ("add_int32", "mac_int8", "compare_int8") if bits == 8 else ("add_fp32", "mac_fp32", "compare_fp32")
            )
            per_event = bits // 8 + (0 if memory == "weights" else 2 * STATE_BYTES)
            counts = {add: 0.0 if self.graded else events, mac: updates + (events if self.graded else 0.0)}
            counts |= {compare: updates, "sram_bytes": events * per_event + updates * 2 * STATE_BYTES}
            found.append(Variant(self._rate_text(rate), OperationCounts.of("network", "all", **counts)))
        return found

    def _events(self, rate: float) -> float:
        if self.synaptic_operations is not None:
            return self.synaptic_operations
        return (self.n_synapses or 0.0) * (self.n_steps or 1) * rate

    def _rate_text(self, rate: float) -> str:
        return f"{100 * rate:g} % spikes" if len(self.rates) > 1 else ""


class Circuit(_Network):
    """A circuit on a superconducting machine, per decision; its gates are those of a QFT, or none at all."""

    kind: Literal["circuit"]
    n_qubits: int = Field(ge=1, le=30)
    n_circuits: int = Field(1, ge=1)
    error: float | None = Field(None, gt=0, lt=1)  # of 20 bands: says the shots of a QFT
    shots: tuple[int, ...] = ()  # or these; the circuit is then charged for no gate
    loadings: tuple[Literal["free", "qram", "counted"], ...] = ("free",)

    def variants(self) -> list[Variant]:
        """For each way to load, number of shots and end of the times of a shot."""
        found = []
        shots = [float(n) for n in self.shots]
        if self.error is not None:
            shots = [max(1.0, round(shots_for(values_told_apart("bands", self.n_qubits), self.error)))]
        for loading in self.loadings if self.error is not None else LOADINGS[:1]:
            seconds = shot_seconds(self.n_qubits if self.error is not None else 0, loading)
            n_gates = two_qubit_gates(self.n_qubits, loading) if self.error is not None else 0.0
            for n in shots:
                for end in ("low", "high"):
                    total = n * self.n_circuits
                    counts = OperationCounts.of(
                        "network",
                        "circuit",
                        gates_2q=total * n_gates,
                        shots=total,
                        measurements=total * self.n_qubits,
                        machine_seconds=total * getattr(seconds, end),
                    )
                    parts = (f"loading {loading}" if self.error is not None else "", f"{n:,.0f} shots of {end} time")
                    found.append(Variant(", ".join(filter(None, parts)), counts))
        return found


class Fourier(_Network):
    """An FFT of 2**n_qubits values."""

    kind: Literal["fourier"]
    n_qubits: int = Field(ge=1, le=30)

    def variants(self) -> list[Variant]:
        """One."""
        return [Variant("", fft_counts(self.n_qubits))]


class PatchMap(_Network):
    """A map of 2 x 2 patches: of the 81 products of (1, cos, sin) of four values, or of the values themselves."""

    kind: Literal["patch-map"]
    n_patches: int = Field(ge=1)
    n_outputs: int = Field(4, ge=1)
    products: bool  # False: a convolution

    def variants(self) -> list[Variant]:
        """One. Two pairs of values give 4 products each, which are not 1 times a value, and the pairs 64 of theirs."""
        n = self.n_patches
        if not self.products:
            return [Variant("", OperationCounts.of("network", "all", mac_fp32=n * 4.0 * self.n_outputs))]
        counts = {"transcendental_fp32": n * 8.0, "multiply_fp32": n * 72.0, "mac_fp32": n * 81.0 * self.n_outputs}
        return [Variant("", OperationCounts.of("network", "all", **counts))]


Network = Annotated[Dense | Spiking | Circuit | Fourier | PatchMap, Field(discriminator="kind")]


def variants(
    network: Dense | Spiking | Circuit | Fourier | PatchMap, *, bits: Bits, memory: str, on_chip: bool
) -> list[Variant]:
    """The counts of a network where it stands: on a chip with spikes of its own, or on a process of `bits`."""
    if isinstance(network, Spiking):
        return network.on_chip() if on_chip else network.variants(bits, memory)
    return network.variants(bits, memory) if isinstance(network, Dense) else network.variants()
