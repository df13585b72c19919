# studies/break_even_rate.py
"""At which spike rate one spiking network, trained to several rates, uses as much energy as each of its dense rivals.

The networks of a family differ in nothing but the options of their spike rate. Each is a run of its own: its rate
(hidden neurons, per step), its counts and its accuracy are measured, none is scaled from another. With E(r) the energy
of the network that fires at rate r and R that of a rival, both within one boundary, always on,

    meeting rate      where log E(r) - log R = 0, linear in log r between two measured rates next to each other
    its interval      5 to 95 % of the meeting rates over the shared draws of the coefficients, of those that meet
    what decides      the coefficient whose two ends, all others nominal, lie furthest apart in log meeting rate; an end
                      at which nothing meets counts as the edge of the measured rates. Where no end meets: the one
                      whose ends lie furthest apart in E / R, at the rate where the two are nearest

A rival of fewer than 8 bits has no price of its own: counts know no width. It is held against as 8 bits, which is more
than it needs and flatters the spiking networks, and once more as operands of its bits both (`studies/break_even.py`),
which is extrapolated, and less than it needs, as its weights keep 8: the two enclose it. A rival stands where it costs
least within the boundary, a full price before a lower bound; the spiking networks on each of their deployments. Where a
rival's headline run has no full price, another of its runs that decides alike stands for it: a network whose zeros are
skipped on a process runs dense on a chip that cannot skip them. A rate is never extrapolated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.energy import BOUNDARIES, Boundary, Scenario
from studies.break_even import quantity_of
from studies.results import Row, StudyResults
from studies.specification import System
from studies.tornado import one_at_a_time
from studies.what_if import Side, coefficients_of, side_of
from studies.wording import factor_text, joules_text, percent

FEWEST_RATES = 3  # fewer make no curve
OF_THE_RATE = "spike_rate_"  # options that start so are what the networks of a family differ in
PRICED_BITS = 8  # of the operands that counts are priced as
SCENARIO: Scenario = "always-on"
HEADER = (
    *("boundary", "spiking networks on", "rival", "rival's energy", "spiking, lowest to highest rate"),
    *("energies meet at a spike rate of, %", "accuracy there and rival's, %", "what decides"),
)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Decider:
    """The coefficient that moves the meeting rate most, and where its ends take it."""

    coefficient: str
    at_low: str  # "3.2 %", "below 0.5 %", or a ratio of energies where nothing meets
    at_high: str
    of: str = ""  # what the two are, where they are no rates

    @property
    def text(self) -> str:
        """`l1.davies.synapse: 2.1 % to above 30 %`, from its low to its high end."""
        return f"{self.coefficient}: {self.of}{self.at_low} to {self.at_high}"


@dataclass(frozen=True, eq=False)
class Meeting:
    """A family of spiking networks on one deployment, and a rival, within one boundary."""

    boundary: Boundary
    deployment: str  # of the spiking networks
    networks: tuple[Row, ...]  # by rate, ascending
    rates: tuple[float, ...]  # spikes per hidden neuron and step, as measured
    joules: tuple[float, ...]  # nominal, of each network
    joules_low: tuple[float, ...]  # 5 % of the draws
    joules_high: tuple[float, ...]
    rival: Row
    rival_deployment: str
    rival_joules: tuple[float, float, float]  # nominal, 5 and 95 %
    lower_bounds: tuple[str, ...]  # of "spiking" and "rival": energies in which terms have no price
    rate: float | None  # nominal meeting rate, the lowest; None where none lies within the measured rates
    n_meetings: int  # nominal
    low: float | None  # 5 %, of the draws that meet
    high: float | None
    share_of_draws: float  # that meet within the measured rates
    less_below: str  # "spiking" or "rival": who uses less at the lowest rate, nominal
    accuracy: float | None  # at the meeting rate, between its neighbours
    decider: Decider | None  # None where no coefficient moves anything
    rival_bits: int = PRICED_BITS  # of operands that the rival is priced as; fewer: extrapolated, a lower bound

    @property
    def rate_text(self) -> str:
        """`3.1 [2.0, 5.2]; spiking uses less below`, or who uses less throughout; of a lower bound, what is known."""
        of_draws = f"{100 * self.share_of_draws:.0f}" if self.share_of_draws >= 0.01 else "under 1"
        share = f"; {of_draws} % of the draws meet" if self.share_of_draws < 0.995 else ""
        if self.rate is None:
            name = "spiking" if self.less_below == "spiking" else self.rival.title
            within = f"{rate_percent(self.rates[0])} to {rate_percent(self.rates[-1])}"
            return f"none within {within}: {self._less(name, 'throughout')}{share if self.share_of_draws else ''}"
        interval = "" if self.low is None else f" [{rate_percent(self.low)}, {rate_percent(self.high)}]"
        more = f", the lowest of {self.n_meetings}" if self.n_meetings > 1 else ""
        return f"{rate_percent(self.rate)}{interval}{more}; {self._less(self.less_below, 'below')}{share}"

    def _less(self, name: str, where: str) -> str:
        """That whoever has the smaller number uses less, or, where one of the two is a bound, what that says."""
        own = activation_bits(self.rival.system)
        narrow = own is not None and own < PRICED_BITS
        rival_is_least = "rival" in self.lower_bounds or (narrow and self.rival_bits < PRICED_BITS)
        if rival_is_least if self.less_below == "rival" else "spiking" in self.lower_bounds:
            return f"{name} is less {where}, but as a lower bound: who uses less is not known"
        if self.less_below == "spiking" and narrow and self.rival_bits == PRICED_BITS:
            return f"{name} is less {where} than an upper bound of the rival: who uses less is not known"
        return f"{name} uses less {where}"

    @property
    def rival_text(self) -> str:
        """The rival and where it stands, with its run where that is not the headline one."""
        run = "" if self.rival.headline else f", its run on {self.rival.run.backend.name}"
        return f"{self.rival.title}{run}, on {self.rival_deployment}{self.bits_text}"

    @property
    def bits_text(self) -> str:
        """What a rival of fewer bits is priced as; "" of others."""
        own = activation_bits(self.rival.system)
        if own is None or own >= PRICED_BITS:
            return ""
        if self.rival_bits == PRICED_BITS:
            return f", priced as {PRICED_BITS} bits: an upper bound"
        return f", priced as {own}-bit operands: extrapolated, a lower bound"

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        nominal, low, high = self.rival_joules
        least = {who: "≥ " if who in self.lower_bounds else "" for who in ("spiking", "rival")}
        return (
            self.boundary,
            self.deployment,
            self.rival_text,
            f"{least['rival']}{joules_text(nominal)} [{joules_text(low)}, {joules_text(high)}]",
            f"{least['spiking']}{joules_text(self.joules[0])} to {joules_text(self.joules[-1])}",
            self.rate_text,
            f"{percent(self.accuracy)}; {percent(self.rival.interval.estimate)}",
            "none" if self.decider is None else self.decider.text,
        )


def meetings(results: StudyResults) -> list[Meeting]:
    """Every boundary, deployment of the spiking networks and rival; empty where the study has no family of rates."""
    return list(_meetings(results))


@lru_cache(maxsize=1)  # table, figure and section of a report ask for the same
def _meetings(results: StudyResults) -> tuple[Meeting, ...]:
    networks = rate_family(results)
    if not networks:
        return ()
    own = {row.system.name for row in networks}
    rivals = [row for row in results.headline_rows if row.system.name not in own]
    draws = CoefficientDraws()
    found = []
    for boundary in BOUNDARIES:
        against = [side for row in rivals if (side := _side_of_rival(results, row, boundary)) is not None]
        for deployment in _deployments(networks):
            sides = [_side(row, boundary, deployment) for row in networks]
            spiking = [side for side in sides if side is not None]
            if len(spiking) == len(networks):
                for rival in against:
                    found.append(meeting(spiking, rival, draws))
                    bits, narrow = activation_bits(rival.row.system), narrowed(rival)
                    if bits is not None and narrow is not None:
                        found.append(replace(meeting(spiking, narrow, draws), rival_bits=bits))
    return tuple(found)


def activation_bits(system: System) -> int | None:
    """The bits of the activations of a twin of a spiking network, b = ceil(log2(steps + 1)); None of other systems."""
    steps = system.classifier.options.get("n_steps")
    named = "dense-twin" in system.classifier.name or "convolutional-twin" in system.classifier.name
    return ceil(log2(steps + 1)) if named and isinstance(steps, int) else None


def narrowed(rival: Side) -> Side | None:
    """The rival, had both operands of its multiplications the bits of its activations; None where that says nothing."""
    bits = activation_bits(rival.row.system)
    if bits is None or bits >= PRICED_BITS:
        return None
    try:
        return quantity_of(rival, rival, "bits").at(rival, bits)
    except InputError:  # an all-in price of a chip does not follow the width
        return None


def rate_family(results: StudyResults) -> list[Row]:
    """The largest set of headline rows that differ in their spike rate alone, by measured rate; [] if below three."""
    families: dict[str, list[Row]] = {}
    for row in results.headline_rows:
        if row.notes.get("spike_rate") and row.system.classifier.options.get(f"{OF_THE_RATE}weight"):
            families.setdefault(_without_rate(row.system), []).append(row)
    largest = max(families.values(), key=len, default=[])
    ordered = sorted(largest, key=lambda row: float(row.notes["spike_rate"]))
    distinct = {float(row.notes["spike_rate"]) for row in ordered}
    return ordered if len(distinct) == len(ordered) >= FEWEST_RATES else []


def meeting(spiking: Sequence[Side], rival: Side, draws: CoefficientDraws) -> Meeting:
    """Where the energies of the spiking networks, by rate ascending, meet that of the rival."""
    rates = np.array([float(side.row.notes["spike_rate"]) for side in spiking])
    of_networks = np.array([side.joules(draws) for side in spiking])  # [network, 1 + draw]
    of_rival = rival.joules(draws)
    ratios = np.log(of_networks / of_rival)
    met = meeting_rates(rates, ratios)
    drawn = met[1:][np.isfinite(met[1:])]
    low, high = np.quantile(drawn, (0.05, 0.95)).tolist() if drawn.size else (None, None)
    nominal = float(met[0]) if np.isfinite(met[0]) else None
    accuracies = np.array([side.row.interval.estimate for side in spiking])
    ends = np.quantile(of_networks[:, 1:], (0.05, 0.95), axis=1)
    bounded = [("spiking", any(side.energy.kind == "lower-bound" for side in spiking))]
    bounded.append(("rival", rival.energy.kind == "lower-bound"))
    return Meeting(
        boundary=rival.energy.boundary,
        deployment=spiking[0].deployment.name,
        networks=tuple(side.row for side in spiking),
        rates=tuple(rates.tolist()),
        joules=tuple(of_networks[:, 0].tolist()),
        joules_low=tuple(np.minimum(ends[0], of_networks[:, 0]).tolist()),
        joules_high=tuple(np.maximum(ends[1], of_networks[:, 0]).tolist()),
        rival=rival.row,
        rival_deployment=rival.deployment.name,
        rival_joules=_with_range(of_rival),
        lower_bounds=tuple(who for who, is_bound in bounded if is_bound),
        rate=nominal,
        n_meetings=_n_meetings(ratios[:, 0]),
        low=low,
        high=high,
        share_of_draws=float(drawn.size / draws.n_draws),
        less_below="spiking" if ratios[0, 0] < 0 else "rival",
        accuracy=None if nominal is None else float(np.interp(np.log(nominal), np.log(rates), accuracies)),
        decider=_decider(spiking, rival, rates),
    )


def meeting_rates(rates: Values, log_ratios: Values) -> Values:
    """[draw]: the lowest rate at which log(E / R), [network, draw], is 0; not a number where it never is.

    >>> meeting_rates(np.array([0.01, 0.1]), np.log([[0.5], [2.0]])).round(4).tolist()
    [0.0316]
    """
    above = log_ratios >= 0
    changes = above[1:] != above[:-1]
    place = changes.argmax(axis=0)
    columns = np.arange(log_ratios.shape[1])
    before, after = log_ratios[place, columns], log_ratios[place + 1, columns]
    meets = changes.any(axis=0)
    share = np.divide(before, before - after, out=np.zeros_like(before), where=meets)
    logs = np.log(rates)
    met = np.exp(logs[place] + share * (logs[place + 1] - logs[place]))
    return np.where(meets, met, np.nan)


def rate_percent(rate: float | None) -> str:
    """A spike rate in per cent, three digits."""
    return "–" if rate is None else factor_text(100 * rate)


def table_note(found: Sequence[Meeting]) -> str:
    """What the columns mean, and what the numbers are."""
    networks = found[0].networks
    backends = sorted({row.run.backend.name for row in networks})
    cut = any(one.lower_bounds for one in found)
    return (
        f"{len(networks)} networks of the same layers, each trained to a spike rate of its own, run on "
        f"{', '.join(backends)}. Rates are measured there (hidden neurons, per step); energies come from each run's "
        "own counts: always on, nominal, in brackets 5 to 95 % of the draws of the coefficients (of a meeting rate: of "
        "those that meet). Between two measured rates, log energy is linear in log rate; nothing is extrapolated. A "
        "rival stands where it costs least within the boundary, and nowhere where it has no price. Activations of "
        "fewer bits have no price of their own. As 8 bits they cost more than they need, which flatters the spiking "
        "networks; where the price is one of operations on a process, a second line prices both operands at the bits "
        "of the activations, by power laws through Horowitz's 8 and 32 bits: extrapolated, and less than they need, as "
        "the weights keep 8. Networks run as floats (torch-float) are priced as 32-bit floats. Zeros of pruned "
        "networks are skipped there and on int8-zeros-skipped, and multiplied on int8, whose run stands where skipping "
        "has no full price. What decides: the coefficient that moves the meeting rate most, and the rates at "
        "its low and its high end; where no end meets, the ratio of energies at the rate where they are nearest."
        + (" ≥: terms without a price are missing, and a meeting rate moves accordingly." if cut else "")
    )


def records(found: Sequence[Meeting]) -> list[dict[str, Any]]:
    """A row per network, boundary, deployment and rival, for CSV and export."""
    return [
        {
            "boundary": one.boundary,
            "deployment": one.deployment,
            "system": row.system.name,
            "spike_rate": rate,
            "accuracy": row.interval.estimate,
            "joules_per_decision": joules,
            "joules_low": low,
            "joules_high": high,
            "rival": one.rival.system.name,
            "rival_deployment": one.rival_deployment,
            "rival_priced_bits": one.rival_bits,
            "rival_joules": one.rival_joules[0],
            "rival_joules_low": one.rival_joules[1],
            "rival_joules_high": one.rival_joules[2],
            "meeting_rate": one.rate,
            "meeting_rate_low": one.low,
            "meeting_rate_high": one.high,
            "share_of_draws": one.share_of_draws,
            "less_below": one.less_below,
            "accuracy_there": one.accuracy,
            "decides": "" if one.decider is None else one.decider.coefficient,
        }
        for one in found
        for row, rate, joules, low, high in zip(
            one.networks, one.rates, one.joules, one.joules_low, one.joules_high, strict=True
        )
    ]


def _decider(spiking: Sequence[Side], rival: Side, rates: Values) -> Decider | None:
    held: Mapping[str, Coefficient] = {
        id: row for side in (rival, *spiking) for id, row in coefficients_of(side).items()
    }
    ends = one_at_a_time(list(held.values()))
    ratios = np.log(np.array([side.joules(ends) for side in spiking]) / rival.joules(ends))
    met = meeting_rates(rates, ratios)[1:].reshape(-1, 2)  # [coefficient, low or high]
    # Where nothing meets, the rate lies beyond the edge on the side of whoever uses less throughout.
    edge = np.where(ratios[0, 1:] < 0, rates[-1], rates[0]).reshape(-1, 2)
    moved = np.abs(np.diff(np.log(np.where(np.isfinite(met), met, edge)), axis=1))[:, 0]
    nearest = int(np.abs(ratios[:, 0]).argmin())
    swings = np.abs(np.diff(ratios[nearest, 1:].reshape(-1, 2), axis=1))[:, 0]
    if not np.any(swings > 1e-9):
        return None
    place = int(np.lexsort((swings, moved))[-1])
    name = list(held)[place]
    if moved[place] > 0:
        said = [
            f"{rate_percent(rate)} %" if np.isfinite(rate) else _beyond(beyond, rates)
            for rate, beyond in zip(met[place], edge[place], strict=True)
        ]
        return Decider(name, *said)
    place = int(swings.argmax())
    low, high = np.exp(ratios[nearest, 1:].reshape(-1, 2)[place])
    of = f"spiking / rival at {rate_percent(float(rates[nearest]))} %, "
    return Decider(list(held)[place], factor_text(float(low)), factor_text(float(high)), of)


def _beyond(edge: float, rates: Values) -> str:
    return f"above {rate_percent(edge)} %" if edge == rates[-1] else f"below {rate_percent(edge)} %"


def _n_meetings(log_ratios: Values) -> int:
    above = log_ratios >= 0
    return int((above[1:] != above[:-1]).sum())


def _with_range(joules: Values) -> tuple[float, float, float]:
    low, high = np.quantile(joules[1:], (0.05, 0.95)).tolist()
    nominal = float(joules[0])
    return nominal, min(low, nominal), max(high, nominal)


def _without_rate(system: System) -> str:
    """All of a system's choices but its spike rate, as text."""
    options = {name: value for name, value in system.classifier.options.items() if not name.startswith(OF_THE_RATE)}
    kept = (system.front_end, system.encoder, system.classifier.name, sorted(options.items()), system.training)
    return repr((*kept, system.augment, system.augmentation))


def _deployments(networks: Sequence[Row]) -> list[str]:
    """Those that all networks are priced for, in the study's order."""
    of_first = [e.deployment for e in networks[0].energies if e.kind != "measured"]
    return [
        name
        for name in dict.fromkeys(of_first)
        if all(any(e.deployment == name for e in row.energies) for row in networks)
    ]


def _side_of_rival(results: StudyResults, row: Row, boundary: Boundary) -> Side | None:
    """The headline run, or, where that has no full price, a run of the same system with the same decisions."""
    alike = (
        one
        for one in results.rows
        if (one.system.name, one.protocol) == (row.system.name, row.protocol)
        and one is not row
        and np.array_equal(one.confusion, row.confusion)
    )
    sides = [side for one in (row, *alike) if (side := _side(one, boundary)) is not None]
    return next((side for side in sides if side.energy.kind != "lower-bound"), next(iter(sides), None))


def _side(row: Row, boundary: Boundary, deployment: str = "") -> Side | None:
    """None where the run has no modelled energy within the boundary."""
    try:
        return side_of(row, boundary, SCENARIO, deployment)
    except InputError:
        return None
