"""Trained systems measured with a counter of known power, from their weights to the report."""

import dataclasses
import multiprocessing
import os
import shutil

import numpy as np
import pytest
import torch

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.measurement import Rules
from studies import measuring
from studies.cell import StudyCell
from studies.commands.measure import measure
from studies.commands.publish import publish
from studies.commands.request import Request
from studies.grid import Ground, keep_ground, keyed
from studies.measurement import read_measurements
from studies.measuring import Job, Setting, cycles, simulated_by, workload
from studies.other_work import OtherWork
from studies.report import page
from studies.store import open_store
from studies.study_file import load_study
from studies.tables import csv_records
from studies.tracing import trace_address
from studies.worker import DONE, Task, run
from tests.studies.powercap import running_counter
from tests.studies.small_study import clips

__all__ = ["clips"]  # a fixture

WATTS = 8.0
# A loaded machine may keep the counter of `powercap.py` waiting for a good part of so short a window.
QUICK = Rules(
    idle_seconds=0.4,
    window_seconds=0.8,
    window_periods=1,
    fewest_updates=1,
    fewest_calls=3,
    settled=10,
    n_tries=10,
    cool_seconds=0,
)
STUDY = """
schema = 1
name = "small"
title = "Small"
question = "What does it take?"
seeds = [0]
baseline = "linear"
front_ends = [{ name = "log-mel" }]
protocols = [{ name = "official-split", headline = true }]
[data]
name = "synthetic"
[[systems]]
name = "linear"
family = "classical"
classifier = { name = "linear-layer" }
training = { n_epochs = 1 }
runs = [{ backend = { name = "torch-float" }, deployments = ["cortex-m4"] }]
[[systems]]
name = "int8"
family = "classical"
classifier = { name = "ds-cnn", options = { stem_width = 4, widths = [4], strides = [2], bits = 8 } }
training = { n_epochs = 1 }
runs = [{ backend = { name = "int8" }, deployments = ["cortex-m4"] }]
[[systems]]
name = "spiking"
family = "neuro"
encoder = { name = "latency", options = { n_steps = 4 } }
classifier = { name = "dense-snn", options = { hidden = [24] } }
training = { n_epochs = 1 }
runs = [{ backend = { name = "loihi-emulator" }, deployments = ["cortex-m4+loihi-1"] }]
[[systems]]
name = "circuit"
family = "quantum"
classifier = { name = "qft-hybrid" }
training = { n_epochs = 1 }
runs = [{ backend = { name = "exact-states" } }, { backend = { name = "aer-shots" }, headline = true }]
"""
CELLS = {
    name: StudyCell("synthetic", "official-split", "official", name, 0)
    for name in ("linear", "int8", "spiking", "circuit")
}


@pytest.fixture
def trained(clips, tmp_path):
    """A function that fits systems of the study into its store, and gives a request for it."""
    (tmp_path / "small.toml").write_text(STUDY)
    study = load_study(str(tmp_path / "small.toml"), {})
    ground = Ground(clips().content_hash, {"official-split": ("official",)})
    store = open_store(tmp_path / "store", create=True)
    keep_ground(study, ground, store)

    def fit(*names):
        for cell in keyed(study, [CELLS[name] for name in names], ground):
            assert run(Task(study, cell, ("fit",), ground, store, None, {})) == DONE, store.attempts(cell.fit_key)
        return Request(str(tmp_path / "small.toml"), store=tmp_path / "store")

    return fit


def in_this_process(setting, job, place, cool_to):
    return measuring._visit(setting, job, place, cool_to)


def measured(request, folder, *systems, batch=3, windows=5, **changes):
    options = {"device": "cpu", "shared": True, "powercap": folder, "rules": QUICK}
    return measure(request, list(systems), batch=batch, windows=windows, **options | changes)


def setting_of(request, folder=None, batch=3):
    study = request.open_study()
    store = request.open_store(study)
    jobs = {
        (k.cell.system, run.backend.name): Job(k.cell, k.fit_key, run.backend)
        for k in request.planned(study, store, confirm=False).cells
        for run in study.system(k.cell.system).runs
    }
    return Setting(study, store, None, "cpu", batch, folder, QUICK), jobs


