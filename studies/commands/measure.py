# studies/commands/measure.py
"""`trichord measure`: joules per decision of trained systems, read from this machine's own counters."""

import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.energy import Unavailable
from classical_baselines.harness.measurement import FEWEST_WINDOWS, RULES, Rules
from classical_baselines.harness.meters import POWERCAP
from studies.commands.request import Request, refuse_absent
from studies.measurement import BOUNDARY_OF, QUIET_CORES, DeviceKind, Measurement, VisitRecord
from studies.other_work import OtherWork
from studies.running import Plan
from studies.specification import Study
from studies.store import Store
from studies.wording import joules_text

if TYPE_CHECKING:
    from studies.measuring import Job, Setting

LOOK_SECONDS = 2.0  # at what else runs, before anything is measured
MOST_BATCH, MOST_WINDOWS = 4096, 100


def measure(
    request: Request,
    systems: Sequence[str],
    *,
    batch: int,
    windows: int,
    device: str,
    shared: bool,
    powercap: Path | None,
    rules: Rules = RULES,
) -> int:
    """Measure, and keep what was measured; 1 where there is no meter, or where some systems could not be measured."""
    if not 1 <= batch <= MOST_BATCH:
        raise InputError(f"--batch {batch}: give 1 to {MOST_BATCH} clips per call.")
    if not FEWEST_WINDOWS <= windows <= MOST_WINDOWS:
        raise InputError(
            f"--windows {windows}: give {FEWEST_WINDOWS} to {MOST_WINDOWS}; fewer give no interval to publish."
        )
    devices: dict[str, tuple[DeviceKind, ...]] = {"auto": ("cpu", "cuda"), "cpu": ("cpu",), "cuda": ("cuda",)}
    wanted = choose(devices, device, what="device")
    study = request.open_study()
    for name in systems:
        study.system(name)
    folder = powercap or POWERCAP
    kind = _metered(wanted, folder)
    if kind is None:
        return 1
    store = request.open_store(study)
    refuse_absent(store, named=request.store is not None)
    plan = request.planned(study, store, confirm=False)
    jobs = _jobs(request.study, study, plan, store, systems, kind)
    if not shared:
        _refuse_company()

    from studies.measuring import Setting

    setting = Setting(study, store, request.data_root, kind, batch, folder, rules)
    return _measure_all(setting, jobs, windows, request.open_store(study, create=True), shared=shared)


def _metered(wanted: Sequence[DeviceKind], powercap: Path) -> DeviceKind | None:
    """The first device that has a meter; none, with the reasons said, where no device has."""
    from studies.measuring import meter_of

    reasons = []
    for kind in wanted:
        meter = meter_of(kind, powercap)
        if not isinstance(meter, Unavailable):
            return kind
        reasons.append(f"{'rapl' if kind == 'cpu' else 'nvml'}: {meter.reason}")
    print(f"Nothing is measured: this machine has no meter. {'; '.join(reasons)}.", file=sys.stderr)
    return None


def _jobs(named: str, study: Study, plan: Plan, store: Store, systems: Sequence[str], kind: DeviceKind) -> list["Job"]:
    """The runs to measure: of each system the first cell of the headline protocol that has weights."""
    from studies.measuring import Job, can_be_measured

    chosen = systems or [system.name for system in study.systems]
    protocol = study.headline_protocol.name
    jobs, without = [], []
    for name in chosen:
        cells = [k for k in plan.cells if k.cell.system == name and k.cell.protocol == protocol]
        trained = next((k for k in cells if store.has_weights(k.fit_key)), None)
        if trained is None:
            without.append(name)
            continue
        for run in study.system(name).runs:
            if can_be_measured(run.backend, kind):
                jobs.append(Job(trained.cell, trained.fit_key, run.backend))
            else:
                print(f"Left out: {name} ({run.backend.name}), which has no inference of its own on the {kind}.")
    if without and (systems or not jobs):
        only = ",".join(f"system={name}" for name in without)
        raise InputError(
            f"{store.path} has no weights of {', '.join(without)}. `trichord run {named} --only {only}` makes them "
            "first. Published cells have none: for these, run a copy of the study (`trichord new`)."
        )
    if without:
        print(f"Left out: {', '.join(without)}, of which the store has no weights.")
    if not jobs:
        raise InputError(f"No run of {', '.join(chosen)} can be measured on the {kind}. Name other systems.")
    return jobs


