# studies/qft_speed.py
"""Is the QFT faster? Seconds to a power spectrum of N = 2**n samples, by an FFT and by a quantum Fourier transform.

    FFT       5 n N operations (radix 2: n N / 2 butterflies of 10), at so many a second
    QFT       shots * (repetition delay + reset + loading + gates + readout)
    gates     n Hadamards and n (n - 1) / 2 controlled phases of two CX, between any two qubits; 2 n - 3 rounds
    loading   free       no time at all: the amplitudes are there
              qram       n levels of routers, a two-qubit gate each, one after the other; what would have to hold the
                         samples and route to them does not exist, so it has a time here and never a price
              counted    N - n - 1 CX and N - 1 rotations, one after the other: exact preparation of real amplitudes
    shots     K / (2 pi error**2), error the expected total variation distance of the measured shares from p, and
              K = (sum sqrt(p (1 - p)))**2 over the values that are told apart: N - 1 for a flat spectrum of N values,
              19 for 20 bands of equal power, whatever N

E|share - p| = sqrt(2 p (1 - p) / (pi shots)) for many shots, by the normal law; half its sum is the expected distance.
No scheme of fewer than of the order of K / error**2 shots learns a distribution of K values (Canonne, arXiv
2002.11457). FFT: Cooley & Tukey, Mathematics of Computation 19, 297 (1965). QFT: Coppersmith, arXiv quant-ph/0201067.
Preparation: Mottonen et al., Quantum Information and Computation 5, 467 (2005). QRAM: Giovannetti, Lloyd & Maccone,
Physical Review Letters 100, 160501 (2008). Times of a shot: `superconducting_times.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.devices import load_device
from quantum.transpiled import ONE_QUBIT_GATE_SECONDS
from studies.circuit_energy import TIMES, Range

QUBITS = tuple(range(4, 31))
MOST_QUBITS = 64  # up to which a crossing is looked for
LOADINGS = ("free", "qram", "counted")
N_BANDS = 20
OPERATIONS_PER_SECOND = Range(1e9, 1e10, 1e11)  # of an FFT on one core: assumed, a tenth to ten times the middle
TWO_QUBIT_ERROR = "q.torino.2q-error"  # rows of `ibm-snapshots`
COHERENCE = "q.torino.t2"


@dataclass(frozen=True)
class Task:
    """What is to be known of the spectrum."""

    name: str
    title: str


TASKS = (
    Task("spectrum", "every value of a flat spectrum"),
    Task("bands", f"{N_BANDS} bands of equal power"),
)


def fft_operations(n_qubits: int) -> float:
    """Real operations of a complex radix-2 transform of 2**n_qubits values."""
    return 5.0 * n_qubits * 2**n_qubits


def fft_seconds(n_qubits: int) -> Range:
    """From the fastest to the slowest core."""
    rate = OPERATIONS_PER_SECOND
    operations = fft_operations(n_qubits)
    return Range(operations / rate.high, operations / rate.mid, operations / rate.low)


def two_qubit_gates(n_qubits: int, loading: str) -> float:
    """CX of a shot, or gates between two routers; of the assumed memory those of its levels."""
    loaded = {"free": 0.0, "qram": float(n_qubits), "counted": float(2**n_qubits - n_qubits - 1)}
    return n_qubits * (n_qubits - 1) + loaded[_checked(loading)]


def values_told_apart(task: str, n_qubits: int) -> float:
    """K: by how many values the error of a share adds up."""
    if task not in {one.name for one in TASKS}:
        raise InputError(f"No task is called {task!r}. Choose one of: {', '.join(one.name for one in TASKS)}.")
    if task == "spectrum":
        return 2.0**n_qubits - 1
    return min(2.0**n_qubits, N_BANDS) - 1


def shots_for(n_values: float, error: float) -> float:
    """Shots for an expected total variation distance, where `n_values` are K."""
    if not 0 < error < 1:
        raise InputError(f"error is a total variation distance between 0 and 1; got {error}.")
    return max(1.0, n_values / (2 * pi * error**2))


def shot_seconds(n_qubits: int, loading: str) -> Range:
    """One shot, each time at its low, nominal and high end."""
    times = load_device(TIMES)
    delay, reset, readout, gate = (
        times.row(f"q.sc.time.{part}") for part in ("repetition-delay", "reset", "readout", "gates")
    )
    loading = _checked(loading)
    # A round of phases is two CX; the Hadamards stand between the rounds.
    rounds = (
        2 * max(2 * n_qubits - 3, 0) + {"free": 0, "qram": n_qubits, "counted": 2**n_qubits - n_qubits - 1}[loading]
    )
    turns = n_qubits + (2**n_qubits - 1 if loading == "counted" else 0)
    ends = []
    for end in ("low", "nominal", "high"):
        two_qubit = getattr(gate, end)
        one_qubit = ONE_QUBIT_GATE_SECONDS * two_qubit / gate.nominal
        fixed = getattr(delay, end) + getattr(reset, end) + getattr(readout, end)
        ends.append(fixed + rounds * two_qubit + turns * one_qubit)
    return Range(*ends)


def qft_seconds(task: str, n_qubits: int, loading: str, error: float) -> Range:
    """All shots of a task."""
    shots = shots_for(values_told_apart(task, n_qubits), error)
    return shot_seconds(n_qubits, loading).scaled(shots, shots, shots)


def crossing(task: str, loading: str, error: float) -> dict[str, int | None]:
    """The fewest qubits from which on the QFT takes less time up to MOST_QUBITS: with every time at its best for it and
    the slowest core, in the middle, and the other way round. None where there are none."""
    found: dict[str, int | None] = {}
    for name, ours, theirs in (("best", "low", "high"), ("middle", "mid", "mid"), ("worst", "high", "low")):
        faster = [
            getattr(qft_seconds(task, n, loading, error), ours) < getattr(fft_seconds(n), theirs)
            for n in range(1, MOST_QUBITS + 1)
        ]
        slower = [n for n, wins in enumerate(faster, start=1) if not wins]
        found[name] = None if not faster[-1] else max(slower, default=0) + 1
    return found


def share_without_error(n_qubits: int, loading: str) -> float:
    """Of shots in which no two-qubit gate fails, at the median error of Torino; of a QRAM its levels alone."""
    error = load_device("ibm-snapshots").row(TWO_QUBIT_ERROR).nominal
    return float(np.exp(two_qubit_gates(n_qubits, loading) * np.log1p(-error)))


def coherence_seconds() -> float:
    """T2 of Torino, median."""
    return load_device("ibm-snapshots").row(COHERENCE).nominal


def records(error: float, qubits: Sequence[int] = QUBITS) -> list[Mapping[str, str | float | int]]:
    """A row per task, loading and N: what figure and page are made of."""
    return [
        {
            "task": task.name,
            "n_qubits": n,
            "loading": loading,
            "shots": shots_for(values_told_apart(task.name, n), error),
            "qft_seconds_low": found.low,
            "qft_seconds": found.mid,
            "qft_seconds_high": found.high,
            "fft_seconds": fft_seconds(n).mid,
            "two_qubit_gates": two_qubit_gates(n, loading),
        }
        for task in TASKS
        for loading in LOADINGS
        for n in qubits
        for found in [qft_seconds(task.name, n, loading, error)]
    ]


def _checked(loading: str) -> str:
    if loading not in LOADINGS:
        raise InputError(f"No loading is called {loading!r}. Choose one of: {', '.join(LOADINGS)}.")
    return loading
