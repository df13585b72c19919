# studies/origins.py
"""How some cells were computed: revisions, code, data, machines, versions and commands, each once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studies.store import Store


@dataclass(frozen=True)
class Origin:
    """What the provenance of some cells says; more than one value where they differ."""

    revisions: tuple[str, ...]
    code_versions: tuple[str, ...]
    data: tuple[str, ...]  # SHA-256 of the decoded recordings
    machines: tuple[str, ...]
    software: tuple[str, ...]
    commands: tuple[str, ...]
    started: tuple[str, ...]  # the first and the last
    wall_seconds: float  # of all cells together


def origin_of(store: Store, keys: Sequence[str]) -> Origin:
    """The origin of the committed cells `keys`."""
    found = [(store.description(key), store.provenance(key)) for key in keys]
    sources = [provenance for _, provenance in found]
    started = sorted(str(source["started_utc"]) for source in sources if source.get("started_utc"))
    return Origin(
        revisions=_distinct(_revision(source.get("git") or {}) for source in sources),
        code_versions=_distinct(str(description.get("code_version", "")) for description, _ in found),
        data=_distinct(str(description["specification"]["data"]["content_hash"]) for description, _ in found),
        machines=_distinct(_machine(source.get("machine") or {}) for source in sources),
        software=_distinct(_software(source) for source in sources),
        commands=_distinct(" ".join(source.get("command", ())) for source in sources),
        started=_distinct([*started[:1], *started[-1:]]),
        wall_seconds=sum(float(source.get("wall_seconds") or 0.0) for source in sources),
    )


def revisions(provenances: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The revisions of the code that some cells were computed by; none of cells from outside a checkout."""
    return _distinct(str((provenance.get("git") or {}).get("revision") or "") for provenance in provenances)


def _revision(git: Mapping[str, Any]) -> str:
    if not git.get("revision"):
        return "not a checkout"
    return f"{git['revision']}{' with local changes' if git.get('dirty') else ''}"


def _machine(machine: Mapping[str, Any]) -> str:
    named = ("cpu", "system", "architecture")
    return ", ".join(str(machine[name]) for name in named if machine.get(name))


def _software(source: Mapping[str, Any]) -> str:
    versions = source.get("versions") or {}
    python = [f"Python {source['python']}"] if source.get("python") else []
    return ", ".join([*python, *(f"{name} {version}" for name, version in versions.items() if version)])


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
