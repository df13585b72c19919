# classical_baselines/harness/detection.py
"""Detection: equal error rate, and the tandem cost of a countermeasure before a speaker verifier.

    a clip is accepted where its score lies above a threshold t; bona fide clips should be, spoofs should not
    miss(t)          share of the bona fide at or below t
    false_alarm(t)   share of the spoofs above t
    EER              mean of the two at the threshold where they differ least

The minimum tandem detection cost (min t-DCF) prices a countermeasure by what it does to a verifier behind it, which is
given by its error rates at a threshold of its own:

    C0 = Ptar Cmiss Pmiss_asv + Pnon Cfa Pfa_asv          what the verifier costs with a faultless countermeasure
    C1 = Ptar Cmiss - C0                                  of a bona fide clip that the countermeasure misses
    C2 = Pspoof Cfa_spoof Pfa_spoof_asv                   of a spoof that it lets through
    t-DCF(t) = (C0 + C1 miss(t) + C2 false_alarm(t)) / (C0 + min(C1, C2)),   least over t

so that 1 is a countermeasure that accepts all or none. References: Kinnunen et al., Tandem Assessment of Spoofing
Countermeasures and Automatic Speaker Verification: Fundamentals, IEEE/ACM TASLP 28 (2020), 2195, in the form, and with
the priors and costs (COST), of the evaluation code of ASVspoof 2021. The challenge of 2019 used another, older form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorCurve:
    """Both error rates at every threshold that matters, from accepting all to accepting none."""

    thresholds: Floats  # ascending; the first accepts all
    miss: Floats
    false_alarm: Floats


@dataclass(frozen=True)
class VerifierRates:
    """Error rates of a speaker verifier at its own threshold."""

    miss: float  # of target speakers
    false_alarm: float  # of other speakers
    spoof_false_alarm: float  # of spoofs


@dataclass(frozen=True)
class TandemCost:
    """Priors, which add up to 1, and costs."""

    p_target: float
    p_nontarget: float
    p_spoof: float
    c_miss: float
    c_false_alarm: float
    c_spoof: float


COST = TandemCost(p_target=0.9405, p_nontarget=0.0095, p_spoof=0.05, c_miss=1.0, c_false_alarm=10.0, c_spoof=10.0)


def error_curve(accepted: Floats, refused: Floats) -> ErrorCurve:
    """The curve of scores of what is to be accepted [clip] and of what is to be refused [clip]."""
    for name, scores in (("accepted", accepted), ("refused", refused)):
        if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
            raise ValueError(f"{name} must be one finite score or more; got a shape of {scores.shape}.")
    values = np.unique(np.concatenate([accepted, refused]))
    thresholds = np.concatenate([[-np.inf], values])
    miss = np.searchsorted(np.sort(accepted), thresholds, side="right") / len(accepted)
    false_alarm = 1 - np.searchsorted(np.sort(refused), thresholds, side="right") / len(refused)
    return ErrorCurve(thresholds, miss, false_alarm)


def equal_error_rate(accepted: Floats, refused: Floats) -> tuple[float, float]:
    """EER and its threshold.

    >>> equal_error_rate(np.array([1.0, 2.0, 3.0, 0.0]), np.array([0.0, -1.0, -2.0, 2.0]))
    (0.25, 0.0)
    """
    curve = error_curve(accepted, refused)
    place = int(np.argmin(np.abs(curve.miss - curve.false_alarm)))
    return float(curve.miss[place] + curve.false_alarm[place]) / 2, float(curve.thresholds[place])


def verifier_rates(target: Floats, nontarget: Floats, spoof: Floats) -> VerifierRates:
    """The rates of a verifier at the threshold of its own EER, between target and other speakers."""
    _, threshold = equal_error_rate(target, nontarget)
    return VerifierRates(
        miss=float(np.mean(target <= threshold)),
        false_alarm=float(np.mean(nontarget > threshold)),
        spoof_false_alarm=float(np.mean(spoof > threshold)),
    )


def tandem_weights(verifier: VerifierRates, cost: TandemCost = COST) -> tuple[float, float, float]:
    """C0, C1 and C2; InputError where no countermeasure could help the verifier.

    >>> c0, c1, c2 = tandem_weights(VerifierRates(miss=0.0, false_alarm=0.0, spoof_false_alarm=1.0))
    >>> (c0, round(c1, 4), c2)
    (0.0, 0.9405, 0.5)
    """
    total = cost.p_target + cost.p_nontarget + cost.p_spoof
    if abs(total - 1) > 1e-9:
        raise ValueError(f"The priors of a tandem cost must add up to 1; got {total:g}.")
    c0 = cost.p_target * cost.c_miss * verifier.miss + cost.p_nontarget * cost.c_false_alarm * verifier.false_alarm
    c1 = cost.p_target * cost.c_miss - c0
    c2 = cost.p_spoof * cost.c_spoof * verifier.spoof_false_alarm
    if c1 < 0 or c2 <= 0:
        raise InputError(
            f"The verifier misses {100 * verifier.miss:.1f} % of targets and accepts "
            f"{100 * verifier.spoof_false_alarm:.1f} % of spoofs: no countermeasure could help it, and min t-DCF is "
            "not defined. Check the verifier's scores: larger must mean the target speaker."
        )
    return c0, c1, c2


def minimum_tandem_cost(
    bona_fide: Floats, spoof: Floats, verifier: VerifierRates, cost: TandemCost = COST
) -> tuple[float, float]:
    """min t-DCF of a countermeasure's scores, and its threshold."""
    c0, c1, c2 = tandem_weights(verifier, cost)
    curve = error_curve(bona_fide, spoof)
    costs = (c0 + c1 * curve.miss + c2 * curve.false_alarm) / (c0 + min(c1, c2))
    place = int(np.argmin(costs))
    return float(costs[place]), float(curve.thresholds[place])
