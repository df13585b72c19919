"""Measured impulse responses of both ears around a head, read from the folder SPATIAL_HRIR of a data root.

    NAME.npz    ir [position, ear, tap], left ear first; azimuth [position], degrees counter-clockwise; elevation
                [position], degrees; fs, Hz

What is told on is the azimuth from the median plane of the head (`median_plane`), of every set alike.

Five sets of four heads, each a ring at the height of the ears. Both of Surrey are one dummy head, in a room without
echoes and in one with: whoever holds that head out holds out both.

Sources: ARI HRTF database of the Austrian Academy of Sciences (NH2, NH898); Bernschütz, Proc. AIA-DAGA 2013, 592-595
(KU 100), both by the test files of libmysofa; Hummersone, Mason & Brookes, IEEE TASLP 18(7), 2010, 1867-1871
(Surrey), by RealRoomBRIRs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.binaural.median_plane import turn_of
from classical_baselines.data.catalogue import ENVIRONMENT_VARIABLE, resolve_data_root
from classical_baselines.harness.choices import InputError

FOLDER = "SPATIAL_HRIR"
HEADS: Mapping[str, str] = {  # set of responses -> head
    "ari_nh2": "nh2",
    "ari_nh898": "nh898",
    "fhk_ku100": "ku100",
    "surrey_anechoic": "cortex",
    "surrey_roomA": "cortex",
}
ECHOIC = ("surrey_roomA",)  # the sets that hold the echoes of a room already
SAMPLE_RATE_HZ = 16_000
MOST_ELEVATION_DEG = 1.0  # from the plane of the ears
ARRAYS = ("ir", "azimuth", "elevation", "fs")
FETCH = (
    "These are NAME.npz with ir [position, ear, tap], azimuth, elevation and fs, at 16 kHz: from "
    "github.com/IoSR-Surrey/RealRoomBRIRs and the tests of github.com/hoene/libmysofa (docs/localisation.md)."
)


@dataclass(frozen=True)
class Responses:
    """One head in one room."""

    name: str
    head: str
    ir: NDArray[np.float64]  # [position, ear, tap], left first
    azimuth_deg: NDArray[np.float64]  # [position], 0 to 360, from the median plane of the head
    turn_deg: float = 0.0  # of the head: what is added for the azimuth as it was measured


def read_responses(data_root: Path | str | None) -> dict[str, Responses]:
    """All sets by name, checked; InputError says which file is missing or what is wrong in it."""
    root = resolve_data_root(data_root)
    if root is None:
        raise InputError(
            f"binaural clips need impulse responses: name the folder that holds {FOLDER} with --data-root DIR or "
            f"{ENVIRONMENT_VARIABLE}. {FETCH}"
        )
    absent = [name for name in HEADS if not (root / FOLDER / f"{name}.npz").is_file()]
    if absent:
        raise InputError(
            f"{root / FOLDER}: {len(absent)} of {len(HEADS)} sets of impulse responses are not there, {absent[0]}.npz "
            f"first. {FETCH}"
        )
    return {name: _read(root / FOLDER / f"{name}.npz", name, head) for name, head in HEADS.items()}


def _read(path: Path, name: str, head: str) -> Responses:
    try:
        with np.load(path) as file:
            lacking = [array for array in ARRAYS if array not in file.files]
            arrays = {array: file[array] for array in ARRAYS if array in file.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise InputError(f"{path} cannot be read ({error}). {FETCH}") from error
    if lacking:
        raise InputError(f"{path} has no array {lacking[0]!r}. {FETCH}")
    ir, azimuth, elevation = (arrays[array].astype(np.float64) for array in ARRAYS[:3])
    if ir.ndim != 3 or ir.shape[1] != 2 or not len(ir) == len(azimuth) == len(elevation) > 0:
        raise InputError(
            f"{path}: ir must be [position, 2, tap] with an azimuth and an elevation each; got {ir.shape}, "
            f"{azimuth.shape} and {elevation.shape}. {FETCH}"
        )
    if not (np.isfinite(ir).all() and np.isfinite(azimuth).all() and (ir != 0).any(axis=(1, 2)).all()):
        raise InputError(f"{path}: a response is silent, or holds NaN or infinity. {FETCH}")
    if int(arrays["fs"]) != SAMPLE_RATE_HZ:
        raise InputError(
            f"{path}: fs is {int(arrays['fs'])} Hz, and {SAMPLE_RATE_HZ} is expected. Resample it. {FETCH}"
        )
    level = np.abs(elevation) <= MOST_ELEVATION_DEG
    if not level.any():
        raise InputError(f"{path}: no response within {MOST_ELEVATION_DEG:g} degree of the plane of the ears. {FETCH}")
    turn_deg = round(turn_of(ir[level], azimuth[level], SAMPLE_RATE_HZ, str(path)), 2)
    return Responses(name, head, ir[level], (azimuth[level] - turn_deg) % 360, turn_deg)
