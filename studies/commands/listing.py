# studies/commands/listing.py
"""`trichord list`: the names that a study file may use."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from classical_baselines.harness.choices import InputError, choose


def listing(what: str | None, as_json: bool, check: Path | None = None) -> int:
    """Print one set of names, or all; with `check`, what a device file of the user's adds to the devices."""
    if check is not None:
        if what != "devices":
            raise InputError("--check goes with `trichord list devices`: it lints a device file.")
        return check_devices(check)
    wanted = [what] if what is not None else list(SETS)
    names = {one: choose(SETS, one, what="list")() for one in wanted}
    if as_json:
        print(json.dumps(names))
        return 0
    for one, entries in names.items():
        if what is None:
            print(f"{one}:")
        for entry in entries:
            print(f"  {entry}" if what is None else entry)
    return 0


def check_devices(path: Path) -> int:
    """Lint a device file; say what it adds to a study that names it."""
    from studies.price_list import price_list

    shipped, found = price_list(), price_list([str(path)])
    for name in set(found.devices) - set(shipped.devices):
        rows = found.devices[name].coefficients
        n_assumed = sum(row.range_assumed for row in rows)
        print(f"device {name}: {len(rows)} coefficients, {n_assumed} of them with an assumed range")
    for name in found.deployments:
        if name not in shipped.deployments:
            print(f"deployment {name}: {', '.join(found.deployments[name].device_names)}")
    return 0


def _registry(name: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from studies.registries import REGISTRIES

        return sorted(REGISTRIES[name])

    return names


def _data_sets() -> list[str]:
    from classical_baselines.data.catalogue import DATA_SETS

    return sorted(DATA_SETS)


def _protocols() -> list[str]:
    from classical_baselines.data.splits import SPLITTERS

    return sorted(SPLITTERS)


def _devices() -> list[str]:
    from classical_baselines.harness.devices import shipped_devices

    return sorted(shipped_devices())


def _deployments() -> list[str]:
    from studies.price_list import deployments

    return sorted(deployments())


def _studies() -> list[str]:
    from studies.study_file import catalogue

    return sorted(catalogue())


def _benches() -> list[str]:
    from studies.bench import BENCHES

    return sorted(BENCHES)


SETS: Mapping[str, Callable[[], list[str]]] = {
    "studies": _studies,
    "datasets": _data_sets,
    "protocols": _protocols,
    "front-ends": _registry("front end"),
    "encoders": _registry("encoder"),
    "classifiers": _registry("classifier"),
    "backends": _registry("backend"),
    "deployments": _deployments,
    "devices": _devices,
    "benches": _benches,
}
