# studies/report/sections/energy.py
"""Energy: by stage, by boundary and deployment, and what no price covers."""

from typing import Any

from classical_baselines.harness.energy import BOUNDARIES
from studies.fit import memory_checks
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.wording import energy_parts, joules_text


def _values(results: StudyResults) -> Values:
    return {
        "boundaries": BOUNDARIES,
        "energies": _energy_tables(results),
        "memory": _memory(results),
        "gaps": _gaps(results),
        "labels": _labels(results),
    }


def _energy_tables(results: StudyResults) -> list[dict[str, Any]]:
    """A table per scenario: one line per headline row and deployment, rival price sets too; a column per boundary."""
    tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in results.headline_rows:
        for energy in row.energies:
            line = tables.setdefault(energy.scenario, {}).setdefault(
                (row.system.name, energy.deployment),
                {
                    "title": row.title,
                    "family": row.system.family,
                    "deployment": energy.deployment,
                    "rival": energy.alternative_to,
                    "cells": {},
                    "joules": {},
                    "keeps_up": energy.keeps_up,
                },
            )
            line["cells"][energy.boundary] = energy_parts(energy)
            line["joules"][energy.boundary] = energy.nominal_joules
            if energy.boundary == "system":
                line["per_second"] = joules_text(energy.per_second_joules)
                line["joules"]["per second"] = energy.per_second_joules
    return [{"scenario": scenario, "lines": list(lines.values())} for scenario, lines in tables.items()]


def _memory(results: StudyResults) -> list[dict[str, Any]]:
    """RAM and flash of each device that a headline run needs, beside what it has; each once, whatever the boundary."""
    found = {
        (row.system.name, energy.deployment): {
            "title": row.title,
            "family": row.system.family,
            "deployment": energy.deployment,
            "checks": [(check.text, check.fits is False) for check in memory_checks(energy.fit)],
        }
        for row in results.headline_rows
        for energy in row.energies
        if memory_checks(energy.fit) and not energy.alternative_to
    }
    return list(found.values())


def _gaps(results: StudyResults) -> list[tuple[str, list[str]]]:
    """What the energies leave out, and why there is none: (deployment, terms and reasons)."""
    gaps: dict[str, dict[str, set[str]]] = {}
    for row in results.headline_rows:
        for energy in row.energies:
            for term in energy.unpriced or ((energy.reason,) if energy.reason else ()):
                gaps.setdefault(energy.deployment, {}).setdefault(term, set()).add(energy.boundary)
    return [
        (deployment, [f"{term} ({', '.join(b for b in BOUNDARIES if b in at)})" for term, at in terms.items()])
        for deployment, terms in gaps.items()
    ]


def _labels(results: StudyResults) -> list[tuple[str, str, str]]:
    """Deployments of the study: name, title, what must stand beside their numbers."""
    known = {energy.deployment: energy.deployed for row in results.rows for energy in row.energies}
    return [(name, deployed.title, "; ".join(deployed.labels)) for name, deployed in known.items()]


SECTION = Section("energy", "Energy", _values)
