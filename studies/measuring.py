# studies/measuring.py
"""Trained systems being measured, one at a time, each visit in a process of its own.

    cell -> weights of the store -> validation clips, `batch` at a time, over and over -> a visit

On a CPU the work goes from the waveform to the logits, as the cell's backend computes them: the same front end, limits
of intensity, encoder and arithmetic, without the counting of operations beside it. On a GPU it is the network alone,
its inputs on the device. Validation clips are taken, so that a measurement is no look at test clips. What a visit is,
says `classical_baselines.harness.measurement`.
"""

import itertools
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from classical_baselines.harness.choices import choose
from classical_baselines.harness.contracts import Trained
from classical_baselines.harness.energy import Unavailable
from classical_baselines.harness.measurement import Rules, visit
from classical_baselines.harness.meters import Conditions, Meter, cuda_meter, find_rapl
from quantum.backends import AS_TRAINED
from studies.cell import StudyCell
from studies.freed_memory import return_freed_memory
from studies.measurement import DeviceKind, Simulated, VisitRecord
from studies.other_work import OtherWork
from studies.pipeline import Bench, trained_bench
from studies.specification import Choice, Study, System
from studies.store import Store
from studies.worker import thread_environment

Inference = Callable[[Tensor], Tensor]  # encoded batch -> logits [batch, class]
ON_CUDA = ("torch-float", *AS_TRAINED)  # the others compute in integers, on the CPU


@dataclass(frozen=True, eq=False)
class Job:
    """A trained system on one backend, to be measured."""

    cell: StudyCell
    fit_key: str
    backend: Choice

    @property
    def name(self) -> str:
        """`ds-cnn (int8)`."""
        return f"{self.cell.system} ({self.backend.name})"


@dataclass(frozen=True)
class Setting:
    """What all visits share; picklable, small."""

    study: Study
    store: Store
    data_root: Path | None
    kind: DeviceKind
    batch: int
    powercap: Path
    rules: Rules


@dataclass(frozen=True)
class Visited:
    """What came of a visit, and how the machine was before it."""

    record: VisitRecord | None
    reason: str = ""  # why there is none


def meter_of(kind: DeviceKind, powercap: Path) -> Meter | Unavailable:
    """The device's meter."""
    return find_rapl(powercap) if kind == "cpu" else cuda_meter()


def device_name(kind: DeviceKind) -> str:
    """The processor or the GPU, as its system names it."""
    from studies.provenance import cpu_model

    return str(torch.cuda.get_device_name()) if kind == "cuda" else cpu_model()


def cycles(jobs: Sequence[Job], n_windows: int) -> Iterator[tuple[int, Job]]:
    """Every job once per cycle, in an order that is drawn anew for each, from its number."""
    for cycle in range(n_windows):
        for job in random.Random(cycle).sample(jobs, len(jobs)):
            yield cycle, job


def visited(setting: Setting, job: Job, place: int, cool_to: float | None) -> Visited:
    """Make a visit in a fresh process."""
    os.environ.update(thread_environment(setting.study.threads_per_cell))  # read when the process imports torch
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        try:
            return fresh.submit(_visit, setting, job, place, cool_to).result()
        except BrokenProcessPool:
            return Visited(None, "its process died; out of memory?")


def _visit(setting: Setting, job: Job, place: int, cool_to: float | None) -> Visited:
    torch.set_num_threads(setting.study.threads_per_cell)
    return_freed_memory()
    work = workload(setting, job)
    meter = meter_of(setting.kind, setting.powercap)
    if isinstance(meter, Unavailable):
        return Visited(None, meter.reason)
    conditions: Conditions = meter.conditions()
    others = OtherWork()
    found = visit(work, meter, setting.rules, cool_to=cool_to)
    if isinstance(found, Unavailable):
        return Visited(None, found.reason)
    return Visited(VisitRecord.of(found, place, others.busy_cores(), conditions))


