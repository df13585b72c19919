# studies/spike_codes.py
"""The codes of a study's spiking systems beside each other: what the backend `spike-code` measured of each.

A row has the accuracy of the system's headline run, what the code costs in spikes and bits, how much of the picture its
spikes give back, and the energy of the run where it costs least at the system boundary, always on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studies.budgets import EnergyRow
from studies.energy_answers import cheapest
from studies.results import Row, StudyResults
from studies.wording import energy_text, interval_text

MEASURED = "code_spikes_per_clip"  # a note of the backend `spike-code`, and of no other
HEADER = (
    *("system", "accuracy", "channels", "spikes per clip", "spikes per second", "bits per second"),
    *("entropy, bits per second", "error of the picture", "energy per decision"),
)


@dataclass(frozen=True)
class CodeRow:
    """One system's code."""

    row: Row  # the headline run
    n_channels: int
    spikes_per_clip: float
    spikes_per_second: float
    bits_per_second: float
    entropy_bits_per_second: float | None
    relative_rms_error: float | None
    signal_to_noise_decibels: float | None
    energy: EnergyRow | None  # None where no deployment has a price

    @property
    def error_text(self) -> str:
        """`0.21 (13.7 dB)`; a dash where the spikes give no picture back."""
        if self.relative_rms_error is None:
            return "–"
        ratio = "" if self.signal_to_noise_decibels is None else f" ({self.signal_to_noise_decibels:.1f} dB)"
        return f"{self.relative_rms_error:.2g}{ratio}"

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the table, as HEADER names them."""
        entropy = self.entropy_bits_per_second
        return (
            self.row.title,
            interval_text(self.row.interval),
            f"{self.n_channels:,}",
            f"{self.spikes_per_clip:,.0f}",
            f"{self.spikes_per_second:,.0f}",
            f"{self.bits_per_second:,.0f}",
            "–" if entropy is None else f"{entropy:,.0f}",
            self.error_text,
            "not available" if self.energy is None else energy_text(self.energy),
        )


def code_rows(results: StudyResults) -> list[CodeRow]:
    """The measured codes under the headline protocol, the fewest spikes first; empty where none was measured."""
    protocol = results.study.headline_protocol.name
    measured: Mapping[str, Row] = {
        row.system.name: row for row in results.rows if row.protocol == protocol and MEASURED in row.notes
    }
    found = [_code_row(row, measured[row.system.name]) for row in results.headline_rows if row.system.name in measured]
    return sorted(found, key=lambda code: code.spikes_per_clip)


def _code_row(headline: Row, measured: Row) -> CodeRow:
    notes, seconds = measured.notes, measured.clip_seconds
    entropy = notes.get("code_entropy_bits_per_clip")
    priced = cheapest([headline]) or cheapest([headline], kinds=("lower-bound",))
    return CodeRow(
        row=headline,
        n_channels=round(notes["code_n_channels"]),
        spikes_per_clip=notes[MEASURED],
        spikes_per_second=notes[MEASURED] / seconds,
        bits_per_second=notes["code_bits_per_clip"] / seconds,
        entropy_bits_per_second=None if entropy is None else entropy / seconds,
        relative_rms_error=notes.get("code_relative_rms_error"),
        signal_to_noise_decibels=notes.get("code_signal_to_noise_decibels"),
        energy=priced[0][1] if priced else None,
    )


def table_note(codes: Sequence[CodeRow]) -> str:
    """What the columns mean, in two sentences."""
    backends = sorted({code.row.run.backend.name for code in codes})
    return (
        f"Accuracy in per cent with its 95 % interval, of the headline run ({', '.join(backends)}); spikes are those "
        "that the encoder sends, means over clips. Bits: each spike names its channel (a graded event carries 8 more); "
        "entropy: what independent channels at their own rates need at most. Error of the picture: relative RMS of the "
        "intensity that the spikes give back, a dash where they give none back. Energy: system boundary, always on, "
        "where the run costs least."
    )
