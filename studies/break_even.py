# studies/break_even.py
"""Where two energies meet: the value of a quantity at which A's nominal energy equals B's, and how sure that is.

The quantity is varied over a range, everything else stays as it was counted; it belongs to A where A has it, else to B.
Over each of the shared draws of the prices the crossing is found again; the interval is from 5 to 95 % of those.

    spike_rate     Spikes per hidden neuron and step. All spikes are scaled by one factor
                   s = rate / present rate, those of the encoder too: synaptic operations, spikes generated, routed and
                   brought in, graded multiplications. Updates stay as many; of each layer the share that meets no
                   spike becomes share^s, as it does where spikes arrive independently. Steps and seconds stay.
    bits           Width of the operands of a multiply-and-add. Its price follows m (b / 8)^p + a (b / 8)^q, power laws
                   through the 8- and the 32-bit rows of Horowitz (ISSCC 2014): multiplication 0.2 and 3.1 pJ, addition
                   0.03 and 0.1 pJ at 45 nm. Bytes moved by the network are proportional to b. Below 8 bits this
                   extrapolates. All-in prices of a chip do not follow it and are refused.
    shots          Gates, measurements, shots, seconds of the machine and the tally of outcomes are proportional to it.
                   Accuracy is not: fewer shots read less.
    a coefficient  Its value in place of its nominal value and of its draws, in every device that holds it.

Energies are piecewise linear in all but the bits, so a crossing between two points of the grid is interpolated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Draws
from classical_baselines.harness.operations import OperationCounts
from studies.what_if import Replaced, Side, coefficients_of

QUANTITIES = ("spike_rate", "bits", "shots")
N_POINTS = 193
PICOJOULES_45NM = {"multiply": (0.2, 3.1), "add": (0.03, 0.1)}  # at 8 and 32 bits: Horowitz, ISSCC 2014
BY_SPIKES = (
    *("synaptic_operations", "mac_int8", "spikes_generated", "spikes_routed", "spikes_in"),
    *("messages_placed", "hops_east_west", "hops_north_south"),
)
BY_SHOTS = ("gates_1q", "gates_2q", "measurements", "shots", "machine_seconds")
READOUT = "readout"  # the layer whose potential is read: it does not fire
LOWEST_RATE = 1e-5
MOST_SHOTS = 1e6


@dataclass(frozen=True, eq=False)
class Quantity:
    """What is varied, on which sides, and how far."""

    name: str
    unit: str
    rule: str  # the model, in a sentence
    present: float
    low: float
    high: float
    of: str  # "A", "B" or "both"
    at: Callable[[Side, float], Side]  # the side with the quantity at a value
    coefficient: str = ""  # id, where the quantity is one


@dataclass(frozen=True)
class BreakEven:
    """The crossing, if there is one."""

    quantity: str
    unit: str
    rule: str
    of: str
    present: float
    range_low: float
    range_high: float
    crossings: tuple[float, ...]  # of the nominal energies, ascending; none where they do not meet within the range
    low: float | None  # 5 % of the draws that cross within the range; None where none does
    high: float | None  # 95 %
    share_of_draws: float  # that cross within the range
    less_below: str  # "A", "B" or "neither": who uses less at the low end of the range
    less_above: str
    a_joules: tuple[float, float]  # nominal, at both ends of the range
    b_joules: tuple[float, float]


def break_even(a: Side, b: Side, over: str, draws: CoefficientDraws) -> BreakEven:
    """Where A's energy equals B's, over a quantity by name or by the id of a coefficient."""
    quantity = quantity_of(a, b, over)
    points = np.geomspace(quantity.low, quantity.high, N_POINTS)
    difference = np.array([_difference(a, b, quantity, value, draws) for value in points])  # [point, 1 + draw]
    first = _first_crossings(points, difference)
    crossed = first[1:][np.isfinite(first[1:])]
    low, high = np.quantile(crossed, (0.05, 0.95)).tolist() if crossed.size else (None, None)
    return BreakEven(
        quantity=quantity.name,
        unit=quantity.unit,
        rule=quantity.rule,
        of=quantity.of,
        present=quantity.present,
        range_low=quantity.low,
        range_high=quantity.high,
        crossings=tuple(_refined(a, b, quantity, points, difference[:, 0])),
        low=low,
        high=high,
        share_of_draws=float(crossed.size / draws.n_draws),
        less_below=_less(difference[0, 0]),
        less_above=_less(difference[-1, 0]),
        a_joules=_ends(a, "A", quantity),
        b_joules=_ends(b, "B", quantity),
    )


def quantity_of(a: Side, b: Side, over: str) -> Quantity:
    """The quantity called `over`, on the side that has it."""
    if over == "spike_rate":
        who, side = _owner(a, b, "synaptic_operations", over)
        return _spike_rate(side, who)
    if over == "bits":
        who, side = _owner(a, b, "mac_int8", over)
        return _bits(side, who)
    if over == "shots":
        who, side = _owner(a, b, "shots", over)
        return _shots(side, who)
    return _coefficient(a, b, over)


def at_spike_rate(counts: OperationCounts, factor: float) -> OperationCounts:
    """The counts, had every spike of them occurred `factor` times as often."""
    changed = dict(counts.counts)
    for (stage, layer, operation), count in counts:
        if stage != "network":
            continue
        if operation in BY_SPIKES:
            changed[stage, layer, operation] = count * factor
        if operation == "neuron_updates_active":
            silent = counts.counts.get((stage, layer, "neuron_updates_inactive"), 0.0)
            total = count + silent
            still = total * (silent / total) ** factor if total else 0.0
            changed[stage, layer, "neuron_updates_active"] = total - still
            changed[stage, layer, "neuron_updates_inactive"] = still
    return OperationCounts(changed)


def spike_rate_of(counts: OperationCounts) -> float:
    """Spikes per neuron and step, mean over the hidden neurons, those of silent layers too.

    A run that was mapped to cores also counts updates in steps in which a layer waits for others: they are taken out.
    """
    layers = _hidden_layers(counts)
    updates = sum(of_layer[1] for of_layer in layers.values())
    return sum(of_layer[0] for of_layer in layers.values()) / updates if updates else 0.0


def _hidden_layers(counts: OperationCounts) -> dict[str, tuple[float, float]]:
    """(spikes, updates within the steps of the clip) of each layer below the readout."""
    kinds = ("neuron_updates_active", "neuron_updates_inactive")
    every = [layer for (stage, layer, operation), _ in counts if (stage, operation) == ("network", "spikes_generated")]
    n_steps = counts.counts.get(("network", "chip", "chip_steps"), 0.0)
    is_mapped = any(operation == "messages_placed" for (_, _, operation), _ in counts)
    share = (n_steps - len(every) + 1) / n_steps if is_mapped and n_steps else 1.0
    return {
        layer: (
            counts.counts["network", layer, "spikes_generated"],
            share * sum(counts.counts.get(("network", layer, kind), 0.0) for kind in kinds),
        )
        for layer in every
        if layer != READOUT
    }


def mac_factor(bits: float) -> float:
    """The price of an integer multiply-and-add of this width over that of 8 bits.

    >>> round(mac_factor(8), 3), round(mac_factor(32), 2)
    (1.0, 13.91)
    """
    at_8 = sum(low for low, _ in PICOJOULES_45NM.values())
    return sum(low * (bits / 8) ** (log(high / low) / log(4)) for low, high in PICOJOULES_45NM.values()) / at_8


def _spike_rate(side: Side, who: str) -> Quantity:
    present = spike_rate_of(side.counts)
    if not present:
        raise InputError(f"{side.title} counted no spike of a layer: its spike rate cannot be scaled.")
    busiest = max(fired / updates for fired, updates in _hidden_layers(side.counts).values() if updates)
    return Quantity(
        name="spike_rate",
        unit="spikes per neuron and step",
        rule="all spikes scaled by one factor, the encoder's too; updates that meet no spike: their share to the power "
        "of that factor; steps and seconds as counted",
        present=present,
        low=min(LOWEST_RATE, present / 10),
        high=present / busiest,  # there the busiest layer fires in every step
        of=who,
        at=lambda s, rate: s.with_counts(at_spike_rate(s.counts, rate / present)),
    )


def _bits(side: Side, who: str) -> Quantity:
    for name in side.deployment.stages["network"]:
        for row in side.deployment.devices[name].rows("mac_int8"):
            if row.boundary != "operation":
                raise InputError(
                    f"bits scale the price of an operation alone; {name} has an all-in price ({row.id}), which does "
                    "not follow the width. Name a deployment on a process, such as cmos-45nm-int8."
                )

    def at(s: Side, bits: float) -> Side:
        factors = {"mac_int8": mac_factor(bits), "sram_bytes": bits / 8, "dram_bytes": bits / 8}
        return s.with_counts(_scaled(s.counts, factors, ("network",)))

    return Quantity(
        name="bits",
        unit="bits per operand",
        rule="price of a multiply-and-add by power laws through the 8- and 32-bit rows of Horowitz (ISSCC 2014); bytes "
        "of the network in proportion; below 8 bits extrapolated",
        present=8.0,
        low=1.0,
        high=32.0,
        of=who,
        at=at,
    )


def _shots(side: Side, who: str) -> Quantity:
    present = side.counts.total("shots")

    def at(s: Side, shots: float) -> Side:
        counts = _scaled(s.counts, dict.fromkeys(BY_SHOTS, shots / present), ("encoder", "network", "readout"))
        tally = ("readout", "values", "add_int32")  # one addition per shot
        if tally in counts.counts:
            counts = OperationCounts({**counts.counts, tally: counts.counts[tally] * shots / present})
        return s.with_counts(counts)

    return Quantity(
        name="shots",
        unit="shots per decision",
        rule="gates, measurements, machine seconds and the tally of outcomes in proportion to the shots; the accuracy "
        "of fewer shots is another matter",
        present=present,
        low=1.0,
        high=max(MOST_SHOTS, 10 * present),
        of=who,
        at=at,
    )


def _coefficient(a: Side, b: Side, over: str) -> Quantity:
    known = {**coefficients_of(b), **coefficients_of(a)}
    if over not in known:
        raise InputError(
            f"No quantity is called {over!r}. Choose one of: {', '.join(QUANTITIES)}; or a coefficient of these two: "
            f"{', '.join(sorted(known))}."
        )
    row = known[over]
    in_both = over in coefficients_of(a) and over in coefficients_of(b)
    return Quantity(
        name=over,
        unit=row.unit if not row.of else f"{row.unit} of {row.of}",
        rule="its value in place of the nominal one and of its draws; everything else as it is",
        present=row.nominal,
        low=row.nominal / 1000,
        high=row.nominal * 1000,
        of="both" if in_both else "A" if over in coefficients_of(a) else "B",
        at=lambda s, value: s,
        coefficient=over,
    )


def _owner(a: Side, b: Side, operation: str, over: str) -> tuple[str, Side]:
    for who, side in (("A", a), ("B", b)):
        spiking = bool(side.counts.total("synaptic_operations"))  # its graded multiplications are events, not operands
        if side.counts.total(operation) and not (over == "bits" and spiking):
            return who, side
    raise InputError(
        f"{over} belongs to a run that counts {operation}; neither {a.title} nor {b.title} does. "
        f"Choose another quantity: {', '.join(name for name in QUANTITIES if name != over)}, or a coefficient."
    )


def _less(difference: float) -> str:
    return "neither" if difference == 0 else "A" if difference < 0 else "B"


def _scaled(counts: OperationCounts, factors: dict[str, float], stages: tuple[str, ...]) -> OperationCounts:
    return OperationCounts(
        {key: count * (factors.get(key[2], 1.0) if key[0] in stages else 1.0) for key, count in counts}
    )


def _at(side: Side, who: str, quantity: Quantity, value: float, draws: CoefficientDraws) -> Draws:
    if quantity.coefficient:
        draws = Replaced(draws, {quantity.coefficient: np.full(1 + draws.n_draws, value)})
        return side.joules(draws)
    return (quantity.at(side, value) if who == quantity.of else side).joules(draws)


def _ends(side: Side, who: str, quantity: Quantity) -> tuple[float, float]:
    nominal = CoefficientDraws(n_draws=1)
    low, high = (float(_at(side, who, quantity, end, nominal)[0]) for end in (quantity.low, quantity.high))
    return low, high


def _difference(a: Side, b: Side, quantity: Quantity, value: float, draws: CoefficientDraws) -> Draws:
    """[1 + draw] joules of A less those of B."""
    return _at(a, "A", quantity, value, draws) - _at(b, "B", quantity, value, draws)


def _first_crossings(points: Draws, difference: Draws) -> Draws:
    """[1 + draw]: where the difference changes its sign for the first time; not a number where it never does."""
    changes = np.sign(difference[1:]) != np.sign(difference[:-1])  # [point, 1 + draw]
    place = changes.argmax(axis=0)
    columns = np.arange(difference.shape[1])
    before, after = difference[place, columns], difference[place + 1, columns]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = before / (before - after)
    crossing = points[place] + share * (points[place + 1] - points[place])
    return np.where(changes.any(axis=0), crossing, np.nan)


def _refined(a: Side, b: Side, quantity: Quantity, points: Draws, nominal: Draws) -> list[float]:
    """Every crossing of the nominal energies, by bisection between the points of the grid that enclose it."""
    draws = CoefficientDraws(n_draws=1)
    found = []
    for place in np.flatnonzero(np.sign(nominal[1:]) != np.sign(nominal[:-1])):
        low, high = float(points[place]), float(points[place + 1])
        sign = np.sign(nominal[place])
        for _ in range(60):
            middle = 0.5 * (low + high)
            if np.sign(_difference(a, b, quantity, middle, draws)[0]) == sign:
                low = middle
            else:
                high = middle
        found.append(0.5 * (low + high))
    return found
