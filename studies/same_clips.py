# studies/same_clips.py
"""Older cells stand without a training where only code that finds recordings changed, and it finds the same.

    the code at a revision   \\
                              >  versions of every system; SHA-256 of all clips and folds  ->  compared
    the code as it stands    /

Which files a set has, with which labels, groups and folds, how they are decoded, cut and split is the matter of one
package (FINDS, but for what keeps pictures as well); all other code sees clips and folds, and nothing of how they were
found. So where two codes of a system differ in no other module and read the same clips, bit for bit, and the same
folds, they compute the same cells. Whatever else differs is left to `short_rechecking.py`, and so is a set that the
older code cannot read.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from classical_baselines.harness.choices import InputError
from studies.code_version import SOURCE
from studies.recheck import ComparedCell, Paths, Recheck, SameClips, read_rechecks
from studies.recheck_record import compared_cell, computed_on, record_of
from studies.rechecking import Candidate
from studies.short_rechecking import differing_modules, probe_code_of
from studies.short_trainings import checkout
from studies.specification import Study
from studies.store import Store
from studies.told_code import Tell, ToldCode, tell_by_command

FINDS = "classical_baselines.data"
KEEPS = ("classical_baselines.data.cache", "classical_baselines.data.shards")  # of pictures too


def carried_by_clips(
    study: Study,
    store: Store,
    found: Mapping[str, Sequence[Candidate]],
    revision: str,
    data_root: Path | None,
    command: Sequence[str] = (),
    tell: Tell | None = None,
) -> dict[str, tuple[Recheck, ...]]:
    """By system, the records of what is carried over so; they are in the store. Systems with anything else left are
    not among them."""
    tell = tell or tell_by_command(data_root)
    with TemporaryDirectory() as folder, checkout(revision, Path(folder) / "source") as (source, full):
        newer = tell(study, SOURCE, Path(folder) / "newer")
        try:
            older = tell(study, source, Path(folder) / "older")
        except InputError:
            return {}
    if older.clips != newer.clips:
        return {}
    read = SameClips(revision=full, clips=newer.clips)
    paths = Paths(read_rechecks(store))
    made = {}
    for system, choices in found.items():
        records = _records(study, store, system, choices, older, newer, paths, read, command)
        if records:
            made[system] = records
    for records in made.values():
        for record in records:
            store.save_recheck(record.model_dump(mode="json"))
    return made


def finds_alone(changed: Iterable[str]) -> bool:
    """Whether modules do nothing but find recordings.

    >>> finds_alone(["classical_baselines.data.sets.fsdd"]), finds_alone(["classical_baselines.data.shards"])
    (True, False)
    """
    return all(name.startswith(f"{FINDS}.") and name not in KEEPS for name in changed)


def _records(
    study: Study,
    store: Store,
    system: str,
    choices: Sequence[Candidate],
    older: ToldCode,
    newer: ToldCode,
    paths: Paths,
    read: SameClips,
    command: Sequence[str],
) -> tuple[Recheck, ...]:
    """The records that carry all stored cells of a system over; none where that cannot be said of one of them."""
    then, now = older.versions[system], newer.versions[system]
    changed = differing_modules(then, now)
    if not finds_alone(changed):
        return ()
    spoken_for: dict[tuple[str, str], dict[str, ComparedCell]] = {}
    for candidate in choices:
        for stored in candidate.stored:
            codes = (then.digest, now.digest)
            if stored.probe is not None:
                if not finds_alone(differing_modules(older.probing, newer.probing)):
                    return ()
                codes = (probe_code_of(codes[0], older.probing), probe_code_of(codes[1], newer.probing))
            if codes[1] != stored.new_code:
                raise InputError("the code changed while it was rechecked. Run it again.")
            if paths.between(stored.configuration, stored.old_code, codes[0]) is None:
                return ()
            cell = compared_cell(candidate.cell.cell, stored.key, stored.kind, stored.configuration)
            if codes[0] != codes[1]:
                spoken_for.setdefault(codes, {}).setdefault(stored.configuration, cell)
    return tuple(
        record_of(
            study.name,
            system,
            codes,
            changed,
            list(cells.values()),
            (),
            (computed_on(store.provenance(one.key)) for one in cells.values()),
            command,
            same_clips=read,
        )
        for codes, cells in sorted(spoken_for.items())
    )
