# studies/qft_speed_page.py
"""The page docs/results/is-the-qft-faster.md, computed anew: `trichord is-the-qft-faster` prints it."""

import textwrap
from collections.abc import Iterator, Sequence

from quantum.circuits.circuit import Circuit, Fourier
from quantum.machine_time import REPETITION_DELAY_SECONDS, ShotTimes
from quantum.mitigation.zero_noise import FEWEST_FACTORS, MOST_FACTORS
from quantum.operations import processor_operations
from quantum.transpiled import circuit_cost
from studies.circuit_energy import TIMES, CircuitEnergy, Range, energy_of_counts, power_of, shot_time
from studies.qft_speed import (
    LOADINGS,
    MOST_QUBITS,
    N_BANDS,
    OPERATIONS_PER_SECOND,
    TASKS,
    coherence_seconds,
    crossing,
    fft_seconds,
    qft_seconds,
    share_without_error,
    shot_seconds,
    shots_for,
    two_qubit_gates,
    values_told_apart,
)
from studies.tables import markdown_table
from studies.wording import joules_text

PAGE_WIDTH = 116
ERROR = 0.05  # total variation distance
SHOWN = (4, 8, 10, 12, 16, 20, 24, 30)
ERRORS = (0.2, 0.1, 0.05, 0.02, 0.01)
COUNTED = (4, 6, 8)  # qubits whose circuits are transpiled: more take minutes
SPOKEN_PARTS = {"repetition-delay": "repetition delay", "reset": "reset", "measurement": "readout"}
SPOKEN = {"free": "loading free", "qram": "assumed QRAM", "counted": "loading counted"}


def qft_speed_page(error: float = ERROR) -> str:
    """The whole page, in Markdown."""
    return "\n".join([*_preface(error), *_seconds(error), *_crossings(error), *_shots(), *_circuits(), *_energy(error)])


def _preface(error: float) -> Iterator[str]:
    yield f"""\
# Is the QFT faster?

`trichord is-the-qft-faster` computes this page anew, and the figure with `--out`. The question is a review's claim
that quantum Fourier transforms give spectra exponentially faster. The claim compares n (n + 1) / 2 gates on n
qubits with 5 n N operations on N = 2^n numbers. That is true of the gates, and leaves out both ends: the samples
must become amplitudes, and what is measured is one random frequency a shot, not a spectrum. Here both ends are
counted, under three assumptions on loading, for two tasks, at an expected total variation distance of {error:g}
between the measured and the true spectrum.

{_answer(error)}

![Seconds of FFT and QFT](is-the-qft-faster/is_the_qft_faster.svg)
"""


def _answer(error: float) -> str:
    whole, bands, counted = (
        crossing(task, loading, error)
        for task, loading in (("spectrum", "free"), ("bands", "free"), ("bands", "counted"))
    )
    slower = qft_seconds("spectrum", 8, "free", error).mid / fft_seconds(8).mid
    parts = []
    if whole["best"] is None:
        parts.append(
            "Not for a whole spectrum, at any length, even if loading takes no time: shots grow with the values that "
            f"are to be told apart, and at N = 256 the QFT takes {slower / 1e6:.2g} million times as long as one core."
        )
    if bands["middle"] is not None:
        parts.append(
            "For twenty bands the shots do not grow with N, so a QFT whose samples are loaded for nothing is ahead "
            f"from N = 2^{bands['middle']} on (2^{bands['best']} with every time at its best, 2^{bands['worst']} at "
            "its worst); frames of audio have 2^8 to 2^12 samples."
        )
    if counted["best"] is None:
        parts.append("Where loading is counted it is ahead at no length, under any assumption here.")
    return textwrap.fill("**The answer.** " + " ".join(parts), PAGE_WIDTH)


