# studies/report/sections/spike_codes.py
"""Spike codes side by side: accuracy, spikes, bits, what the spikes give back, energy."""

from studies.report.code_lines import code_line
from studies.report.section import Section, Values
from studies.results import StudyResults
from studies.spike_codes import HEADER, CodeRow, code_rows, table_note


def values(results: StudyResults) -> Values | None:
    """Left out where no code was measured."""
    codes = code_rows(results)
    if not codes:
        return None
    lines = [code_line(code, _numbers(code)) for code in codes]
    return {"header": HEADER, "codes": lines, "note": table_note(codes)}


def _numbers(code: CodeRow) -> tuple[float | None, ...]:
    """What each cell after the title is sorted by."""
    return (
        code.row.interval.estimate,
        code.n_channels,
        code.spikes_per_clip,
        code.spikes_per_second,
        code.bits_per_second,
        code.entropy_bits_per_second,
        code.relative_rms_error,
        None if code.energy is None else code.energy.nominal_joules,
    )


SECTION = Section("spike-codes", "Spike codes", values)
