# classical_baselines/harness/meters.py
"""Meters: joules that a machine's own counters report, or the reason why there are none. Never 0, never a guess.

    rapl    /sys/class/powercap/intel-rapl:*/energy_uj    microjoules of a CPU package, and of its memory where counted
    nvml    nvmlDeviceGetTotalEnergyConsumption           millijoules of a whole GPU since the driver was loaded

RAPL's domains are added up as far as they lie apart: packages, and `dram`, which is outside of them. `core` and
`uncore` are parts of a package; `psys` holds the packages already. A counter wraps at its range. That is undone where
it is read at least once in `wrap_seconds`; a step that would take more than MOST_WATTS is none that a package makes,
and stops the measurement: the counter was set back, or the machine slept.

Both count everything that runs on the device, so a measurement needs the machine to itself. The slices of a GPU that is
split (MIG) have no counter of their own. `classical_baselines.harness.measurement` says how joules become an energy.
"""

import importlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from classical_baselines.harness.energy import Unavailable

POWERCAP = Path("/sys/class/powercap")
SYSTEM = Path("/sys")  # clocks and temperatures of the CPU
MOST_WATTS = 1000.0  # of one domain: twice what the largest server packages are specified for
SLACK_SECONDS = 0.1  # a step is as old as the counter's last update
Conditions = Mapping[str, float | str]


class MeterError(RuntimeError):
    """A counter that cannot be read any more, or believed."""


class Meter(Protocol):
    """A counter of joules."""

    @property
    def name(self) -> str:
        """ "rapl" or "nvml"."""
        ...

    @property
    def covers(self) -> str:
        """What it counts: "package-0 with dram"."""
        ...

    @property
    def wrap_seconds(self) -> float:
        """The longest time between two reads after which a wrap can still be undone."""
        ...

    def read_joules(self) -> float:
        """The counter now; only differences mean anything. MeterError where it cannot be believed."""
        ...

    def conditions(self) -> Conditions:
        """Clock, power limit and temperature, as far as they can be read."""
        ...


@dataclass(frozen=True)
class Domain:
    """One counter of RAPL."""

    path: Path
    name: str  # "package-0", "dram"
    range_microjoules: int  # where it wraps

    def microjoules(self) -> int:
        """The counter now."""
        try:
            return int((self.path / "energy_uj").read_text())
        except (OSError, ValueError) as error:
            raise MeterError(f"the RAPL counter of {self.name} cannot be read: {error}") from error


@dataclass
class RaplMeter:
    """The sum of all CPU packages, and of their memory where it is counted."""

    domains: Sequence[Domain]
    clock: Callable[[], float] = time.monotonic
    system: Path = SYSTEM
    name: str = "rapl"

    def __post_init__(self) -> None:
        self._last = [domain.microjoules() for domain in self.domains]
        self._read_at = self.clock()
        self._total = 0

    @property
    def covers(self) -> str:
        """ "package-0 with dram, package-1 with dram"."""
        packages = {d.path.name: d.name for d in self.domains if d.name != "dram"}
        with_memory = {d.path.name.rpartition(":")[0] for d in self.domains if d.name == "dram"}
        return ", ".join(f"{name} with dram" if zone in with_memory else name for zone, name in packages.items())

    @property
    def wrap_seconds(self) -> float:
        """A minute or more: the smallest range at MOST_WATTS."""
        return min(domain.range_microjoules for domain in self.domains) * 1e-6 / MOST_WATTS

    def read_joules(self) -> float:
        """Joules since the meter was made, wraps undone."""
        now = self.clock()
        elapsed = now - self._read_at
        if elapsed > self.wrap_seconds:
            raise MeterError(f"RAPL was not read for {elapsed:.0f} s, in which its counter may have wrapped twice")
        for index, domain in enumerate(self.domains):
            counter = domain.microjoules()
            step = counter - self._last[index]
            if step < 0:
                step += domain.range_microjoules
            if step * 1e-6 > MOST_WATTS * (elapsed + SLACK_SECONDS):
                raise MeterError(
                    f"the RAPL counter of {domain.name} went from {self._last[index]} to {counter} µJ in {elapsed:.3g} "
                    "s, which is no power of a CPU: it was set back, or the machine slept"
                )
            self._total += step
            self._last[index] = counter
        self._read_at = now
        return self._total * 1e-6

    def conditions(self) -> Conditions:
        """Of the packages together: the long-term power limit; mean clock of the cores, the governor, temperature."""
        found: dict[str, float | str] = {}
        cores = sorted((self.system / "devices/system/cpu").glob("cpu[0-9]*/cpufreq"))
        clocks = [text for core in cores if (text := _text(core / "scaling_cur_freq"))]
        zones = (self.system / "class/thermal").glob("thermal_zone*")
        heats = [text for zone in zones if _text(zone / "type") == "x86_pkg_temp" and (text := _text(zone / "temp"))]
        limits = [
            text
            for domain in self.domains
            if domain.name != "dram" and (text := _text(domain.path / "constraint_0_power_limit_uw"))
        ]
        with suppress(ValueError):
            if limits:
                found["power_limit_watts"] = sum(map(int, limits)) * 1e-6
            if clocks:
                found["clock_mhz"] = fmean(map(int, clocks)) * 1e-3
            if heats:
                found["temperature_celsius"] = max(map(int, heats)) * 1e-3
        if cores and (governor := _text(cores[0] / "scaling_governor")):
            found["governor"] = governor
        return found


