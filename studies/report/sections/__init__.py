# studies/report/sections/__init__.py
"""The sections of the report, in the order of the page. A new one is its files and a line here."""

from studies.report.section import Section
from studies.report.sections import (
    answers,
    break_even_rate,
    checks,
    circuit,
    coefficients,
    completeness,
    differences,
    early_decision,
    energy,
    integer_cost,
    measured,
    noise_conditions,
    probes,
    provenance,
    scores,
    spike_codes,
    state_codes,
    systems,
)

SECTIONS: tuple[Section, ...] = (
    answers.SECTION,
    Section("picture", "Accuracy against energy"),
    systems.SECTION,
    differences.SECTION,
    circuit.SECTION,
    energy.SECTION,
    measured.SECTION,
    spike_codes.SECTION,
    state_codes.SECTION,
    early_decision.SECTION,
    break_even_rate.SECTION,
    integer_cost.SECTION,
    noise_conditions.SECTION,
    Section("groups", "Groups and learning"),
    Section("confusion", "Confusions"),
    scores.SECTION,
    probes.SECTION,
    Section("clip", "One clip from the inside"),
    checks.SECTION,
    completeness.SECTION,
    coefficients.SECTION,
    provenance.SECTION,
)
