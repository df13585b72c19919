# studies/measurement.py
"""What `trichord measure` keeps: the windows of one trained system on one of this machine's devices, and their meaning.

    STORE/measurements/<key>.json       the key is the SHA-256 of what is kept; it carries its seal (`sealed_json.py`)

Windows are kept, not joules per decision: gross, net and intervals are computed when they are read. A measurement
belongs to the fit cell whose weights ran, and to its backend with all options; it enters no row of other weights or of
other code. Where the same was measured again, the latest counts, and says how many there are.

    cpu     RAPL. From the waveform to the decision: front end, encoder, network. Boundary `system`: the packages with
            all that they do, and their memory where it is counted; not the board, disks, fans or the power supply.
    cuda    NVML. The network alone, inputs on the device. Boundary `chip`: the whole GPU; not the host.

Decisions are made back to back, `batch` clips a call: scenario `saturated`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.energy import Boundary, Measured
from classical_baselines.harness.measurement import FEWEST_WINDOWS, DecisionEnergy, Idle, Visit, Window, per_decision
from studies.budgets import EnergyRow
from studies.cell import StudyCell
from studies.measured_energy import MeasuredEnergy, measured_row
from studies.specification import Choice
from studies.wording import joules_text

if TYPE_CHECKING:
    from studies.store import Store

DeviceKind = Literal["cpu", "cuda"]
BOUNDARY_OF: Mapping[DeviceKind, Boundary] = {"cpu": "system", "cuda": "chip"}
QUIET_CORES = 0.25  # kept busy by other work: what a machine does by itself
Simulated = Literal["spiking network", "circuit", ""]
SIMULATED: Mapping[Simulated, str] = {
    "spiking network": "the simulation of a spiking network on this processor, not a neuromorphic chip",
    "circuit": "the simulation of a circuit on this processor, not a quantum machine",
}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class VisitRecord(_Model):
    """One process's window, and how the machine was."""

    place: int  # in the order in which everything was measured
    period_seconds: float
    idle_watts: float
    idle_seconds: float
    idle_updates: int
    n_warm_up: int
    latency_cv: float
    joules: float
    seconds: float
    n_calls: int
    n_updates: int
    longest_still: float
    n_dropped: int
    others_busy_cores: float | None  # None where the system does not tell
    conditions: dict[str, float | str]  # before it: clock, power limit, temperature

    @classmethod
    def of(cls, visit: Visit, place: int, others: float | None, conditions: Mapping[str, float | str]) -> "VisitRecord":
        """From what the harness measured."""
        counted = {f"idle_{name}": value for name, value in asdict(visit.idle).items() if name != "n_updates"}
        return cls(
            place=place,
            period_seconds=visit.period_seconds,
            idle_updates=visit.idle.n_updates,
            n_warm_up=visit.n_warm_up,
            latency_cv=visit.latency_cv,
            n_dropped=visit.n_dropped,
            others_busy_cores=others,
            conditions=dict(conditions),
            **counted,
            **asdict(visit.window),
        )

    @property
    def visit(self) -> Visit:
        """As the harness has it."""
        return Visit(
            self.period_seconds,
            Idle(self.idle_watts, self.idle_seconds, self.idle_updates),
            self.n_warm_up,
            self.latency_cv,
            Window(self.joules, self.seconds, self.n_calls, self.n_updates, self.longest_still),
            self.n_dropped,
        )


