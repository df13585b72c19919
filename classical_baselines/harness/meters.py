# classical_baselines/harness/meters.py
"""Meters: joules that a machine's own counters report, or the reason why there are none. Never 0, never a guess.

    rapl    /sys/class/powercap/intel-rapl:N/energy_uj    microjoules of a CPU package; the counter wraps
    nvml    nvmlDeviceGetTotalEnergyConsumption           millijoules of a whole GPU since the driver was loaded

Both count everything that runs on the device, so a measurement needs the machine to itself.
"""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Protocol

from classical_baselines.harness.energy import Measured, Unavailable

POWERCAP = Path("/sys/class/powercap")
STUDENT_T_95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)  # two-sided, 1 to 9 degrees of freedom


class Meter(Protocol):
    """A counter of joules."""

    @property
    def name(self) -> str:
        """ "rapl" or "nvml"."""
        ...

    def read_joules(self) -> float:
        """The counter now; only differences mean anything."""
        ...


@dataclass
class RaplMeter:
    """The sum of all CPU packages; to be read more often than the counter wraps (a minute under full load)."""

    packages: Sequence[Path]
    name: str = "rapl"

    def __post_init__(self) -> None:
        self._last = [self._microjoules(package) for package in self.packages]
        self._range = [int((package / "max_energy_range_uj").read_text()) for package in self.packages]
        self._total = 0

    def read_joules(self) -> float:
        """Joules since the meter was made, a wrap of the counter undone."""
        for index, package in enumerate(self.packages):
            now = self._microjoules(package)
            difference = now - self._last[index]
            self._total += difference if difference >= 0 else difference + self._range[index]
            self._last[index] = now
        return self._total * 1e-6

    @staticmethod
    def _microjoules(package: Path) -> int:
        return int((package / "energy_uj").read_text())


@dataclass(frozen=True)
class NvmlMeter:
    """One whole GPU."""

    nvml: Any
    handle: Any
    name: str = "nvml"

    def read_joules(self) -> float:
        """Joules since the driver was loaded."""
        return float(self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle)) * 1e-3


def find_rapl(folder: Path = POWERCAP) -> RaplMeter | Unavailable:
    """The CPU's meter, or why there is none."""
    packages = sorted(p for p in folder.glob("intel-rapl:*") if p.name.count(":") == 1)
    if not packages:
        return Unavailable(f"no RAPL counter under {folder}: a virtual machine, or a CPU without one")
    try:
        return RaplMeter(packages)
    except (OSError, ValueError) as error:
        return Unavailable(f"RAPL cannot be read ({error}); give this user read access to energy_uj")


def find_nvml(index: int = 0) -> NvmlMeter | Unavailable:
    """The meter of GPU `index`, or why there is none."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return Unavailable("the package nvidia-ml-py is not installed")
    try:
        nvml.nvmlInit()
        meter = NvmlMeter(nvml, nvml.nvmlDeviceGetHandleByIndex(index))
        meter.read_joules()
    except nvml.NVMLError as error:
        return Unavailable(f"NVML gives no energy of GPU {index}: {error}")
    return meter


def measure(
    work: Callable[[], object],
    meter: Meter | Unavailable,
    *,
    decisions_per_call: int,
    n_windows: int = 5,
    window_seconds: float = 10.0,
    clock: Callable[[], float] = time.monotonic,
) -> Measured | Unavailable:
    """Joules per decision, gross, as mean and 95 % interval (t) over windows in which `work` is repeated."""
    if isinstance(meter, Unavailable):
        return meter
    if not 2 <= n_windows <= len(STUDENT_T_95) + 1:
        raise ValueError(f"n_windows must lie in 2 to {len(STUDENT_T_95) + 1}; got {n_windows}.")
    joules: list[float] = []
    for _ in range(n_windows):
        started, before, n_calls = clock(), meter.read_joules(), 0
        while clock() - started < window_seconds:
            work()
            n_calls += 1
        spent = meter.read_joules() - before
        if spent <= 0 or n_calls == 0:
            return Unavailable(f"the {meter.name} counter did not move in a window of {window_seconds:g} s")
        joules.append(spent / (n_calls * decisions_per_call))
    mean = fmean(joules)
    half = STUDENT_T_95[n_windows - 2] * stdev(joules) / n_windows**0.5
    return Measured(mean, mean - half, mean + half, meter.name, n_windows)