def _refuse_company() -> None:
    """Whatever else runs would be measured too."""
    look = OtherWork()
    time.sleep(LOOK_SECONDS)
    busy = look.busy_cores()
    if busy is not None and busy > QUIET_CORES:
        raise InputError(
            f"Other work keeps {busy:.1f} cores of this machine busy, and a meter counts its joules too. Let it end, "
            "or measure with --shared: what is kept then says so."
        )


def _measure_all(setting: "Setting", jobs: Sequence["Job"], n_windows: int, store: Store, *, shared: bool) -> int:
    """Visit after visit; a job is kept when it has all of its windows."""
    from studies.measuring import cycles, visited

    started_utc = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    records: dict[Job, list[VisitRecord]] = {job: [] for job in jobs}
    failed: dict[Job, str] = {}
    cool_to: float | None = None
    for place, (cycle, job) in enumerate(cycles(jobs, n_windows)):
        if job in failed:
            continue
        found = visited(setting, job, place, cool_to)
        record = found.record
        reason = found.reason
        if record is not None and not shared and (record.others_busy_cores or 0.0) > QUIET_CORES:
            reason = f"other work kept {record.others_busy_cores:.1f} cores busy meanwhile"
        if record is None or reason:
            failed[job] = reason
            print(f"cycle {cycle + 1} of {n_windows}  {job.name}: not measured: {reason}", file=sys.stderr)
            continue
        heat = record.conditions.get("temperature_celsius")
        cool_to = heat if cool_to is None and isinstance(heat, float) else cool_to
        records[job].append(record)
        joules = joules_text(record.joules / (record.n_calls * setting.batch))
        print(f"cycle {cycle + 1} of {n_windows}  {job.name}: {joules} per decision, gross", flush=True)
        if len(records[job]) == n_windows:
            _keep(store, _measurement(setting, job, records[job], started_utc), job)
    return 1 if failed else 0


def _keep(store: Store, measured: Measurement, job: "Job") -> None:
    store.save_measurement(measured.model_dump(mode="json"))
    print(
        f"{job.name}: {measured.gross_text} per decision, gross; net {measured.net_text}; boundary "
        f"{BOUNDARY_OF[measured.kind]}, decisions back to back; {measured.described}"
    )


def _measurement(setting: "Setting", job: "Job", records: Sequence[VisitRecord], started_utc: str) -> Measurement:
    from studies.measuring import device_name, meter_of, simulated_by
    from studies.provenance import git_state, machine, versions, without_paths

    meter = meter_of(setting.kind, setting.powercap)
    if isinstance(meter, Unavailable):
        raise InputError(f"The meter is gone: {meter.reason}. Nothing more is kept.")
    cell, system = job.cell, setting.study.system(job.cell.system)
    return Measurement(
        study=setting.study.name,
        dataset=cell.dataset,
        protocol=cell.protocol,
        fold=cell.fold,
        system=cell.system,
        seed=cell.seed,
        fit_key=job.fit_key,
        backend=job.backend,
        simulates=simulated_by(system),
        kind=setting.kind,
        meter=meter.name,
        covers=meter.covers,
        device=device_name(setting.kind),
        batch=setting.batch,
        threads=setting.study.threads_per_cell,
        clip_seconds=setting.store.load(job.fit_key).clip_seconds,
        visits=tuple(records),
        started_utc=started_utc,
        machine=machine(),
        versions=versions(),
        git=git_state(),
        command=("trichord", *map(without_paths, sys.argv[1:])),
    )
