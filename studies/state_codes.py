# studies/state_codes.py
"""The state codes of a study beside each other: what preparing each costs, how near it comes, what it is good for.

A row has the accuracy of the system's headline run, the two-qubit gates of its preparation (between any two qubits, and
on the coupling of the run), its depth, the fidelity where the code approximates, and the energy of the run where it
costs least at the system boundary, always on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from studies.budgets import EnergyRow
from studies.energy_answers import cheapest
from studies.results import Row, StudyResults
from studies.wording import energy_text, interval_text

COUNTED = "preparation_gates_2q_all_to_all"  # a note of the runs in shots that a simulation samples
HEADER = (
    *("system", "accuracy", "qubits", "two-qubit gates, any two qubits", "two-qubit gates, coupled", "depth, coupled"),
    *("fidelity", "lowest", "energy per decision"),
)


@dataclass(frozen=True)
class StateCodeRow:
    """One system's code."""

    row: Row  # the headline run
    n_qubits: int
    n_gates_any_two: int
    n_gates_coupled: int
    coupling: str
    depth: int
    fidelity: float | None  # mean over clips; None where the code is exact
    lowest_fidelity: float | None  # of a clip, mean over cells
    energy: EnergyRow | None  # None where no deployment has a price

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        return (
            self.row.title,
            interval_text(self.row.interval),
            str(self.n_qubits),
            f"{self.n_gates_any_two:,}",
            f"{self.n_gates_coupled:,}",
            f"{self.depth:,}",
            "exact" if self.fidelity is None else f"{self.fidelity:.3f}",
            "–" if self.lowest_fidelity is None else f"{self.lowest_fidelity:.3f}",
            "not available" if self.energy is None else energy_text(self.energy),
        )


def state_code_rows(results: StudyResults) -> list[StateCodeRow]:
    """The codes under the headline protocol, the fewest gates first; empty where fewer than two are compared."""
    counted = [row for row in results.headline_rows if COUNTED in row.notes]
    if len({row.system.encoder.model_dump_json() for row in counted}) < 2:
        return []
    return sorted(map(_state_code_row, counted), key=lambda code: (code.n_gates_any_two, code.row.system.name))


def _state_code_row(row: Row) -> StateCodeRow:
    notes = row.notes
    priced = cheapest([row]) or cheapest([row], kinds=("lower-bound",))
    return StateCodeRow(
        row=row,
        n_qubits=round(notes["n_qubits"]),
        n_gates_any_two=round(notes[COUNTED]),
        n_gates_coupled=round(notes["preparation_gates_2q"]),
        coupling=str(notes["coupling"]),
        depth=round(notes["preparation_depth"]),
        fidelity=notes.get("preparation_fidelity"),
        lowest_fidelity=notes.get("preparation_fidelity_lowest"),
        energy=priced[0][1] if priced else None,
    )


def state_codes_note(codes: Sequence[StateCodeRow]) -> str:
    """What the columns mean."""
    couplings = ", ".join(sorted({code.coupling for code in codes}))
    return (
        "Accuracy in per cent with its 95 % interval, of the headline run. Two-qubit gates and depth of the "
        "preparation, transpiled: alone between any two qubits, and with the circuit on the coupling of the headline "
        f"run ({couplings}). Fidelity: |<wanted|prepared>|², mean over clips, and the lowest of a clip, mean over "
        "cells. Energy: system boundary, always on, where the run costs least."
    )
