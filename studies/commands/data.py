# studies/commands/data.py
"""`trichord data get|check|describe`: data sets, before any study."""

from collections import Counter
from pathlib import Path

from classical_baselines.data.catalogue import DATA_SETS, resolve_data_root
from classical_baselines.harness.choices import InputError, choose


def get(name: str, data_root: Path | None) -> int:
    """Download a data set into the data root."""
    from classical_baselines.data.download import get_data_set

    root = data_root or resolve_data_root(None)
    if root is None:
        raise InputError("Name the folder that the data set is to stand in with --data-root DIR or TRICHORD_DATA.")
    print(get_data_set(name, root))
    return 0


def check(name: str, data_root: Path | None) -> int:
    """Decode every recording; a flaw is an InputError that names the file."""
    from classical_baselines.data.loading import load_clips

    clips = load_clips(name, data_root)
    labels = Counter(clips.targets.tolist())
    print(f"{len(clips)} clips of {len(clips.label_names)} classes, all readable at {clips.sample_rate_hz} Hz")
    print(f"{min(labels.values())} to {max(labels.values())} clips per class, {len(set(clips.groups))} groups")
    print(f"content {clips.content_hash}")
    return 0


def describe(name: str, data_root: Path | None) -> int:
    """Print what is known of a data set."""
    del data_root
    entry = choose(DATA_SETS, name, what="data set")
    print(entry.title)
    print(f"  clips of {entry.clip_seconds:g} s at {entry.sample_rate_hz} Hz")
    print(f"  protocols: {', '.join(entry.protocols)}")
    print(f"  licence:   {entry.licence}")
    print(f"  source:    {entry.source}")
    if entry.folders:
        print(f"  folder:    {' or '.join(entry.folders)} under the data root")
    for warning in entry.warnings:
        print(f"  mind:      {warning}")
    return 0
