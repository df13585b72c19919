# studies/commands/listing.py
"""`trichord list`: the names that a study file may use, and the anchors that models are held against."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from classical_baselines.harness.choices import InputError, choose
from studies.commands import price_listing
from studies.plugins import load_plugins


def listing(what: str | None, as_json: bool, check: Path | None = None) -> int:
    """Print one set of names, or all; with `check`, what a device file of the user's adds to the devices."""
    load_plugins()
    if check is not None:
        if what != "devices":
            raise InputError("--check goes with `trichord list devices`: it lints a device file.")
        return price_listing.check_device_file(check)
    if what in DESCRIBED and not as_json:
        DESCRIBED[what]()
        return 0
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


def _registry(name: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from studies.registries import REGISTRIES

        return sorted(REGISTRIES[name])

    return names


def _data_sets() -> list[str]:
    from classical_baselines.data.sets import DATA_SETS

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


def _anchors() -> list[str]:
    from classical_baselines.harness.anchors import anchors

    return list(anchors())


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
    "anchors": _anchors,
    "benches": _benches,
}

DESCRIBED: Mapping[str | None, Callable[[], None]] = {
    "devices": price_listing.say_devices,
    "deployments": price_listing.say_deployments,
    "anchors": price_listing.say_anchors,
}