def workload(setting: Setting, job: Job) -> Callable[[], Tensor]:
    """A call that takes the next batch of validation clips to its logits."""
    bench, trained = trained_bench(setting.study, job.cell, setting.store.load_weights(job.fit_key), setting.data_root)
    for parameter in trained.classifier.parameters():
        parameter.requires_grad_(False)
    generator = bench.generator_of(job.backend)
    infer = choose(INFERENCES, job.backend.name, what="backend that can be measured")(trained)
    if setting.kind == "cuda":
        return _on_cuda(bench, trained, setting.batch, generator)
    batches = itertools.cycle(_batches(bench, setting.batch))

    def work() -> Tensor:
        waveforms, n_samples = next(batches)
        with torch.no_grad():
            return infer(bench.encoder(bench.intensity_of(waveforms, n_samples), generator))

    return work


def _batches(bench: Bench, batch: int) -> list[tuple[Tensor, Tensor]]:
    """Waveforms [batch, sample] and lengths [batch] of the validation clips."""
    return [(bench.clips.waveform[rows], bench.clips.n_samples[rows]) for rows in _rows_by_batch(bench, batch)]


def _rows_by_batch(bench: Bench, batch: int) -> tuple[Tensor, ...]:
    """The rows [batch] of every validation clip once, then on from the first to fill up the last batch."""
    rows = torch.tensor(bench.fold.validation)
    n_batches = -(-len(rows) // batch)
    return rows[torch.arange(n_batches * batch) % len(rows)].split(batch)


def _on_cuda(bench: Bench, trained: Trained, batch: int, generator: torch.Generator) -> Callable[[], Tensor]:
    """The network alone on the GPU, from inputs that are there; a call ends when the logits are back."""
    network = trained.classifier.to("cuda")
    parts = _rows_by_batch(bench, batch)
    encoded = itertools.cycle([trained.encoder(bench.intensity[rows], generator).to("cuda") for rows in parts])

    def work() -> Tensor:
        with torch.no_grad():
            logits: Tensor = network(next(encoded)).cpu()
        return logits

    return work


def _as_trained(trained: Trained) -> Inference:
    return lambda encoded: trained.classifier(encoded).float()


def _int8(trained: Trained) -> Inference:
    from classical_baselines.models.integer_network import IntegerNetwork

    return IntegerNetwork(trained.classifier).logits


def _loihi_emulator(trained: Trained) -> Inference:
    from neuro.loihi.backends import chip_input, logits_of
    from neuro.loihi.emulator import emulate
    from neuro.loihi.quantise import quantised

    network = quantised(trained.classifier)
    return lambda encoded: logits_of(network, emulate(network, chip_input(network, encoded)))


# A backend's inference alone, prepared once; what a backend does beside it (counts, checks, pictures) is not measured.
INFERENCES: Mapping[str, Callable[[Trained], Inference]] = {
    "torch-float": _as_trained,
    **dict.fromkeys(AS_TRAINED, _as_trained),
    "int8": _int8,
    "loihi-emulator": _loihi_emulator,
}


def simulated_by(system: System) -> Simulated:
    """What a system's network stands for that is no processor; a twin or a control may stand for nothing else."""
    from classical_baselines.models import CLASSIFIERS as CLASSICAL
    from neuro.classifiers import CLASSIFIERS as SPIKING
    from quantum.classifiers import CLASSIFIERS as QUANTUM
    from quantum.classifiers.circuits_of import has_circuit

    name = system.classifier.name
    if name in CLASSICAL or (name in QUANTUM and not has_circuit(QUANTUM[name]())):
        return ""
    is_spiking = name in SPIKING or (system.family == "neuro" and name not in QUANTUM)  # or of another package
    is_circuit = name in QUANTUM or system.family == "quantum"
    return "spiking network" if is_spiking else "circuit" if is_circuit else ""


def can_be_measured(backend: Choice, kind: DeviceKind) -> bool:
    """Whether the backend's inference can be run by itself on the device."""
    return backend.name in (ON_CUDA if kind == "cuda" else INFERENCES)