class Measurement(_Model):
    """The windows of one trained system on one backend, on one device."""

    study: str
    dataset: str
    protocol: str
    fold: str
    system: str
    seed: int
    fit_key: str  # of the cell whose weights ran
    backend: Choice
    simulates: Simulated  # what runs on a processor in place of another machine
    kind: DeviceKind
    meter: str  # "rapl", "nvml"
    covers: str  # "package-0 with dram"
    device: str  # the processor's name, as its system gives it
    batch: int = Field(ge=1)  # clips per call
    threads: int
    clip_seconds: float
    visits: tuple[VisitRecord, ...] = Field(min_length=FEWEST_WINDOWS)
    started_utc: str
    machine: dict[str, Any]
    versions: dict[str, str | None]
    git: dict[str, Any]
    command: tuple[str, ...]

    @property
    def cell(self) -> StudyCell:
        """The cell whose weights ran."""
        return StudyCell(self.dataset, self.protocol, self.fold, self.system, self.seed)

    @property
    def deployment(self) -> str:
        """`amd-epyc-7b13-batch-64`: unlike devices and batches never share a name."""
        return f"{re.sub(r'[^a-z0-9]+', '-', self.short_device.lower()).strip('-')}-batch-{self.batch}"

    @property
    def short_device(self) -> str:
        """For names and legends."""
        return short_name(self.device)

    @property
    def title(self) -> str:
        """For a legend."""
        return f"{self.short_device} by {self.meter.upper()}, batch {self.batch}"

    @property
    def described(self) -> str:
        """The device, what its meter covers, and how it was used."""
        threads = f", {self.threads} thread{'s' if self.threads > 1 else ''}" if self.kind == "cpu" else ""
        return f"{self.device}; {self.meter.upper()} of {self.covers}; batch {self.batch}{threads}"

    @property
    def energy(self) -> DecisionEnergy:
        """Gross and net joules per decision, with intervals over the windows."""
        return per_decision([one.visit for one in self.visits], self.batch, self.meter)

    @property
    def seconds_per_decision(self) -> float:
        """Mean over the windows, as the joules are."""
        return fmean(v.seconds / (v.n_calls * self.batch) for v in self.visits)

    @property
    def as_measured(self) -> MeasuredEnergy:
        """The gross energy, with its windows."""
        gross = self.energy.gross
        return MeasuredEnergy(
            device=self.deployment,
            boundary=BOUNDARY_OF[self.kind],
            scenario="saturated",
            meter=self.meter,
            window_seconds=min(v.seconds for v in self.visits),
            joules_by_window=tuple(v.joules / (v.n_calls * self.batch) for v in self.visits),
            joules=gross.joules,
            low=gross.low,
            high=gross.high,
        )

    @property
    def gross_text(self) -> str:
        """`1.8 mJ [1.7 mJ, 1.9 mJ]`."""
        return _text(self.energy.gross)

    @property
    def net_text(self) -> str:
        """`1.2 mJ [1.1 mJ, 1.3 mJ]`; never shown without gross."""
        return _text(self.energy.net)

    @property
    def idle_watts(self) -> float:
        """Mean over the visits."""
        return fmean(v.idle_watts for v in self.visits)

    @property
    def others_busy_cores(self) -> float | None:
        """The most that other work kept busy during a visit."""
        return max((v.others_busy_cores for v in self.visits if v.others_busy_cores is not None), default=None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What must stand beside the number."""
        found = [f"gross, idling included; net {self.net_text} over {self.idle_watts:.3g} W"]
        if self.simulates:
            found.append(SIMULATED[self.simulates])
        found.append(f"weights of {self.protocol}, {self.fold}, seed {self.seed}")
        if (busy := self.others_busy_cores) is not None and busy > QUIET_CORES:
            found.append(f"other work kept up to {busy:.1f} cores busy meanwhile, and its energy is in it")
        return tuple(found)

    @property
    def said(self) -> str:
        """Where it comes from, in a line."""
        revision = str(self.git.get("revision") or "not a checkout")[:12]
        return (
            f"measured here: {self.described}; {self.started_utc[:10]}, revision {revision}; {'; '.join(self.labels)}"
        )


def short_name(device: str) -> str:
    """A processor's name without marks and clock.

    >>> short_name("Intel(R) Core(TM) i7-1185G7 CPU @ 3.00GHz")
    'Intel Core i7-1185G7'
    """
    words = re.sub(r"\((R|TM|C)\)|@.*", " ", device).split()
    return " ".join(word for word in words if word not in ("CPU", "Processor"))


def read_measurements(store: "Store", fit_keys: Iterable[str]) -> tuple[Measurement, ...]:
    """The measurements of these cells' weights, the oldest first."""
    wanted = set(fit_keys)
    found = [_read(key, raw) for key, raw in store.measurements().items() if raw.get("fit_key") in wanted]
    return tuple(sorted(found, key=lambda one: (one.started_utc, one.deployment)))


def latest(measurements: Sequence[Measurement]) -> list[tuple[Measurement, int]]:
    """The latest of each system, backend, protocol, device and batch, and how many there are."""
    alike: dict[tuple[str, ...], list[Measurement]] = {}
    for one in measurements:
        place = (one.system, one.backend.model_dump_json(), one.protocol, one.deployment)
        alike.setdefault(place, []).append(one)
    return [(group[-1], len(group)) for group in alike.values()]


def measured_rows(
    measurements: Sequence[Measurement], system: str, backend: Choice, protocol: str, clip_seconds: float
) -> tuple[EnergyRow, ...]:
    """The measured energies of one row of the results."""
    return tuple(
        measured_row(
            one.as_measured,
            clip_seconds,
            one.title,
            (*one.labels, *((f"the latest of {n} measurements",) if n > 1 else ())),
            keeps_up=one.seconds_per_decision <= clip_seconds,
        )
        for one, n in latest(measurements)
        if (one.system, one.backend, one.protocol) == (system, backend, protocol)
    )


def _text(energy: Measured) -> str:
    return f"{joules_text(energy.joules)} [{joules_text(energy.low)}, {joules_text(energy.high)}]"


def _read(key: str, raw: Mapping[str, Any]) -> Measurement:
    try:
        return Measurement.model_validate(raw)
    except ValidationError as error:
        raise InputError(
            f"measurement {key[:12]} was made by another version of Trichord ({error.errors()[0]['msg']}). "
            "Remove its file from the store's folder `measurements`, and measure again."
        ) from error
