# studies/probe.py
"""Probes: what a trained system does when one thing about its test is changed, value by value.

    snr_db             white noise is added to the test clips, at this ratio within each clip, alike for all systems
    n_shots            the circuit is sampled this often; for systems whose headline run samples
    firing_threshold   every neuron's threshold times this factor; for spiking networks: fewer spikes, or more
    occlusion          parts of a picture are replaced by their mean over the training clips, one by one

A probe needs trained weights and no training. It runs under the headline protocol, on the backend of the system's
headline run, after `--confirm`: it opens test clips and is counted as a look. Its cell stands in the store beside the
others, `kind` "probe", one run per value; the key holds the fit cell's key, the probe and the code that makes it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from studies.cell import StudyCell
from studies.cell_key import digest
from studies.code_version import code_of
from studies.specification import Study, System

ProbeName = Literal["snr_db", "n_shots", "firing_threshold", "occlusion"]
PROBING = "studies.probing"


@dataclass(frozen=True, order=True)
class Probe:
    """One thing that is changed, and the values that it is given; of an occlusion, the patches (mel, frame)."""

    name: ProbeName
    values: tuple[float, ...]


def probes_of(study: Study, cell: StudyCell, folds: Sequence[str]) -> tuple[Probe, ...]:
    """The probes that a cell is put through; `folds` are those of its protocol."""
    system, wanted = study.system(cell.system), study.probes
    chosen = wanted.systems or tuple(s.name for s in study.systems if s.role == "contender")
    if cell.seed not in study.seeds[: wanted.n_seeds] or cell.system not in chosen:
        return ()
    if cell.protocol != study.headline_protocol.name:
        return ()
    curves: list[tuple[ProbeName, tuple[float, ...], bool]] = [
        ("snr_db", wanted.snr_db, True),
        ("n_shots", wanted.n_shots, _samples(system)),
        ("firing_threshold", wanted.firing_threshold, _spikes(system)),
        ("occlusion", wanted.occlusion or (), cell.seed == study.seeds[0] and cell.fold == folds[0]),
    ]
    return tuple(Probe(name, values) for name, values, applies in curves if values and applies)


def probe_key(study: Study, cell: StudyCell, fit_key: str, probe: Probe) -> str:
    """The key of the cell that keeps what came of a probe."""
    backend = study.system(cell.system).headline_run.backend.model_dump()
    code = probing_code()
    return digest({"fit": fit_key, "kind": "probe", "probe": asdict(probe), "backend": backend, "code": code})


def describe_probe(description: dict[str, Any], probe: Probe) -> dict[str, Any]:
    """`cell.json` of a probe, from that of the test cell beside it."""
    specification = {**description["specification"], "kind": "probe", "probe": asdict(probe)}
    code = digest({"cell": description["code_version"], "probing": probing_code()})
    return {
        **description,
        "kind": "probe",
        "specification": specification,
        "specification_key": digest(specification),
        "code_version": code,
    }


@cache
def probing_code() -> str:
    """The version of the code that makes every probe, that of the cell's own system aside."""
    return code_of({PROBING}).digest


def _samples(system: System) -> bool:
    from studies.registries import BACKENDS

    return hasattr(BACKENDS[system.headline_run.backend.name](), "n_shots")


def _spikes(system: System) -> bool:
    from neuro.classifiers import CLASSIFIERS
    from neuro.loihi import BACKENDS

    return system.classifier.name in CLASSIFIERS and system.headline_run.backend.name in BACKENDS
