# quantum/noise/machines.py
"""The calibrations that ship with the suite, and a user's own by its path.

The shipped ones are a cell of twelve qubits each of IBM machines of three generations. A calibration is a snapshot:
a file is never changed, a later one of the machine gets a name of its own.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from classical_baselines.harness.choices import InputError, UnknownChoiceError
from quantum.noise.calibration import Calibration, read_calibration

FOLDER = Path(__file__).with_name("calibrations")
MACHINES: Mapping[str, Path] = {path.stem.replace("_", "-"): path for path in sorted(FOLDER.glob("*.json"))}


def calibration_called(name: str, sha256: str = "") -> Calibration:
    """The shipped calibration of this name, or the one of the JSON file at this path.

    A user's own file is no part of a study, and the key of a cell is made of what the study says: `sha256` brings the
    content of the file into it, so it must be given, and be that of the file. A shipped file needs none.
    """
    if name in MACHINES:
        found = _shipped(name)
        if sha256 and sha256 != found.sha256:
            raise InputError(f"calibration_sha256 of the shipped {name} is {found.sha256}; leave the option out.")
        return found
    if not name.endswith(".json"):
        raise UnknownChoiceError(
            f"No calibration is called {name!r}. Choose one of: {', '.join(MACHINES)}; or give the path of a .json."
        )
    own = read_calibration(Path(name))
    if sha256 != own.sha256:
        given = f"is {sha256!r}, and the file's is another" if sha256 else "is missing"
        raise InputError(
            f"calibration_sha256 of {name} {given}: the key of a cell rests on what the study says, so it must say "
            f"which calibration it means. For the file as it is now: calibration_sha256 = {own.sha256!r}."
        )
    return own


@cache
def _shipped(name: str) -> Calibration:
    return read_calibration(MACHINES[name])
