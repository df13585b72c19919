# quantum/machine_time.py
"""How long a quantum processor is occupied, part by part: what is counted in seconds, and priced elsewhere.

    machine seconds = shots * (repetition delay + reset + preparation + circuit + feed-forward + readout)

    feed-forward    once for each measured bit that a later gate of the shot waits for (a dynamic circuit); else 0

Medians of IBM Torino in the device snapshots of qiskit-ibm-runtime 0.51.0 (`FakeTorino`), save the feed-forward, which
no snapshot says and which is assumed. How far other machines are from them: `superconducting_times.toml` in
`classical_baselines/harness/coefficients`. The classical host that compiles and binds is in none of them.
"""

from dataclasses import dataclass

from classical_baselines.harness.choices import InputError

REPETITION_DELAY_SECONDS = 250e-6  # default rep_delay, FakeTorino
RESET_SECONDS = 1.708e-6  # median, FakeTorino
READOUT_SECONDS = 1560e-9  # median, FakeTorino
FEED_FORWARD_SECONDS = 700e-9  # assumed
LONGEST_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class ShotTimes:
    """What a shot takes beside its gates."""

    repetition_delay_seconds: float = REPETITION_DELAY_SECONDS
    reset_seconds: float = RESET_SECONDS
    readout_seconds: float = READOUT_SECONDS
    feed_forward_seconds: float = FEED_FORWARD_SECONDS  # per bit that is waited for
    n_feed_forward: int = 0  # such bits

    def __post_init__(self) -> None:
        if not 0 <= self.repetition_delay_seconds < LONGEST_DELAY_SECONDS:
            raise InputError(
                f"repetition_delay_seconds must lie in [0, {LONGEST_DELAY_SECONDS:g}); got "
                f"{self.repetition_delay_seconds}. Superconducting processors take 0 to 0.004."
            )
        if min(self.reset_seconds, self.readout_seconds, self.feed_forward_seconds, self.n_feed_forward) < 0:
            raise InputError(f"Times and counts of a shot start at 0; got {self}.")

    @property
    def parts(self) -> dict[str, float]:
        """Seconds of each part of a shot that is no gate, by the layer that it is booked in."""
        return {
            "repetition-delay": self.repetition_delay_seconds,
            "reset": self.reset_seconds,
            "feed-forward": self.n_feed_forward * self.feed_forward_seconds,
            "measurement": self.readout_seconds,
        }
