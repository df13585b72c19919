# studies/report/sections/state_codes.py
"""State codes side by side: accuracy, gates of the preparation, fidelity, energy."""

from studies.report.code_lines import code_line
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.state_codes import HEADER, StateCodeRow, state_code_rows, state_codes_note


def values(results: StudyResults) -> Values | None:
    """Left out where fewer than two codes are compared."""
    codes = state_code_rows(results)
    if not codes:
        return None
    lines = [code_line(code, _numbers(code)) for code in codes]
    return {"header": HEADER, "codes": lines, "note": state_codes_note(codes)}


def _numbers(code: StateCodeRow) -> tuple[float | None, ...]:
    """What each cell after the title is sorted by."""
    return (
        code.row.interval.estimate,
        code.n_qubits,
        code.n_gates_any_two,
        code.n_gates_coupled,
        code.depth,
        1.0 if code.fidelity is None else code.fidelity,
        code.lowest_fidelity,
        None if code.energy is None else code.energy.nominal_joules,
    )


SECTION = Section("state-codes", "State codes", values)
