# studies/checks_before_work.py
"""What of a study can be refused before its recordings are read: names, options, and what does not go together.

A mistake that only a trained cell would show costs hours, so every check that needs no sound stands here; what needs
one clip is tried by `studies.dry_run.check_study`. Each error names the place in the study.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from classical_baselines.augment import RANGES, Augmentation
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.harness.choices import InputError, build_options, choose
from neuro.classifiers import CLASSIFIERS as SPIKING_CLASSIFIERS
from neuro.loihi import BACKENDS as LOIHI_BACKENDS
from quantum.backends import BACKENDS as CIRCUIT_BACKENDS
from quantum.circuits.description import ENTANGLERS
from quantum.classifiers import CLASSIFIERS as CIRCUITS
from quantum.classifiers.circuits_of import built_by
from studies.analysis_frames import check_hops
from studies.cell import StudyCell
from studies.early_checks import check_early_decisions
from studies.plain_errors import shown
from studies.plugins import load_plugins
from studies.probe import ProbeName, probes_of
from studies.registries import build
from studies.specification import Choice, Protocol, Run, Study, System
from studies.two_senses import check_degraded_runs

LARGEST_BATCH = 65_536  # clips that a backend takes at a time, as in the training
INT8_BACKENDS = ("int8", "int8-zeros-skipped")
INTEGER_TWINS = ("dense-twin", "convolutional-twin", "graded-convolutional-twin")
TRAINED_WITH_8_BITS = (*INTEGER_TWINS, "pruned-int8")  # without an option that says so
# Whom a probe needs among the systems that are probed, where it does not take any.
PROBED: Mapping[ProbeName, str] = {
    "n_shots": "samples shots on its headline run",
    "firing_threshold": "is a spiking network whose headline run is on a Loihi backend",
}


def check_before_work(study: Study) -> None:
    """Refuse a number, a name, an option or a pairing that cannot hold; InputError says where it stands."""
    load_plugins()
    with _told_in(f"study {study.name!r}"):
        _check_finite(study.model_dump(), "")
        low, high = study.intensity_quantiles
        if not 0 <= low < high <= 1:
            raise InputError(f"intensity_quantiles must satisfy 0 <= low < high <= 1; got {low:g} and {high:g}.")
        _check_augmentation(study.augmentation)
    from studies.price_list import deployments

    with _told_in(f"study {study.name!r}"):
        known = deployments(study.device_files)  # lints the study's own files
    for protocol in study.protocols:
        with _told_in(f"study {study.name!r}, protocol {protocol.name!r}"):
            _check_protocol(protocol)
    for front_end in study.front_ends:
        with _told_in(f"study {study.name!r}, front end {front_end.key!r}"):
            check_hops(build("front end", front_end))
    for system in study.systems:
        with _told_in(f"study {study.name!r}, system {system.name!r}"):
            _check_augmentation(system.augmentation or {})
            _check_system(system, known)
            check_early_decisions(study, system)
            check_degraded_runs(study, system)
    with _told_in(f"study {study.name!r}"):
        _check_probes(study)


@contextmanager
def _told_in(place: str) -> Iterator[None]:
    """Put the place before whatever is wrong there; what only Python complains of becomes an InputError too."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
    except Exception as error:
        raise InputError(f"{place}: its options do not hold together ({type(error).__name__}: {error}).") from error


