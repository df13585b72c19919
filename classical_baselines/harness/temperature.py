# classical_baselines/harness/temperature.py
"""Temperature scaling: one number that makes a network as sure of itself as it is right.

    p = softmax(logits / T)        T is where the negative log-likelihood of the validation clips is least

T > 1 takes confidence away, T < 1 adds to it; the prediction stays what it was. The likelihood is concave in 1 / T, so
that the least is the only zero of its slope: the mean logit that the network expects equals the mean logit of the
targets. Where the validation clips are all right, or hardly any is, the zero lies at 0 or at infinity, and T stops at
the end of RANGE.

Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
"""

import numpy as np

from classical_baselines.harness.evaluation import Indices, Logits, probabilities

RANGE = (0.01, 100.0)


def fit_temperature(logits: Logits, targets: Indices) -> float:
    """T of [clip, class] logits and [clip] targets, within RANGE.

    >>> confident = np.array([[4.0, 0.0]] * 4)  # says 98 %, and is right in 3 of 4
    >>> round(fit_temperature(confident, np.array([0, 0, 0, 1])), 3)  # 4 / ln 3
    3.641
    """
    from scipy import optimize

    values = logits.astype(np.float64)
    of_targets = float(values[np.arange(len(targets)), targets].mean())

    def slope(log_inverse: float) -> float:
        scaled = np.exp(log_inverse) * values
        return float((probabilities(scaled) * values).sum(axis=1).mean()) - of_targets

    smallest, largest = -np.log(RANGE[1]), -np.log(RANGE[0])
    if slope(smallest) >= 0:
        return RANGE[1]
    if slope(largest) <= 0:
        return RANGE[0]
    return float(np.exp(-optimize.brentq(slope, smallest, largest, xtol=1e-10)))
