"""A machine of known power: a clock that only work and sleep move, and counters of its energy that lag and wrap."""

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Trace:
    """Idle at one power and busy at another; the counter shows the energy of the last update."""

    idle_watts: float = 5.0
    busy_watts: float = 20.0
    call_seconds: float = 0.05
    period_seconds: float = 0.001  # between two updates of the counter
    read_seconds: float = 1e-4  # that a read takes, at the power of whatever came before it
    phase_seconds: float = 0.0  # of the first update
    name: str = "trace"
    covers: str = "a machine of known power"
    wrap_seconds: float = float("inf")
    seconds: float = 0.0
    watts: float = 5.0
    n_reads: int = 0
    _times: list[float] = field(default_factory=lambda: [0.0])
    _joules: list[float] = field(default_factory=lambda: [0.0])

    def spend(self, seconds: float, watts: float) -> None:
        self._times.append(self.seconds + seconds)
        self._joules.append(self._joules[-1] + seconds * watts)
        self.seconds += seconds
        self.watts = watts

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.spend(seconds, self.idle_watts)

    def work(self) -> None:
        self.spend(self.call_seconds, self.busy_watts)

    def read_joules(self) -> float:
        self.n_reads += 1
        self.spend(self.read_seconds, self.watts)
        return self.counted(self.seconds)

    def counted(self, at: float) -> float:
        """The energy at the last update before a moment."""
        updated = (at + self.phase_seconds) // self.period_seconds * self.period_seconds - self.phase_seconds
        if updated <= 0:
            return 0.0
        i = bisect_right(self._times, updated) - 1
        if i + 1 == len(self._times):
            return self._joules[i]
        share = (updated - self._times[i]) / (self._times[i + 1] - self._times[i])
        return self._joules[i] + share * (self._joules[i + 1] - self._joules[i])

    def conditions(self) -> dict[str, float | str]:
        return {}


def write_domain(
    folder: Path, zone: str, name: str, microjoules: int, range_microjoules: int = 262_143_328_850
) -> Path:
    """A counter of RAPL as the kernel shows it."""
    path = folder / zone
    path.mkdir(parents=True, exist_ok=True)
    (path / "name").write_text(f"{name}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{range_microjoules}\n")
    return path
