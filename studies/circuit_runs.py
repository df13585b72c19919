# studies/circuit_runs.py
"""Every backend that ran a circuit, side by side: on how many clips, how right, how fast here, and for how many joules.

A row is a system on one backend under the headline protocol. Runs on some of the clips (Aer, a processor, a machine's
noise), which have no place in the table of systems, stand here with the others. Joules are those that were measured
while the run was simulated, or "unavailable", and beside them those that its deployments are priced at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantum.backends import AS_TRAINED
from studies.budgets import EnergyRow
from studies.results import Members, StudyResults
from studies.some_clips import (
    accuracy_on_some_clips,
    clips_of_a_cell,
    clips_per_second,
    energies_on_some_clips,
    members_with_some_clips,
    rate_text,
)
from studies.specification import Run, System
from studies.statistics import Interval
from studies.wording import energy_text, interval_text, joules_text, note_text

OF_CIRCUITS = "n_qubits"  # a note of every backend of circuits, and of no other
HEADER = (
    *("system", "backend", "what ran", "clips of a cell", "accuracy", "clips per second here"),
    *("joules per decision, measured here", "joules per decision, priced"),
)
NOTE = (
    "Clips of a cell: mean over cells; runs on some of the clips take them evenly spread over the cell's. Accuracy in "
    "per cent with its 95 % interval, of the clips that were run. Clips per second: of the simulation on the machine "
    "that ran the cell, with its encoding and transpiling; a processor's own time is in the price. Measured: by "
    "`trichord measure`, of the simulation; unavailable where it was not, or cannot be, measured apart. Priced: system "
    "boundary, always on."
)
TOLD = {  # notes that say what ran
    "aer_method": "Aer, {}",
    "aer_device": "{}",
    "bond_dimension": "bond dimension {}",
    "processor": "{}",
    "calibration": "noise of {}",
    "n_shots": "{} shots",
    "readout_mitigation": "readout mitigated ({})",
    "noise_factors": "extrapolated from noise x {}",
    "machine_seconds": "seconds {}",
}


@dataclass(frozen=True)
class CircuitRun:
    """One system on one backend of circuits."""

    system: System
    run: Run
    what_ran: str
    n_clips: float  # of a cell
    interval: Interval
    clips_per_second: float | None  # of the simulation; None where nobody took the time
    measured: EnergyRow | None
    can_be_measured: bool
    priced: tuple[EnergyRow, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        unavailable = "unavailable: not measured" if self.can_be_measured else "unavailable: not measured apart"
        measured = unavailable if self.measured is None else joules_text(self.measured.nominal_joules)
        prices = [f"{one.deployment}: {energy_text(one)}" for one in self.priced if not one.alternative_to]
        return (
            *(self.system.title or self.system.name, self.run.backend.name, self.what_ran, f"{self.n_clips:.0f}"),
            interval_text(self.interval),
            rate_text(self.clips_per_second),
            *(measured, "; ".join(prices) or "no deployment named"),
        )


def circuit_runs(results: StudyResults) -> list[CircuitRun]:
    """Every run of a circuit under the headline protocol, in the study's order; none where there is nothing to set side
    by side: one backend, whose runs all stand in the table of systems."""
    found: list[CircuitRun] = []
    for system in results.study.systems:
        for run in system.runs:
            members = members_with_some_clips(results, system, run.backend.name)
            if members and OF_CIRCUITS in members[0][2].notes:
                found.append(_circuit_run(results, system, run, members))
    in_systems = all(results.row(one.system.name, one.run.backend.name) is not None for one in found)
    return [] if in_systems and len({one.run.backend.name for one in found}) < 2 else found


def _circuit_run(results: StudyResults, system: System, run: Run, members: Members) -> CircuitRun:
    row = results.row(system.name, run.backend.name)
    return CircuitRun(
        system=system,
        run=run,
        what_ran=_what_ran(members[0][2].notes),
        n_clips=clips_of_a_cell(members),
        interval=accuracy_on_some_clips(members),
        clips_per_second=clips_per_second(members),
        measured=None if row is None else next((one for one in row.energies if one.kind == "measured"), None),
        can_be_measured=run.backend.name in AS_TRAINED,
        priced=energies_on_some_clips(results, run, members),
    )


def _what_ran(notes: Mapping[str, Any]) -> str:
    said = [words.format(note_text(notes[name])) for name, words in TOLD.items() if name in notes]
    return ", ".join(said) or "exact states of the engine"