def _seconds(error: float) -> Iterator[str]:
    rate = OPERATIONS_PER_SECOND
    for task in TASKS:
        yield f"## Seconds to {task.title}\n"
        header = (
            "N",
            "shots",
            f"FFT, {_billions(rate.mid)} operations a second",
            *(f"QFT, {SPOKEN[name]}" for name in LOADINGS),
        )
        rows = []
        for n in SHOWN:
            shots = shots_for(values_told_apart(task.name, n), error)
            cells = [_range(qft_seconds(task.name, n, name, error)) for name in LOADINGS]
            rows.append((f"2^{n}", f"{shots:,.0f}", _range(fft_seconds(n)), *cells))
        yield "\n".join(markdown_table(header, rows)) + "\n"
    parts = ("repetition-delay", "reset", "measurement")
    times = "; ".join(
        f"{SPOKEN_PARTS[part]} {', '.join(map(_number, (ends.low * 1e6, ends.mid * 1e6, ends.high * 1e6)))} µs"
        for part in parts
        for ends in [shot_time(part)]
    )
    gate = shot_time("circuit")
    yield textwrap.fill(
        f"Low to high: every time of a shot at its low or its high end (`{TIMES}`: {times}; two-qubit gate "
        f"{_number(gate.low * 1e9)} to {_number(gate.high * 1e9)} ns), and a core of {_billions(rate.high)} down to "
        f"{_billions(rate.low)} operations a second, which is assumed. The assumed QRAM passes n levels of routers, "
        "one gate each. It has a time and no price: N routers would have to exist, be written (N writes, where the "
        "FFT needs 5 n N operations) and be kept coherent.",
        PAGE_WIDTH,
    )
    yield ""


def _crossings(error: float) -> Iterator[str]:
    yield "## From which length on the QFT takes less time\n"
    rows = []
    for task in TASKS:
        for loading in LOADINGS:
            found = crossing(task.name, loading, error)
            cells = ["none" if n is None else f"2^{n}" for n in (found["best"], found["middle"], found["worst"])]
            rows.append((task.title, SPOKEN[loading], *cells))
    header = ("task", "loading", "all at best for the QFT", "in the middle", "all at worst")
    yield "\n".join(markdown_table(header, rows)) + "\n"
    yield f"""\
Lengths up to 2^{MOST_QUBITS} were looked at. A classical machine whose samples lay in a memory for nothing would
not read all of them either: the strongest k lines are found in O(k log N) operations (Hassanieh et al., STOC 2012,
arXiv 1201.2501). So the crossing of the bands is one with a full FFT, and no more.
"""


def _shots() -> Iterator[str]:
    yield "## Shots for an error\n"
    header = ("expected total variation distance", *(f"flat, N = 2^{n}" for n in (8, 10, 12, 20)), "20 bands")
    rows = [
        (
            f"{error:g}",
            *(f"{shots_for(values_told_apart('spectrum', n), error):,.0f}" for n in (8, 10, 12, 20)),
            f"{shots_for(values_told_apart('bands', 20), error):,.0f}",
        )
        for error in ERRORS
    ]
    yield "\n".join(markdown_table(header, rows)) + "\n"
    yield """\
Shots = K / (2 π error²), K = (Σ √(p (1 − p)))². A flat spectrum is the worst: of one with few strong lines K is
near their number, and speech lies between. No measurement of single outcomes does with fewer in order (Canonne,
arXiv 2002.11457). The norm of the frame is lost in the state, a real frame's spectrum is measured twice (at k and N
− k), and phases are not measured at all.
"""


def _circuits() -> Iterator[str]:
    yield "## What a shot runs, counted\n"
    header = (
        *("N", "two-qubit gates: loading", "QFT", "seconds of gates", "shots without a failing gate"),
        "seconds of gates over T2",
    )
    rows = []
    for n in COUNTED:
        cost = circuit_cost(Circuit(n, (Fourier(0, n),)), "all-to-all")
        seconds = cost.preparation.seconds + cost.circuit.seconds
        rows.append(
            (
                f"2^{n}",
                f"{cost.preparation.n_gates_2q} (closed form {two_qubit_gates(n, 'counted') - n * (n - 1):,.0f})",
                f"{cost.circuit.n_gates_2q} (closed form {n * (n - 1)})",
                _seconds_text(seconds),
                _percent(share_without_error(n, "counted")),
                f"{seconds / coherence_seconds():.2g}",
            )
        )
    for n in (10, 12, 16):
        gates = shot_seconds(n, "counted").mid - shot_seconds(0, "free").mid
        rows.append(
            (
                f"2^{n}",
                f"closed form {two_qubit_gates(n, 'counted') - n * (n - 1):,.0f}",
                f"closed form {n * (n - 1)}",
                f"{_seconds_text(gates)}, one after the other",
                _percent(share_without_error(n, "counted")),
                f"{gates / coherence_seconds():.2g}",
            )
        )
    yield "\n".join(markdown_table(header, rows)) + "\n"
    yield """\
Transpiled between any two qubits (optimisation level 2, fixed seed); on a chip's coupling there are more. Error and
T2 are medians of IBM Torino. Above the times of this page nothing is charged for errors: seconds and joules are
those of a machine that makes none.
"""


