# studies/price_list.py
"""What a study can be priced for: the devices and deployments that come with Trichord, and those of the user's files.

    deployments()                        the shipped ones
    deployments(study.device_files)      and those of the study's own files

A user's device file is what a file of `classical_baselines/harness/coefficients` is, and may hold deployments beside
the device, each as a table of `deployments.toml`:

    device = "my-board"
    ...
    [deployments.my-board]
    title = "My board alone"
    network = ["my-board"]

Every file is linted. A later one may build on an earlier one; none takes over a name that exists. Nothing is global:
the files are read where a study is priced, and what was read of the same text before is kept.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from classical_baselines.harness.choices import InputError, choose
from classical_baselines.harness.coefficient import Device
from classical_baselines.harness.devices import shipped_devices, with_device
from classical_baselines.harness.pricing import PRICED_STAGES, Deployment
from studies.plain_errors import shown

DEPLOYMENTS_FILE = Path(__file__).parent / "deployments.toml"
KEYS = ("title", *PRICED_STAGES, "inside", "link", "alternative_to")


@dataclass(frozen=True, eq=False)
class PriceList:
    """Devices, and the deployments that use them, by name."""

    devices: Mapping[str, Device]
    deployments: Mapping[str, Deployment]


def deployments(device_files: Sequence[str] = ()) -> Mapping[str, Deployment]:
    """Every deployment, by name: the shipped ones, and those of `device_files`."""
    return price_list(device_files).deployments


def price_list(device_files: Sequence[str] = ()) -> PriceList:
    """The shipped price list, completed by `device_files`."""
    return _completed(tuple((name, _text(Path(name))) for name in device_files)) if device_files else _shipped()


@cache
def _shipped() -> PriceList:
    raw = tomllib.loads(DEPLOYMENTS_FILE.read_text(encoding="utf-8"))
    return PriceList(shipped_devices(), _deployments(raw, shipped_devices(), {}, DEPLOYMENTS_FILE.name))


@lru_cache(maxsize=8)
def _completed(files: tuple[tuple[str, str], ...]) -> PriceList:
    """The shipped price list and what `files`, pairs of name and text, add."""
    devices, known = _shipped().devices, _shipped().deployments
    for name, text in files:
        where = Path(name).name
        try:
            raw = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: not a TOML file: {error}") from error
        added = raw.pop("deployments", {})
        if raw or not added:
            devices = with_device(devices, raw, where)
        known = _deployments(added, devices, known, where)
        for deployment in added:
            _refuse_parts(known[deployment], where)
    return PriceList(MappingProxyType(dict(devices)), known)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"device_files: there is no file {path}. Name it as seen from the study file.") from None
    except ValueError as error:
        raise InputError(f"{path.name}: not a text in UTF-8: {error}") from error


def _deployments(
    raw: Any, devices: Mapping[str, Device], known: Mapping[str, Deployment], where: str
) -> Mapping[str, Deployment]:
    """`known` and the deployments of the table `raw` of the file `where`."""
    if not isinstance(raw, dict):
        raise InputError(f"{where}: deployments must be tables, [deployments.NAME]; got {shown(raw)}.")
    found = dict(known)
    for name, table in raw.items():
        if name in known:
            raise InputError(f"{where}: a deployment called {name!r} exists already; give yours a name of its own.")
        try:
            found[name] = _deployment(name, table, devices)
        except InputError as error:
            raise InputError(f"{where}: deployment {name!r}: {error}") from error
    for name in raw:
        rival = found[name].alternative_to
        if rival:
            choose(found, rival, what=f"deployment (alternative_to of {name!r} in {where})")
    return MappingProxyType(found)


def _deployment(name: str, table: Any, devices: Mapping[str, Device]) -> Deployment:
    """The deployment of one table; a stage that it leaves out stands on the devices of the network."""
    if not isinstance(table, dict):
        raise InputError(f"must be a table, [deployments.NAME]; got {shown(table)}.")
    for key in table:
        if key not in KEYS:
            raise InputError(f"unknown key {key!r}; the keys are {', '.join(KEYS)}.")
    for key in ("title", "link", "alternative_to"):
        if not isinstance(table.get(key, ""), str):
            raise InputError(f"{key} must be a text in quotes; got {shown(table[key])}.")
    if not table.get("title", "").strip():
        raise InputError("title is missing; say in a few words what is deployed where.")
    stages: dict[str, tuple[str, ...]] = {}
    for stage in PRICED_STAGES:
        named = table.get(stage, table.get("network"))
        if not isinstance(named, list) or not named or not all(isinstance(device, str) for device in named):
            raise InputError(
                f"{stage} must list the devices that run it, of which the first one that has a price does; "
                f"got {shown(named)}."
            )
        stages[stage] = tuple(named)
    # The readout stands inside where it stands on the network's device.
    inside = table.get("inside", ["network", "readout"] if stages["readout"] == stages["network"] else ["network"])
    if not isinstance(inside, list) or "network" not in inside or not set(map(str, inside)) <= set(PRICED_STAGES):
        raise InputError(f"inside must list the stages of the inner boundaries, network among them; got {inside!r}.")
    deployment = Deployment(
        name=name,
        title=table["title"],
        stages=MappingProxyType(stages),
        devices=devices,
        inside=tuple(inside),
        link=table.get("link", ""),
        alternative_to=table.get("alternative_to", ""),
    )
    for device in deployment.device_names:
        if device not in devices:  # reads no file where it is
            choose(dict.fromkeys(devices), device, what="device")
    return deployment


def _refuse_parts(deployment: Deployment, where: str) -> None:
    """Figures, and parts of devices, run nothing."""
    for device in deployment.device_names:
        if not deployment.devices[device].deployable:
            raise InputError(
                f"{where}: deployment {deployment.name!r}: {device} is a part of devices, or a list of figures, "
                "and runs nothing by itself. Name a device that includes it."
            )
