# studies/training_energy.py
"""What training costs, spread over the decisions that follow it.

    multiply-and-adds   3 * forward * epochs * training clips       forward once, and twice as much backwards
    forward             multiply-and-adds of the network and readout of one clip, integers as floats; of a spiking
                        network in floats, one for each spike and synapse (a framework that works densely does more)
    J(N)                training / N + joules per decision
    N where A = B       (training A - training B) / (joules B - joules A), where that is above 0

Counted is one training of a cell, the mean over the cells: no tuning trials, no front end, no validation. Training is
priced saturated, on a deployment of its own that has a price for multiply-and-adds in floats. A model that is fitted
directly (a support vector machine, a linear model) follows a rule that no count is kept of, and is not priced; nor is
one that is trained with a teacher or with weights that a decision leaves out.

A circuit can also be trained on the machine itself by parameter shift: two evaluations for each of its parameters and
one for the loss, of every training clip in every epoch, each as long as a decision:

    machine seconds     (2 * circuit parameters + 1) * seconds per decision * epochs * training clips
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.energy import Draws, LowerBound, Modelled
from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import Deployment, price
from studies.break_even import BY_SHOTS
from studies.results import Row, StudyResults
from studies.trained_elsewhere import comes_trained
from studies.what_if import Side

FORWARD_PASSES = 3  # of arithmetic: one forward, two backward
UNLIKE_ITS_DECISIONS = {  # classifiers whose training is not three times what a decision counts
    "distilled": "a teacher is trained with it, and not counted",
    "pruned": "it trains with the weights that a decision leaves out",
    "pruned-int8": "it trains with the weights that a decision leaves out",
}


@dataclass(frozen=True, eq=False)
class Training:
    """One training of a system, or why it has no energy."""

    system: str
    macs: float | None  # multiply-and-adds; None where not counted
    joules: Draws | None  # [1 + draw]
    reason: str = ""  # why there is none
    machine_seconds: float | None = None  # by parameter shift on hardware; None for what has no circuit
    machine_joules: Draws | None = None


@dataclass(frozen=True)
class Amortised:
    """Where two systems, training included, have used the same energy."""

    n_decisions: float | None  # nominal; None where they never have
    low: float | None  # 5 % of the draws that have such a number
    high: float | None
    share_of_draws: float
    less_at_first: str  # "A" or "B": whose training costs less
    less_in_the_end: str  # whose decisions cost less


def training_of(results: StudyResults, row: Row, deployment: Deployment, draws: CoefficientDraws) -> Training:
    """The training of a row's system, from the records of its fit cells."""
    name = row.system.name
    if comes_trained(row.system):
        return Training(name, None, None, "it comes trained; what that took elsewhere is not known")
    fits = [result for cell, result in results.fits.items() if (cell.system, cell.protocol) == (name, row.protocol)]
    records = [(result.training, result.n_training_clips) for result in fits if result.training.get("losses")]
    if not records:
        direct = any(result.training.get("fitted") == "directly" for result in fits)
        return Training(
            name,
            None,
            None,
            "it is fitted directly, by a rule that keeps no count" if direct else "no training is recorded",
        )
    unlike = UNLIKE_ITS_DECISIONS.get(row.system.classifier.name)
    if unlike is not None:
        return Training(name, None, None, unlike)
    size = row.system.training.batch_size
    passes = float(np.mean([clips_trained_on(len(record["losses"]), n_clips, size) for record, n_clips in records]))
    forward = forward_macs(results, row)
    if not forward:
        return Training(name, None, None, "no run of it counts multiply-and-adds in floats or integers")
    macs = FORWARD_PASSES * forward * passes
    counts = OperationCounts.of("network", "training", mac_fp32=macs)
    joules = _priced(counts, deployment, draws)
    seconds, machine = _parameter_shift(row, passes, draws)
    return Training(name, macs, joules, machine_seconds=seconds, machine_joules=machine)


def forward_macs(results: StudyResults, row: Row) -> float:
    """Multiply-and-adds of one clip through the network in floats, or through its integers where that was run alone."""
    of_system = [r for r in results.rows if (r.system.name, r.protocol) == (row.system.name, row.protocol)]
    best = 0.0
    for run in of_system:
        if run.counts.total("synaptic_operations") or run.counts.total("shots"):
            continue  # what the chip or the machine does is not what training does
        spiking = any(r.counts.total("synaptic_operations") for r in of_system)
        counted = ("mac_fp32", "mac_int8", *(("add_fp32",) if spiking else ()))
        best = max(best, sum(run.counts.total(o, stage=s) for o in counted for s in ("network", "readout")))
    return best


def amortised(a: tuple[Draws, Draws], b: tuple[Draws, Draws]) -> Amortised:
    """After how many decisions two systems are even; each is (training, per decision), [1 + draw] joules."""
    training, decision = a[0] - b[0], b[1] - a[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        number = training / decision
    number = np.where(np.isfinite(number) & (number > 0), number, np.nan)
    drawn = number[1:][np.isfinite(number[1:])]
    low, high = np.quantile(drawn, (0.05, 0.95)).tolist() if drawn.size else (None, None)
    return Amortised(
        n_decisions=float(number[0]) if np.isfinite(number[0]) else None,
        low=low,
        high=high,
        share_of_draws=float(drawn.size / max(1, number.size - 1)),
        less_at_first="A" if training[0] < 0 else "B",
        less_in_the_end="A" if decision[0] > 0 else "B",
    )


def per_decision(training: Draws, side: Side, draws: CoefficientDraws, n_decisions: Sequence[float]) -> list[float]:
    """Nominal joules per decision, training included, spread over so many decisions."""
    inference = float(side.joules(draws)[0])
    return [float(training[0]) / n + inference for n in n_decisions]


def clips_trained_on(n_epochs: int, n_clips: int, batch_size: int) -> int:
    """Clips that pass through the network: an epoch leaves out what does not fill its last batch.

    >>> clips_trained_on(n_epochs=2, n_clips=100, batch_size=64)
    128
    """
    batch = min(batch_size, n_clips)
    return n_epochs * (n_clips // batch) * batch


def _parameter_shift(row: Row, passes: float, draws: CoefficientDraws) -> tuple[float | None, Draws | None]:
    """Seconds and joules of the machine, where the run is one of a circuit in shots."""
    n_parameters = row.notes.get("n_circuit_parameters")
    seconds = row.counts.total("machine_seconds")
    energy = next((e for e in row.energies if e.nominal_joules is not None and e.boundary == "system"), None)
    if n_parameters is None or not seconds or energy is None:
        return None, None
    evaluations = (2 * float(n_parameters) + 1) * passes
    kept = {key: count * evaluations for key, count in row.counts if key[2] in BY_SHOTS}
    return seconds * evaluations, _priced(OperationCounts(kept), energy.deployed, draws)


def _priced(counts: OperationCounts, deployment: Deployment, draws: CoefficientDraws) -> Draws:
    priced = price(
        counts, deployment, boundary="system", scenario="saturated", period_seconds=1.0, draws=draws, link_values=1.0
    )
    energy = priced.energy.priced if isinstance(priced.energy, LowerBound) else priced.energy
    if not isinstance(energy, Modelled):
        raise InputError(
            f"{deployment.name} has no price for training ({energy.reason}). "  # type: ignore[union-attr]
            "Name a deployment that prices mac_fp32."
        )
    return np.concatenate([[energy.nominal_joules], energy.draws])
