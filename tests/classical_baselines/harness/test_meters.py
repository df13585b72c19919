from pathlib import Path
from types import SimpleNamespace

import pytest

from classical_baselines.harness.energy import Unavailable
from classical_baselines.harness.meters import MeterError, NvmlMeter, RaplMeter, find_nvml, find_rapl
from tests.classical_baselines.harness.power_trace import write_domain

RANGE = 262_143_328_850  # µJ


class Seconds:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_packages_and_their_memory_add_up_and_what_lies_within_is_not_added_twice(tmp_path):
    zones = {
        "intel-rapl:0": "package-0",
        "intel-rapl:0:0": "core",
        "intel-rapl:0:1": "uncore",
        "intel-rapl:0:2": "dram",
        "intel-rapl:1": "package-1",
        "intel-rapl:2": "psys",
        "intel-rapl-mmio:0": "package-0",
    }
    for zone, name in zones.items():
        write_domain(tmp_path, zone, name, 0)
    meter = find_rapl(tmp_path)
    for power, (zone, name) in enumerate(zones.items()):
        write_domain(tmp_path, zone, name, 10**power)

    assert meter.read_joules() == pytest.approx((1 + 1000 + 10_000) * 1e-6)
    assert meter.covers == "package-0 with dram, package-1"


def test_a_wrap_of_the_counter_is_undone(tmp_path):
    clock = Seconds()
    write_domain(tmp_path, "intel-rapl:0", "package-0", RANGE - 5_000_000)
    meter = find_rapl(tmp_path, clock=clock)
    clock.now = 1.0
    write_domain(tmp_path, "intel-rapl:0", "package-0", 2_000_000)

    assert meter.read_joules() == pytest.approx(7.0)


def test_a_counter_that_goes_backwards_is_not_taken_for_a_wrap(tmp_path):
    clock = Seconds()
    write_domain(tmp_path, "intel-rapl:0", "package-0", 9_000_000)
    meter = find_rapl(tmp_path, clock=clock)
    clock.now = 1.0
    write_domain(tmp_path, "intel-rapl:0", "package-0", 8_000_000)

    with pytest.raises(MeterError, match="from 9000000 to 8000000 µJ in 1 s, which is no power of a CPU"):
        meter.read_joules()


def test_a_meter_that_was_not_read_within_a_wrap_says_so(tmp_path):
    clock = Seconds()
    write_domain(tmp_path, "intel-rapl:0", "package-0", 0, range_microjoules=65_000_000_000)
    meter = find_rapl(tmp_path, clock=clock)
    clock.now = 66.0

    assert meter.wrap_seconds == pytest.approx(65.0)
    with pytest.raises(MeterError, match="not read for 66 s"):
        meter.read_joules()


def test_no_counter_is_a_reason_and_not_a_zero(tmp_path):
    write_domain(tmp_path, "intel-rapl:0", "psys", 0)

    assert "no RAPL counter of a CPU package" in find_rapl(tmp_path).reason


@pytest.mark.parametrize("file", ["energy_uj", "max_energy_range_uj"])
def test_what_only_root_may_read_says_how_to_change_that(file, tmp_path, monkeypatch):
    write_domain(tmp_path, "intel-rapl:0", "package-0", 0)
    read = Path.read_text

    def refused(path, *arguments):
        if path.name == file:
            raise PermissionError(13, "Permission denied")
        return read(path, *arguments)

    monkeypatch.setattr(Path, "read_text", refused)
    reason = find_rapl(tmp_path).reason

    assert "Permission denied" in reason
    assert "chmod a+r" in reason


def test_an_unreadable_counter_is_a_reason(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()

    assert "cannot be read" in find_rapl(tmp_path).reason


def test_what_the_system_tells_of_clock_power_and_heat_is_in_its_own_units(tmp_path):
    system = tmp_path / "sys"
    for number, kilohertz in enumerate((2_000_000, 3_000_000)):
        frequency = system / f"devices/system/cpu/cpu{number}/cpufreq"
        frequency.mkdir(parents=True)
        (frequency / "scaling_cur_freq").write_text(str(kilohertz))
        (frequency / "scaling_governor").write_text("performance\n")
    zone = system / "class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("x86_pkg_temp\n")
    (zone / "temp").write_text("47000\n")
    package = write_domain(tmp_path, "intel-rapl:0", "package-0", 0)
    (package / "constraint_0_power_limit_uw").write_text("125000000\n")
    meter = find_rapl(tmp_path, system=system)

    assert isinstance(meter, RaplMeter)
    assert meter.conditions() == {
        "power_limit_watts": 125.0,
        "clock_mhz": 2500.0,
        "governor": "performance",
        "temperature_celsius": 47.0,
    }


class FakeNvml(SimpleNamespace):
    """The functions of NVML that are asked, of one GPU."""

    NVML_CLOCK_SM, NVML_TEMPERATURE_GPU = 1, 0

    class NVMLError(Exception):
        pass

    def __init__(self, *, split=False, counts=True):
        super().__init__(split=split, counts=counts, millijoules=0)

    def nvmlInit(self):
        pass

    def nvmlDeviceGetHandleByIndex(self, index):
        if index:
            raise self.NVMLError("Invalid Argument")
        return "gpu"

    def nvmlDeviceGetMigMode(self, handle):
        if self.split is None:
            raise self.NVMLError("Not Supported")
        return int(self.split), int(self.split)

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):
        if not self.counts:
            raise self.NVMLError("Not Supported")
        return self.millijoules

    def nvmlDeviceGetName(self, handle):
        return "NVIDIA H100"

    def nvmlDeviceGetPowerManagementLimit(self, handle):
        return 700_000

    def nvmlDeviceGetClockInfo(self, handle, which):
        return 1980

    def nvmlDeviceGetTemperature(self, handle, which):
        raise self.NVMLError("Not Supported")


def test_a_gpu_counts_millijoules_and_says_what_it_can():
    nvml = FakeNvml(split=None)
    meter = find_nvml(0, nvml=nvml)
    before = meter.read_joules()
    nvml.millijoules = 2500

    assert isinstance(meter, NvmlMeter)
    assert meter.read_joules() - before == 2.5
    assert meter.covers == "whole NVIDIA H100"
    assert meter.conditions() == {"power_limit_watts": 700.0, "clock_mhz": 1980.0}


@pytest.mark.parametrize(
    ("nvml", "index", "reason"),
    [
        (FakeNvml(split=True), 0, "GPU 0 is split into slices"),
        (FakeNvml(counts=False), 0, "NVML gives no energy of GPU 0: NVML gives no energy: Not Supported"),
        (FakeNvml(), 1, "NVML gives no energy of GPU 1: Invalid Argument"),
    ],
)
def test_a_gpu_without_a_counter_of_its_own_is_a_reason(nvml, index, reason):
    found = find_nvml(index, nvml=nvml)

    assert isinstance(found, Unavailable)
    assert reason in found.reason
