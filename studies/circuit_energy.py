# studies/circuit_energy.py
"""What a decision takes on a superconducting processor, low, mid and high, beside the FFT that its QFT stands for.

    joules = power * counted seconds        of the whole machine, of a share by qubits, or marginal, which is per qubit
    low    every time and the power at its low end; high: every one at its high end; mid: all nominal

    whole      the machine is there for the task alone: amortised, nothing is left out but the host
    share      qubits in use over qubits on the chip of the whole: a bound from below where others use the rest
    marginal   control electronics of the qubits in use: the machine is on anyway, and cooled anyway

The budgets of the report draw prices and take the counted seconds as they are; here the times of a shot have their
range too (`superconducting_times.toml`), since the repetition delay alone goes from nothing to twice the default. The
FFT is one over all amplitudes of the circuit, complex, radix 2, priced like any arithmetic on a classical device.

Shots that read the readout's errors, on basis states, are shots too: their seconds go up and down as the delay, the
reset and the readout of the run do. Counted is the share of one clip of the run; more clips behind one calibration, or
a calibration for every clip, are other runs.

Amplitudes are loaded by a circuit whose angles the host finds for every clip, which no cell counts:
`preparation_counts` are that arithmetic, `preparation_joules` its price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log10

from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.devices import load_device
from classical_baselines.harness.operations import OperationCounts
from quantum.circuits.circuit import Circuit, Fourier
from quantum.operations import simulation_operations
from studies.budgets import energy_rows
from studies.results import Row

TIMES = "superconducting-times"
SCALED_BY: Mapping[str, str] = {  # layer of counted seconds -> row of the times
    "repetition-delay": "q.sc.time.repetition-delay",
    "reset": "q.sc.time.reset",
    "measurement": "q.sc.time.readout",
    "feed-forward": "q.sc.time.feed-forward",
    "state-preparation": "q.sc.time.gates",
    "circuit": "q.sc.time.gates",
}
CALIBRATION = "readout-calibration"  # the layer of shots that read basis states
OF_A_CALIBRATION = ("repetition-delay", "reset", "measurement")  # what such a shot takes, beside an X gate a qubit
VIEWS = {
    "whole": "superconducting-qpu",
    "share": "superconducting-qpu-share",
    "marginal": "superconducting-qpu-marginal",
}
FFT_DEPLOYMENTS = ("cmos-45nm-fp32", "cortex-m4")  # operations alone, and all-in on a microcontroller


@dataclass(frozen=True)
class Range:
    """A quantity, low, mid and high."""

    low: float
    mid: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.mid + other.mid, self.high + other.high)

    def scaled(self, low: float, mid: float, high: float) -> "Range":
        """Every end times the same end of a factor."""
        return Range(self.low * low, self.mid * mid, self.high * high)


@dataclass(frozen=True)
class CircuitEnergy:
    """Of one decision."""

    n_qubits: int
    n_shots: float
    seconds: Range  # of the machine
    parts: Mapping[str, float]  # mid seconds, by layer
    joules: Mapping[str, Range]  # by view
    fft_joules: Mapping[str, float]  # by deployment, nominal

    def orders_of_magnitude(self, view: str, deployment: str) -> Range:
        """log10 of the circuit's joules over the FFT's."""
        fft = self.fft_joules[deployment]
        energy = self.joules[view]
        return Range(log10(energy.low / fft), log10(energy.mid / fft), log10(energy.high / fft))


def circuit_energy(row: Row) -> CircuitEnergy | None:
    """Of a row whose run was paid as a processor's; None where it has no seconds of a machine."""
    return energy_of_counts(row.counts, row.clip_seconds)


def energy_of_counts(counts: OperationCounts, clip_seconds: float = 1.0) -> CircuitEnergy | None:
    """Of counts in which a machine is occupied; None where it is not."""
    parts: dict[str, float] = {}
    for (_, layer, operation), seconds in counts:
        if operation == "machine_seconds":
            parts[layer] = parts.get(layer, 0.0) + seconds
    n_shots = counts.total("shots")
    if not parts or not n_shots:
        return None
    n_qubits = round(counts.total("measurements") / n_shots)
    ends = {layer: _with_ends(layer, seconds) for layer, seconds in parts.items()}
    if CALIBRATION in parts:
        of_run = sum((ends[layer] for layer in OF_A_CALIBRATION if layer in ends), Range(0.0, 0.0, 0.0))
        if of_run.mid:
            ends[CALIBRATION] = ends[CALIBRATION].scaled(of_run.low / of_run.mid, 1.0, of_run.high / of_run.mid)
    total = sum(ends.values(), Range(0.0, 0.0, 0.0))
    return CircuitEnergy(
        n_qubits=n_qubits,
        n_shots=n_shots,
        seconds=total,
        parts=parts,
        joules={view: _joules(view, n_qubits, total) for view in VIEWS},
        fft_joules=fft_joules(n_qubits, clip_seconds),
    )


