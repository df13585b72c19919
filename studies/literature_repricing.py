# studies/literature_repricing.py
"""Published claims at Trichord's prices and boundaries: whether A still uses less than B, and what decides.

    repriced(claims())     one `Repriced` per claim

    claimed ratio     B / A as the source has it: of energies, of counts priced as the field prices them, or of counts
    ratio             B / A within one view (boundary, scenario, where both stand), over all draws and every end of
                      what nobody published (`studies.literature_counts`)
    share             of the draws in which A uses less than B, from the least to the most over those ends

A and B are drawn from the same coefficients. Within a view A uses less ("kept") or more ("flipped") where at least
95 % of the draws say so at every end; else it is undecided. The verdict of a claim is that of its last view, the
widest in which both sides have a price; where several views share boundary and scenario there (rival price sets, views
of a machine), of all of them. A claim about accuracy alone has no energy to keep: its verdict says so. What cannot be
counted or priced is not repriced, and what is missing is said.

The reason is found, not written: the largest term of the side that uses more, the ratio without it, and the view in
which the claim no longer held.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log10
from typing import Literal

import numpy as np

from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.coefficient import Coefficient, CoefficientDraws
from classical_baselines.harness.operations import OperationCounts
from studies.budgets import EnergyRow, compare_rows, deciding_coefficients, energy_rows
from studies.literature_claims import Claim, Side, View, claimed_ratio, field_joules
from studies.literature_counts import MEMORY, Variant, variants
from studies.price_list import deployments
from studies.wording import factor_text

Verdict = Literal["kept", "flipped", "undecided", "no energy claimed", "cannot be repriced"]
VERDICTS: tuple[Verdict, ...] = ("kept", "flipped", "undecided", "no energy claimed", "cannot be repriced")
SAID: Mapping[str, Verdict] = {"less": "kept", "more": "flipped", "undecided": "undecided"}
TWIN_SAID: Mapping[Verdict, str] = {
    "kept": "A uses less",
    "flipped": "the twin uses less",
    "cannot be repriced": "not available",
}
HALF = 0.5  # of a claimed ratio: from where on the reason says that it shrank
WORDS: Mapping[str, str] = {  # of what a term pays for
    "mac_fp32": "multiply-and-adds",
    "mac_int8": "multiply-and-adds",
    "add_fp32": "additions",
    "add_int32": "additions",
    "multiply_fp32": "multiplications",
    "compare_fp32": "comparisons",
    "compare_int8": "comparisons",
    "transcendental_fp32": "sines and cosines",
    "sram_bytes": "memory traffic",
    "synaptic_operations": "synaptic operations",
    "neuron_updates_active": "neuron updates",
    "spikes_generated": "spikes",
    "spikes_routed": "spike messages",
    "spikes_in": "input brought onto the chip",
    "chip_seconds": "static power",
    "idle_seconds": "idle power",
    "wake_ups": "waking up",
    "state_resets": "state resets",
    "link_bits": "the link",
    "qubit_seconds": "control electronics for the time of the shots",
    "machine_seconds": "power of the machine for the time of the shots",
}
STATIC = ("chip_seconds", "idle_seconds")  # one power, while busy and between decisions


@dataclass(frozen=True, eq=False)
class Case:
    """Both sides at one end of what is not known."""

    name: str  # which end; ""
    a: EnergyRow
    b: EnergyRow

    @cached_property
    def verdict(self) -> Verdict:
        """Of the draws."""
        if None in (self.a.nominal_joules, self.b.nominal_joules):
            return "cannot be repriced"
        return SAID[compare_rows(self.a, self.b).verdict]

    @property
    def share(self) -> float:
        """Of the draws in which A uses less; of the priced parts, where one side is a lower bound."""
        assert self.a.draws is not None and self.b.draws is not None
        return float(np.mean(self.a.draws < self.b.draws))

    @property
    def ratio(self) -> float:
        """B / A, nominal."""
        assert self.a.nominal_joules and self.b.nominal_joules
        return self.b.nominal_joules / self.a.nominal_joules

    @property
    def ratio_ends(self) -> tuple[float, float]:
        """B / A, 5 and 95 % of the draws, widened to the nominal value."""
        assert self.a.draws is not None and self.b.draws is not None
        low, high = np.quantile(self.b.draws / self.a.draws, (0.05, 0.95)).tolist()
        return min(low, self.ratio), max(high, self.ratio)


@dataclass(frozen=True, eq=False)
class PricedView:
    """A claim within one view."""

    view: View
    cases: tuple[Case, ...]

    @property
    def verdict(self) -> Verdict:
        """What all cases say; undecided where they differ."""
        found = {case.verdict for case in self.cases}
        if "cannot be repriced" in found:
            return "cannot be repriced"
        return found.pop() if len(found) == 1 else "undecided"

    @property
    def ratio(self) -> tuple[float, float]:
        """Nominal, over the cases."""
        found = [case.ratio for case in self.cases]
        return min(found), max(found)

    @property
    def ratio_ends(self) -> tuple[float, float]:
        """5 % of the lowest case to 95 % of the highest."""
        lows, highs = zip(*(case.ratio_ends for case in self.cases), strict=True)
        return min(lows), max(highs)

    @property
    def share(self) -> tuple[float, float]:
        """Of the draws in which A uses less, least and most of the cases."""
        found = [case.share for case in self.cases]
        return min(found), max(found)

    def joules(self, side: Literal["a", "b"]) -> tuple[float, float, float, float]:
        """5 % of the lowest case, nominal of the lowest and highest, 95 % of the highest."""
        rows = [getattr(case, side) for case in self.cases]
        nominal = [row.nominal_joules for row in rows]
        return min(row.low for row in rows), min(nominal), max(nominal), max(row.high for row in rows)

    def bounded(self, side: Literal["a", "b"]) -> bool:
        """Whether terms of a side have no price here."""
        return any(getattr(case, side).kind == "lower-bound" for case in self.cases)

    @property
    def rows(self) -> list[EnergyRow]:
        """Of both sides."""
        return [row for case in self.cases for row in (case.a, case.b)]


@dataclass(frozen=True, eq=False)
class Repriced:
    """A claim with its repricing."""

    name: str
    claim: Claim
    claimed_ratio: float | None  # B / A
    views: tuple[PricedView, ...]
    twin_views: tuple[PricedView, ...]  # A and its twin in the place of B

    @property
    def deciding(self) -> tuple[PricedView, ...]:
        """The views that share boundary and scenario with the last one."""
        last = self.views[-1].view
        return tuple(one for one in self.views if one.view.title == last.title)

    @property
    def verdict(self) -> Verdict:
        """Of the deciding views."""
        if not self.views or any(one.verdict == "cannot be repriced" for one in self.deciding):
            return "cannot be repriced"
        if self.claim.about == "accuracy":
            return "no energy claimed"
        found = {one.verdict for one in self.deciding}
        return found.pop() if len(found) == 1 else "undecided"

    @property
    def reason(self) -> str:
        """One sentence or two."""
        if not self.views:
            return f"Missing: {'; '.join(self.claim.missing)}."
        unavailable = [row.reason for one in self.deciding for row in one.rows if row.reason]
        return f"Missing: {unavailable[0]}." if unavailable else _reason(self)

    @property
    def twin_verdict(self) -> str:
        """Whether A uses less than its layers without spikes, in the last of its views; "" where it has none."""
        if not self.twin_views:
            return ""
        return TWIN_SAID.get(self.twin_views[-1].verdict, "undecided")

    @property
    def slow_cases(self) -> tuple[int, int]:
        """At how many ends of what is not known A takes longer than a decision's period, and of how many."""
        cases = self.views[-1].cases if self.views else ()
        return sum(not case.a.keeps_up for case in cases), len(cases)

    @property
    def own_prices(self) -> tuple[str, ...]:
        """Ids of the prices that rest on the measurements which the claim rests on: there agreement proves nothing."""
        sides = (self.claim.a, self.claim.b)
        sources = {side.measured.source.split(",")[0] for side in sides if side is not None and side.measured}
        return tuple(dict.fromkeys(row.id for row in self.coefficients if any(name in row.source for name in sources)))

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Every coefficient that was drawn."""
        rows = [row for one in (*self.views, *self.twin_views) for row in one.rows]
        return tuple(dict.fromkeys(coefficient for row in rows for coefficient in row.coefficients))


def repriced(claims: Mapping[str, Claim], draws: CoefficientDraws | None = None) -> list[Repriced]:
    """Every claim, priced now, over the same draws."""
    shared = draws or CoefficientDraws()
    return [_repriced(name, claim, shared) for name, claim in claims.items()]


def _repriced(name: str, claim: Claim, draws: CoefficientDraws) -> Repriced:
    views = [] if claim.b is None else [_priced(claim, claim.b, view, draws) for view in claim.views]
    twin_views = [] if claim.twin is None else [_priced(claim, claim.twin, view, draws) for view in claim.twin_views]
    return Repriced(name, claim, claimed_ratio(claim), tuple(views), tuple(twin_views))


def _priced(claim: Claim, rival: Side, view: View, draws: CoefficientDraws) -> PricedView:
    """Both sides at every end; the ends of memory are the same for both."""
    memory = MEMORY if (_is_process(view.a) or _is_process(view.b)) and view.boundary != "operation" else MEMORY[:1]
    cases = []
    for policy in memory:
        words = f"{policy} from memory" if len(memory) > 1 else ""
        for a in _variants(claim.a, view.a, view, policy):
            for b in _variants(rival, view.b, view, policy):
                name = ", ".join(filter(None, (a.name, b.name, words)))
                rows = [_row(claim, one, at, view, draws) for one, at in ((a, view.a), (b, view.b))]
                cases.append(Case(name, *rows))
    return PricedView(view, tuple(cases))


def _variants(side: Side, deployment: str, view: View, memory: str) -> list[Variant]:
    assert side.network is not None
    return variants(side.network, bits=view.bits, memory=memory, on_chip=_has_spikes(deployment))


def _row(claim: Claim, variant: Variant, deployment: str, view: View, draws: CoefficientDraws) -> EnergyRow:
    assert claim.period_seconds is not None
    (row,) = energy_rows(
        variant.counts + _front_end(claim),
        [deployment],
        claim.period_seconds,
        boundaries=[view.boundary],
        scenarios=[view.scenario],
        link_values=claim.link_values,
        draws=draws,
    )
    return row


def _front_end(claim: Claim) -> OperationCounts:
    """Of the audio that is new to a decision."""
    if claim.front_end is None:
        return OperationCounts()
    stands_for = claim.front_end
    front_end = LogMel(n_fft=stands_for.n_fft, hop=stands_for.hop, n_mels=stands_for.n_mels)
    rate = stands_for.sample_rate_hz
    return front_end.operations(rate, rate).scaled(stands_for.seconds)


def _has_spikes(deployment: str) -> bool:
    known = deployments()[deployment]
    return known.devices[known.stages["network"][0]].prices("synaptic_operations")


def _is_process(deployment: str) -> bool:
    """Whether it is priced by operations and memory traffic, and not all in one."""
    known = deployments()[deployment]
    return any(row.boundary == "core" for row in known.devices[known.stages["network"][0]].rows("sram_bytes"))


def _reason(found: Repriced) -> str:
    one, verdict = found.deciding[0], found.verdict
    if verdict == "undecided":
        return _undecided(found)
    low, high = one.ratio
    if verdict == "no energy claimed":
        case = max(one.cases, key=lambda case: case.ratio)
        least, most = times_text(1 / high), times_text(1 / low)
        return f"Its source gives no energy. A takes {least} to {most} times B's: {_most(case.a)}."
    if verdict == "kept":
        case = min(one.cases, key=lambda case: case.ratio)
        words = f"Of B, {_most(case.b)}; without it B / A would be {times_text(_without_most(case.b, case.a))}."
        if found.claimed_ratio and high < HALF * found.claimed_ratio:
            words += (
                f" The ratio is {times_text(high / found.claimed_ratio)} of the claimed one: of A, {_most(case.a)}."
            )
        for other in found.claim.measured:
            if other.ratio < 1:
                words += f" Measured with {other.says}, B takes less: B / A {times_text(other.ratio)}."
        return words
    case = max(one.cases, key=lambda case: case.ratio)
    rest = _without_most(case.a, case.b)
    without = f"without it B / A would be {times_text(1 / rest)}" if rest else "nothing else of it has a price"
    words = f"Of A, {_most(case.a)}; {without}."
    return f"{words} {_elsewhere(found)}"


def _elsewhere(found: Repriced) -> str:
    """What other views said of a claim that is flipped."""
    parts = []
    for verdict in ("kept", "undecided"):
        within = [f"{one.view.boundary} ({one.view.scenario})" for one in found.views if one.verdict == verdict]
        if within:
            parts.append(f"{verdict} within {' and '.join(dict.fromkeys(within))}")
    return f"It is {', '.join(parts)}." if parts else "It is flipped within every view."


def _undecided(found: Repriced) -> str:
    """Which ends say what, or which price decides."""
    cases = [case for one in found.deciding for case in one.cases]
    kept = [case for case in cases if case.verdict == "kept"]
    flipped = [case for case in cases if case.verdict == "flipped"]
    if kept and flipped:
        return f"A uses less with {kept[0].name or 'one price set'}, more with {flipped[0].name or 'another'}."
    case = min(cases, key=lambda case: abs(case.share - 0.5))
    unpriced = dict.fromkeys([*case.a.unpriced, *case.b.unpriced])
    if unpriced:
        return f"No price for {'; '.join(unpriced)}."
    id, correlation = deciding_coefficients(case.a, case.b)[0]
    ends = f" with {case.name}" if case.name else ""
    share = f"{100 * case.share:.0f} % of the draws"
    return f"A uses less in {share}{ends}; {id} decides (rank correlation {abs(correlation):.2f})."


def _terms(row: EnergyRow) -> dict[str, float]:
    """Nominal joules by what is paid for, the largest first; a front end is one term, and so is a chip that is on."""
    sums: dict[str, float] = {}
    for term in row.terms:
        name = WORDS.get(term.operation, term.operation.replace("_", " "))
        if term.stage == "front_end":
            name = "the front end"
        elif term.operation in STATIC and row.deployed.devices[term.device].rows("chip_seconds"):
            name = "having the chip on"
        sums[name] = sums.get(name, 0.0) + term.joules
    return dict(sorted(sums.items(), key=lambda entry: -entry[1]))


def _most(row: EnergyRow) -> str:
    """`89 % goes into memory traffic`."""
    name, joules = next(iter(_terms(row).items()))
    assert row.nominal_joules
    share = joules / row.nominal_joules
    return f"{f'{100 * share:.0f} % goes' if share < 0.995 else 'nearly all goes'} into {name}"


def _without_most(row: EnergyRow, other: EnergyRow) -> float:
    """`row` without its largest term, over `other`, nominal."""
    joules = next(iter(_terms(row).values()))
    assert row.nominal_joules and other.nominal_joules
    return max(row.nominal_joules - joules, 0.0) / other.nominal_joules


def times_text(factor: float) -> str:
    """`3.41`, `1,670`, and powers of ten beyond a million and below a thousandth: `10^-8.3`."""
    if 1e-3 <= factor < 1e6:
        return factor_text(factor)
    return f"10^{log10(factor):.1f}".replace("-", "−") if factor else "0"


def claimed_joules(side: Side) -> float | None:
    """As its source has it, or its counts as the field prices them; None of powers and counts."""
    if side.measured is not None:
        return side.measured.nominal if side.measured.unit == "joules" else None
    return field_joules(side) if side.operations else None
