# studies/decide.py
"""Which systems meet a budget: P(accuracy is at least so much and energy at most so much), and what would flip it.

    P(accuracy)   over groups: Student's t around the mean of the group scores, wider where groups share trained
                  models (`unit_scores`); with one training, it speaks of these networks alone;
                  over clips, and where no group differs from another: Beta(k + 1/2, n - k + 1/2) for k of n right,
                  the posterior under Jeffreys' prior
    P(energy)     share of the shared draws of the prices at or below the limit; of a lower bound, at most that
    P(both)       their product: prices and clips know nothing of each other

A system that does not fit its devices, or is modelled to be too slow, meets no budget, whatever its numbers.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import LowerBound
from studies.budgets import EnergyRow
from studies.fit import FitCheck, misfits, seconds_text, unknowns
from studies.statistics import Interval
from studies.tornado import one_at_a_time
from studies.what_if import Side, coefficients_of
from studies.wording import amount_text, factor_text

CONFIDENCE = 0.95
MOST_NAMED = 3  # coefficients in a sentence


@dataclass(frozen=True)
class Limits:
    """The budget: SI units, None where nothing is asked."""

    max_joules: float | None
    min_accuracy: float | None
    max_seconds: float | None = None


@dataclass(frozen=True)
class Decision:
    """One system on one deployment against the budget; a probability is known to lie between its two numbers."""

    system: str
    backend: str
    deployment: str
    accuracy: float
    joules: float  # nominal; of the priced part, for a lower bound
    seconds: float | None  # modelled latency; None where it is not known
    p_accuracy: tuple[float, float]
    p_energy: tuple[float, float]
    p_both: tuple[float, float]
    does_not_fit: str  # why; "" where nothing is shown not to
    not_known: str  # what the fit checks cannot say
    checks: tuple[FitCheck, ...]  # all that was checked: RAM, flash, cores, operations, time
    verdict: str  # "meets", "fails", "undecided", "does not fit"
    would_flip: tuple[str, ...]  # sentences


def decide(side: Side, limits: Limits, checks: tuple[FitCheck, ...], draws: CoefficientDraws) -> Decision:
    """The verdict on one side."""
    row, energy = side.row, side.energy
    p_accuracy = accuracy_probability(row.interval, limits.min_accuracy)
    p_energy = _energy_probability(energy, limits.max_joules)
    p_both = (p_accuracy[0] * p_energy[0], p_accuracy[1] * p_energy[1])
    latency = sum(side.whole.busy_seconds.values()) or None
    reasons = [reason for reason in [misfits(checks)] if reason]
    if limits.max_seconds is not None and latency is not None and latency > limits.max_seconds:
        reasons.append(
            f"latency: {seconds_text(latency)} of {seconds_text(limits.max_seconds)} asked (modelled, nominal)"
        )
    late_unknown = limits.max_seconds is not None and latency is None
    if reasons:
        verdict = "does not fit"
    elif p_both[0] >= CONFIDENCE and not late_unknown:
        verdict = "meets"
    elif p_both[1] <= 1 - CONFIDENCE:
        verdict = "fails"
    else:
        verdict = "undecided"
    return Decision(
        system=row.system.name,
        backend=row.run.backend.name,
        deployment=side.deployment.name,
        accuracy=row.interval.estimate,
        joules=side.present_joules,
        seconds=latency,
        p_accuracy=p_accuracy,
        p_energy=p_energy,
        p_both=p_both,
        does_not_fit="; ".join(reasons),
        not_known=unknowns(checks),
        checks=checks,
        verdict=verdict,
        would_flip=tuple(_would_flip(side, limits, p_accuracy, draws)),
    )


def accuracy_probability(interval: Interval, least: float | None) -> tuple[float, float]:
    """P(accuracy >= least), from the groups, or from the clips where they are the sample."""
    if least is None:
        return 1.0, 1.0
    scores = np.array(list(interval.group_scores.values()))
    if len(scores) == 1:
        return 0.0, 1.0  # one group says nothing of the next
    if len(scores) > 1 and np.ptp(scores) > 0 and interval.spread is not None:
        gap = interval.estimate - least
        tail = interval.spread.p_value(gap) / 2
        p = 1 - tail if gap > 0 else tail
    else:
        n_right = interval.estimate * interval.n_clips
        p = float(stats.beta.sf(least, n_right + 0.5, interval.n_clips - n_right + 0.5))
    return p, p


def _energy_probability(energy: EnergyRow, most: float | None) -> tuple[float, float]:
    if most is None:
        return 1.0, 1.0
    draws = energy.draws
    if draws is None:
        return 0.0, 1.0
    p = float(np.mean(draws <= most))
    return (0.0, p) if isinstance(energy.energy, LowerBound) else (p, p)


def _would_flip(side: Side, limits: Limits, p_accuracy: tuple[float, float], draws: CoefficientDraws) -> list[str]:
    """What would have to differ for the other answer, of each part of the budget."""
    said = []
    if limits.min_accuracy is not None:
        gap = 100 * (side.row.interval.estimate - limits.min_accuracy)
        likely = f"P = {p_accuracy[0]:.2f}" if p_accuracy[0] == p_accuracy[1] else "one group: not known"
        spread = side.row.interval.spread
        likely += ", of these trained networks alone" if spread is not None and spread.unseen else ""
        said.append(f"accuracy: {abs(gap):.1f} points {'above' if gap >= 0 else 'below'} what is asked ({likely})")
    if limits.max_joules is not None:
        said.append("energy: " + _energy_flip(side, limits.max_joules))
    return said


def _energy_flip(side: Side, most: float) -> str:
    rows = list(coefficients_of(side).values())
    ends = side.joules(one_at_a_time(rows))[1:].reshape(-1, 2)
    within = side.present_joules <= most
    flipping = []
    for row, joules in zip(rows, ends, strict=True):
        for end, at_end in zip((row.low, row.high), joules, strict=True):
            if (at_end <= most) != within:
                flipping.append(
                    (abs(np.log(at_end / side.present_joules)), f"{row.id} at {amount_text(end, row.unit, 3)}")
                )
    factor = most / side.present_joules
    room = f"{factor_text(factor)} times the nominal energy is allowed"
    if not flipping:
        return f"{room}; no coefficient alone would change that within its range"
    strongest = [text for _, text in sorted(flipping, reverse=True)]
    others = f", and {len(strongest) - MOST_NAMED} more" if len(strongest) > MOST_NAMED else ""
    return f"{room}; flipped by {', or by '.join(strongest[:MOST_NAMED])}{others}"