def _with_ends(layer: str, seconds: float) -> Range:
    """Counted seconds of a layer as its row of the times has them, low and high; as they are where it has no row."""
    if layer not in SCALED_BY:
        return Range(seconds, seconds, seconds)
    row = load_device(TIMES).row(SCALED_BY[layer])
    return Range(seconds, seconds, seconds).scaled(row.low / row.nominal, 1.0, row.high / row.nominal)


def preparation_counts(n_qubits: int) -> OperationCounts:
    """What a host computes to load 2**n_qubits real amplitudes: the 2**n - 1 angles of `real_state_angles`.

    2**n known signs; of each pair of moduli, level by level, an arc tangent, doubled, and but for the last pair the
    root of a sum of two squares; of the 2**k angles of level k a Walsh-Hadamard transform, k 2**k additions, scaled.
    """
    n = 2**n_qubits
    n_pairs = n - 1
    n_additions = (n_qubits - 2) * n + 2  # sum of k 2**k for k below n_qubits
    return OperationCounts.of(
        "network",  # priced by itself, as the FFT is
        "preparation-angles",
        transcendental_fp32=n_pairs + (n_pairs - 1),
        multiply_fp32=n + n_pairs + 2 * (n_pairs - 1) + n_pairs,
        add_fp32=(n_pairs - 1) + n_additions,
        sram_bytes=4 * (2 * n + 3 * n_pairs + 2 * n_additions),
    )


def preparation_joules(n_qubits: int, clip_seconds: float = 1.0) -> float | None:
    """Nominal joules of the angles of one clip on a Cortex-M4; None where it has no price for them."""
    return _nominal_joules(preparation_counts(n_qubits), ("cortex-m4",), clip_seconds).get("cortex-m4")


def fft_joules(n_qubits: int, clip_seconds: float = 1.0) -> dict[str, float]:
    """Nominal joules of one FFT over 2**n_qubits values, on each classical deployment."""
    return _nominal_joules(fft_counts(n_qubits), FFT_DEPLOYMENTS, clip_seconds)


def _nominal_joules(counts: OperationCounts, names: tuple[str, ...], clip_seconds: float) -> dict[str, float]:
    """Of the operations alone, on each deployment that has a price for all of them."""
    rows = energy_rows(
        counts,
        names,
        clip_seconds,
        boundaries=("system",),
        scenarios=("saturated",),
        draws=CoefficientDraws(n_draws=2),
    )
    return {row.deployment: row.nominal_joules for row in rows if row.nominal_joules is not None}


def fft_counts(n_qubits: int) -> OperationCounts:
    """Of a complex transform of 2**n_qubits values."""
    return simulation_operations(Circuit(n_qubits, (Fourier(0, n_qubits),)))


def power_of(view: str) -> Range:
    """Watts of a view: of the whole machine, or of each qubit in use."""
    device = load_device(VIEWS[view])
    (row,) = device.rows("machine_seconds" if view == "whole" else "qubit_seconds")
    power = _ends(row)
    if row.of:
        base = _ends(device.row(row.of))
        power = power.scaled(base.low, base.mid, base.high)
    return power


def shot_time(layer: str) -> Range:
    """Seconds of a part of a shot, by its layer of counted seconds: what its row of the times says."""
    return _ends(load_device(TIMES).row(SCALED_BY[layer]))


def _joules(view: str, n_qubits: int, seconds: Range) -> Range:
    """Power of a view, of all its qubits, times the seconds."""
    power = power_of(view)
    n = 1 if view == "whole" else n_qubits
    return seconds.scaled(n * power.low, n * power.mid, n * power.high)


def _ends(row: Coefficient) -> Range:
    return Range(row.low, row.nominal, row.high)