@pytest.mark.parametrize(
    ("system", "backend"),
    [("linear", "torch-float"), ("int8", "int8"), ("spiking", "loihi-emulator"), ("circuit", "exact-states")],
)
def test_what_is_measured_gives_the_logits_of_the_cell_clip_by_clip(trained, system, backend):
    request = trained(system)
    setting, jobs = setting_of(request)
    job = jobs[system, backend]
    stored = next(one for one in setting.store.load(job.fit_key).runs if one.backend == backend).logits
    work = workload(setting, job)
    n_calls = -(-len(stored) // setting.batch)
    logits = torch.cat([work() for _ in range(n_calls + 1)]).numpy()

    again = np.arange(len(logits)) % len(stored)  # the last batch is filled up, and then it starts anew
    again[n_calls * setting.batch :] = np.arange(setting.batch)
    np.testing.assert_allclose(logits, stored[again], rtol=2e-3, atol=2e-3)  # 10 bits are stored


def test_measured_joules_are_the_power_times_the_time_and_enter_results_report_and_trace(
    trained, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(measuring, "visited", in_this_process)
    request = trained("linear", "spiking")
    with running_counter(tmp_path / "powercap", WATTS) as folder:
        assert measured(request, folder) == 0
    said = capsys.readouterr().out
    results = request.results()

    assert "Left out: int8, circuit, of which the store has no weights." in said
    assert len(results.measurements) == 2
    for one in results.measurements:
        # The counter is as punctual as a loaded machine lets it be; test_measurement.py has the exact figures.
        assert one.energy.gross.joules == pytest.approx(WATTS * one.seconds_per_decision, rel=0.3)
        assert abs(one.energy.net.joules) < 0.3 * one.energy.gross.joules  # idle draws as much as the work here
        assert (one.meter, one.covers, one.batch, len(one.visits)) == ("rapl", "package-0", 3, 5)
    places = sorted(visit.place for one in results.measurements for visit in one.visits)
    assert places == list(range(10))  # two systems in five cycles, one after another
    row = results.row("spiking")
    energy = next(e for e in row.energies if e.kind == "measured")
    gross = next(one for one in results.measurements if one.system == "spiking").energy.gross
    assert (energy.boundary, energy.scenario) == ("system", "saturated")
    assert (energy.nominal_joules, energy.low, energy.high) == (gross.joules, gross.low, gross.high)
    assert any("not a neuromorphic chip" in label for label in energy.labels)
    assert any("net" in label for label in energy.labels)
    assert not any("simulation" in label for e in results.row("linear").energies for label in e.labels)
    assert {
        (r["energy_kind"], r["scenario"]) for r in csv_records(results) if r["deployment"] == energy.deployment
    } == {("measured", "saturated")}
    traced = trace_address(results, ["spiking", "energy", energy.deployment, "system", "saturated"])
    assert traced.agrees
    assert len(traced.measured.joules_by_window) == 5
    html = page.page_html(results)
    assert "Measured energy" in html
    assert "not a neuromorphic chip" in html
    assert "All marks are filled: measured." in html


def test_the_latest_measurement_counts_and_earlier_ones_are_told_and_published(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "visited", in_this_process)
    request = trained("linear")
    for watts in (WATTS, 2 * WATTS):
        with running_counter(tmp_path / "powercap", watts) as folder:
            assert measured(request, folder, "linear") == 0
    store = request.open_store(request.open_study())
    kept = store.measurements()
    (tmp_path / "published").mkdir()
    publish(request, tmp_path / "published")

    assert len(kept) == 2
    assert open_store(tmp_path / "published").measurements() == kept
    assert open_store(tmp_path / "published").verify() == []
    row = request.results().row("linear")
    (energy,) = (e for e in row.energies if e.kind == "measured")
    assert "the latest of 2 measurements" in energy.labels


def test_a_changed_measurement_is_found_and_enters_no_table(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "visited", in_this_process)
    request = trained("linear")
    with running_counter(tmp_path / "powercap", WATTS) as folder:
        measured(request, folder, "linear")
    (path,) = (tmp_path / "store" / "measurements").glob("*.json")
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    path.write_bytes(flipped)
    store = open_store(tmp_path / "store")

    assert len(store.verify()) == 1
    with pytest.raises(InputError, match="is damaged"):
        store.measurements()
    path.write_bytes(good)
    shutil.move(path, path.with_name(f"{'0' * 64}.json"))
    with pytest.raises(InputError, match="it is not what its name says"):
        store.measurements()


def test_a_visit_takes_place_in_a_process_of_its_own_that_ends_with_it(trained, tmp_path):
    request = trained("linear")
    with running_counter(tmp_path / "powercap", WATTS) as folder:
        setting, jobs = setting_of(request, folder)
        found = measuring.visited(setting, jobs["linear", "torch-float"], 4, None)  # on the whole corpus

    assert found.reason == ""
    assert (found.record.place, found.record.n_dropped) == (4, 0)
    assert found.record.joules == pytest.approx(WATTS * found.record.seconds, rel=0.3)
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_is_a_reason(trained, tmp_path):
    setting, jobs = setting_of(trained("linear"), tmp_path)
    job = dataclasses.replace(jobs["linear", "torch-float"], backend=Dying())

    assert measuring.visited(setting, job, 0, None).reason == "its process died; out of memory?"


class Dying:
    """It kills the process that unpickles it."""

    name = "dying"

    def __reduce__(self):
        return os._exit, (1,)


def test_a_machine_without_a_meter_says_why_in_a_line_and_keeps_nothing(trained, tmp_path, capsys):
    request = trained()
    code = measured(request, tmp_path / "nothing", device="auto")
    said = capsys.readouterr().err

    assert code == 1
    assert said.count("\n") == 1
    assert "rapl: no RAPL counter" in said
    assert "nvml: " in said
    assert not (tmp_path / "store" / "measurements").exists()


def test_missing_weights_say_which_run_makes_them(trained, tmp_path):
    request = trained()
    said = r"no weights of linear\. `trichord run .* --only system=linear` makes them"
    with running_counter(tmp_path / "powercap", WATTS) as folder, pytest.raises(InputError, match=said):
        measured(request, folder, "linear")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"windows": 4}, "--windows 4: give 5 to 100"),
        ({"batch": 0}, "--batch 0: give 1 to 4096"),
        ({"device": "tpu"}, "No device is called 'tpu'"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_opened(tmp_path, changes, words):
    with pytest.raises(InputError, match=words):
        measured(Request("nowhere.toml"), tmp_path, **changes)


def test_company_is_refused_unless_it_is_asked_for(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(OtherWork, "busy_cores", lambda self: 1.5)
    monkeypatch.setattr("studies.commands.measure.LOOK_SECONDS", 0.0)
    request = trained("linear")
    with running_counter(tmp_path / "powercap", WATTS) as folder:
        with pytest.raises(InputError, match=r"Other work keeps 1\.5 cores"):
            measured(request, folder, "linear", shared=False)
        monkeypatch.setattr(measuring, "visited", in_this_process)
        assert measured(request, folder, "linear") == 0
    store = request.open_store(request.open_study())
    (one,) = read_measurements(store, [raw["fit_key"] for raw in store.measurements().values()])

    assert any("up to 1.5 cores busy" in label for label in one.labels)


def test_a_counter_that_fails_fails_the_system_and_nothing_of_it_is_kept(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measuring, "visited", in_this_process)
    request = trained("linear")
    with running_counter(tmp_path / "powercap", 0.0) as folder:
        code = measured(request, folder, "linear")

    assert code == 1
    assert "linear (torch-float): not measured: the rapl counter does not move" in capsys.readouterr().err
    assert not (tmp_path / "store" / "measurements").exists()


def test_what_is_simulated_goes_by_the_network_and_not_by_the_family():
    simulated = {system.name: simulated_by(system) for system in load_study("quickstart", {}).systems}

    assert {name for name, what in simulated.items() if what == "circuit"} == {"qft-circuit", "qft-hybrid"}
    spiking = {name for name, what in simulated.items() if what == "spiking network"}
    assert spiking
    assert not any("twin" in name for name in spiking)
    assert all("snn" in name for name in spiking)


def test_every_cycle_has_every_job_once_in_an_order_of_its_own_that_is_always_the_same():
    jobs = list("abcdefgh")
    drawn = list(cycles(jobs, 5))
    orders = ["".join(job for cycle, job in drawn if cycle == number) for number in range(5)]

    assert all(sorted(order) == jobs for order in orders)
    assert len(set(orders)) == 5
    assert drawn == list(cycles(jobs, 5))


def test_other_work_is_what_the_system_counts_less_what_is_ours(tmp_path, monkeypatch):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 0 5000 0 0 0 0 0 0\n")
    look = OtherWork(stat)
    look._started -= 10.0
    look._own -= 5.0  # seconds that this process has worked since
    ticks = os.sysconf("SC_CLK_TCK")
    stat.write_text(f"cpu  {100 + 15 * ticks} 0 0 9000 0 0 0 0 0 0\n")

    assert look.busy_cores() == pytest.approx(1.0, abs=0.1)
    assert OtherWork(tmp_path / "none").busy_cores() is None
