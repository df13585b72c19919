# classical_baselines/data/catalogue.py
"""Where the data sets that Trichord knows by name lie under a data root, and how they are read there.

A data root is a folder of data sets, named by `--data-root` or the environment variable TRICHORD_DATA. A set is read by
its manifest (`meta.csv`) or, without one, by its publisher's layout (`sets/`).
"""

import os
from pathlib import Path

from classical_baselines.data.manifest import MANIFEST_NAME, Manifest, ManifestError, read_manifest
from classical_baselines.data.sets import DATA_SETS
from classical_baselines.data.sets.data_set import DataSet
from classical_baselines.harness.choices import InputError, choose

ENVIRONMENT_VARIABLE = "TRICHORD_DATA"


def data_set(name: str) -> DataSet:
    """What is known of a set; InputError with the names that exist."""
    return choose(DATA_SETS, name, what="data set")()


def known_data_set(name: str) -> DataSet | None:
    """What is known of a set; None where it is none of the catalogue."""
    return DATA_SETS[name]() if name in DATA_SETS else None


def resolve_data_root(option: Path | str | None) -> Path | None:
    """`--data-root`, or TRICHORD_DATA, or None; InputError where it is named but is no folder."""
    given = option if option is not None else os.environ.get(ENVIRONMENT_VARIABLE) or None
    if given is None:
        return None
    root = Path(given)
    if not root.is_dir():
        raise InputError(f"{root}: the data root is not a folder. Name one with --data-root or {ENVIRONMENT_VARIABLE}.")
    return root


def data_set_folder(name: str, data_root: Path | str | None) -> Path:
    """The folder of a catalogue set under the data root; InputError says what was looked for and what to do."""
    entry = data_set(name)
    root = resolve_data_root(data_root)
    get = f"`trichord data get {name} --data-root DIR` downloads it" if name == "fsdd" else f"Source: {entry.source}"
    if not entry.folders:
        raise InputError(f"{name} is generated: it has no folder and needs no data root.")
    if root is None:
        raise InputError(
            f"{name} needs recordings: name the folder that holds {entry.folders[0]} with --data-root DIR or "
            f"{ENVIRONMENT_VARIABLE}. {get}."
        )
    for folder in entry.folders:
        if (root / folder).is_dir() and any((root / folder).iterdir()):
            return root / folder
    wanted = " or ".join(entry.folders)
    raise InputError(f"{root}: no folder {wanted} with anything in it, for the data set {name!r}. {get}.")


def find_manifest(name: str, data_root: Path | str | None) -> Manifest:
    """The manifest of a catalogue set: its `meta.csv`, or its public layout; every label must have clips."""
    folder = data_set_folder(name, data_root)
    entry = data_set(name)
    if entry.layout is not None and not (folder / MANIFEST_NAME).is_file():
        manifest, expected = entry.layout(folder), entry.labels_of_layout
    else:
        manifest, expected = read_manifest(folder), entry.label_names  # says which columns it must have
    without = sorted(set(expected) - set(manifest.label_names))
    if without:
        raise ManifestError(
            f"{folder}: the label {without[0]!r} of the data set {name!r} has no clips. Restore them, or give the "
            f"folder itself as `folder` in [data] of the study to use what is there."
        )
    surplus = sorted(set(manifest.label_names) - set(expected))
    if surplus:
        raise ManifestError(
            f"{folder}: {surplus[0]!r} is no label of the data set {name!r} ({', '.join(expected)}). Mend its rows."
        )
    return manifest