def _check_finite(value: Any, place: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_finite(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            named = item.get("name") if isinstance(item, Mapping) else None
            _check_finite(item, f"{place}.{named or number}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{place} is {value}. Every number of a study must be finite; leave an option out to skip it.")


def _check_protocol(protocol: Protocol) -> None:
    """The options that the splitter takes beside the clips, of the types that it declares."""
    splitter: Callable[..., Any] = choose(SPLITTERS, protocol.name, what="protocol")
    known = [name for name in inspect.signature(splitter).parameters if name != "clips"]
    hints = get_type_hints(splitter)
    for name, value in protocol.options.items():
        if name not in known:
            raise InputError(f"it has no option {name!r}. Its options: {', '.join(known) or 'none'}.")
        if type(value) is not hints[name]:
            raise InputError(f"{name} should be of type {hints[name].__name__}; got {value!r}.")


def _check_augmentation(options: Mapping[str, Any]) -> None:
    for name in RANGES:
        bounds = options.get(name)
        if bounds is not None and not (isinstance(bounds, list | tuple) and len(bounds) == 2):
            raise InputError(f"augmentation: {name} must be a list of two numbers, [from, to]; got {shown(bounds)}.")
    build_options(Augmentation, options, what="augmentation")


def _check_probes(study: Study) -> None:
    """A curve that no system is put through would be missing from the report without a word."""
    asked = [name for name in get_args(ProbeName) if getattr(study.probes, name)]
    if not asked:
        return
    protocol, seed = study.headline_protocol.name, study.seeds[0]
    found = {
        probe.name
        for system in study.systems
        for probe in probes_of(study, StudyCell(study.data.name, protocol, "first", system.name, seed), ["first"])
    }
    for name in asked:
        if name not in found:
            values = getattr(study.probes, name)
            whose = ", ".join(study.probes.systems) or "every contender"
            raise InputError(
                f"probes.{name} = {shown(list(values))} changes nothing: no system that is probed ({whose}) "
                f"{PROBED.get(name, 'is in the study')}. Name such a system in probes.systems, or leave {name} out."
            )


def _check_system(system: System, known: Mapping[str, Any]) -> None:
    """A deployment is looked up when a table is priced, after all the work is spent: here it is refused before."""
    build("encoder", system.encoder)
    _check_entangler(system.classifier)
    options = build("classifier", system.classifier)
    check_hops(options)
    for run in system.runs:
        backend = build("backend", run.backend)
        batch_size = getattr(backend, "batch_size", 1)
        if not 1 <= batch_size <= LARGEST_BATCH:
            raise InputError(
                f"batch_size of the backend {run.backend.name!r} must lie in 1 to {LARGEST_BATCH}; got {batch_size}."
            )
        if hasattr(backend, "check_here"):  # what it runs on may be missing on this machine
            backend.check_here()
        _check_pairing(system, run, options, backend)
        for name in run.deployments:
            choose(known, name, what="deployment")


def _check_entangler(classifier: Choice) -> None:
    """That the entangler of a circuit exists: its options say first that it would do nothing, where nothing would."""
    named = classifier.options.get("entangler")
    if classifier.name not in CIRCUITS or not isinstance(named, str):
        return
    if "entangler" in {one.name for one in fields(CIRCUITS[classifier.name]())}:
        choose({name: name for name in ENTANGLERS}, named, what="entangler")


def _check_pairing(system: System, run: Run, options: Any, backend_options: Any) -> None:
    """A backend that runs one kind of network is not given another: it would say so after the training."""
    backend, classifier = run.backend.name, system.classifier.name
    if backend in LOIHI_BACKENDS and classifier not in SPIKING_CLASSIFIERS:
        raise InputError(
            f"the backend {backend!r} runs spiking networks ({', '.join(sorted(SPIKING_CLASSIFIERS))}), "
            f"and {classifier!r} is none."
        )
    if backend in CIRCUIT_BACKENDS and not issubclass(built_by(options), backend_options.runs):
        run_by_it = [name for name, of in CIRCUITS.items() if issubclass(built_by(of()), backend_options.runs)]
        raise InputError(
            f"the backend {backend!r} runs circuits ({', '.join(run_by_it)}), and {classifier!r} has none of that kind."
        )
    if backend in INT8_BACKENDS and classifier not in TRAINED_WITH_8_BITS and getattr(options, "bits", None) != 8:
        raise InputError(
            f"the backend {backend!r} runs networks that were trained with 8 bits, and {classifier!r} as given here is "
            f"not. Give ds-cnn or residual-cnn the option bits = 8, or choose {', '.join(TRAINED_WITH_8_BITS)}."
        )
