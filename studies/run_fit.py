# studies/run_fit.py
"""What the runs of a study ask of their devices, for `studies.fit`: from stored counts and notes, without the data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import Deployment
from studies.budgets import EnergyRow
from studies.fit import FitCheck, Need, fit_checks, misfits
from studies.specification import Study


def checks_of(
    study: Study,
    counts: OperationCounts,
    notes: Mapping[str, Any],
    energies: Sequence[EnergyRow],
    deployment: Deployment,
    picture_values: float | None,
) -> tuple[FitCheck, ...]:
    """The fit checks of a run on one of its deployments; the time is that of the whole chain, front end included."""
    place = (deployment.name, "system")
    whole = next(e for e in energies if (e.deployment, e.boundary) == place and e.kind != "measured")
    rate = sample_rate_hz(study)
    need = Need(
        counts=counts,
        notes=notes,
        busy_seconds=whole.busy_seconds,
        period_seconds=whole.period_seconds,
        audio_samples=None if rate is None else rate * whole.clip_seconds,
        picture_values=picture_values,
    )
    return fit_checks(need, deployment)


def with_fit(
    study: Study,
    counts: OperationCounts,
    notes: Mapping[str, Any],
    energies: Sequence[EnergyRow],
    picture_values: float | None,
) -> tuple[EnergyRow, ...]:
    """The energies, each with what its run needs of the devices, and why it does not fit, if it is shown not to."""
    deployed = {e.deployment: e.deployed for e in energies if e.nominal_joules is not None}
    checks = {
        name: checks_of(study, counts, notes, energies, deployment, picture_values)
        for name, deployment in deployed.items()
    }
    found = [(energy, checks.get(energy.deployment, ())) for energy in energies]
    return tuple(replace(energy, does_not_fit=misfits(fit), fit=fit) for energy, fit in found)


def sample_rate_hz(study: Study) -> int | None:
    """Of the study, else of its data set; None for a user's own folder that names none."""
    from classical_baselines.data.catalogue import known_data_set

    if study.data.sample_rate_hz is not None or study.data.folder is not None:
        return study.data.sample_rate_hz
    known = known_data_set(study.data.name)
    return None if known is None else known.sample_rate_hz
