"""Rows of a study with counts of one's choice: something to ask energy questions about, whose answers fit on paper."""

from dataclasses import replace

from classical_baselines.harness.operations import OperationCounts
from studies.budgets import energy_rows
from studies.results import Row, values_per_clip
from studies.what_if import Side, side_of
from tests.studies.synthetic_results import synthetic_results


def row_of(counts: OperationCounts, *deployments: str, system: str = "ds-cnn", **changes) -> Row:
    """The headline row of a system of the synthetic study, had it counted this on these deployments."""
    row = synthetic_results().row(system)
    energies = tuple(energy_rows(counts, deployments, 1.0, link_values=values_per_clip(counts)))
    return replace(row, counts=counts, energies=energies, clip_seconds=1.0, **changes)


def side(counts: OperationCounts, deployment: str, boundary="operation", scenario="saturated", **changes) -> Side:
    """That row as one side of a question."""
    return side_of(row_of(counts, deployment, **changes), boundary, scenario)