def _energy(error: float) -> Iterator[str]:
    yield "## Joules\n"
    header = (
        *(
            "N",
            "shots",
            "whole machine",
            "share by qubits",
            "marginal",
            "FFT, Cortex-M4",
            "FFT, 45 nm, operations alone",
        ),
        "orders of magnitude, marginal to whole, over the Cortex-M4",
    )
    rows = []
    for n in COUNTED:
        shots = max(1, round(shots_for(values_told_apart("bands", n), error)))
        for title, found in _priced(n, shots):
            spans = [found.orders_of_magnitude(view, "cortex-m4") for view in ("marginal", "whole")]
            rows.append(
                (
                    f"2^{n}, {title}",
                    f"{shots:,}",
                    *(_joules(found.joules[view]) for view in ("whole", "share", "marginal")),
                    joules_text(found.fft_joules["cortex-m4"]),
                    joules_text(found.fft_joules["cmos-45nm-fp32"]),
                    f"{spans[0].mid:.1f} to {spans[1].mid:.1f} [{spans[0].low:.1f}, {spans[1].high:.1f}]",
                )
            )
    yield "\n".join(markdown_table(header, rows)) + "\n"
    whole, marginal = power_of("whole"), power_of("marginal")
    kilowatts = ", ".join(_number(watts / 1e3) for watts in (whole.low, whole.mid, whole.high))
    yield textwrap.fill(
        f"Of {N_BANDS} bands at an error of {error:g}; power times shots times what a shot takes "
        f"([energy.md](../energy.md)): {kilowatts} kW for the whole machine, qubits in use over qubits on the chip of "
        f"it, or {_number(marginal.low)} to {_number(marginal.high)} W of control electronics per qubit where the "
        "machine is on anyway. At the default delay, delay and shots are most of it: a transform without any gate "
        "would cost nearly the same. The host that compiles, binds and counts is left out, and no error is mitigated; "
        f"{FEWEST_FACTORS} to {MOST_FACTORS} levels of noise would multiply the shots.",
        PAGE_WIDTH,
    )
    yield ""


def _priced(n_qubits: int, n_shots: int) -> Iterator[tuple[str, CircuitEnergy]]:
    cost = circuit_cost(Circuit(n_qubits, (Fourier(0, n_qubits),)), "heavy-hex")
    for title, delay in (
        (f"delay {_seconds_text(REPETITION_DELAY_SECONDS)}", REPETITION_DELAY_SECONDS),
        ("no delay", 0.0),
    ):
        found = energy_of_counts(processor_operations(cost, n_qubits, n_shots, times=ShotTimes(delay)))
        assert found is not None
        yield title, found


def _number(value: float) -> str:
    """`0.1`, `4`, `250`: one decimal where it is not 0."""
    return f"{value:.1f}".removesuffix(".0")


def _billions(number: float) -> str:
    return f"{number / 1e9:g} billion"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 1e-6 else "none"


def _range(found: Range) -> str:
    return f"{_seconds_text(found.mid)} [{_seconds_text(found.low)}, {_seconds_text(found.high)}]"


def _joules(found: Range) -> str:
    return f"{joules_text(found.mid)} [{joules_text(found.low)}, {joules_text(found.high)}]"


def _seconds_text(seconds: float) -> str:
    """`4.1 ms`, `3.2 h`, `2,400 years`."""
    units: Sequence[tuple[float, str]] = (
        *((86_400 * 365.25, "years"), (86_400, "days"), (3600, "h"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")),
        (1e-9, "ns"),
    )
    scale, unit = next(((scale, unit) for scale, unit in units if seconds >= 0.9995 * scale), (1e-9, "ns"))
    value = seconds / scale
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2g} {unit}"