@dataclass(frozen=True)
class NvmlMeter:
    """One whole GPU."""

    nvml: Any
    handle: Any
    name: str = "nvml"
    wrap_seconds: float = math.inf  # 64 bits of millijoules

    @property
    def covers(self) -> str:
        """The GPU's name."""
        try:
            name = self.nvml.nvmlDeviceGetName(self.handle)
        except self.nvml.NVMLError as error:
            return f"a GPU whose name cannot be read ({error})"
        return f"whole {name.decode() if isinstance(name, bytes) else name}"

    def read_joules(self) -> float:
        """Joules since the driver was loaded."""
        try:
            return float(self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle)) * 1e-3
        except self.nvml.NVMLError as error:
            raise MeterError(f"NVML gives no energy: {error}") from error

    def conditions(self) -> Conditions:
        """Power limit, clock of the multiprocessors, temperature."""
        nvml, handle = self.nvml, self.handle
        found: dict[str, float | str] = {}
        with suppress(nvml.NVMLError):
            found["power_limit_watts"] = nvml.nvmlDeviceGetPowerManagementLimit(handle) * 1e-3
        with suppress(nvml.NVMLError):
            found["clock_mhz"] = float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))
        with suppress(nvml.NVMLError):
            found["temperature_celsius"] = float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        return found


def find_rapl(
    folder: Path = POWERCAP, *, clock: Callable[[], float] = time.monotonic, system: Path = SYSTEM
) -> RaplMeter | Unavailable:
    """The CPU's meter, or why there is none."""
    try:
        named = [(path, (path / "name").read_text().strip()) for path in sorted(folder.glob("intel-rapl:*"))]
        domains = [
            Domain(path, name, int((path / "max_energy_range_uj").read_text()))
            for path, name in named
            if name.startswith("package") or name == "dram"
        ]
        if not any(domain.name != "dram" for domain in domains):
            return Unavailable(
                f"no RAPL counter of a CPU package under {folder}: a virtual machine, or an older kernel"
            )
        return RaplMeter(domains, clock, system)
    except (OSError, ValueError, MeterError) as error:
        access = (
            f"; since 2020 only root may. `sudo chmod a+r {folder}/intel-rapl:*/energy_uj` lets all users, until the "
            "next start"
            if isinstance(error, PermissionError) or isinstance(error.__cause__, PermissionError)
            else ""
        )
        return Unavailable(f"RAPL cannot be read ({error}){access}")


def find_nvml(which: int | str = 0, *, nvml: Any = None) -> NvmlMeter | Unavailable:
    """The meter of a GPU, by index or UUID, or why there is none."""
    if nvml is None:
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            return Unavailable("the package nvidia-ml-py is not installed; `pip install 'trichord[measure]'` does that")
    try:
        nvml.nvmlInit()
        by = nvml.nvmlDeviceGetHandleByIndex if isinstance(which, int) else nvml.nvmlDeviceGetHandleByUUID
        handle = by(which)
        if _is_split(nvml, handle):
            return Unavailable(
                f"GPU {which} is split into slices (MIG), which have no counter of their own: it counts the whole GPU, "
                "and whatever else runs on it. Measure on a GPU that is not split."
            )
        meter = NvmlMeter(nvml, handle)
        meter.read_joules()
    except (nvml.NVMLError, MeterError) as error:
        return Unavailable(f"NVML gives no energy of GPU {which}: {error}")
    return meter


def cuda_meter() -> NvmlMeter | Unavailable:
    """The meter of the GPU that torch calls `cuda`, which need not be NVML's first."""
    import torch

    if not torch.cuda.is_available():
        return Unavailable("torch sees no CUDA device")
    return find_nvml(f"GPU-{torch.cuda.get_device_properties('cuda').uuid}")


def _is_split(nvml: Any, handle: Any) -> bool:
    try:
        current, _ = nvml.nvmlDeviceGetMigMode(handle)
    except nvml.NVMLError:  # a GPU that cannot be split
        return False
    return bool(current)


def _text(path: Path) -> str:
    """What a file of the system says; "" where it is not there or not for us."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
