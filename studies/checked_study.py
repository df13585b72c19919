# studies/checked_study.py
"""A study that has been checked against its recordings, and what a plan needs to know of them.

The check opens the data and takes a clip through every untrained system: seconds of work, and torch. Its outcome
depends on what the study says, on the code, and on the recordings; these are written down without opening a recording
(names, sizes and times of the files, as the cache of decoded recordings does), and a check that has passed is
remembered under them. A cell compares the content of the recordings itself before it is fitted.
"""

from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classical_baselines.harness.choices import InputError
from studies.code_version import code_of, code_version
from studies.remembered import remembered
from studies.specification import Study

if TYPE_CHECKING:
    from classical_baselines.data.manifest import Manifest


@dataclass(frozen=True)
class CheckedProtocol:
    """The folds of a protocol, and the sample that their test clips are."""

    folds: tuple[str, ...]
    n_units: int
    unit: str  # "group" or "clip"
    n_training_clips: float  # of a fold, on average


@dataclass(frozen=True)
class CheckedStudy:
    """What is known of the recordings of a study that may be run."""

    content_hash: str
    protocols: dict[str, CheckedProtocol]
    clip_seconds: dict[str, float | None]  # by system, of a clip forward, untrained; None where it is fitted directly
    near_duplicates: str = ""  # a warning of those that straddle the parts of a fold
    notes: tuple[str, ...] = ()  # what is allowed, and should be known


def checked_study(study: Study, data_root: Path | None) -> CheckedStudy:
    """Check everything of a study that can be checked before any work is spent; InputError where it cannot be run."""
    found = remembered("checked study", _depends_on(study, data_root), lambda: asdict(_checked(study, data_root)))
    protocols = {
        name: CheckedProtocol(tuple(one["folds"]), one["n_units"], one["unit"], one["n_training_clips"])
        for name, one in found["protocols"].items()
    }
    return CheckedStudy(
        found["content_hash"], protocols, found["clip_seconds"], found["near_duplicates"], tuple(found["notes"])
    )


def _checked(study: Study, data_root: Path | None) -> CheckedStudy:
    from studies.checks_before_work import check_before_work

    check_before_work(study)
    from studies.dry_run import check_study
    from studies.duplicates import duplicates_across
    from studies.left_out import check_left_out
    from studies.pipeline import folds_of
    from studies.resolution import sample_of

    tried = check_study(study, data_root)
    clips = tried.clips
    check_left_out(study.score_without, clips.label_names)
    counted = [not study.score_without or clips.label_names[target] != study.score_without for target in clips.targets]
    protocols = {}
    for protocol in study.protocols:
        folds = folds_of(study, protocol.name, clips)
        tested = sorted({index for fold in folds for index in fold.test})
        n_training = sum(len(fold.train) for fold in folds) / len(folds)
        sample = sample_of([clips.groups[index] for index in tested if counted[index]])
        protocols[protocol.name] = CheckedProtocol(tuple(fold.name for fold in folds), *sample, n_training)
    duplicates = duplicates_across(study, clips)
    return CheckedStudy(clips.content_hash, protocols, tried.clip_seconds, duplicates, tried.notes)


def _depends_on(study: Study, data_root: Path | None) -> dict[str, Any]:
    from studies.price_list import deployments

    return {
        "study": study.model_dump(mode="json", exclude={"seeds", "title", "question"}),
        "recordings": _recordings(study, data_root),
        "code": [
            code_of(
                {f"studies.{name}" for name in ("checked_study", "checks_before_work", "dry_run", "duplicates")}
            ).digest,
            *sorted({code_version(study, system).digest for system in study.systems}),
        ],
        "torch": metadata.version("torch"),
        "deployments": sorted(deployments(study.device_files)),
    }


def _recordings(study: Study, data_root: Path | None) -> Any:
    """What tells these recordings from any others without opening them; the code that makes them, where it does."""
    from classical_baselines.data.catalogue import find_manifest, known_data_set, resolve_data_root
    from classical_baselines.data.event_recordings import event_files
    from classical_baselines.data.manifest import read_manifest

    name = study.data.folder or study.data.name
    entry = known_data_set(name) if study.data.folder is None else None
    if entry is None and study.data.folder is None:
        return None  # unknown, and refused by the check
    if entry is not None and entry.makes is not None:
        maker = code_of({entry.makes.__module__}).digest
        beside = [_plain_files(resolve_data_root(data_root), folder) for folder in getattr(entry.makes, "reads", ())]
        return [maker, *(_files(find_manifest(one, data_root)) for one in entry.made_from), *beside]
    if study.data.folder is not None and not Path(name).is_dir():
        raise InputError(
            f"study {study.name!r}: data.folder = {name!r} is no folder. Name the folder of the recordings, in the "
            "study or as `--set data.folder=FOLDER`."
        )
    events = event_files(Path(name)) if study.data.folder is not None else {}
    if events:
        files = [[part, path.name, path.stat().st_size, path.stat().st_mtime_ns] for part, path in events.items()]
        return [str(Path(name).resolve()), files]
    return _files(read_manifest(Path(name)) if entry is None else find_manifest(name, data_root))


def _plain_files(data_root: Path | None, folder: str) -> list[Any]:
    """What the file system says of the files in a folder of the data root that are no recordings."""
    paths = [] if data_root is None else sorted((data_root / folder).glob("*"))
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in paths]


def _files(manifest: "Manifest") -> list[Any]:
    """The folder, and what the file system says of every clip."""
    rows = []
    for row in manifest.rows:
        status = manifest.path(row).stat()
        rows.append([row.name, row.label, row.fold_or_split, row.speaker_or_group, status.st_size, status.st_mtime_ns])
    return [str(manifest.folder.resolve()), rows]
