# studies/fit.py
"""Whether a run fits on the devices of a deployment: memory, operations, time.

    flash        weights and biases at their stored width; not counted: code, multipliers of integer layers (4 bytes a
                 channel), tables of a front end (`trichord twin` prints the whole of a network's twin)
    ram          activations + one window of audio at 16 bits + its picture at 32 bits
    cores        as the mapper laid the network out; a core that is full by compartments or synapses opens the next
    operations   every counted operation is one that some device of its stage executes
    real time    seconds that the slowest device is busy with a decision, within its period

The activations are bounded from above by the counted memory traffic, which touches every input, weight and output of a
layer once: they are no more than the traffic of the two layers that move most (the layer at work, and one whose output
is kept for a sum), nor than the traffic of all layers less the weights. Butterflies of a Fourier transform work in
place: their traffic is left out. In the networks of the registry (floats, 32 bands by 64 frames) the bound is 1 to 8
times what a run holds that frees each result after its last reader, 2.5 times in the middle.

A microcontroller's seconds are its joules over its running power, both from one published anchor, so they are
proportional to its multiply-and-adds. What is not known is None, and neither fits nor fails.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classical_baselines.harness.operations import OperationCounts
from classical_baselines.harness.pricing import PRICED_STAGES, Deployment
from studies.wording import amount_text, plain_number, si_text

LIMITS_FILE = Path(__file__).parent / "device_limits.toml"
AUDIO_BYTES, PICTURE_BYTES = 2, 4  # per value
IN_PLACE = ".butterflies"  # the layer under which `front-end-cnn` counts what Fourier transforms move within themselves


@dataclass(frozen=True)
class FitCheck:
    """One requirement against one limit."""

    what: str  # "flash of cortex-m4"
    needed: float | None  # None: not known
    allowed: float | None
    unit: str
    fits: bool | None  # None: cannot be said
    note: str = ""

    @property
    def text(self) -> str:
        """`ram of cortex-m4: 96 KiB of 640 KiB`."""
        if self.needed is None or self.allowed is None:
            return f"{self.what}: not known ({self.note})"
        note = f" ({self.note})" if self.note else ""
        if self.allowed == 0:
            return f"{self.what}: {plain_number(self.needed) if self.needed else 'none'}{note}"
        return f"{self.what}: {_amount(self.needed, self.unit)} of {_amount(self.allowed, self.unit)}{note}"


@dataclass(frozen=True)
class Need:
    """What one run asks of its devices."""

    counts: OperationCounts
    notes: Mapping[str, Any]
    busy_seconds: Mapping[str, float]  # by device, within the boundary system
    period_seconds: float
    audio_samples: float | None = None  # of one decision's window
    picture_values: float | None = None


@cache
def device_limits() -> Mapping[str, Mapping[str, Any]]:
    """Limits by device name; a device that is absent has none that are known."""
    raw = tomllib.loads(LIMITS_FILE.read_text(encoding="utf-8"))
    return {device: entry for entry in raw["limits"] for device in entry["devices"]}


def fit_checks(need: Need, deployment: Deployment) -> tuple[FitCheck, ...]:
    """Every check that can be made, and those that cannot, with the reason."""
    checks: list[FitCheck] = []
    network = deployment.stages["network"][0]
    for device in dict.fromkeys(name for stage in PRICED_STAGES for name in deployment.stages[stage]):
        limits = device_limits().get(device)
        if limits is None:
            checks.append(FitCheck(f"limits of {device}", None, None, "", None, "none are published here"))
            continue
        checks += _memory(device, limits, need, runs_network=device == network)
        checks += _chip(device, limits, need) if device == network else []
    return (*checks, _operations(need, deployment), _real_time(need))


def misfits(checks: tuple[FitCheck, ...]) -> str:
    """What does not fit, joined; "" where nothing is shown not to."""
    return "; ".join(check.text for check in checks if check.fits is False)


def memory_text(checks: tuple[FitCheck, ...]) -> str:
    """RAM and flash of each device beside its limits, joined; "" where no device of the run has any that are known."""
    return "; ".join(check.text for check in memory_checks(checks))


def memory_checks(checks: tuple[FitCheck, ...]) -> tuple[FitCheck, ...]:
    """Those of RAM and flash."""
    return tuple(check for check in checks if check.unit == "bytes")


def fitting(checks: tuple[FitCheck, ...]) -> str:
    """What fits, and by how much, joined; "" where nothing is shown to."""
    return "; ".join(check.text for check in checks if check.fits)


def unknowns(checks: tuple[FitCheck, ...]) -> str:
    """What cannot be said, joined; "" where all is known."""
    return "; ".join(check.text for check in checks if check.fits is None)


def activation_bytes(counts: OperationCounts, weight_bytes: float) -> float | None:
    """At most so many bytes of activations are alive at once; None where no memory traffic was counted."""
    traffic: dict[str, float] = {}
    for (stage, layer, operation), count in counts:
        if stage in ("network", "readout") and operation == "sram_bytes" and not layer.endswith(IN_PLACE):
            traffic[layer] = traffic.get(layer, 0.0) + count
    if not traffic:
        return None
    return min(sum(sorted(traffic.values())[-2:]), max(0.0, sum(traffic.values()) - weight_bytes))


def _memory(device: str, limits: Mapping[str, Any], need: Need, *, runs_network: bool) -> list[FitCheck]:
    """Flash and RAM of a device that has them, or what is not known of them."""
    if "flash_bytes" not in limits:
        unknown = runs_network and "unknown" in limits
        return [FitCheck(f"memory of {device}", None, None, "bytes", None, limits["unknown"])] if unknown else []
    weights = need.notes.get("weight_bytes")
    buffers = None if need.audio_samples is None else AUDIO_BYTES * need.audio_samples
    picture = None if need.picture_values is None else PICTURE_BYTES * need.picture_values
    checks = []
    activations: float | None = 0.0
    if runs_network:
        checks.append(_check(f"flash of {device}", weights, limits["flash_bytes"], "weights, without code"))
        activations = None if weights is None else activation_bytes(need.counts, weights)
    parts = {"audio window": buffers, "picture": picture, "activations": activations}
    missing = [name for name, size in parts.items() if size is None]
    if "activations" in missing:
        note = "no memory traffic of the network was counted"
        return [*checks, FitCheck(f"ram of {device}", None, limits["ram_bytes"], "bytes", None, note)]
    known = sum(size for size in parts.values() if size is not None)
    note = "at most" + (f"; without the {' and the '.join(missing)}, not known" if missing else "")
    return [*checks, _check(f"ram of {device}", known, limits["ram_bytes"], note)]


def _chip(device: str, limits: Mapping[str, Any], need: Need) -> list[FitCheck]:
    """Cores of a neuromorphic chip, qubits of a machine."""
    checks = []
    for limit, note in (("cores", "n_cores"), ("qubits", "n_qubits")):
        if limit in limits:
            checks.append(_check(f"{limit} of {device}", need.notes.get(note), limits[limit], "", limit))
    return checks


def _operations(need: Need, deployment: Deployment) -> FitCheck:
    """Operations that no device of their stage executes."""
    foreign: dict[str, None] = {}
    for (stage, _, operation), count in need.counts:
        devices = deployment.stages.get(stage, ()) if stage in PRICED_STAGES else ()
        known = [device_limits()[device]["operations"] for device in devices if device in device_limits()]
        listed = len(known) == len(devices) and bool(devices)
        if count > 0 and listed and operation != "spikes_in" and not any(operation in runs for runs in known):
            foreign[f"{operation} ({stage})"] = None
    note = ", ".join(foreign)
    return FitCheck("operations without support", float(len(foreign)), 0.0, "operations", not foreign, note)


def _real_time(need: Need) -> FitCheck:
    """Devices may work on one decision each, so the slowest of them sets the pace."""
    if not need.busy_seconds:
        return FitCheck("real time", None, need.period_seconds, "seconds", None, "no time is counted or modelled")
    device, busy = max(need.busy_seconds.items(), key=lambda entry: entry[1])
    note = f"{device} per decision, of the period; modelled, nominal"
    return FitCheck("real time", busy, need.period_seconds, "seconds", busy <= need.period_seconds, note)


def _check(what: str, needed: float | None, allowed: float, note: str, unit: str = "bytes") -> FitCheck:
    if needed is None:
        return FitCheck(what, None, allowed, unit, None, "the run did not note it")
    return FitCheck(what, float(needed), float(allowed), unit, needed <= allowed, note)


def seconds_text(seconds: float) -> str:
    """`55.6 ms`, `1.43 s`, `86,400 s`."""
    return si_text(seconds, "s") if seconds < 999.5 else f"{plain_number(seconds)} s"


def _amount(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value / 1024:,.0f} KiB"
    if unit == "seconds":
        return seconds_text(value)
    return amount_text(value, unit)
