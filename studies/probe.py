# studies/probe.py
"""Probes: what a trained system does when one thing about its test is changed, value by value.

    snr_db             noise of a kind (white, pink, babble) is added to the test clips, at this ratio within each clip
    low_pass_hz        the test clips lose what lies above this frequency
    gain_db            the test clips are recorded at another level, in 16 bits, and clipped at full scale
    n_shots            the circuit is sampled this often; for systems whose headline run samples
    firing_threshold   every neuron's threshold times this factor; for spiking networks: fewer spikes, or more
    occlusion          parts of a picture are replaced by their mean over the training clips, one by one

A probe needs trained weights and no training. It runs under the headline protocol, on the backend of the system's
headline run, after `--confirm`: it opens test clips and is counted as a look. Its cell stands in the store beside the
others, `kind` "probe", one run per value; the key holds the fit cell's key, the probe and the code that makes it. The
first three change the sound, alike for all systems (`studies.disturbance`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from classical_baselines.augment import NoiseKind
from studies.cell import StudyCell
from studies.cell_key import digest
from studies.code_version import code_of
from studies.specification import Study, System

ProbeName = Literal["snr_db", "low_pass_hz", "gain_db", "n_shots", "firing_threshold", "occlusion"]
OF_SOUND: tuple[ProbeName, ...] = ("snr_db", "low_pass_hz", "gain_db")
PROBING = "studies.probing"


@dataclass(frozen=True, order=True)
class Probe:
    """One thing that is changed, and the values that it is given; of an occlusion, the patches (mel, frame)."""

    name: ProbeName
    values: tuple[float, ...]
    noise: NoiseKind = "white"  # of snr_db

    def specified(self) -> dict[str, Any]:
        """What of it stands in keys: white noise, which came first, stands there without its name."""
        return {name: value for name, value in asdict(self).items() if (name, value) != ("noise", "white")}


def probes_of(study: Study, cell: StudyCell, folds: Sequence[str]) -> tuple[Probe, ...]:
    """The probes that a cell is put through; `folds` are those of its protocol."""
    system, wanted = study.system(cell.system), study.probes
    chosen = wanted.systems or tuple(s.name for s in study.systems if s.role == "contender")
    if cell.seed not in study.seeds[: wanted.n_seeds] or cell.system not in chosen:
        return ()
    if cell.protocol != study.headline_protocol.name:
        return ()
    curves = [
        *((Probe("snr_db", wanted.snr_db, noise), True) for noise in wanted.noise),
        (Probe("low_pass_hz", wanted.low_pass_hz), True),
        (Probe("gain_db", wanted.gain_db), True),
        (Probe("n_shots", wanted.n_shots), _samples(system)),
        (Probe("firing_threshold", wanted.firing_threshold), _spikes(system)),
        (Probe("occlusion", wanted.occlusion or ()), cell.seed == study.seeds[0] and cell.fold == folds[0]),
    ]
    return tuple(probe for probe, applies in curves if probe.values and applies)


def probe_key(study: Study, cell: StudyCell, fit_key: str, probe: Probe) -> str:
    """The key of the cell that keeps what came of a probe."""
    backend = study.system(cell.system).headline_run.backend.model_dump()
    code = probing_code()
    return digest({"fit": fit_key, "kind": "probe", "probe": probe.specified(), "backend": backend, "code": code})


def describe_probe(description: dict[str, Any], probe: Probe) -> dict[str, Any]:
    """`cell.json` of a probe, from that of the test cell beside it."""
    specification = {**description["specification"], "kind": "probe", "probe": probe.specified()}
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
    from studies.registries import REGISTRIES

    return hasattr(REGISTRIES["backend"][system.headline_run.backend.name](), "n_shots")  # plug-ins are in it


def _spikes(system: System) -> bool:
    from neuro.classifiers import CLASSIFIERS
    from neuro.loihi import BACKENDS

    return system.classifier.name in CLASSIFIERS and system.headline_run.backend.name in BACKENDS
